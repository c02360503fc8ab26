# SPDX-License-Identifier: Apache-2.0
foreach(letter suit cose policy command grant production provision_msg smp smp_server cbor)
  windlass_fuzzer(fuzz_${letter} SOURCES fuzz_${letter}.c LIBS wl_wire_build)
endforeach()
