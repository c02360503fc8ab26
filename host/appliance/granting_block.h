/* SPDX-License-Identifier: Apache-2.0 */
/*
 * granting_block: the blocks of units that one operation of the TPM allows each, for the present production package.
 * They begin at fixed unit numbers, so that no unit falls between two, and are kept in a file, so that a restart wastes
 * only one that had no grant yet. Thread-safe.
 */
#ifndef HOST_APPLIANCE_GRANTING_BLOCK_H
#define HOST_APPLIANCE_GRANTING_BLOCK_H

#include <pthread.h>

#include "host/lib/fault.h"
#include "wire/grant.h"

#define GRANTING_BLOCKS_KEPT 64 /* the newest */

struct granting_block {
    uint64_t first; /* unit; 0: none */
    uint64_t count; /* of the TPM */
    size_t sign1_len;
    uint8_t sign1[GRANT_SIGNED_MAX];
};

struct granting_blocks {
    pthread_mutex_t lock;
    /* 1 when a grant with this count of the TPM is on record; else the count is recorded as spent, and a block in the
     * file that has it is forgotten. NULL: the file alone is believed. */
    int (*is_recorded)(void *context, uint64_t count);
    void *context;
    char path[700];   /* of the file; empty: none */
    uint64_t package; /* 0: none is loaded */
    uint64_t base;    /* where the first block begins */
    uint64_t units;   /* of each */
    size_t next;      /* where the next one is kept */
    struct granting_block kept[GRANTING_BLOCKS_KEPT];
};

/* Signs the block of `units` units of `package` that begins with unit block->first, and fills the rest. */
struct granting_block_signer {
    void *context;
    int (*sign)(void *context, uint64_t package, uint64_t units, struct granting_block *block, struct fault *fault);
};

void granting_blocks_init(struct granting_blocks *blocks);
void granting_blocks_close(struct granting_blocks *blocks);
/* From now on units of this package; the first that it reserves is `base`. Blocks of the same package that are in the
 * file are taken up, and the base with them. */
void granting_blocks_begin(struct granting_blocks *blocks, uint64_t package, uint64_t base, uint64_t units);
/* A copy of the block with this unit, signed now if need be. Fault: another package is loaded by now. */
int granting_blocks_take(struct granting_blocks *blocks, uint64_t package, uint64_t unit,
                         const struct granting_block_signer *signer, struct granting_block *out, struct fault *fault);

#endif
