# SPDX-License-Identifier: Apache-2.0
windlass_fuzzer(fuzz_host_profile SOURCES host_profile_fuzz.c LIBS wl_host)
windlass_fuzzer(fuzz_host_cert SOURCES host_cert_fuzz.c LIBS wl_host)
windlass_fuzzer(fuzz_host_uri SOURCES host_uri_fuzz.c LIBS wl_pki)
windlass_fuzzer(fuzz_host_request SOURCES host_request_fuzz.c LIBS wl_host)
