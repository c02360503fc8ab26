# SPDX-License-Identifier: Apache-2.0
windlass_fuzzer(fuzz_ledger SOURCES fuzz_ledger.c LIBS wl_ledger)
