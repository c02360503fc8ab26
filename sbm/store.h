/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store: a journal whose records are encrypted, authenticated and protected against replay, under a key that only this
 * chip can derive (docs/spec.md section 4.2). The journal stays the physical layer. What is read is what was written
 * last, or an error; never an older value.
 */
#ifndef SBM_STORE_H
#define SBM_STORE_H

#include "boot/counter.h"
#include "boot/journal.h"

#define STORE_DATA_MAX 2064u
#define STORE_OVERHEAD 36u /* bytes of a payload beside the data: nonce 12, state 8, tag 16 */

enum store_region { STORE_ITEMS, STORE_VAULT };

struct store {
    struct journal journal;
    enum store_region region;
    status_t status; /* of the last opening; nothing is written to a store that did not open */
    uint8_t key[32];
    uint8_t proven; /* type that the opening has proven already, and the length of its value */
    size_t proven_len;
    uint32_t sequence[JOURNAL_TYPE_MAX]; /* of the record that is each type's value; 0: none */
};

/* Derives the key, finds the newest record of each type and proves that nothing older stands in its place; completes a
 * write that a cut left between record and counter. STORE_REPLAY: an older copy; CRYPTO_TAG: the newest record is
 * damaged in both mirrors, or all are gone; CRYPTO_KEY: the chip has no root key; FLASH_*. */
status_t store_open(struct store *store, enum store_region region);
/* Decrypts the value of `type` into `out`; `out` NULL: only proves it. A mirror that lacks it is healed. *len is its
 * length. NOT_FOUND; NO_SPACE: longer than `capacity`; CRYPTO_TAG: damaged in both mirrors. time: CT in the data. */
status_t store_read(struct store *store, uint8_t type, uint8_t *out, size_t capacity, size_t *len);
/* Makes `data` the value of `type`: record in both mirrors, then the counter. TOO_LONG, NO_SPACE, TRNG_FAILED, FLASH_*.
 * cut: the old or the new value, never neither; no other value changes. */
status_t store_write(struct store *store, uint8_t type, struct bytes data);
/* Erases everything and begins anew behind the counter; for a store that is lost. Type 1 is empty then. cut: lost as
 * before; repeat it. */
status_t store_reset(struct store *store);
/* Forgets the key and what was decrypted last. */
void store_wipe(struct store *store);

#endif
