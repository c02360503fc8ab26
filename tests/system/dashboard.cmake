# SPDX-License-Identifier: Apache-2.0
# The dashboard in a real browser, served from a scripted source.
find_package(OpenSSL 3.0 REQUIRED)
pkg_check_modules(MICROHTTPD REQUIRED IMPORTED_TARGET libmicrohttpd)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
add_executable(dashboard_peer dashboard_peer.c dashboard_scene.c)
target_compile_options(dashboard_peer PRIVATE ${WINDLASS_WARNINGS})
target_link_libraries(dashboard_peer PRIVATE wl_dashboard)
add_test(NAME system_dashboard COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/dashboard.py $<TARGET_FILE:dashboard_peer>)
set_tests_properties(system_dashboard PROPERTIES LABELS system TIMEOUT 600 COST 60 ENVIRONMENT PYTHONDONTWRITEBYTECODE=1)
