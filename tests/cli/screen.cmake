# SPDX-License-Identifier: Apache-2.0
# The dashboard of a running daemon.
add_test(NAME screen_cli
  COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/screen.sh $<TARGET_FILE:windlass> $<TARGET_FILE:windlassd> $<TARGET_FILE:json_ok>)
set_tests_properties(screen_cli PROPERTIES TIMEOUT 240)
if(WINDLASS_SANITIZE)
  # The search for leaks makes a process, which a confined daemon may not.
  set_tests_properties(screen_cli PROPERTIES ENVIRONMENT ASAN_OPTIONS=detect_leaks=0)
endif()
