# SPDX-License-Identifier: Apache-2.0
windlass_fuzzer(fuzz_tpm SOURCES fuzz_tpm.c LIBS wl_tpm_check)
