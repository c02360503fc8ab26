/* SPDX-License-Identifier: Apache-2.0 */
/* seal: see seal.h. */
#include "boot/seal.h"

#include "base/hard.h"
#include "base/wipe.h"
#include "boot/port.h"
#include "wire/layout.h"

#define SEAL_VERSION 1
#define SEAL_MAX 160
#define STATEMENT_LEN (8 + 8 + CRYPTO_SHA256_LEN + COSE_KID_LEN)

static const char purpose[] = "windlass seal 1";

static status_t key_derive(const uint8_t nonce[SEAL_NONCE_LEN], uint8_t key[32])
{
    uint8_t root[32];
    uint8_t info[sizeof purpose - 1 + SEAL_NONCE_LEN];
    memcpy(info, purpose, sizeof purpose - 1);
    memcpy(info + sizeof purpose - 1, nonce, SEAL_NONCE_LEN);
    status_t status = port_root_key(root);
    if (status == STATUS_OK) {
        status = crypto_hkdf(bytes_of(root, sizeof root), bytes_of(info, sizeof info), key, 32);
    }
    wipe(root, sizeof root);
    return status;
}

/* Image, then the statement of fixed length: where one ends and the other begins is not open to choice. */
static status_t tag_compute(const struct seal *seal, uint8_t tag[SEAL_TAG_LEN])
{
    uint8_t key[32];
    uint8_t statement[STATEMENT_LEN];
    struct crypto_poly1305 mac;
    status_t status = key_derive(seal->nonce, key);
    bytes_write_le32(statement, (uint32_t)seal->sequence);
    bytes_write_le32(statement + 4, (uint32_t)(seal->sequence >> 32));
    bytes_write_le32(statement + 8, (uint32_t)seal->size);
    bytes_write_le32(statement + 12, (uint32_t)(seal->size >> 32));
    memcpy(statement + 16, seal->image_digest, CRYPTO_SHA256_LEN);
    memcpy(statement + 16 + CRYPTO_SHA256_LEN, seal->key_id, COSE_KID_LEN);
    crypto_poly1305_start(&mac, key);
    crypto_poly1305_add(&mac, port_flash_view(port_flash()->primary.off, (uint32_t)seal->size));
    crypto_poly1305_add(&mac, bytes_of(statement, sizeof statement));
    crypto_poly1305_finish(&mac, tag);
    wipe(key, sizeof key);
    return status;
}

static void seal_build(const struct seal *seal, struct cbor_writer *out)
{
    cbor_write_array(out, 7);
    cbor_write_uint(out, SEAL_VERSION);
    cbor_write_uint(out, seal->sequence);
    cbor_write_uint(out, seal->size);
    cbor_write_bstr(out, bytes_of(seal->image_digest, sizeof seal->image_digest));
    cbor_write_bstr(out, bytes_of(seal->key_id, sizeof seal->key_id));
    cbor_write_bstr(out, bytes_of(seal->nonce, sizeof seal->nonce));
    cbor_write_bstr(out, bytes_of(seal->tag, sizeof seal->tag));
}

static void bstr_take(struct cbor_reader *r, uint8_t *out, size_t len)
{
    struct bytes in = cbor_read_bstr_len(r, len);
    if (r->status == STATUS_OK) {
        memcpy(out, in.data, len);
    }
}

static status_t seal_parse(struct bytes in, struct seal *out)
{
    struct cbor_reader r = cbor_reader_of(in);
    memset(out, 0, sizeof *out);
    if (cbor_read_array(&r) != 7 || cbor_read_uint(&r) != SEAL_VERSION) {
        return STATUS_UNSUPPORTED;
    }
    out->sequence = cbor_read_uint(&r);
    out->size = cbor_read_uint(&r);
    bstr_take(&r, out->image_digest, sizeof out->image_digest);
    bstr_take(&r, out->key_id, sizeof out->key_id);
    bstr_take(&r, out->nonce, sizeof out->nonce);
    bstr_take(&r, out->tag, sizeof out->tag);
    return cbor_reader_finish(&r);
}

status_t seal_make(struct state_store *store, const struct package *package)
{
    struct seal seal = { .sequence = package->manifest.sequence, .size = package->image.size };
    struct cose_sign1 sign1;
    uint8_t record[SEAL_MAX];
    struct cbor_writer w = cbor_writer_of(record, sizeof record);
    status_t status = cose_sign1_parse(package->envelope.sign1, &sign1);
    if (status != STATUS_OK) {
        return status;
    }
    memcpy(seal.image_digest, package->image.digest.data, sizeof seal.image_digest);
    memcpy(seal.key_id, sign1.kid.data, sizeof seal.key_id);
    status = crypto_random(seal.nonce, sizeof seal.nonce);
    if (status == STATUS_OK) {
        status = tag_compute(&seal, seal.tag);
    }
    seal_build(&seal, &w);
    if (status == STATUS_OK) {
        status = w.status;
    }
    return status == STATUS_OK ? journal_append(&store->journal, STATE_SEAL, cbor_written(&w)) : status;
}

status_t seal_check(const struct state_store *store, struct seal *seal, struct gate_seal *evidence)
{
    struct bytes record;
    memset(evidence, 0, sizeof *evidence);
    status_t status = journal_read(&store->journal, STATE_SEAL, &record);
    if (status == STATUS_OK) {
        status = seal_parse(record, seal);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (seal->size == 0 || seal->size > port_flash()->primary.len) {
        return STATUS_SUIT_SIZE;
    }
    if (seal->sequence < store->now.counter) {
        return STATUS_SUIT_ROLLBACK;
    }
    status = tag_compute(seal, evidence->computed);
    if (status != STATUS_OK) {
        return status;
    }
    memcpy(evidence->stated, seal->tag, sizeof evidence->stated);
    evidence->sequence = seal->sequence;
    evidence->counter = store->now.counter;
    return hard_compare(evidence->computed, evidence->stated, sizeof evidence->stated) == HARD_SAME ? STATUS_OK
                                                                                                    : STATUS_CRYPTO_TAG;
}
