/* SPDX-License-Identifier: Apache-2.0 */
/* boot_maker_grant: see boot_maker_grant.h. */
#undef NDEBUG
#include "tests/unit/boot_maker_grant.h"

#include <assert.h>

#include "boot/verify.h"
#include "wire/cose.h"

struct maker_grant maker_grant_right(const struct maker *maker, const uint8_t uid[16])
{
    return (struct maker_grant){ .ticket = { .package = 1,
                                             .grant_key = bytes_of(maker->grant.open, 64),
                                             .vendor = bytes_of(maker->vendor, 16),
                                             .class_id = bytes_of(maker->class_id, 16),
                                             .block = 1 },
                                 .ticket_signer = &maker->mastering,
                                 .grant = { .package = 1,
                                            .unit = 7,
                                            .uid = bytes_of(uid, 16),
                                            .identity_key = bytes_of(maker->identity.open, 64),
                                            .update_key = bytes_of(maker->update.open, 64) },
                                 .grant_signer = &maker->grant };
}

struct maker_grant maker_grant_blocked(const struct maker *maker, const uint8_t uid[16])
{
    struct maker_grant out = maker_grant_right(maker, uid);
    out.ticket.block = 10;
    out.block = (struct grant_block){
        .package = 1, .first = 5, .count = 10, .delegate_key = bytes_of(maker->provisioner.open, 64)
    };
    out.block_signer = &maker->grant;
    out.grant_signer = &maker->provisioner;
    return out;
}

/* Signs a payload; `kid` may be empty. */
static struct bytes part_sign(struct cbor_writer *payload, const char *aad, const struct maker_key *signer,
                              struct bytes kid, uint8_t out[GRANT_SIGNED_MAX])
{
    uint8_t structure[GRANT_PAYLOAD_MAX + 64];
    uint8_t digest[32];
    uint8_t signature[64];
    struct cbor_writer s = cbor_writer_of(structure, sizeof structure);
    struct cbor_writer w = cbor_writer_of(out, GRANT_SIGNED_MAX);
    cose_sig_structure_build(bytes_of(aad, strlen(aad)), cbor_written(payload), &s);
    crypto_sha256(cbor_written(&s), digest);
    status_t status = crypto_p256_sign(signer->secret, digest, signature);
    assert(status == STATUS_OK && s.status == STATUS_OK && payload->status == STATUS_OK);
    const struct cose_sign1 sign1 = { .kid = kid,
                                      .payload = cbor_written(payload),
                                      .signature = bytes_of(signature, sizeof signature) };
    cose_sign1_build(&sign1, &w);
    assert(w.status == STATUS_OK);
    return cbor_written(&w);
}

size_t maker_grant_write(const struct maker_grant *in, uint8_t out[GRANT_ITEM_MAX])
{
    uint8_t payload[3][GRANT_PAYLOAD_MAX];
    uint8_t parts[3][GRANT_SIGNED_MAX];
    uint8_t kid[COSE_KID_LEN];
    const struct bytes none = { NULL, 0 };
    struct cbor_writer t = cbor_writer_of(payload[0], sizeof payload[0]);
    struct cbor_writer g = cbor_writer_of(payload[1], sizeof payload[1]);
    struct cbor_writer b = cbor_writer_of(payload[2], sizeof payload[2]);
    struct cbor_writer w = cbor_writer_of(out, GRANT_ITEM_MAX);
    struct grant_item item = { .block = none };
    verify_key_id(bytes_of(in->ticket_signer->open, 64), kid);
    struct bytes named = in->ticket_kid.data != NULL ? in->ticket_kid : bytes_of(kid, sizeof kid);
    ticket_build(&in->ticket, &t);
    grant_build(&in->grant, &g);
    item.ticket = part_sign(&t, TICKET_AAD, in->ticket_signer, named, parts[0]);
    item.grant = part_sign(&g, GRANT_AAD, in->grant_signer, none, parts[1]);
    if (in->block_signer != NULL) {
        grant_block_build(&in->block, &b);
        item.block = part_sign(&b, GRANT_BLOCK_AAD, in->block_signer, none, parts[2]);
    }
    grant_item_build(&item, &w);
    assert(w.status == STATUS_OK);
    return w.len;
}
