# SPDX-License-Identifier: Apache-2.0
add_executable(quota_rate quota_rate.c ${CMAKE_SOURCE_DIR}/tests/unit/quota_rig.c ${CMAKE_SOURCE_DIR}/tests/unit/host_support.c)
target_compile_options(quota_rate PRIVATE ${WINDLASS_WARNINGS})
target_link_libraries(quota_rate PRIVATE wl_quota wl_tpm_check wl_host cmocka)
set_target_properties(quota_rate PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
