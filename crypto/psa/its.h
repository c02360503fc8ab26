/* SPDX-License-Identifier: Apache-2.0 */
/* its: where the PSA core keeps persistent keys: PSA Secure Storage 1.0 with names of its own. A uid is the key's owner
 * (upper half) and its number. Given by the SBM. */
#ifndef CRYPTO_PSA_ITS_H
#define CRYPTO_PSA_ITS_H

#include <stddef.h>
#include <stdint.h>

struct crypto_psa_its_info {
    uint32_t capacity;
    uint32_t size;
    uint32_t flags;
};

/* All return a psa_status_t. cut: the entry is there as before or as after. */
int32_t crypto_psa_its_set(uint64_t uid, uint32_t len, const void *data, uint32_t flags);
int32_t crypto_psa_its_get(uint64_t uid, uint32_t offset, uint32_t len, void *out, size_t *out_len);
int32_t crypto_psa_its_get_info(uint64_t uid, struct crypto_psa_its_info *info);
int32_t crypto_psa_its_remove(uint64_t uid);

#endif
