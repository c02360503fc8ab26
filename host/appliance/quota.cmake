# SPDX-License-Identifier: Apache-2.0
# The quota in a TPM 2.0: the only part that speaks to one.
pkg_check_modules(TSS2 REQUIRED IMPORTED_TARGET GLOBAL tss2-sys tss2-mu tss2-rc tss2-tctildr)
windlass_library(wl_quota
  SOURCES quota.c quota_enrol.c quota_keys.c quota_link.c quota_order.c
  LIBS wl_host PkgConfig::TSS2)
