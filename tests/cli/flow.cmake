# SPDX-License-Identifier: Apache-2.0
# With the real firmware on the virtual chip. They need build/target.
add_test(NAME flow_examples_cli
  COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/examples.sh $<TARGET_FILE:windlass> $<TARGET_FILE:windlassd> ${CMAKE_SOURCE_DIR}/build/target)
add_test(NAME flow_factory_cli
  COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/factory.sh $<TARGET_FILE:windlass> $<TARGET_FILE:windlassd> ${CMAKE_SOURCE_DIR}/build/target
          $<TARGET_FILE:json_ok>)
set_tests_properties(flow_examples_cli flow_factory_cli PROPERTIES LABELS system TIMEOUT 300 COST 45)
