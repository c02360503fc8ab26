/* SPDX-License-Identifier: Apache-2.0 */
/* store: see store.h. A payload is nonce, ciphertext, tag; the plaintext begins with the state: a digest over the
 * sequences of all values, so that the newest record proves every other one to be the newest of its type. */
#include "sbm/store.h"

#include "base/wipe.h"
#include "boot/flash.h"
#include "boot/rootkey.h"
#include "crypto/crypto.h"
#include "sbm/device.h"

#define NONCE_LEN 12u
#define NONCE_RANDOM_LEN 8u
#define WITNESS_LEN 8u
#define TAG_LEN 16u
#define NAME_LEN 5u

static uint8_t plain[WITNESS_LEN + STORE_DATA_MAX];
static uint8_t sealed[STORE_OVERHEAD + STORE_DATA_MAX];

static const char *region_name(enum store_region region)
{
    return region == STORE_ITEMS ? "STORE" : "VAULT";
}

static enum counter_kind region_counter(enum store_region region)
{
    return region == STORE_ITEMS ? COUNTER_STORE : COUNTER_VAULT;
}

static status_t key_derive(struct store *store)
{
    uint8_t info[] = "windlass store v1 .....";
    memcpy(info + sizeof info - 1 - NAME_LEN, region_name(store->region), NAME_LEN);
    return rootkey_derive(bytes_of(info, sizeof info - 1), store->key, sizeof store->key);
}

/* The key, a nonce, and what a record is bound to: its region and its type. */
static struct crypto_aead aead_of(const struct store *store, uint8_t type, const uint8_t *nonce,
                                  uint8_t aad[NAME_LEN + 1])
{
    memcpy(aad, region_name(store->region), NAME_LEN);
    aad[NAME_LEN] = type;
    return (struct crypto_aead){ .key = store->key, .nonce = nonce, .aad = bytes_of(aad, NAME_LEN + 1) };
}

static void state_digest(const struct store *store, uint8_t out[WITNESS_LEN])
{
    uint8_t table[4 * JOURNAL_TYPE_MAX];
    uint8_t digest[CRYPTO_SHA256_LEN];
    for (unsigned i = 0; i < JOURNAL_TYPE_MAX; i++) {
        bytes_write_le32(table + 4 * i, store->sequence[i]);
    }
    crypto_sha256(bytes_of(table, sizeof table), digest);
    memcpy(out, digest, WITNESS_LEN);
}

/* Decrypts a record into `plain`. *len is that of its data. */
static status_t record_open(const struct store *store, const struct journal_record *record, size_t *len)
{
    uint8_t aad[NAME_LEN + 1];
    const uint8_t *at = record->payload.data;
    size_t size = record->payload.len;
    if (size < STORE_OVERHEAD || size > sizeof sealed || bytes_read_le32(at + NONCE_RANDOM_LEN) != record->sequence) {
        return STATUS_CRYPTO_TAG;
    }
    const struct crypto_aead how = aead_of(store, record->type, at, aad);
    *len = size - STORE_OVERHEAD;
    return crypto_aead_open(&how, bytes_of(at + NONCE_LEN, WITNESS_LEN + *len), at + size - TAG_LEN, plain);
}

static int record_at(const struct store *store, unsigned which, uint8_t type, struct journal_record *out)
{
    uint32_t sequence = store->sequence[type - 1];
    return (journal_find(&store->journal, which, type, 0, out) && out->sequence == sequence) ||
           (journal_find(&store->journal, which, type, sequence + 1, out) && out->sequence == sequence);
}

/* Decrypts into `plain` where the mirrors do not agree: first from one whose tag is right. What is proven goes to the
 * mirror that lacks it, verbatim and from RAM, because the flash may move. */
