# SPDX-License-Identifier: Apache-2.0
add_library(wl_wire_cases STATIC wire_cases.c wire_suit_cases.c)
target_compile_options(wl_wire_cases PRIVATE ${WINDLASS_WARNINGS})
target_link_libraries(wl_wire_cases PUBLIC wl_wire wl_wire_build)
windlass_test(base_cbor_test SOURCES base_cbor_test.c LIBS wl_wire_cases)
windlass_test(base_status_test SOURCES base_status_test.c LIBS wl_base)
foreach(letter suit sequence cose policy command grant production provision smp)
  windlass_test(wire_${letter}_test SOURCES wire_${letter}_test.c LIBS wl_wire_cases)
endforeach()
