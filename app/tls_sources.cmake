# SPDX-License-Identifier: Apache-2.0
# TLS in the application: app_tls, with Mbed TLS's TLS 1.3 and X.509; app_tls_none for applications without.
set(APP_TLS_LIBRARY asn1parse asn1write constant_time md memory_buffer_alloc oid pk pk_ecc pk_wrap pkparse platform platform_util psa_util ssl_ciphersuites ssl_client
    ssl_msg ssl_tls ssl_tls13_client ssl_tls13_generic ssl_tls13_keys x509 x509_crt)
list(TRANSFORM APP_TLS_LIBRARY REPLACE "(.+)" "${MBEDTLS}/library/\\1.c")
add_library(app_tls_third_party OBJECT ${APP_TLS_LIBRARY})
add_library(app_tls STATIC tls.c tls_identity.c tls_link.c tls_stream.c $<TARGET_OBJECTS:app_tls_third_party>)
target_compile_options(app_tls PRIVATE ${WINDLASS_WARNINGS})
foreach(part app_tls app_tls_third_party)
  target_include_directories(${part} SYSTEM PRIVATE ${MBEDTLS}/include ${MBEDTLS}/library)
  target_include_directories(${part} PRIVATE ${CMAKE_SOURCE_DIR}/sbm/include)
  target_compile_definitions(${part} PRIVATE MBEDTLS_CONFIG_FILE="app/tls_config.h")
endforeach()
add_library(app_tls_none STATIC tls_none.c)
target_compile_options(app_tls_none PRIVATE ${WINDLASS_WARNINGS})
