/* SPDX-License-Identifier: Apache-2.0 */
/* edhoc: see edhoc.h. Messages 2 and 3 are the same thing twice: MAC, signature, plaintext, next transcript hash. */
#include "channel/edhoc.h"

#include "base/wipe.h"
#include "crypto/crypto.h"

#define KEY_LEN 32
#define IV_LEN 12
#define TAG_LEN 16
#define AAD_LEN 45

/* Far apart: no flipped bit makes one of another. */
enum edhoc_stage {
    STAGE_I_1_MADE = 0x4B1,
    STAGE_I_2_OPEN = 0x4D2,
    STAGE_I_2_CHECKED = 0x8E4,
    STAGE_I_3_BEGUN = 0x917,
    STAGE_I_3_MADE = 0xA68,
    STAGE_R_1_OPEN = 0x359,
    STAGE_R_2_BEGUN = 0x63A,
    STAGE_R_2_MADE = 0x5C6,
    STAGE_R_3_OPEN = 0x1AD,
    STAGE_R_3_CHECKED = 0x27B,
    STAGE_DONE = 0xF0E
};

void edhoc_wipe(struct edhoc *e)
{
    wipe(e, sizeof *e);
}

/* Ends a step: on to the next stage, or no session any more. */
static status_t step_end(struct edhoc *e, status_t status, uint32_t next)
{
    if (status == STATUS_OK) {
        e->stage = next;
    } else {
        edhoc_wipe(e);
    }
    return status;
}

/* `len` bytes of the output, to be filled in; NULL with the error latched. */
static uint8_t *room_take(struct cbor_writer *out, size_t len)
{
    if (out->status == STATUS_OK && len > out->capacity - out->len) {
        out->status = STATUS_NO_SPACE;
    }
    if (out->status != STATUS_OK) {
        return NULL;
    }
    out->len += len;
    return out->data + out->len - len;
}

/* TH_2 and PRK_2e, from e->th = H(message_1) and the peer's point. Then the ephemeral key has done its work. */
static status_t secret_agree(struct edhoc *e, const uint8_t g_y[32])
{
    uint8_t shared[32];
    uint8_t message_1_digest[SCHEDULE_LEN];
    memcpy(message_1_digest, e->th, sizeof message_1_digest);
    status_t status = crypto_p256_agree(e->private_key, e->peer_point, shared);
    if (status == STATUS_OK) {
        schedule_th_2(g_y, message_1_digest, e->th);
        schedule_prk(e->th, shared, e->prk);
    }
    wipe(shared, sizeof shared);
    wipe(e->private_key, sizeof e->private_key);
    return status;
}

static status_t ephemeral_make(struct edhoc *e)
{
    uint8_t public_key[64];
    status_t status = crypto_p256_generate(e->private_key, public_key);
    memcpy(e->own_x, public_key, sizeof e->own_x);
    return status;
}

static void own_digest(const struct edhoc *e, enum schedule_label label, const struct schedule_party *party,
                       uint8_t digest[32])
{
    uint8_t mac[SCHEDULE_LEN];
    schedule_mac(e->prk, label, party, e->th, mac);
    schedule_signed_digest(party, e->th, mac, digest);
    wipe(mac, sizeof mac);
}

/* Signature_or_MAC of the message that was opened; then the next transcript hash. */
static status_t peer_check(struct edhoc *e, enum schedule_label label, struct bytes cred, const uint8_t key[64])
{
    const struct schedule_party party = { e->peer.c_r, e->peer.id_cred, cred, e->peer.ead };
    uint8_t digest[32];
    own_digest(e, label, &party, digest);
    status_t status = crypto_p256_verify(key, digest, e->peer.signature.data);
    schedule_th_next(bytes_of(e->plaintext, e->plaintext_len), cred, e->th);
    return status;
}

