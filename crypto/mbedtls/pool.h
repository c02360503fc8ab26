/* SPDX-License-Identifier: Apache-2.0 */
/* pool: a handful of fixed blocks for the contexts that Mbed TLS asks for while it computes an HMAC or a key wrap. */
#ifndef CRYPTO_MBEDTLS_POOL_H
#define CRYPTO_MBEDTLS_POOL_H

#include <stddef.h>

/* A zeroed block of count x size bytes, or NULL when it is larger than a block or all are taken. */
void *crypto_pool_take(size_t count, size_t size);
/* Wipes the block and gives it back. NULL is allowed. */
void crypto_pool_give(void *block);

#endif
