# SPDX-License-Identifier: Apache-2.0
windlass_test(sbm_log_test SOURCES sbm_log_test.c LIBS wl_boot_maker)
windlass_test(sbm_halt_test SOURCES sbm_halt_test.c LIBS wl_boot_maker)
windlass_test(wire_smp_server_test SOURCES wire_smp_server_test.c smp_client.c LIBS wl_wire)
windlass_test(sbm_recovery_test SOURCES sbm_recovery_test.c smp_client.c LIBS wl_boot_maker)
