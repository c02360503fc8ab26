# SPDX-License-Identifier: Apache-2.0
# The Mbed TLS backend, the same sources on host and chip. p256-m is built for speed and SHA-256 for size: that is where each runs the fewest instructions.
set(WL_CRYPTO_SOURCES ${CMAKE_SOURCE_DIR}/crypto/mbedtls/hash.c ${CMAKE_SOURCE_DIR}/crypto/mbedtls/hkdf.c
    ${CMAKE_SOURCE_DIR}/crypto/mbedtls/cipher.c ${CMAKE_SOURCE_DIR}/crypto/mbedtls/p256.c ${CMAKE_SOURCE_DIR}/crypto/selftest.c
    ${CMAKE_SOURCE_DIR}/crypto/poly1305.c ${CMAKE_SOURCE_DIR}/crypto/poly1305_blocks.c ${CMAKE_SOURCE_DIR}/crypto/aead.c)
set(WL_CRYPTO_THIRD_PARTY ${MBEDTLS}/library/sha256.c ${MBEDTLS}/library/aes.c ${MBEDTLS}/library/md.c ${MBEDTLS}/library/hkdf.c
    ${MBEDTLS}/library/nist_kw.c ${MBEDTLS}/library/cipher.c ${MBEDTLS}/library/cipher_wrap.c ${MBEDTLS}/library/constant_time.c
    ${CMAKE_SOURCE_DIR}/crypto/mbedtls/pool.c ${MBEDTLS}/library/platform.c ${MBEDTLS}/library/platform_util.c ${MBEDTLS}/3rdparty/p256-m/p256-m/p256-m.c)
set(WL_CRYPTO_INCLUDES ${MBEDTLS}/include ${MBEDTLS}/library ${MBEDTLS}/3rdparty/p256-m/p256-m)
set(WL_CRYPTO_DEFINITIONS MBEDTLS_CONFIG_FILE="crypto/mbedtls/config.h")
set_source_files_properties(${MBEDTLS}/3rdparty/p256-m/p256-m/p256-m.c PROPERTIES COMPILE_DEFINITIONS MBEDTLS_PSA_P256M_DRIVER_ENABLED)
# Function: the two libraries with the given name prefix and extra compile options.
function(windlass_crypto name)
  add_library(${name}_third_party STATIC ${WL_CRYPTO_THIRD_PARTY})
  target_include_directories(${name}_third_party SYSTEM PUBLIC ${WL_CRYPTO_INCLUDES})
  target_compile_definitions(${name}_third_party PUBLIC ${WL_CRYPTO_DEFINITIONS})
  add_library(${name} STATIC ${WL_CRYPTO_SOURCES})
  target_compile_options(${name} PRIVATE ${WINDLASS_WARNINGS})
  target_link_libraries(${name} PUBLIC ${name}_third_party)
endfunction()
