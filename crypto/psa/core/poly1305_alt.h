/* SPDX-License-Identifier: Apache-2.0 */
/* poly1305_alt: Mbed TLS's Poly1305 is crypto.h's. */
#ifndef CRYPTO_PSA_CORE_POLY1305_ALT_H
#define CRYPTO_PSA_CORE_POLY1305_ALT_H

#include "crypto/crypto.h"

typedef struct crypto_poly1305 mbedtls_poly1305_context;

#endif
