# SPDX-License-Identifier: Apache-2.0
# The same sources on host and chip, but for the three inner loops and the field of P-256: Thumb-2 on the chip, C elsewhere (tests/bench/fw and
# tests/bench/fw_p256 compare the two).
foreach(file sha256 hkdf aes aes_table ctr key_unwrap poly1305 aead selftest selftest_signature
        p256/curve p256/limbs p256/point p256/verify p256/secret p256/reveal p256/sign p256/keys p256/lift)
  list(APPEND WL_CRYPTO_SOURCES ${CMAKE_SOURCE_DIR}/crypto/${file}.c)
endforeach()
set(WL_CRYPTO_LOOPS_C ${CMAKE_SOURCE_DIR}/crypto/sha256_blocks.c ${CMAKE_SOURCE_DIR}/crypto/aes_block.c ${CMAKE_SOURCE_DIR}/crypto/poly1305_blocks.c)
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "cortex-m33")
  list(APPEND WL_CRYPTO_SOURCES ${CMAKE_SOURCE_DIR}/crypto/sha256_armv8m.S ${CMAKE_SOURCE_DIR}/crypto/aes_armv8m.S ${CMAKE_SOURCE_DIR}/crypto/poly1305_armv8m.S
       ${CMAKE_SOURCE_DIR}/crypto/p256/field_armv8m.S)
else()
  list(APPEND WL_CRYPTO_SOURCES ${WL_CRYPTO_LOOPS_C} ${CMAKE_SOURCE_DIR}/crypto/p256/field.c)
  set_source_files_properties(${CMAKE_SOURCE_DIR}/crypto/p256/field.c PROPERTIES COMPILE_OPTIONS -O2)
endif()
set_source_files_properties(${CMAKE_SOURCE_DIR}/crypto/ctr.c ${WL_CRYPTO_LOOPS_C} PROPERTIES COMPILE_OPTIONS -O2)
# Function: the library with the given name.
function(windlass_crypto name)
  add_library(${name} STATIC ${WL_CRYPTO_SOURCES})
  target_compile_options(${name} PRIVATE ${WINDLASS_WARNINGS})
  if(WINDLASS_FUZZ) # data steers few branches here: fuzzers learn nothing from them, and half of the sanitized tests' time was their counting
    target_compile_options(${name} PRIVATE -O2 -fno-sanitize=fuzzer-no-link)
  endif()
endfunction()
