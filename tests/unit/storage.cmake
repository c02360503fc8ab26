# SPDX-License-Identifier: Apache-2.0
windlass_test(its_test SOURCES its_test.c its_rig.c LIBS wl_boot_maker)
