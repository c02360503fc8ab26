# SPDX-License-Identifier: Apache-2.0
windlass_fuzzer(fuzz_controller SOURCES fuzz_controller.c LIBS wl_chip)
windlass_fuzzer(fuzz_gdbport SOURCES fuzz_gdbport.c LIBS wl_chip)