static status_t value_choose(struct store *store, struct journal_record record[2], const int sound[2], size_t *len)
{
    for (unsigned i = 0; i < 4; i++) {
        unsigned from = i & 1;
        if (record[from].off == 0 || sound[from] != (i < 2) || record_open(store, &record[from], len) != STATUS_OK) {
            continue;
        }
        struct journal_record copy = record[from];
        copy.payload.data = sealed;
        memcpy(sealed, record[from].payload.data, copy.payload.len);
        for (unsigned to = 0; to < 2; to++) {
            if ((to != from || !sound[from]) && journal_copy(&store->journal, to, &copy) == STATUS_OK) {
                device_mended(store->region == STORE_ITEMS ? SBM_PLACE_STORE : SBM_PLACE_VAULT);
            }
        }
        return STATUS_OK;
    }
    return STATUS_CRYPTO_TAG;
}

/* Decrypts the value of `type` into `plain`. */
static status_t value_open(struct store *store, uint8_t type, size_t *len)
{
    struct journal_record record[2];
    int sound[2];
    for (unsigned which = 0; which < 2; which++) {
        if (!record_at(store, which, type, &record[which])) {
            record[which].off = 0;
        }
    }
    if (record[0].off != 0 && record[1].off != 0 && journal_record_same(&record[0], &record[1])) {
        return record_open(store, &record[0], len);
    }
    for (unsigned which = 0; which < 2; which++) {
        sound[which] = record[which].off != 0 && journal_record_sound(&record[which]);
    }
    return value_choose(store, record, sound, len);
}

/* Which record is the value of `type`: the newest one. Above `known` only one that proves itself: a cut may have left a
 * part of it. */
static void value_settle(struct store *store, uint8_t type, uint32_t known)
{
    uint32_t *sequence = &store->sequence[type - 1];
    uint32_t below = 0;
    size_t len;
    do {
        *sequence = 0;
        for (unsigned which = 0; which < 2; which++) {
            struct journal_record record;
            if (journal_find(&store->journal, which, type, below, &record) && record.sequence > *sequence) {
                *sequence = record.sequence;
            }
        }
        below = *sequence;
    } while (below > known && value_open(store, type, &len) != STATUS_OK);
}

/* The newest record must be as new as the counter says, and its state that of all values. */
static status_t state_check(struct store *store, uint32_t counter)
{
    uint8_t state[WITNESS_LEN];
    uint8_t newest = 1;
    size_t len;
    for (uint8_t type = 2; type <= JOURNAL_TYPE_MAX; type++) {
        newest = store->sequence[type - 1] > store->sequence[newest - 1] ? type : newest;
    }
    uint32_t sequence = store->sequence[newest - 1];
    if (sequence == 0) {
        return counter == 0 ? STATUS_OK : STATUS_CRYPTO_TAG; /* never written, or lost */
    }
    if (sequence < counter) {
        return STATUS_STORE_REPLAY;
    }
    status_t status = value_open(store, newest, &len);
    state_digest(store, state);
    if (status == STATUS_OK && memcmp(plain, state, WITNESS_LEN) != 0) {
        status = STATUS_STORE_REPLAY;
    }
    if (status == STATUS_OK) {
        store->proven = newest;
        store->proven_len = len;
    }
    if (status == STATUS_OK && sequence > counter) {
        status = counter_advance(region_counter(store->region), sequence);
    }
    return status;
}

/* Takes what the counter covers by its heads alone. Where that is not the state, a part of a record that a cut left may
 * have been covered by a later write: then each record has to prove itself. */
static status_t values_settle(struct store *store, uint32_t counter)
{
    status_t status = STATUS_STORE_REPLAY;
    for (unsigned pass = 0; pass < 2 && status == STATUS_STORE_REPLAY; pass++) {
        for (uint8_t type = 1; type <= JOURNAL_TYPE_MAX; type++) {
            value_settle(store, type, pass == 0 ? counter : 0);
        }
        status = state_check(store, counter);
    }
    return status;
}

