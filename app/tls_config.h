/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_config: Mbed TLS of the application with TLS: a TLS 1.3 client, X.509, P-256 and SHA-256. Every algorithm and
 * every private key is SBM's (app/mbedtls_config.h); memory is a fixed block (app/tls.c).
 */
#ifndef APP_TLS_CONFIG_H
#define APP_TLS_CONFIG_H

#include "app/mbedtls_config.h"

#define MBEDTLS_USE_PSA_CRYPTO
#define MBEDTLS_PSA_UTIL_HAVE_ECDSA

#define MBEDTLS_MD_C
#define MBEDTLS_ASN1_PARSE_C
#define MBEDTLS_ASN1_WRITE_C
#define MBEDTLS_OID_C
#define MBEDTLS_PK_C
#define MBEDTLS_PK_PARSE_C
#define MBEDTLS_X509_USE_C
#define MBEDTLS_X509_CRT_PARSE_C

#define MBEDTLS_SSL_TLS_C
#define MBEDTLS_SSL_CLI_C
#define MBEDTLS_SSL_PROTO_TLS1_3
#define MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL_ENABLED
#define MBEDTLS_SSL_KEEP_PEER_CERTIFICATE
#define MBEDTLS_SSL_SERVER_NAME_INDICATION
#define MBEDTLS_SSL_IN_CONTENT_LEN 16384 /* a peer may send records of that size */
#define MBEDTLS_SSL_OUT_CONTENT_LEN 4096

#define MBEDTLS_PLATFORM_C
#define MBEDTLS_PLATFORM_MEMORY
#define MBEDTLS_MEMORY_BUFFER_ALLOC_C
/* Nothing of the C library's heap, files or processes. */
#define MBEDTLS_PLATFORM_NO_STD_FUNCTIONS
#define MBEDTLS_PLATFORM_STD_MEM_HDR "app/tls_memory.h"
#define MBEDTLS_PLATFORM_EXIT_MACRO tls_memory_damaged
#define MBEDTLS_PLATFORM_SNPRINTF_MACRO snprintf
#define MBEDTLS_PLATFORM_PRINTF_MACRO printf
#define MBEDTLS_PLATFORM_FPRINTF_MACRO fprintf

#endif
