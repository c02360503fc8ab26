# SPDX-License-Identifier: Apache-2.0
windlass_fuzzer(fuzz_elf SOURCES fuzz_elf.c LIBS wl_master)
windlass_fuzzer(fuzz_hex SOURCES fuzz_hex.c LIBS wl_master)
windlass_fuzzer(fuzz_block SOURCES fuzz_block.c LIBS wl_host)
