# SPDX-License-Identifier: Apache-2.0
# The commands about the ledger; the same program fills the ledger of the bench.
add_executable(ledger_scene ledger_scene.c)
target_compile_options(ledger_scene PRIVATE ${WINDLASS_WARNINGS})
target_link_libraries(ledger_scene PRIVATE wl_ledger_maker)
set_target_properties(ledger_scene PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
add_test(NAME cli_ledger_test COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/ledger.sh $<TARGET_FILE:windlass> $<TARGET_FILE:ledger_scene> $<TARGET_FILE:json_ok>)
set_tests_properties(cli_ledger_test PROPERTIES TIMEOUT 120)
# Frauds, on SQLite and on a server of PostgreSQL.
add_executable(with_postgres with_postgres.c)
target_compile_options(with_postgres PRIVATE ${WINDLASS_WARNINGS})
target_link_libraries(with_postgres PRIVATE wl_ledger_support)
set(fraud ${CMAKE_CURRENT_SOURCE_DIR}/ledger_fraud.sh $<TARGET_FILE:windlass> $<TARGET_FILE:ledger_scene> $<TARGET_FILE:json_ok>)
add_test(NAME cli_ledger_fraud_test COMMAND ${fraud})
add_test(NAME cli_ledger_fraud_postgres_test COMMAND with_postgres ${fraud})
set_tests_properties(cli_ledger_fraud_test cli_ledger_fraud_postgres_test PROPERTIES TIMEOUT 120)
