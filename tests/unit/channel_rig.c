/* SPDX-License-Identifier: Apache-2.0 */
/* channel_rig: see channel_rig.h. */
#include "tests/unit/channel_rig.h"

#include "tests/unit/test.h"

#include "crypto/crypto.h"
#include "wire/cose.h"

static const uint8_t vendor_id[16] = { 1, 2, 3 };
static const uint8_t class_id[16] = { 4, 5, 6 };
static const uint8_t c_r[] = { 0x01 };

static void key_make(struct channel_key *key)
{
    assert_int_equal(crypto_p256_generate(key->secret, key->open), STATUS_OK);
}

static void chip_credential(struct channel_rig *g)
{
    struct cbor_writer id = cbor_writer_of(g->id_r, sizeof g->id_r);
    struct cbor_writer cred = cbor_writer_of(g->cred_r, sizeof g->cred_r);
    const struct edhoc_chain chain = { { { g->certificate, sizeof g->certificate } }, 1 };
    assert_int_equal(crypto_random(g->certificate, sizeof g->certificate), STATUS_OK);
    edhoc_x5chain_build(&chain, &id);
    cbor_write_bstr(&cred, chain.certificate[0]);
    g->own_r = (struct schedule_party){
        .c_r = bytes_of(c_r, sizeof c_r), .id_cred = cbor_written(&id), .cred = cbor_written(&cred)
    };
    memcpy(g->expected, g->vendor.open, sizeof g->expected);
}

/* The untagged COSE_Sign1 over the claims, as ID_CRED {13: CWT}. */
void channel_rig_credential(struct channel_rig *g, const struct channel_claims *claims,
                            const struct channel_key *signer)
{
    uint8_t payload[256], structure[320], cwt[400], digest[32], signature[64], kid[32];
    const struct edhoc_claims c = { .subject = bytes_of(claims->subject, strlen(claims->subject)),
                                    .expires = claims->expires,
                                    .x = bytes_of(g->channel.open, 32),
                                    .y = bytes_of(g->channel.open + 32, 32),
                                    .vendor = bytes_of(claims->vendor, 16),
                                    .class_id = bytes_of(claims->class_id, 16) };
    struct cbor_writer p = cbor_writer_of(payload, sizeof payload);
    struct cbor_writer s = cbor_writer_of(structure, sizeof structure);
    struct cbor_writer w = cbor_writer_of(cwt, sizeof cwt);
    struct cbor_writer id = cbor_writer_of(g->id_i, sizeof g->id_i);
    edhoc_claims_build(&c, &p);
    cose_sig_structure_build(bytes_of(NULL, 0), cbor_written(&p), &s);
    crypto_sha256(cbor_written(&s), digest);
    assert_int_equal(crypto_p256_sign(signer->secret, digest, signature), STATUS_OK);
    crypto_sha256(bytes_of(signer->open, 64), kid);
    const struct cose_sign1 sign1 = { .kid = bytes_of(kid, COSE_KID_LEN),
                                      .payload = cbor_written(&p),
                                      .signature = bytes_of(signature, sizeof signature) };
    cose_sign1_build(&sign1, &w);
    struct bytes untagged = bytes_of(cwt + 1, w.len - 1);
    edhoc_kcwt_build(untagged, &id);
    assert_int_equal(id.status, STATUS_OK);
    g->own_i = (struct schedule_party){ .id_cred = cbor_written(&id), .cred = bytes_of(g->id_i + 2, untagged.len) };
}

void channel_rig_open(struct channel_rig *g)
{
    struct channel_claims claims = { "line 1", 2000, { 0 }, { 0 } };
    memset(g, 0, sizeof *g);
    memcpy(claims.vendor, vendor_id, 16);
    memcpy(claims.class_id, class_id, 16);
    key_make(&g->vendor);
    key_make(&g->mastering);
    key_make(&g->channel);
    chip_credential(g);
    channel_rig_credential(g, &claims, &g->mastering);
    g->trust = (struct credential_trust){ .keys = { bytes_of(g->mastering.open, 64), 0 },
                                          .vendor = bytes_of(vendor_id, 16),
                                          .class_id = bytes_of(class_id, 16),
                                          .known_time = 1000 };
}

