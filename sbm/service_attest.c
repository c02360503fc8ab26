/* SPDX-License-Identifier: Apache-2.0 */
/* service_attest: the attestation token (docs/spec.md section 9.2) and the device's certificates. What it says of the
 * software was measured by whoever started it: BL1 the SBM, SBM the application; only BL1's code is hashed here. */
#include "boot/verify.h"
#include "psa/initial_attestation.h"
#include "sbm/device.h"
#include "sbm/self.h"
#include "sbm/service.h"
#include "wire/token.h"

#define INSTANCE_TYPE_RANDOM 0x01
#define POINT_UNCOMPRESSED 0x04

/* Memory for what the claims are views of. */
struct facts {
    struct token_claims claims;
    uint8_t instance[TOKEN_INSTANCE_LEN];
    uint8_t implementation[TOKEN_IMPLEMENTATION_LEN];
    uint8_t measurement[TOKEN_PARTS][TOKEN_HASH_LEN];
    uint8_t signer[TOKEN_PARTS][TOKEN_HASH_LEN];
};

static uint64_t psa_lifecycle(void)
{
    static const uint16_t claim[] = { 0x0000, 0x2000, 0x3000, 0x6000 };
    if (device.debug != PORT_DEBUG_CLOSED) {
        return TOKEN_LIFECYCLE_NONSECURE_DEBUG; /* in secure debug the key is gone, and with it every token */
    }
    return claim[(unsigned)device.lifecycle & 3u];
}

/* RFC 9783 section 4.2.1: the hash of the public key, as PSA Crypto exports it. */
static void instance_make(uint8_t instance[TOKEN_INSTANCE_LEN])
{
    static const uint8_t uncompressed = POINT_UNCOMPRESSED;
    struct crypto_sha256 hash;
    instance[0] = INSTANCE_TYPE_RANDOM;
    crypto_sha256_start(&hash);
    crypto_sha256_add(&hash, bytes_of(&uncompressed, 1));
    crypto_sha256_add(&hash, bytes_of(device.provisioned.identity + 32, 64));
    crypto_sha256_finish(&hash, instance + 1);
}

static status_t seed_make(void)
{
    status_t status = STATUS_OK;
    if (!device.has_boot_seed) {
        status = crypto_random(device.boot_seed, sizeof device.boot_seed);
        device.has_boot_seed = status == STATUS_OK;
    }
    return status;
}

/* The whole identifier of the key that `kid` begins. It may have been retired since. */
static status_t signer_make(const uint8_t kid[COSE_KID_LEN], uint8_t signer[TOKEN_HASH_LEN])
{
    const struct verify_keys keys = { device.provisioned.policy.firmware_keys, 0 };
    const uint8_t *key;
    status_t status = verify_key_find(&keys, bytes_of(kid, COSE_KID_LEN), &key);
    if (status == STATUS_OK) {
        crypto_sha256(bytes_of(key, POLICY_KEY_LEN), signer);
    }
    return status;
}

static status_t parts_measure(struct facts *f)
{
    uint8_t kid[COSE_KID_LEN];
    crypto_sha256(port_flash_view(0, port_flash()->anchor[0].off), f->measurement[TOKEN_BL1]);
    memcpy(f->measurement[TOKEN_APP], device.running_digest, TOKEN_HASH_LEN);
    status_t status = self_describe(f->measurement[TOKEN_SBM], kid);
    if (status == STATUS_OK) {
        status = signer_make(kid, f->signer[TOKEN_SBM]);
    }
    return status == STATUS_OK ? signer_make(device.running_key_id, f->signer[TOKEN_APP]) : status;
}

static void claims_fill(struct facts *f, struct bytes challenge)
{
    memcpy(f->implementation, device.provisioned.policy.vendor.data, POLICY_UUID_LEN);
    memcpy(f->implementation + POLICY_UUID_LEN, device.provisioned.policy.sbm_class.data, POLICY_UUID_LEN);
    f->claims = (struct token_claims){ .nonce = challenge,
                                       .instance = bytes_of(f->instance, sizeof f->instance),
                                       .seed = bytes_of(device.boot_seed, sizeof device.boot_seed),
                                       .implementation = bytes_of(f->implementation, sizeof f->implementation),
                                       .client = TOKEN_CLIENT_APPLICATION,
                                       .lifecycle = psa_lifecycle() };
    for (enum token_part part = TOKEN_BL1; part < TOKEN_PARTS; part++) {
        f->claims.parts[part].measurement = bytes_of(f->measurement[part], TOKEN_HASH_LEN);
        f->claims.parts[part].signer = bytes_of(f->signer[part], TOKEN_HASH_LEN);
    }
    f->claims.parts[TOKEN_SBM].version = (uint32_t)device.sbm_sequence;
    f->claims.parts[TOKEN_APP].version = (uint32_t)device.running_sequence;
}

