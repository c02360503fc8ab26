/* SPDX-License-Identifier: Apache-2.0 */
/* pool: see pool.h. */
#include "crypto/psa/pool.h"

#include <stdint.h>

#include "base/wipe.h"

#define POOL_BLOCKS 16
#define POOL_BLOCK_LEN 320

static union {
    uint64_t align;
    uint8_t bytes[POOL_BLOCK_LEN];
} blocks[POOL_BLOCKS];
static uint8_t taken[POOL_BLOCKS];

void *crypto_psa_pool_take(size_t count, size_t size)
{
    if (count == 0 || size == 0 || size > POOL_BLOCK_LEN / count) {
        return NULL;
    }
    for (size_t i = 0; i < POOL_BLOCKS; i++) {
        if (!taken[i]) {
            taken[i] = 1;
            return blocks[i].bytes; /* zero since it was given back */
        }
    }
    return NULL;
}

void crypto_psa_pool_give(void *block)
{
    for (size_t i = 0; i < POOL_BLOCKS; i++) {
        if (block == blocks[i].bytes) {
            wipe(blocks[i].bytes, sizeof blocks[i].bytes);
            taken[i] = 0;
        }
    }
}

size_t crypto_psa_pool_taken(void)
{
    size_t count = 0;
    for (size_t i = 0; i < POOL_BLOCKS; i++) {
        count += taken[i];
    }
    return count;
}

void crypto_psa_pool_wipe(void)
{
    wipe(blocks, sizeof blocks);
    wipe(taken, sizeof taken);
}
