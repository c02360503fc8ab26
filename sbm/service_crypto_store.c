/* SPDX-License-Identifier: Apache-2.0 */
/* service_crypto_store: the PSA core's persistent keys, in memory. */
#include <string.h>

#include "base/wipe.h"
#include "crypto/psa/its.h"
#include "psa/error.h"

#define ENTRIES 8u
#define ENTRY_LEN 160u

static struct entry {
    uint64_t uid; /* 0: unused */
    uint32_t len;
    uint8_t data[ENTRY_LEN];
} entries[ENTRIES];

static struct entry *entry_find(uint64_t uid)
{
    for (unsigned i = 0; i < ENTRIES; i++) {
        if (entries[i].uid == uid) {
            return &entries[i];
        }
    }
    return NULL;
}

int32_t crypto_psa_its_set(uint64_t uid, uint32_t len, const void *data, uint32_t flags)
{
    struct entry *entry = entry_find(uid);
    (void)flags;
    entry = entry != NULL ? entry : entry_find(0);
    if (entry == NULL || len > sizeof entry->data) {
        return PSA_ERROR_INSUFFICIENT_STORAGE;
    }
    entry->uid = uid;
    entry->len = len;
    memcpy(entry->data, data, len);
    return PSA_SUCCESS;
}

int32_t crypto_psa_its_get(uint64_t uid, uint32_t offset, uint32_t len, void *out, size_t *out_len)
{
    const struct entry *entry = entry_find(uid);
    if (entry == NULL || uid == 0) {
        return PSA_ERROR_DOES_NOT_EXIST;
    }
    if (offset > entry->len) {
        return PSA_ERROR_INVALID_ARGUMENT;
    }
    *out_len = len < entry->len - offset ? len : entry->len - offset;
    memcpy(out, entry->data + offset, *out_len);
    return PSA_SUCCESS;
}

int32_t crypto_psa_its_get_info(uint64_t uid, struct crypto_psa_its_info *info)
{
    const struct entry *entry = entry_find(uid);
    if (entry == NULL || uid == 0) {
        return PSA_ERROR_DOES_NOT_EXIST;
    }
    *info = (struct crypto_psa_its_info){ .capacity = entry->len, .size = entry->len };
    return PSA_SUCCESS;
}

int32_t crypto_psa_its_remove(uint64_t uid)
{
    struct entry *entry = entry_find(uid);
    if (entry == NULL || uid == 0) {
        return PSA_ERROR_DOES_NOT_EXIST;
    }
    wipe(entry, sizeof *entry);
    return PSA_SUCCESS;
}
