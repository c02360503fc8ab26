/* SPDX-License-Identifier: Apache-2.0 */
/* signed: see signed.h. */
#include "sbm/signed.h"

#include "crypto/crypto.h"

#define STRUCTURE_HEAD_MAX 64u /* everything but the payload */

status_t signed_check(const struct cose_sign1 *in, struct bytes aad, const uint8_t *key)
{
    uint8_t structure[STRUCTURE_HEAD_MAX + SIGNED_PAYLOAD_MAX];
    uint8_t digest[CRYPTO_SHA256_LEN];
    struct cbor_writer w = cbor_writer_of(structure, sizeof structure);
    if (in->payload.data == NULL) {
        return STATUS_MISSING_FIELD;
    }
    cose_sig_structure_build(aad, in->payload, &w);
    if (w.status != STATUS_OK) {
        return STATUS_TOO_LONG;
    }
    crypto_sha256(cbor_written(&w), digest);
    status_t status = crypto_selftest_signature();
    return status == STATUS_OK ? crypto_p256_verify(key, digest, in->signature.data) : status;
}
