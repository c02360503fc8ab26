# SPDX-License-Identifier: Apache-2.0
# A line whose quota is in a TPM, with the real firmware on the virtual chip. It needs build/target.
add_test(NAME quota_flow_cli
  COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/quota_flow.sh $<TARGET_FILE:windlass> $<TARGET_FILE:windlassd>
          ${CMAKE_SOURCE_DIR}/build/target)
set_tests_properties(quota_flow_cli PROPERTIES LABELS system TIMEOUT 400 COST 27)
