/* SPDX-License-Identifier: Apache-2.0 */
/* record: see record.h. The nonce is the direction's IV xor the counter (RFC 9052 section 3.1, Partial IV), so it never
 * comes twice under one key. */
#include "channel/record.h"

#include "base/wipe.h"
#include "crypto/crypto.h"
#include "wire/cose.h"

void record_wipe(struct record_channel *c)
{
    wipe(c, sizeof *c);
}

static status_t way_open(struct record_way *way, const struct edhoc *e, uint32_t label)
{
    uint8_t both[RECORD_KEY_LEN + RECORD_IV_LEN];
    status_t status = edhoc_export(e, label, both, sizeof both);
    if (status == STATUS_OK) {
        memcpy(way->key, both, RECORD_KEY_LEN);
        memcpy(way->iv, both + RECORD_KEY_LEN, RECORD_IV_LEN);
    }
    way->counter = 0;
    wipe(both, sizeof both);
    return status;
}

status_t record_channel_open(struct record_channel *c, struct edhoc *e, uint32_t label_send)
{
    status_t status = way_open(&c->send, e, label_send);
    if (status == STATUS_OK) {
        status = way_open(&c->receive, e, RECORD_LABEL_TO_CHIP + RECORD_LABEL_FROM_CHIP - label_send);
    }
    edhoc_wipe(e);
    if (status != STATUS_OK) {
        record_wipe(c);
    }
    return status;
}

static void counter_write(uint32_t counter, uint8_t out[COSE_COUNTER_LEN])
{
    bytes_write_be16(out, (uint16_t)(counter >> 16));
    bytes_write_be16(out + 2, (uint16_t)counter);
}

static void nonce_make(const struct record_way *way, const uint8_t counter[COSE_COUNTER_LEN],
                       uint8_t nonce[RECORD_IV_LEN])
{
    memcpy(nonce, way->iv, RECORD_IV_LEN);
    for (unsigned i = 0; i < COSE_COUNTER_LEN; i++) {
        nonce[RECORD_IV_LEN - COSE_COUNTER_LEN + i] ^= counter[i];
    }
}

status_t record_seal(struct record_channel *c, struct bytes plain, struct cbor_writer *out)
{
    uint8_t counter[COSE_COUNTER_LEN];
    uint8_t nonce[RECORD_IV_LEN];
    if (c->send.counter == UINT32_MAX) {
        return STATUS_CHANNEL_SPENT;
    }
    counter_write(c->send.counter, counter);
    nonce_make(&c->send, counter, nonce);
    const struct cose_record record = { bytes_of(counter, sizeof counter), { NULL, plain.len + COSE_TAG_LEN } };
    cose_record_head_build(&record, out);
    if (out->status == STATUS_OK && plain.len + COSE_TAG_LEN > out->capacity - out->len) {
        out->status = STATUS_NO_SPACE;
    }
    if (out->status != STATUS_OK) {
        return out->status;
    }
    uint8_t *at = out->data + out->len;
    const struct crypto_aead how = { c->send.key, nonce, bytes_of(cose_record_aad, sizeof cose_record_aad) };
    c->send.counter++;
    out->len += plain.len + COSE_TAG_LEN;
    return crypto_aead_seal(&how, plain, at, at + plain.len);
}

status_t record_open(struct record_channel *c, struct bytes record, uint8_t *plain, size_t *len)
{
    struct cose_record read;
    uint8_t nonce[RECORD_IV_LEN];
    status_t status = cose_record_parse(record, &read);
    if (status != STATUS_OK || read.ciphertext.len < COSE_TAG_LEN) {
        return STATUS_MESSAGE;
    }
    if (c->receive.counter == UINT32_MAX) {
        return STATUS_CHANNEL_SPENT;
    }
    if (cose_record_counter(record) != c->receive.counter) {
        return STATUS_CHANNEL_ORDER;
    }
    nonce_make(&c->receive, read.counter.data, nonce);
    const struct crypto_aead how = { c->receive.key, nonce, bytes_of(cose_record_aad, sizeof cose_record_aad) };
    *len = read.ciphertext.len - COSE_TAG_LEN;
    status = crypto_aead_open(&how, bytes_of(read.ciphertext.data, *len), read.ciphertext.data + *len, plain);
    if (status == STATUS_OK) {
        c->receive.counter++;
    }
    return status;
}
