# SPDX-License-Identifier: Apache-2.0
windlass_test(sbm_log_test SOURCES sbm_log_test.c LIBS wl_boot_maker)
windlass_test(sbm_halt_test SOURCES sbm_halt_test.c LIBS wl_boot_maker)
