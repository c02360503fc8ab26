/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config: the parts of Mbed TLS 3.6 behind the application's PSA Crypto. P-256 comes through the p256-m driver
 * interface, whose functions p256.c gives from crypto.h; randomness is the port's; there is no heap (pool.h) and no big
 * number arithmetic.
 */
#ifndef CRYPTO_PSA_CONFIG_H
#define CRYPTO_PSA_CONFIG_H

#define MBEDTLS_PSA_CRYPTO_C
#define MBEDTLS_PSA_CRYPTO_STORAGE_C
#define MBEDTLS_PSA_CRYPTO_CONFIG
#define MBEDTLS_PSA_CRYPTO_CONFIG_FILE "crypto/psa/want.h"
#define MBEDTLS_PSA_CRYPTO_KEY_ID_ENCODES_OWNER
#define MBEDTLS_PSA_CRYPTO_EXTERNAL_RNG
#define MBEDTLS_PSA_P256M_DRIVER_ENABLED
/* The service copies all input before a call and all output after it. */
#define MBEDTLS_PSA_ASSUME_EXCLUSIVE_BUFFERS
#define MBEDTLS_PSA_STATIC_KEY_SLOTS
#define MBEDTLS_PSA_STATIC_KEY_SLOT_BUFFER_SIZE 96
#define MBEDTLS_PSA_KEY_SLOT_COUNT 16

#define MBEDTLS_AES_ROM_TABLES
#define MBEDTLS_AES_FEWER_TABLES
/* CTR, GCM and CCM only encrypt blocks. */
#define MBEDTLS_BLOCK_CIPHER_NO_DECRYPT
/* One of each in the whole SBM: crypto.h's (alt.c). */
#define MBEDTLS_SHA256_ALT
#define MBEDTLS_POLY1305_ALT

#define MBEDTLS_PLATFORM_C
#define MBEDTLS_PLATFORM_MEMORY
#define MBEDTLS_PLATFORM_NO_STD_FUNCTIONS
#define MBEDTLS_PLATFORM_STD_MEM_HDR "crypto/psa/pool.h"
#define MBEDTLS_PLATFORM_CALLOC_MACRO crypto_psa_pool_take
#define MBEDTLS_PLATFORM_FREE_MACRO crypto_psa_pool_give

#endif