static status_t token_sign(struct bytes claims, uint8_t signature[TOKEN_SIGNATURE_LEN])
{
    uint8_t head[32];
    uint8_t digest[CRYPTO_SHA256_LEN];
    struct crypto_sha256 hash;
    struct cbor_writer w = cbor_writer_of(head, sizeof head);
    token_signed_head_build(claims.len, &w);
    crypto_sha256_start(&hash);
    crypto_sha256_add(&hash, cbor_written(&w));
    crypto_sha256_add(&hash, claims);
    crypto_sha256_finish(&hash, digest);
    return w.status == STATUS_OK ? crypto_p256_sign(device.provisioned.identity, digest, signature) : w.status;
}

/* The claims over `challenge`, in a buffer of this room. */
static psa_status_t claims_make(struct bytes challenge, struct bytes *out)
{
    static struct facts facts;
    static uint8_t encoded[TOKEN_CLAIMS_MAX];
    struct cbor_writer w = cbor_writer_of(encoded, sizeof encoded);
    if (!token_nonce_fits(challenge.len)) {
        return PSA_ERROR_INVALID_ARGUMENT;
    }
    memset(&facts, 0, sizeof facts);
    if (seed_make() != STATUS_OK) {
        return PSA_ERROR_INSUFFICIENT_ENTROPY;
    }
    if (parts_measure(&facts) != STATUS_OK) {
        return PSA_ERROR_SERVICE_FAILURE;
    }
    instance_make(facts.instance);
    claims_fill(&facts, challenge);
    token_claims_build(&facts.claims, &w);
    *out = cbor_written(&w);
    return w.status == STATUS_OK ? PSA_SUCCESS : PSA_ERROR_SERVICE_FAILURE;
}

psa_status_t service_attest_token(struct bytes challenge, uint8_t *out, size_t capacity, size_t *len)
{
    uint8_t signature[TOKEN_SIGNATURE_LEN];
    struct cbor_writer w = cbor_writer_of(out, capacity);
    struct bytes claims;
    *len = 0;
    psa_status_t result = claims_make(challenge, &claims);
    if (result != PSA_SUCCESS) {
        return result;
    }
    if (token_sign(claims, signature) != STATUS_OK) {
        return PSA_ERROR_HARDWARE_FAILURE;
    }
    token_build(claims, signature, &w);
    *len = w.status == STATUS_OK ? w.len : 0;
    return w.status == STATUS_OK ? PSA_SUCCESS : PSA_ERROR_BUFFER_TOO_SMALL;
}

psa_status_t service_attest_token_size(size_t challenge_len, size_t *len)
{
    static const uint8_t challenge[PSA_INITIAL_ATTEST_CHALLENGE_SIZE_64];
    static const uint8_t signature[TOKEN_SIGNATURE_LEN];
    static uint8_t token[TOKEN_MAX];
    struct cbor_writer w = cbor_writer_of(token, sizeof token);
    struct bytes claims;
    *len = 0;
    if (challenge_len > sizeof challenge) {
        return PSA_ERROR_INVALID_ARGUMENT;
    }
    psa_status_t result = claims_make(bytes_of(challenge, challenge_len), &claims);
    if (result == PSA_SUCCESS) {
        token_build(claims, signature, &w);
        *len = w.len;
    }
    return result;
}

psa_status_t service_certificate(uint32_t which, uint8_t *out, size_t capacity, size_t *len)
{
    *len = 0;
    if (which > SBM_CERTIFICATE_ROOT) {
        return PSA_ERROR_DOES_NOT_EXIST;
    }
    switch (provisioned_certificate(&device.provisioned, (uint8_t)(STORE_DEVICE_CERT + which), out, capacity, len)) {
    case STATUS_OK:
        return PSA_SUCCESS;
    case STATUS_NO_SPACE:
        return PSA_ERROR_BUFFER_TOO_SMALL;
    case STATUS_NOT_FOUND:
        return PSA_ERROR_DOES_NOT_EXIST;
    default:
        return PSA_ERROR_DATA_CORRUPT;
    }
}
