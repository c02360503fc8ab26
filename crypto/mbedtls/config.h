/* SPDX-License-Identifier: Apache-2.0 */
/* config: the parts of Mbed TLS 3.6 that the backend uses. No PSA core, no TLS, no entropy, no standard heap. */
#ifndef CRYPTO_MBEDTLS_CONFIG_H
#define CRYPTO_MBEDTLS_CONFIG_H

#define MBEDTLS_AES_C
#define MBEDTLS_AES_ROM_TABLES
#define MBEDTLS_CIPHER_C
#define MBEDTLS_CIPHER_MODE_CTR
#define MBEDTLS_HKDF_C
#define MBEDTLS_MD_C
#define MBEDTLS_NIST_KW_C
#define MBEDTLS_SHA256_C
#define MBEDTLS_PLATFORM_C
#define MBEDTLS_PLATFORM_MEMORY
#define MBEDTLS_PLATFORM_NO_STD_FUNCTIONS
/* HMAC and the cipher layer ask for a few contexts: they come from a fixed pool (pool.c), never from a heap. */
#define MBEDTLS_PLATFORM_STD_MEM_HDR "crypto/mbedtls/pool.h"
#define MBEDTLS_PLATFORM_CALLOC_MACRO crypto_pool_take
#define MBEDTLS_PLATFORM_FREE_MACRO crypto_pool_give

#endif
