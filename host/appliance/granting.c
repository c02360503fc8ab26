/* SPDX-License-Identifier: Apache-2.0 */
/* granting: see granting.h. */
#include "host/appliance/granting.h"

#include "host/lib/p256.h"
#include "host/lib/project.h"
#include "wire/cose.h"

int granting_sign(const struct granting_seal *seal, struct hsm *hsm, const char *label, struct cbor_writer *out,
                  struct fault *fault)
{
    uint8_t structure[GRANT_PAYLOAD_MAX + 64];
    uint8_t digest[32];
    uint8_t signature[COSE_SIGNATURE_LEN];
    struct cbor_writer w = cbor_writer_of(structure, sizeof structure);
    cose_sig_structure_build(bytes_of(seal->aad, strlen(seal->aad)), seal->payload, &w);
    if (w.status != STATUS_OK) {
        return fault_status(fault, seal->aad, w.status);
    }
    p256_sha256(cbor_written(&w), digest);
    if (hsm_sign(hsm, label, digest, signature, fault) != 0) {
        return -1;
    }
    const struct cose_sign1 sign1 = { .kid = bytes_of(seal->kid, seal->kid == NULL ? 0 : COSE_KID_LEN),
                                      .payload = seal->payload,
                                      .signature = bytes_of(signature, sizeof signature) };
    cose_sign1_build(&sign1, out);
    return out->status == STATUS_OK ? 0 : fault_status(fault, seal->aad, out->status);
}

int granting_item_make(struct hsm *hsm, struct bytes ticket, uint64_t number, const struct ledger_unit *unit,
                       struct cbor_writer *out, struct fault *fault)
{
    uint8_t payload[GRANT_PAYLOAD_MAX];
    uint8_t sign1[GRANT_SIGNED_MAX];
    const struct grant grant = { .package = number,
                                 .unit = unit->number,
                                 .uid = bytes_of(unit->uid, sizeof unit->uid),
                                 .identity_key = bytes_of(unit->identity_key, sizeof unit->identity_key),
                                 .update_key = bytes_of(unit->update_key, sizeof unit->update_key) };
    struct cbor_writer p = cbor_writer_of(payload, sizeof payload);
    struct cbor_writer s = cbor_writer_of(sign1, sizeof sign1);
    grant_build(&grant, &p);
    const struct granting_seal seal = { GRANT_AAD, cbor_written(&p), NULL };
    if (p.status != STATUS_OK || granting_sign(&seal, hsm, KEY_PROVISIONER, &s, fault) != 0) {
        return fault_set(fault, "the grant does not fit");
    }
    const struct grant_item item = { .ticket = ticket, .grant = cbor_written(&s) };
    grant_item_build(&item, out);
    return out->status == STATUS_OK ? 0 : fault_status(fault, "grant", out->status);
}
