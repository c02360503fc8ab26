/* SPDX-License-Identifier: Apache-2.0 */
/* credential: see credential.h. */
#include "boot/credential.h"

#include "wire/edhoc.h"

/* ["Signature1", << {1: -9} >>, h'', payload], up to the payload. */
static const uint8_t structure_head[] = { 0x84, 0x6A, 'S', 'i',  'g',  'n',  'a',  't', 'u',
                                          'r',  'e',  '1', 0x43, 0xA1, 0x01, 0x28, 0x40 };

static status_t signature_check(const struct cose_sign1 *cwt, const uint8_t *key)
{
    uint8_t head[9];
    uint8_t digest[CRYPTO_SHA256_LEN];
    struct crypto_sha256 hash;
    struct cbor_writer w = cbor_writer_of(head, sizeof head);
    cbor_write_bstr_head(&w, cwt->payload.len);
    crypto_sha256_start(&hash);
    crypto_sha256_add(&hash, bytes_of(structure_head, sizeof structure_head));
    crypto_sha256_add(&hash, bytes_of(head, w.len));
    crypto_sha256_add(&hash, cwt->payload);
    crypto_sha256_finish(&hash, digest);
    return crypto_p256_verify(key, digest, cwt->signature.data);
}

static status_t claims_check(const struct edhoc_claims *claims, const struct credential_trust *trust)
{
    if (!bytes_equal(claims->vendor, trust->vendor) || !bytes_equal(claims->class_id, trust->class_id)) {
        return STATUS_CHANNEL_CREDENTIAL;
    }
    return claims->expires >= trust->known_time ? STATUS_OK : STATUS_CHANNEL_EXPIRED;
}

status_t credential_check(struct bytes cwt, const struct credential_trust *trust, uint8_t key[64])
{
    struct cose_sign1 sign1;
    struct edhoc_claims claims;
    const uint8_t *signer = NULL;
    status_t status = cose_sign1_untagged_parse(cwt, &sign1);
    if (status == STATUS_OK && (sign1.kid.data == NULL || sign1.payload.data == NULL)) {
        status = STATUS_CHANNEL_CREDENTIAL;
    }
    if (status == STATUS_OK) {
        status = verify_key_find(&trust->keys, sign1.kid, &signer);
    }
    if (status == STATUS_OK) {
        status = signature_check(&sign1, signer);
    }
    if (status == STATUS_OK) {
        status = edhoc_claims_parse(sign1.payload, &claims);
    }
    if (status == STATUS_OK) {
        memcpy(key, claims.x.data, 32);
        memcpy(key + 32, claims.y.data, 32);
        status = claims_check(&claims, trust);
    }
    return status;
}
