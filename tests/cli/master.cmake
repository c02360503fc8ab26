# SPDX-License-Identifier: Apache-2.0
# master as people run it.
add_test(NAME master_cli COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/master.sh $<TARGET_FILE:windlass>)
set_tests_properties(master_cli PROPERTIES TIMEOUT 120)
