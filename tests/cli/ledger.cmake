# SPDX-License-Identifier: Apache-2.0
# The commands about the ledger; the same program fills the ledger of the bench.
add_executable(ledger_scene ledger_scene.c)
target_compile_options(ledger_scene PRIVATE ${WINDLASS_WARNINGS})
target_link_libraries(ledger_scene PRIVATE wl_ledger_maker)
set_target_properties(ledger_scene PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
add_test(NAME cli_ledger_test COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/ledger.sh $<TARGET_FILE:windlass> $<TARGET_FILE:ledger_scene> $<TARGET_FILE:json_ok>)
set_tests_properties(cli_ledger_test PROPERTIES TIMEOUT 120)
