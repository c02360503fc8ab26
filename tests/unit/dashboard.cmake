# SPDX-License-Identifier: Apache-2.0
# Tests of the dashboard over real sockets, with a scripted source (tests/system/dashboard_scene.c).
find_package(OpenSSL 3.0 REQUIRED)
pkg_check_modules(MICROHTTPD REQUIRED IMPORTED_TARGET libmicrohttpd)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
foreach(test dashboard_test dashboard_attack_test)
  windlass_test(${test}
    SOURCES ${test}.c dashboard_rig.c dashboard_client.c ${CMAKE_SOURCE_DIR}/tests/system/dashboard_scene.c host_support.c
    LIBS wl_dashboard OpenSSL::SSL)
endforeach()
windlass_test(dashboard_tally_test SOURCES dashboard_tally_test.c host_support.c LIBS wl_dashboard)
windlass_test(dashboard_advice_test SOURCES dashboard_advice_test.c LIBS wl_dashboard)
