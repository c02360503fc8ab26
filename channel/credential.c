/* SPDX-License-Identifier: Apache-2.0 */
/* credential: see credential.h. */
#include "channel/credential.h"

#include "crypto/crypto.h"
#include "wire/cose.h"

#define KEY_LEN 64
#define SIGNED_MAX 384

static status_t key_find(const struct credential_trust *trust, struct bytes kid, const uint8_t **key)
{
    uint8_t digest[CRYPTO_SHA256_LEN];
    for (size_t i = 0; i < trust->keys.len / KEY_LEN; i++) {
        const uint8_t *at = trust->keys.data + i * KEY_LEN;
        crypto_sha256(bytes_of(at, KEY_LEN), digest);
        if (bytes_equal(kid, bytes_of(digest, COSE_KID_LEN))) {
            *key = at;
            return (trust->retired >> i & 1u) == 0 ? STATUS_OK : STATUS_SUIT_KEY_RETIRED;
        }
    }
    return STATUS_SUIT_KEY_UNKNOWN;
}

static status_t signature_check(const struct cose_sign1 *cwt, const struct credential_trust *trust)
{
    uint8_t structure[SIGNED_MAX];
    uint8_t digest[CRYPTO_SHA256_LEN];
    const uint8_t *key = NULL;
    struct cbor_writer w = cbor_writer_of(structure, sizeof structure);
    status_t status = key_find(trust, cwt->kid, &key);
    cose_sig_structure_build(bytes_of(NULL, 0), cwt->payload, &w);
    if (status == STATUS_OK) {
        status = w.status;
    }
    if (status == STATUS_OK) {
        crypto_sha256(cbor_written(&w), digest);
        status = crypto_p256_verify(key, digest, cwt->signature.data);
    }
    return status;
}

static status_t claims_check(const struct edhoc_claims *claims, const struct credential_trust *trust)
{
    if (!bytes_equal(claims->vendor, trust->vendor) || !bytes_equal(claims->class_id, trust->class_id)) {
        return STATUS_CHANNEL_CREDENTIAL;
    }
    return claims->expires >= trust->known_time ? STATUS_OK : STATUS_CHANNEL_EXPIRED;
}

status_t credential_check(struct bytes id_cred, const struct credential_trust *trust, struct bytes *cred,
                          uint8_t key[64])
{
    struct cose_sign1 cwt;
    struct edhoc_claims claims;
    status_t status = edhoc_kcwt_parse(id_cred, cred);
    if (status == STATUS_OK) {
        status = cose_sign1_untagged_parse(*cred, &cwt);
    }
    if (status == STATUS_OK && (cwt.kid.data == NULL || cwt.payload.data == NULL)) {
        status = STATUS_CHANNEL_CREDENTIAL;
    }
    if (status == STATUS_OK) {
        status = signature_check(&cwt, trust);
    }
    if (status == STATUS_OK) {
        status = edhoc_claims_parse(cwt.payload, &claims);
    }
    if (status == STATUS_OK) {
        status = claims_check(&claims, trust);
    }
    if (status == STATUS_OK) {
        memcpy(key, claims.x.data, 32);
        memcpy(key + 32, claims.y.data, 32);
    }
    return status;
}
