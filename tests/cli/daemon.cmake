# SPDX-License-Identifier: Apache-2.0
# The appliance's daemon.
add_test(NAME daemon_cli
  COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/daemon.sh $<TARGET_FILE:windlass> $<TARGET_FILE:windlassd> $<TARGET_FILE:json_ok>)
set_tests_properties(daemon_cli PROPERTIES TIMEOUT 240)
if(WINDLASS_SANITIZE)
  # The search for leaks makes a process, which a confined daemon may not.
  set_tests_properties(daemon_cli PROPERTIES ENVIRONMENT ASAN_OPTIONS=detect_leaks=0)
endif()
# With the real firmware on the virtual chip. It needs build/target.
add_test(NAME daemon_flow_cli
  COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/daemon_flow.sh $<TARGET_FILE:windlass> $<TARGET_FILE:windlassd>
          ${CMAKE_SOURCE_DIR}/build/target)
set_tests_properties(daemon_flow_cli PROPERTIES LABELS system TIMEOUT 400 COST 27)
