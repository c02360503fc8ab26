# SPDX-License-Identifier: Apache-2.0
windlass_fuzzer(fuzz_psa_call SOURCES fuzz_psa_call.c LIBS wl_sim_device wl_crypto)
