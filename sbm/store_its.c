/* SPDX-License-Identifier: Apache-2.0 */
/* store_its: see store_its.h. Each entry has a type of the VAULT journal for itself; a removed one is an empty value,
 * whose place the next new entry takes. The index in RAM is filled when the vault is opened. */
#include "sbm/store_its.h"

#include "base/wipe.h"
#include "sbm/store.h"

#define HEADER_LEN 16u /* owner, uid, flags */
#define FLAGS_ALL                                                                                                      \
    (PSA_STORAGE_FLAG_WRITE_ONCE | PSA_STORAGE_FLAG_NO_CONFIDENTIALITY | PSA_STORAGE_FLAG_NO_REPLAY_PROTECTION)

_Static_assert(STORE_ITS_ENTRIES == JOURNAL_TYPE_MAX, "an entry is a type of the journal");
_Static_assert(STORE_ITS_DATA_MAX + HEADER_LEN == STORE_DATA_MAX, "the longest entry is the longest value");

struct entry {
    uint64_t uid;
    uint32_t owner; /* 0: nobody */
    uint32_t flags;
    uint32_t size;
    int written; /* 1: the journal has a record for it, be it empty */
};

static struct {
    struct store store;
    struct entry entries[STORE_ITS_ENTRIES];
    int opened;
    int damaged; /* 1: an entry that is lost may have had any name */
} vault;

static uint8_t value[STORE_DATA_MAX];

/* Reads the value of entry `i` into `value` and its header into the index. */
static status_t entry_load(unsigned i, size_t *len)
{
    struct entry *entry = &vault.entries[i];
    status_t status = store_read(&vault.store, (uint8_t)(i + 1), value, sizeof value, len);
    *entry = (struct entry){ .written = status == STATUS_OK };
    if (status == STATUS_OK && *len >= HEADER_LEN) {
        entry->owner = bytes_read_le32(value);
        entry->uid = bytes_read_le32(value + 4) | (uint64_t)bytes_read_le32(value + 8) << 32;
        entry->flags = bytes_read_le32(value + 12);
        entry->size = (uint32_t)(*len - HEADER_LEN);
    }
    return status;
}

static psa_status_t open_result(void)
{
    switch (vault.store.status) {
    case STATUS_OK:
        return PSA_SUCCESS;
    case STATUS_STORE_REPLAY:
    case STATUS_CRYPTO_TAG:
        return PSA_ERROR_DATA_CORRUPT;
    default:
        return PSA_ERROR_STORAGE_FAILURE;
    }
}

static psa_status_t vault_open(void)
{
    size_t len;
    if (vault.opened) {
        return open_result();
    }
    (void)store_open(&vault.store, STORE_VAULT);
    psa_status_t result = open_result();
    vault.opened = result != PSA_ERROR_STORAGE_FAILURE;
    vault.damaged = result == PSA_ERROR_DATA_CORRUPT;
    memset(vault.entries, 0, sizeof vault.entries);
    if (result != PSA_SUCCESS) {
        return result;
    }
    for (unsigned i = 0; i < STORE_ITS_ENTRIES; i++) {
        vault.damaged |= entry_load(i, &len) == STATUS_CRYPTO_TAG;
    }
    wipe(value, sizeof value);
    return PSA_SUCCESS;
}

/* Opens the vault and finds an entry. NULL with *result: INVALID_ARGUMENT, DOES_NOT_EXIST, or what is wrong with the
 * vault. */
static struct entry *entry_find(uint32_t owner, uint64_t uid, psa_status_t *result)
{
    *result = owner == 0 || uid == 0 ? PSA_ERROR_INVALID_ARGUMENT : vault_open();
    for (unsigned i = 0; i < STORE_ITS_ENTRIES && *result == PSA_SUCCESS; i++) {
        if (vault.entries[i].owner == owner && vault.entries[i].uid == uid) {
            return &vault.entries[i];
        }
    }
    if (*result == PSA_SUCCESS) {
        *result = vault.damaged ? PSA_ERROR_DATA_CORRUPT : PSA_ERROR_DOES_NOT_EXIST;
    }
    return NULL;
}

static uint32_t entry_len(const struct entry *entry)
{
    uint32_t data_len = entry->owner != 0 ? HEADER_LEN + entry->size : 0;
    return entry->owner != 0 || entry->written ? journal_record_len(STORE_OVERHEAD + data_len) : 0;
}

/* 1 when the vault takes `entry` in the place of `old`. An eighth of it stays unused, so that a full vault is not
 * erased at each write. */
static int vault_has_room(const struct entry *old, const struct entry *entry)
{
    uint32_t mirror_len = vault.store.journal.mirror[0].len;
    uint32_t total = entry_len(entry);
    for (unsigned i = 0; i < STORE_ITS_ENTRIES; i++) {
        total += &vault.entries[i] != old ? entry_len(&vault.entries[i]) : 0;
    }
    return total <= mirror_len - mirror_len / 8;
}

