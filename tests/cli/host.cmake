# SPDX-License-Identifier: Apache-2.0
# init and pki as people run them, and what a pipeline does to every command.
add_executable(json_ok json_ok.c)
target_compile_options(json_ok PRIVATE ${WINDLASS_WARNINGS})
target_link_libraries(json_ok PRIVATE PkgConfig::JANSSON)
add_test(NAME host_pki_cli COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/host_pki.sh $<TARGET_FILE:windlass>)
add_test(NAME host_process_cli
  COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/process.sh $<TARGET_FILE:windlass> $<TARGET_FILE:json_ok>)
set_tests_properties(host_pki_cli host_process_cli PROPERTIES TIMEOUT 120 COST 20)
add_test(NAME production_cli
  COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/production.sh $<TARGET_FILE:windlass> $<TARGET_FILE:windlassd>)
set_tests_properties(production_cli PROPERTIES TIMEOUT 240)
add_test(NAME production_tpm_cli
  COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/production_tpm.sh $<TARGET_FILE:windlass> $<TARGET_FILE:windlassd>)
set_tests_properties(production_tpm_cli PROPERTIES TIMEOUT 240)