static status_t plaintext_make(struct edhoc *e, const struct schedule_party *party, const uint8_t signature[64])
{
    const struct edhoc_plaintext plain = {
        .c_r = party->c_r, .id_cred = party->id_cred, .signature = bytes_of(signature, 64), .ead = party->ead
    };
    struct cbor_writer w = cbor_writer_of(e->plaintext, sizeof e->plaintext);
    edhoc_plaintext_build(&plain, &w);
    e->plaintext_len = w.len;
    return w.status;
}

/* Key, IV and additional data of message_3 or message_4. */
struct cipher {
    uint8_t key[KEY_LEN];
    uint8_t iv[IV_LEN];
    uint8_t aad[AAD_LEN];
};

static void cipher_make(const struct edhoc *e, enum schedule_label key, struct cipher *c)
{
    static const uint8_t head[] = { 0x83, 0x68, 'E', 'n', 'c', 'r', 'y', 'p', 't', '0', 0x40, 0x58, SCHEDULE_LEN };
    schedule_kdf(e->prk, key, bytes_of(e->th, sizeof e->th), c->key, sizeof c->key);
    schedule_kdf(e->prk, (uint32_t)key + 1, bytes_of(e->th, sizeof e->th), c->iv, sizeof c->iv);
    memcpy(c->aad, head, sizeof head);
    memcpy(c->aad + sizeof head, e->th, sizeof e->th);
}

static status_t sealed_write(const struct edhoc *e, enum schedule_label key, struct bytes plain,
                             struct cbor_writer *out)
{
    struct cipher c;
    cipher_make(e, key, &c);
    cbor_write_bstr_head(out, plain.len + TAG_LEN);
    uint8_t *at = room_take(out, plain.len + TAG_LEN);
    status_t status = out->status;
    if (at != NULL) {
        const struct crypto_aead how = { c.key, c.iv, bytes_of(c.aad, sizeof c.aad) };
        status = crypto_aead_seal(&how, plain, at, at + plain.len);
    }
    wipe(&c, sizeof c);
    return status;
}

/* Into e->plaintext. */
static status_t sealed_read(struct edhoc *e, enum schedule_label key, struct bytes message)
{
    struct cipher c;
    struct bytes sealed = bytes_of(NULL, 0);
    status_t status = edhoc_string_parse(message, &sealed);
    if (status == STATUS_OK && (sealed.len < TAG_LEN || sealed.len - TAG_LEN > sizeof e->plaintext)) {
        status = sealed.len < TAG_LEN ? STATUS_TRUNCATED : STATUS_TOO_LONG;
    }
    if (status != STATUS_OK) {
        return status;
    }
    cipher_make(e, key, &c);
    const struct crypto_aead how = { c.key, c.iv, bytes_of(c.aad, sizeof c.aad) };
    e->plaintext_len = sealed.len - TAG_LEN;
    status =
        crypto_aead_open(&how, bytes_of(sealed.data, e->plaintext_len), sealed.data + e->plaintext_len, e->plaintext);
    wipe(&c, sizeof c);
    return status;
}

/* PRK_exporter takes the place of PRK_4e3m, once message_4 has been made or read. */
static void exporter_make(struct edhoc *e)
{
    uint8_t out[SCHEDULE_LEN];
    schedule_kdf(e->prk, SCHEDULE_PRK_OUT, bytes_of(e->th, sizeof e->th), out, sizeof out);
    schedule_kdf(out, SCHEDULE_PRK_EXPORTER, bytes_of(NULL, 0), e->prk, sizeof e->prk);
    wipe(out, sizeof out);
}

status_t edhoc_message_1_make(struct edhoc *e, struct cbor_writer *out)
{
    static const uint8_t c_i[] = { 0x00 };
    edhoc_wipe(e);
    status_t status = ephemeral_make(e);
    size_t start = out->len;
    const struct edhoc_message_1 message = { bytes_of(e->own_x, sizeof e->own_x), bytes_of(c_i, sizeof c_i) };
    edhoc_message_1_build(&message, out);
    if (status == STATUS_OK) {
        status = out->status;
    }
    if (status == STATUS_OK) {
        crypto_sha256(bytes_of(out->data + start, out->len - start), e->th);
    }
    return step_end(e, status, STAGE_I_1_MADE);
}