/* A place for a new entry: one that has a record already, if there is one. */
static struct entry *entry_vacant(void)
{
    struct entry *found = NULL;
    for (unsigned i = 0; i < STORE_ITS_ENTRIES; i++) {
        struct entry *entry = &vault.entries[i];
        if (entry->owner == 0 && (found == NULL || (entry->written && !found->written))) {
            found = entry;
        }
    }
    return found;
}

/* Writes the first `len` bytes of `value` as the value of `place`. After an error the vault is read anew. */
static psa_status_t entry_write(struct entry *place, size_t len, const struct entry *entry)
{
    status_t status = store_write(&vault.store, (uint8_t)(place - vault.entries + 1), bytes_of(value, len));
    wipe(value, len);
    if (status == STATUS_OK) {
        *place = *entry;
        return PSA_SUCCESS;
    }
    vault.opened = 0;
    return status == STATUS_NO_SPACE ? PSA_ERROR_INSUFFICIENT_STORAGE : PSA_ERROR_STORAGE_FAILURE;
}

psa_status_t store_its_set(uint32_t owner, uint64_t uid, struct bytes data, uint32_t flags)
{
    const struct entry entry = { uid, owner, flags, (uint32_t)data.len, 1 };
    psa_status_t result;
    if ((flags & ~FLAGS_ALL) != 0) {
        return PSA_ERROR_NOT_SUPPORTED;
    }
    struct entry *place = entry_find(owner, uid, &result);
    if (place == NULL && result != PSA_ERROR_DOES_NOT_EXIST) {
        return result;
    }
    if (vault.damaged) {
        return PSA_ERROR_DATA_CORRUPT;
    }
    if (place != NULL && (place->flags & PSA_STORAGE_FLAG_WRITE_ONCE) != 0) {
        return PSA_ERROR_NOT_PERMITTED;
    }
    place = place != NULL ? place : entry_vacant();
    if (data.len > STORE_ITS_DATA_MAX || place == NULL || !vault_has_room(place, &entry)) {
        return PSA_ERROR_INSUFFICIENT_STORAGE;
    }
    bytes_write_le32(value, owner);
    bytes_write_le32(value + 4, (uint32_t)uid);
    bytes_write_le32(value + 8, (uint32_t)(uid >> 32));
    bytes_write_le32(value + 12, flags);
    if (data.len > 0) {
        memcpy(value + HEADER_LEN, data.data, data.len);
    }
    return entry_write(place, HEADER_LEN + data.len, &entry);
}

psa_status_t store_its_get(uint32_t owner, uint64_t uid, size_t offset, struct store_its_out *out)
{
    psa_status_t result;
    size_t len = 0;
    const struct entry *entry = entry_find(owner, uid, &result);
    if (entry == NULL) {
        return result;
    }
    if (offset > entry->size) {
        return PSA_ERROR_INVALID_ARGUMENT;
    }
    size_t left = entry->size - offset;
    out->len = left < out->len ? left : out->len;
    if (out->len == 0) {
        return PSA_SUCCESS;
    }
    status_t status = store_read(&vault.store, (uint8_t)(entry - vault.entries + 1), value, sizeof value, &len);
    if (status == STATUS_OK && len != HEADER_LEN + entry->size) {
        status = STATUS_CRYPTO_TAG;
    }
    if (status == STATUS_OK) {
        memcpy(out->data, value + HEADER_LEN + offset, out->len);
    }
    wipe(value, sizeof value);
    return status == STATUS_OK ? PSA_SUCCESS : PSA_ERROR_DATA_CORRUPT;
}

psa_status_t store_its_get_info(uint32_t owner, uint64_t uid, struct psa_storage_info_t *info)
{
    psa_status_t result;
    const struct entry *entry = entry_find(owner, uid, &result);
    if (entry != NULL) {
        *info = (struct psa_storage_info_t){ .capacity = entry->size, .size = entry->size, .flags = entry->flags };
    }
    return result;
}

psa_status_t store_its_remove(uint32_t owner, uint64_t uid)
{
    const struct entry none = { .written = 1 };
    psa_status_t result;
    struct entry *entry = entry_find(owner, uid, &result);
    if (entry == NULL) {
        return result;
    }
    if (vault.damaged) {
        return PSA_ERROR_DATA_CORRUPT;
    }
    if ((entry->flags & PSA_STORAGE_FLAG_WRITE_ONCE) != 0) {
        return PSA_ERROR_NOT_PERMITTED;
    }
    return entry_write(entry, 0, &none);
}

psa_status_t store_its_reset(void)
{
    psa_status_t result = vault_open();
    if (result == PSA_ERROR_STORAGE_FAILURE) {
        return result;
    }
    if (!vault.damaged) {
        return PSA_ERROR_BAD_STATE;
    }
    vault.opened = 0;
    status_t status = store_reset(&vault.store);
    return status == STATUS_OK ? PSA_SUCCESS : PSA_ERROR_STORAGE_FAILURE;
}

void store_its_wipe(void)
{
    vault.opened = 0;
    store_wipe(&vault.store);
    wipe(value, sizeof value);
}
