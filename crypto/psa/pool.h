/* SPDX-License-Identifier: Apache-2.0 */
/* pool: fixed blocks for what Mbed TLS asks for while it works: cipher contexts, inputs of key derivations, a key on
 * its way to or from the store. Single-threaded, as everything is that uses it. */
#ifndef CRYPTO_PSA_POOL_H
#define CRYPTO_PSA_POOL_H

#include <stddef.h>

/* A zeroed block of count x size bytes, or NULL when that is nothing, larger than a block (320 bytes), or all 16 are
 * taken. */
void *crypto_psa_pool_take(size_t count, size_t size);
/* Wipes the block and gives it back. NULL is allowed. */
void crypto_psa_pool_give(void *block);
/* Number of blocks taken. */
size_t crypto_psa_pool_taken(void);
/* Wipes all blocks, taken or not. */
void crypto_psa_pool_wipe(void);

#endif