/* Splits G_Y from CIPHERTEXT_2 and takes the keystream off. */
static status_t message_2_decrypt(struct edhoc *e, struct bytes message)
{
    struct bytes both = bytes_of(NULL, 0);
    status_t status = edhoc_string_parse(message, &both);
    if (status == STATUS_OK && (both.len < 32 || both.len - 32 > sizeof e->plaintext)) {
        status = both.len < 32 ? STATUS_TRUNCATED : STATUS_TOO_LONG;
    }
    if (status == STATUS_OK) {
        status = crypto_p256_lift(both.data, e->peer_point);
    }
    if (status == STATUS_OK) {
        status = secret_agree(e, both.data);
    }
    if (status != STATUS_OK) {
        return status;
    }
    e->plaintext_len = both.len - 32;
    schedule_kdf(e->prk, SCHEDULE_KEYSTREAM_2, bytes_of(e->th, sizeof e->th), e->plaintext, e->plaintext_len);
    for (size_t i = 0; i < e->plaintext_len; i++) {
        e->plaintext[i] ^= both.data[32 + i];
    }
    return STATUS_OK;
}

status_t edhoc_message_2_open(struct edhoc *e, struct bytes message)
{
    status_t status = e->stage == STAGE_I_1_MADE ? message_2_decrypt(e, message) : STATUS_BAD_STATE;
    if (status == STATUS_OK) {
        status = edhoc_plaintext_2_parse(bytes_of(e->plaintext, e->plaintext_len), &e->peer);
    }
    return step_end(e, status, STAGE_I_2_OPEN);
}

status_t edhoc_message_2_check(struct edhoc *e, struct bytes cred, const uint8_t key[64])
{
    status_t status = e->stage == STAGE_I_2_OPEN ? peer_check(e, SCHEDULE_MAC_2, cred, key) : STATUS_BAD_STATE;
    return step_end(e, status, STAGE_I_2_CHECKED);
}

status_t edhoc_message_3_begin(struct edhoc *e, const struct schedule_party *own, uint8_t digest[32])
{
    status_t status = e->stage == STAGE_I_2_CHECKED ? STATUS_OK : STATUS_BAD_STATE;
    if (status == STATUS_OK) {
        own_digest(e, SCHEDULE_MAC_3, own, digest);
    }
    return step_end(e, status, STAGE_I_3_BEGUN);
}

status_t edhoc_message_3_finish(struct edhoc *e, const struct schedule_party *own, const uint8_t signature[64],
                                struct cbor_writer *out)
{
    status_t status = e->stage == STAGE_I_3_BEGUN ? plaintext_make(e, own, signature) : STATUS_BAD_STATE;
    if (status == STATUS_OK) {
        status = sealed_write(e, SCHEDULE_K_3, bytes_of(e->plaintext, e->plaintext_len), out);
        schedule_th_next(bytes_of(e->plaintext, e->plaintext_len), own->cred, e->th);
    }
    return step_end(e, status, STAGE_I_3_MADE);
}

status_t edhoc_message_4_open(struct edhoc *e, struct bytes message)
{
    status_t status = e->stage == STAGE_I_3_MADE ? sealed_read(e, SCHEDULE_K_4, message) : STATUS_BAD_STATE;
    if (status == STATUS_OK && e->plaintext_len != 0) {
        status = STATUS_UNSUPPORTED; /* no EAD_4 is known here */
    }
    if (status == STATUS_OK) {
        exporter_make(e);
    }
    return step_end(e, status, STAGE_DONE);
}

