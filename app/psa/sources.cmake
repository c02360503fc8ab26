# SPDX-License-Identifier: Apache-2.0
# PSA Crypto in the application: the standard's functions as calls to SBM. For a target: these sources, these folders, this definition.
set(APP_PSA_SOURCES client hash mac cipher aead key derive none)
list(TRANSFORM APP_PSA_SOURCES REPLACE "(.+)" "${CMAKE_SOURCE_DIR}/app/psa/\\1.c")
set(APP_PSA_INCLUDES ${CMAKE_SOURCE_DIR}/app/psa/include ${MBEDTLS}/include)
set(APP_PSA_DEFINITIONS MBEDTLS_CONFIG_FILE="app/mbedtls_config.h")
