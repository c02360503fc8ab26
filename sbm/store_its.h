/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_its: PSA Internal Trusted Storage over the VAULT store (docs/spec.md section 4.5). Entries are named by owner
 * and uid: no owner sees another's. All memory here is secure. Errors are those of psa/internal_trusted_storage.h. The
 * vault is opened at the first call.
 */
#ifndef SBM_STORE_ITS_H
#define SBM_STORE_ITS_H

#include "base/bytes.h"
#include "psa/internal_trusted_storage.h"

#define STORE_ITS_ENTRIES 40    /* over all owners */
#define STORE_ITS_DATA_MAX 2048 /* bytes of one entry */

enum store_its_owner { STORE_ITS_APPLICATION = 1, STORE_ITS_CRYPTO = 2, STORE_ITS_SBM = 3 };

/* INSUFFICIENT_STORAGE also when `data` is longer than STORE_ITS_DATA_MAX. cut: the old or the new entry. */
psa_status_t store_its_set(uint32_t owner, uint64_t uid, struct bytes data, uint32_t flags);
/* Copies from `offset` as much as there is, at most out->len bytes; then out->len is what was copied. */
struct store_its_out {
    uint8_t *data;
    size_t len;
};
psa_status_t store_its_get(uint32_t owner, uint64_t uid, size_t offset, struct store_its_out *out);
psa_status_t store_its_get_info(uint32_t owner, uint64_t uid, struct psa_storage_info_t *info);
/* cut: as before, or removed. */
psa_status_t store_its_remove(uint32_t owner, uint64_t uid);
/* Empties a vault that is damaged or was rolled back: every entry of every owner is gone. BAD_STATE when it is sound;
 * STORAGE_FAILURE.
 * cut: as before, or repeat it. */
psa_status_t store_its_reset(void);
/* Forgets the vault's key; the next call opens it again. */
void store_its_wipe(void);

#endif