/* A message from one side to the other: kept as it was sent, changed on its way. */
static struct bytes carry(struct channel_rig *g, int number, struct cbor_writer *w, channel_change *change,
                          void *context, struct channel_message *arrived)
{
    assert_int_equal(w->status, STATUS_OK);
    g->message[number].len = w->len;
    *arrived = g->message[number];
    if (change != NULL) {
        change(arrived, number, context);
    }
    return bytes_of(arrived->data, arrived->len);
}

static status_t message_2_make(struct channel_rig *g, struct cbor_writer *w)
{
    uint8_t digest[32], signature[64];
    status_t status = edhoc_message_2_begin(&g->chip, &g->own_r, digest);
    if (status == STATUS_OK) {
        status = crypto_p256_sign(g->vendor.secret, digest, signature);
    }
    return status == STATUS_OK ? edhoc_message_2_finish(&g->chip, &g->own_r, signature, w) : status;
}

static status_t message_2_take(struct channel_rig *g, struct bytes message)
{
    struct edhoc_chain chain;
    uint8_t encoded[400];
    struct cbor_writer cred = cbor_writer_of(encoded, sizeof encoded);
    status_t status = edhoc_message_2_open(&g->appliance, message);
    if (status == STATUS_OK) {
        status = edhoc_x5chain_parse(g->appliance.peer.id_cred, &chain);
    }
    if (status != STATUS_OK) {
        return status;
    }
    cbor_write_bstr(&cred, chain.certificate[0]);
    return cred.status == STATUS_OK ? edhoc_message_2_check(&g->appliance, cbor_written(&cred), g->expected)
                                    : STATUS_TOO_LONG;
}

static status_t message_3_make(struct channel_rig *g, struct cbor_writer *w)
{
    uint8_t digest[32], signature[64];
    status_t status = edhoc_message_3_begin(&g->appliance, &g->own_i, digest);
    if (status == STATUS_OK) {
        status = crypto_p256_sign(g->channel.secret, digest, signature);
    }
    return status == STATUS_OK ? edhoc_message_3_finish(&g->appliance, &g->own_i, signature, w) : status;
}

static status_t message_3_take(struct channel_rig *g, struct bytes message)
{
    uint8_t key[64];
    status_t status = edhoc_message_3_open(&g->chip, message);
    if (status == STATUS_OK) {
        status = credential_check(g->chip.peer.cred, &g->trust, key);
    }
    return status == STATUS_OK ? edhoc_message_3_check(&g->chip, key) : status;
}

status_t channel_rig_run(struct channel_rig *g, channel_change *change, void *context)
{
    static struct channel_message arrived;
    for (int number = 1; number <= 4; number++) {
        struct cbor_writer w = cbor_writer_of(g->message[number].data, sizeof g->message[number].data);
        g->status = number == 1   ? edhoc_message_1_make(&g->appliance, &w)
                    : number == 2 ? message_2_make(g, &w)
                    : number == 3 ? message_3_make(g, &w)
                                  : edhoc_message_4_make(&g->chip, &w);
        assert_int_equal(g->status, STATUS_OK);
        struct bytes in = carry(g, number, &w, change, context, &arrived);
        g->status = number == 1   ? edhoc_message_1_open(&g->chip, in)
                    : number == 2 ? message_2_take(g, in)
                    : number == 3 ? message_3_take(g, in)
                                  : edhoc_message_4_open(&g->appliance, in);
        if (g->status != STATUS_OK) {
            g->refused_at = number;
            edhoc_wipe(number % 2 == 0 ? &g->appliance : &g->chip); /* also where the credential was refused */
            return g->status;
        }
    }
    g->refused_at = 0;
    return STATUS_OK;
}

void channel_rig_records(struct channel_rig *g, struct record_channel *appliance, struct record_channel *chip)
{
    assert_int_equal(record_channel_open(appliance, &g->appliance, RECORD_LABEL_TO_CHIP), STATUS_OK);
    assert_int_equal(record_channel_open(chip, &g->chip, RECORD_LABEL_FROM_CHIP), STATUS_OK);
}