status_t store_open(struct store *store, enum store_region region)
{
    const struct port_flash *flash = port_flash();
    store->region = region;
    store->proven = 0;
    memset(store->sequence, 0, sizeof store->sequence);
    journal_open(&store->journal, region == STORE_ITEMS ? flash->store : flash->vault);
    store->status = key_derive(store);
    if (store->status == STATUS_OK) {
        store->status = values_settle(store, counter_read(region_counter(region)));
    }
    wipe(plain, sizeof plain);
    return store->status;
}

status_t store_read(struct store *store, uint8_t type, uint8_t *out, size_t capacity, size_t *len)
{
    if (type == 0 || type > JOURNAL_TYPE_MAX || store->sequence[type - 1] == 0) {
        return STATUS_NOT_FOUND;
    }
    if (out == NULL && type == store->proven) {
        *len = store->proven_len;
        return STATUS_OK;
    }
    status_t status = value_open(store, type, len);
    if (status != STATUS_OK) {
        return status;
    }
    if (out != NULL && *len <= capacity) {
        memcpy(out, plain + WITNESS_LEN, *len);
    }
    wipe(plain, WITNESS_LEN + *len);
    return out != NULL && *len > capacity ? STATUS_NO_SPACE : STATUS_OK;
}

/* Seals `data` as the next record of `type`, whose sequence the table has already, into `sealed`. */
static status_t record_seal(struct store *store, uint8_t type, struct bytes data)
{
    uint8_t aad[NAME_LEN + 1];
    size_t len = WITNESS_LEN + data.len;
    const struct crypto_aead how = aead_of(store, type, sealed, aad);
    status_t status = crypto_random(sealed, NONCE_RANDOM_LEN);
    if (status != STATUS_OK) {
        return status;
    }
    bytes_write_le32(sealed + NONCE_RANDOM_LEN, store->sequence[type - 1]);
    state_digest(store, sealed + NONCE_LEN);
    if (data.len > 0) {
        memcpy(sealed + NONCE_LEN + WITNESS_LEN, data.data, data.len);
    }
    return crypto_aead_seal(&how, bytes_of(sealed + NONCE_LEN, len), sealed + NONCE_LEN, sealed + NONCE_LEN + len);
}

status_t store_write(struct store *store, uint8_t type, struct bytes data)
{
    if (type == 0 || type > JOURNAL_TYPE_MAX) {
        return STATUS_BAD_ARGUMENT;
    }
    if (data.len > STORE_DATA_MAX) {
        return STATUS_TOO_LONG;
    }
    if (store->status != STATUS_OK) {
        return store->status;
    }
    uint32_t sequence = store->journal.sequence + 1;
    store->sequence[type - 1] = sequence;
    store->proven = 0;
    status_t status = record_seal(store, type, data);
    if (status == STATUS_OK) {
        status = journal_append(&store->journal, type, bytes_of(sealed, STORE_OVERHEAD + data.len));
    }
    if (status == STATUS_OK) {
        status = counter_advance(region_counter(store->region), sequence);
    }
    if (status != STATUS_OK) {
        wipe(sealed, sizeof sealed);
        (void)store_open(store, store->region); /* what is there now decides */
    }
    return status;
}

status_t store_reset(struct store *store)
{
    status_t status = flash_erase(store->journal.mirror[0].off, store->journal.mirror[0].len);
    if (status == STATUS_OK) {
        status = flash_erase(store->journal.mirror[1].off, store->journal.mirror[1].len);
    }
    if (status != STATUS_OK) {
        return status;
    }
    (void)store_open(store, store->region); /* empty: lost */
    if (store->status != STATUS_OK && store->status != STATUS_CRYPTO_TAG) {
        return store->status;
    }
    store->journal.sequence = counter_read(region_counter(store->region));
    store->status = STATUS_OK;
    return store_write(store, 1, bytes_of(NULL, 0));
}

void store_wipe(struct store *store)
{
    wipe(store->key, sizeof store->key);
    wipe(plain, sizeof plain);
    wipe(sealed, sizeof sealed);
}
