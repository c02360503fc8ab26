# SPDX-License-Identifier: Apache-2.0
# Tests of the host's common room and of the key ceremony.
pkg_check_modules(P11KIT REQUIRED IMPORTED_TARGET p11-kit-1)
foreach(part cert file hsm profile text uri)
  windlass_test(host_${part}_test SOURCES host_${part}_test.c host_support.c LIBS wl_host)
  target_include_directories(host_${part}_test SYSTEM PRIVATE ${P11KIT_INCLUDE_DIRS})
endforeach()
windlass_test(host_cert_form_test SOURCES host_cert_form_test.c host_support.c LIBS wl_ledger)
windlass_test(host_pki_test SOURCES host_pki_test.c host_support.c LIBS wl_pki)
windlass_test(enrol_test SOURCES enrol_test.c host_support.c LIBS wl_appliance_folder wl_pki TIMEOUT 240)
