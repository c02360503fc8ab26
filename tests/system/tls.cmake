# SPDX-License-Identifier: Apache-2.0
# The device's TLS session with a real server, and with peers that are none.
add_executable(tls_peer tls_peer.c)
target_compile_options(tls_peer PRIVATE ${WINDLASS_WARNINGS})
foreach(script attest tls)
  add_test(NAME system_${script} COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/${script}.sh ${CMAKE_SOURCE_DIR})
  set_tests_properties(system_${script} PROPERTIES LABELS system TIMEOUT 600)
endforeach()
