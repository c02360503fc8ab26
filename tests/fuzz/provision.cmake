# SPDX-License-Identifier: Apache-2.0
windlass_fuzzer(fuzz_gdb_reply SOURCES fuzz_gdb_reply.c LIBS wl_station)
windlass_fuzzer(fuzz_letter SOURCES fuzz_letter.c LIBS wl_wire)
windlass_fuzzer(fuzz_device_answer SOURCES fuzz_device_answer.c LIBS wl_device)
windlass_fuzzer(fuzz_token SOURCES fuzz_token.c LIBS wl_wire)
