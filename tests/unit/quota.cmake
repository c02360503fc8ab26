# SPDX-License-Identifier: Apache-2.0
# Tests of the quota in a TPM: with a TPM simulator that each program starts.
set(quota_rig quota_rig.c quota_forger.c host_support.c)
foreach(part quota quota_attack quota_cut quota_ek quota_enrol)
  windlass_test(${part}_test SOURCES ${part}_test.c ${quota_rig} LIBS wl_quota wl_tpm_check wl_host)
endforeach()
windlass_test(quota_pki_test
  SOURCES quota_pki_test.c ${quota_rig}
  LIBS wl_quota wl_appliance_folder wl_pki wl_host)
