# SPDX-License-Identifier: Apache-2.0
# Tests of the quota in a TPM: with a TPM simulator that each program starts.
windlass_test(quota_test SOURCES quota_test.c quota_rig.c host_support.c LIBS wl_quota wl_tpm_check wl_host)
