/* SPDX-License-Identifier: Apache-2.0 */
/* credential: see credential.h. */
#include "host/sign1/credential.h"

#include <string.h>

#include "host/lib/p256.h"
#include "wire/cose.h"

#define PAYLOAD_MAX 256
#define STRUCTURE_MAX 320

static status_t digest_make(struct bytes payload, uint8_t digest[32])
{
    uint8_t structure[STRUCTURE_MAX];
    struct cbor_writer w = cbor_writer_of(structure, sizeof structure);
    cose_sig_structure_build(bytes_of(NULL, 0), payload, &w);
    p256_sha256(cbor_written(&w), digest);
    return w.status;
}

/* Without the tag, which a CWT in an EDHOC credential does not have. */
static int untagged_write(const struct cose_sign1 *sign1, uint8_t out[CREDENTIAL_MAX], size_t *len, struct fault *fault)
{
    uint8_t tagged[CREDENTIAL_MAX + 1];
    struct cbor_writer w = cbor_writer_of(tagged, sizeof tagged);
    cose_sign1_build(sign1, &w);
    if (w.status != STATUS_OK) {
        return fault_status(fault, "the appliance's credential for chips", w.status);
    }
    *len = w.len - 1;
    memcpy(out, tagged + 1, *len);
    return 0;
}

int credential_make(struct hsm *oem, const char *label, const struct edhoc_claims *claims, uint8_t out[CREDENTIAL_MAX],
                    size_t *len, struct fault *fault)
{
    uint8_t payload[PAYLOAD_MAX], digest[32], key[64], kid[COSE_KID_LEN], signature[64];
    struct cbor_writer p = cbor_writer_of(payload, sizeof payload);
    struct edhoc_claims again;
    edhoc_claims_build(claims, &p);
    status_t status = p.status == STATUS_OK ? edhoc_claims_parse(cbor_written(&p), &again) : p.status;
    status = status == STATUS_OK ? digest_make(cbor_written(&p), digest) : status;
    if (status != STATUS_OK) {
        return fault_status(fault, "the claims of the appliance's credential for chips", status);
    }
    if (hsm_key_public(oem, label, key, fault) != 0 || hsm_sign(oem, label, digest, signature, fault) != 0) {
        return -1;
    }
    p256_kid(key, kid);
    const struct cose_sign1 sign1 = { .kid = bytes_of(kid, sizeof kid),
                                      .payload = cbor_written(&p),
                                      .signature = bytes_of(signature, sizeof signature) };
    return untagged_write(&sign1, out, len, fault);
}

int credential_read(struct bytes cwt, const uint8_t mastering_key[64], uint64_t now, struct edhoc_claims *claims,
                    struct fault *fault)
{
    struct cose_sign1 sign1;
    uint8_t kid[COSE_KID_LEN], digest[32];
    status_t status = cose_sign1_untagged_parse(cwt, &sign1);
    p256_kid(mastering_key, kid);
    if (status == STATUS_OK && (sign1.payload.data == NULL || !bytes_equal(sign1.kid, bytes_of(kid, sizeof kid)))) {
        status = STATUS_SUIT_KEY_UNKNOWN;
    }
    status = status == STATUS_OK ? digest_make(sign1.payload, digest) : status;
    status = status == STATUS_OK ? p256_verify(mastering_key, digest, sign1.signature.data) : status;
    status = status == STATUS_OK ? edhoc_claims_parse(sign1.payload, claims) : status;
    status = status == STATUS_OK && claims->expires < now ? STATUS_CHANNEL_EXPIRED : status;
    return status == STATUS_OK ? 0 : fault_status(fault, "the appliance's credential for chips", status);
}
