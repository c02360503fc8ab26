# SPDX-License-Identifier: Apache-2.0
# Many devices at once by the real appliance, and what the maker's ledger says of them; by chips that run the firmware on this machine. It needs
# build/target. What it takes is for `make bench`.
if(NOT WINDLASS_SANITIZE)
  add_test(NAME load_cli COMMAND ${CMAKE_SOURCE_DIR}/tools/bench-load ${CMAKE_BINARY_DIR}/bin ${CMAKE_SOURCE_DIR}/build/target 32 16)
  add_test(NAME load_tpm_cli COMMAND ${CMAKE_SOURCE_DIR}/tools/bench-load ${CMAKE_BINARY_DIR}/bin ${CMAKE_SOURCE_DIR}/build/target 16 8 tpm)
  set_tests_properties(load_cli load_tpm_cli PROPERTIES LABELS system TIMEOUT 240)
endif()
