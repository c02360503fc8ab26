# SPDX-License-Identifier: Apache-2.0
# Tests of the quota in a TPM: with a TPM simulator that each program starts.
set(quota_rig quota_rig.c quota_forger.c host_support.c)
foreach(part quota quota_attack quota_cut quota_ek quota_enrol quota_hmac)
  windlass_test(${part}_test SOURCES ${part}_test.c ${quota_rig} LIBS wl_quota wl_tpm_check wl_host)
endforeach()
pkg_check_modules(TSS2_ESYS REQUIRED IMPORTED_TARGET tss2-esys)
target_link_libraries(quota_hmac_test PRIVATE PkgConfig::TSS2_ESYS)
windlass_test(quota_pki_test
  SOURCES quota_pki_test.c ${quota_rig}
  LIBS wl_quota wl_appliance_folder wl_pki wl_host)
windlass_test(spend_test SOURCES spend_test.c ${quota_rig} LIBS wl_appliance wl_quota wl_tpm_check wl_host)
