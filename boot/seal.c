/* SPDX-License-Identifier: Apache-2.0 */
/* seal: see seal.h. */
#include "boot/seal.h"

#include "base/hard.h"
#include "base/wipe.h"
#include "boot/port.h"
#include "boot/rootkey.h"
#include "wire/layout.h"

static const char purpose[] = "windlass seal 1";

#define KEY_LEN (32u + SEAL_TAG_LEN) /* Poly1305's, then what its result is masked with */

static status_t key_derive(const uint8_t nonce[SEAL_NONCE_LEN], uint8_t key[KEY_LEN])
{
    uint8_t info[sizeof purpose - 1 + SEAL_NONCE_LEN];
    memcpy(info, purpose, sizeof purpose - 1);
    memcpy(info + sizeof purpose - 1, nonce, SEAL_NONCE_LEN);
    return rootkey_derive(bytes_of(info, sizeof info), key, KEY_LEN);
}

/* Image, then the statement of fixed length: where one ends and the other begins is not open to choice. HARD: the mask
 * is why a tag for which Poly1305 was not begun or not ended is nothing that could be stated beforehand. */
static status_t tag_compute(const struct seal *seal, uint8_t tag[SEAL_TAG_LEN])
{
    uint8_t key[KEY_LEN];
    struct crypto_poly1305 mac;
    status_t status = key_derive(seal->nonce, key);
    crypto_poly1305_start(&mac, key);
    crypto_poly1305_add(&mac,
                        port_flash_view(port_flash()->primary.off, bytes_read_le32(seal->statement + SEAL_SIZE_OFF)));
    crypto_poly1305_add(&mac, bytes_of(seal->statement, sizeof seal->statement));
    crypto_poly1305_finish(&mac, tag);
    for (unsigned i = 0; i < SEAL_TAG_LEN; i++) {
        tag[i] ^= key[32 + i];
    }
    wipe(key, sizeof key);
    return status;
}

status_t seal_make(struct state_store *store, const struct package *package)
{
    struct seal seal;
    struct cose_sign1 sign1;
    status_t status = cose_sign1_parse(package->envelope.sign1, &sign1);
    if (status != STATUS_OK) {
        return status;
    }
    bytes_write_le32(seal.statement + SEAL_SEQUENCE_OFF, (uint32_t)package->manifest.sequence);
    bytes_write_le32(seal.statement + SEAL_SIZE_OFF, (uint32_t)package->image.size);
    memcpy(seal.statement + SEAL_DIGEST_OFF, package->image.digest.data, CRYPTO_SHA256_LEN);
    memcpy(seal.statement + SEAL_KEY_ID_OFF, sign1.kid.data, COSE_KID_LEN);
    status = crypto_random(seal.nonce, sizeof seal.nonce);
    if (status == STATUS_OK) {
        status = tag_compute(&seal, seal.tag);
    }
    return status == STATUS_OK ? journal_append(&store->journal, STATE_SEAL, bytes_of(&seal, sizeof seal)) : status;
}

status_t seal_check(const struct state_store *store, struct seal *seal, struct gate_seal *evidence)
{
    struct bytes record;
    memset(evidence, 0, sizeof *evidence);
    status_t status = journal_read(&store->journal, STATE_SEAL, &record);
    if (status != STATUS_OK || record.len != sizeof *seal) {
        return STATUS_NOT_FOUND;
    }
    memcpy(seal, record.data, sizeof *seal);
    evidence->sequence = bytes_read_le32(seal->statement + SEAL_SEQUENCE_OFF);
    evidence->counter = store->now.counter;
    memcpy(evidence->stated, seal->tag, sizeof evidence->stated);
    if (bytes_read_le32(seal->statement + SEAL_SIZE_OFF) > port_flash()->primary.len) {
        return STATUS_SUIT_SIZE;
    }
    if (evidence->sequence < evidence->counter) {
        return STATUS_SUIT_ROLLBACK;
    }
    status = tag_compute(seal, evidence->computed);
    if (status != STATUS_OK) {
        return status;
    }
    return hard_compare(evidence->computed, evidence->stated, sizeof evidence->stated) == HARD_SAME ? STATUS_OK
                                                                                                    : STATUS_CRYPTO_TAG;
}