status_t edhoc_message_1_open(struct edhoc *e, struct bytes message)
{
    struct edhoc_message_1 read;
    edhoc_wipe(e);
    status_t status = edhoc_message_1_parse(message, &read);
    if (status == STATUS_OK) {
        status = crypto_p256_lift(read.g_x.data, e->peer_point);
    }
    if (status == STATUS_OK) {
        crypto_sha256(message, e->th);
    }
    return step_end(e, status, STAGE_R_1_OPEN);
}

status_t edhoc_message_2_begin(struct edhoc *e, const struct schedule_party *own, uint8_t digest[32])
{
    status_t status = e->stage == STAGE_R_1_OPEN ? ephemeral_make(e) : STATUS_BAD_STATE;
    if (status == STATUS_OK) {
        status = secret_agree(e, e->own_x);
    }
    if (status == STATUS_OK) {
        own_digest(e, SCHEDULE_MAC_2, own, digest);
    }
    return step_end(e, status, STAGE_R_2_BEGUN);
}

/* G_Y, then PLAINTEXT_2 under KEYSTREAM_2. */
static status_t message_2_encrypt(const struct edhoc *e, struct cbor_writer *out)
{
    cbor_write_bstr_head(out, sizeof e->own_x + e->plaintext_len);
    cbor_write_raw(out, bytes_of(e->own_x, sizeof e->own_x));
    uint8_t *at = room_take(out, e->plaintext_len);
    if (at == NULL) {
        return out->status;
    }
    schedule_kdf(e->prk, SCHEDULE_KEYSTREAM_2, bytes_of(e->th, sizeof e->th), at, e->plaintext_len);
    for (size_t i = 0; i < e->plaintext_len; i++) {
        at[i] ^= e->plaintext[i];
    }
    return STATUS_OK;
}

status_t edhoc_message_2_finish(struct edhoc *e, const struct schedule_party *own, const uint8_t signature[64],
                                struct cbor_writer *out)
{
    status_t status = e->stage == STAGE_R_2_BEGUN ? plaintext_make(e, own, signature) : STATUS_BAD_STATE;
    if (status == STATUS_OK) {
        status = message_2_encrypt(e, out);
        schedule_th_next(bytes_of(e->plaintext, e->plaintext_len), own->cred, e->th);
    }
    return step_end(e, status, STAGE_R_2_MADE);
}

status_t edhoc_message_3_open(struct edhoc *e, struct bytes message)
{
    status_t status = e->stage == STAGE_R_2_MADE ? sealed_read(e, SCHEDULE_K_3, message) : STATUS_BAD_STATE;
    if (status == STATUS_OK) {
        status = edhoc_plaintext_3_parse(bytes_of(e->plaintext, e->plaintext_len), &e->peer);
    }
    return step_end(e, status, STAGE_R_3_OPEN);
}

status_t edhoc_message_3_check(struct edhoc *e, const uint8_t key[64])
{
    status_t status = e->stage == STAGE_R_3_OPEN ? peer_check(e, SCHEDULE_MAC_3, e->peer.cred, key) : STATUS_BAD_STATE;
    return step_end(e, status, STAGE_R_3_CHECKED);
}

status_t edhoc_message_4_make(struct edhoc *e, struct cbor_writer *out)
{
    status_t status =
        e->stage == STAGE_R_3_CHECKED ? sealed_write(e, SCHEDULE_K_4, bytes_of(NULL, 0), out) : STATUS_BAD_STATE;
    if (status == STATUS_OK) {
        exporter_make(e);
    }
    return step_end(e, status, STAGE_DONE);
}

status_t edhoc_export(const struct edhoc *e, uint32_t label, uint8_t *out, size_t len)
{
    if (e->stage != STAGE_DONE) {
        return STATUS_BAD_STATE;
    }
    schedule_kdf(e->prk, label, bytes_of(NULL, 0), out, len);
    return STATUS_OK;
}
