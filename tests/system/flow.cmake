# SPDX-License-Identifier: Apache-2.0
add_test(NAME readme_commands_work COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/readme.sh ${CMAKE_SOURCE_DIR})
set_tests_properties(readme_commands_work PROPERTIES LABELS system TIMEOUT 300)
