# SPDX-License-Identifier: Apache-2.0
windlass_fuzzer(fuzz_edhoc SOURCES fuzz_edhoc.c LIBS wl_wire_channel)
