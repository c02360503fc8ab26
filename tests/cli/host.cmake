# SPDX-License-Identifier: Apache-2.0
# init and pki as people run them.
add_test(NAME host_pki_cli COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/host_pki.sh $<TARGET_FILE:windlass>)
set_tests_properties(host_pki_cli PROPERTIES TIMEOUT 120)
