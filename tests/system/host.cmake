# SPDX-License-Identifier: Apache-2.0
# The host's tokens with a module that is not SoftHSM.
windlass_test(host_hsm_tpm2_test
  SOURCES host_hsm_tpm2_test.c ${CMAKE_SOURCE_DIR}/tests/unit/host_support.c
  LIBS wl_host)
# The sanitizer tells whose leak it is only with whole stacks.
set_tests_properties(host_hsm_tpm2_test PROPERTIES ENVIRONMENT "ASAN_OPTIONS=fast_unwind_on_malloc=0")

# The station's debug port with a real debug server.
find_program(OPENOCD openocd)
if(OPENOCD)
  windlass_test(openocd_test SOURCES openocd_test.c LIBS wl_station)
else()
  message(STATUS "openocd is missing: no test with it")
endif()
