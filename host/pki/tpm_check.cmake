# SPDX-License-Identifier: Apache-2.0
# What the maker checks and makes for a TPM, without one.
windlass_library(wl_tpm_check
  SOURCES tpm_check.c tpm_check_chain.c tpm_check_credential.c tpm_check_order.c
  LIBS wl_host)
target_link_libraries(wl_pki PUBLIC wl_tpm_check)
