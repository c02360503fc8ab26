/* SPDX-License-Identifier: Apache-2.0 */
/* sign1: see sign1.h. */
#include "host/sign1/sign1.h"

#include "host/lib/p256.h"
#include "wire/cose.h"

status_t sign1_check(const struct sign1 *in, const uint8_t public_key[64], struct bytes *payload)
{
    struct cose_sign1 parsed;
    uint8_t kid[8];
    uint8_t structure[SIGN1_PAYLOAD_MAX + 256];
    uint8_t digest[32];
    status_t status = cose_sign1_parse(in->encoded, &parsed);
    if (status != STATUS_OK) {
        return status;
    }
    p256_kid(public_key, kid);
    if (parsed.kid.data != NULL && !bytes_equal(parsed.kid, bytes_of(kid, sizeof kid))) {
        return STATUS_SUIT_KEY_UNKNOWN;
    }
    if ((parsed.payload.data == NULL) == (in->detached.data == NULL)) {
        return STATUS_MISSING_FIELD;
    }
    struct bytes content = in->detached.data != NULL ? in->detached : parsed.payload;
    struct cbor_writer w = cbor_writer_of(structure, sizeof structure);
    cose_sig_structure_build(in->external_aad, content, &w);
    if (w.status != STATUS_OK) {
        return STATUS_TOO_LONG;
    }
    p256_sha256(cbor_written(&w), digest);
    status = p256_verify(public_key, digest, parsed.signature.data);
    if (status == STATUS_OK && payload != NULL) {
        *payload = content;
    }
    return status;
}
