# SPDX-License-Identifier: Apache-2.0
# PSA Crypto for the application: Mbed TLS's PSA core, its driver over crypto.h, and SBM's service. All of it is merged into one object of which only the service
# can be seen from outside: nothing else is linked with the core by mistake, and no name of it stands in the way of another room's.
set(WL_PSA_LIBRARY psa_crypto psa_crypto_aead psa_crypto_cipher psa_crypto_client psa_crypto_driver_wrappers_no_static psa_crypto_hash psa_crypto_mac
    psa_crypto_rsa psa_crypto_slot_management psa_crypto_storage aes ccm chacha20 chachapoly cipher cipher_wrap constant_time gcm platform platform_util)
list(TRANSFORM WL_PSA_LIBRARY REPLACE "(.+)" "${MBEDTLS}/library/\\1.c" OUTPUT_VARIABLE WL_PSA_THIRD_PARTY)
list(APPEND WL_PSA_THIRD_PARTY ${MBEDTLS}/3rdparty/p256-m/p256-m_driver_entrypoints.c)
set(WL_PSA_SERVICE crypto/psa/alt.c crypto/psa/driver.c crypto/psa/pool.c sbm/service_crypto.c sbm/service_crypto_cipher.c sbm/service_crypto_derive.c sbm/service_crypto_digest.c
    sbm/service_crypto_identity.c sbm/service_crypto_keys.c sbm/service_crypto_once.c sbm/service_crypto_operation.c)
list(TRANSFORM WL_PSA_SERVICE PREPEND ${CMAKE_SOURCE_DIR}/)
# windlass_psa(<name>): sets <name> to the object, a source for a target of the same folder. It needs crypto.h, the store for keys (crypto/psa/its.h), the guard of the veneers and the device.
function(windlass_psa name)
  add_library(${name}_third_party OBJECT ${WL_PSA_THIRD_PARTY})
  add_library(${name}_service OBJECT ${WL_PSA_SERVICE})
  target_compile_options(${name}_service PRIVATE ${WINDLASS_WARNINGS})
  target_include_directories(${name}_service PRIVATE ${CMAKE_SOURCE_DIR}/sbm/include)
  foreach(part third_party service)
    target_include_directories(${name}_${part} SYSTEM PRIVATE ${CMAKE_SOURCE_DIR}/crypto/psa/core ${MBEDTLS}/include ${MBEDTLS}/library ${MBEDTLS}/3rdparty/p256-m)
    target_compile_definitions(${name}_${part} PRIVATE MBEDTLS_CONFIG_FILE="crypto/psa/config.h")
  endforeach()
  set(objects $<TARGET_OBJECTS:${name}_third_party> $<TARGET_OBJECTS:${name}_service>)
  set(merged ${CMAKE_CURRENT_BINARY_DIR}/${name}_merged.o)
  add_custom_command(OUTPUT ${merged} DEPENDS ${objects} COMMAND_EXPAND_LISTS VERBATIM
    COMMAND ${CMAKE_C_COMPILER} -r -nostdlib -o ${merged}.all ${objects}
    COMMAND ${CMAKE_OBJCOPY} --wildcard "--keep-global-symbol=service_crypto_*" "--keep-global-symbol=crypto_psa_pool_*" ${merged}.all ${merged})
  set_source_files_properties(${merged} PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
  set(${name} ${merged} PARENT_SCOPE)
endfunction()
