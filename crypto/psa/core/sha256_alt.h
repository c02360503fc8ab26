/* SPDX-License-Identifier: Apache-2.0 */
/* sha256_alt: Mbed TLS's SHA-256 is crypto.h's: one SHA-256 in the whole SBM. */
#ifndef CRYPTO_PSA_CORE_SHA256_ALT_H
#define CRYPTO_PSA_CORE_SHA256_ALT_H

#include "crypto/crypto.h"

typedef struct crypto_sha256 mbedtls_sha256_context;

#endif
