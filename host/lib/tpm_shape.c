/* SPDX-License-Identifier: Apache-2.0 */
/* tpm_shape: see tpm_shape.h. Numbers are those of TPM 2.0 Part 2. */
#include "host/lib/tpm_shape.h"

#include "host/lib/p256.h"

#define ALG_SHA256 0x000B
#define ALG_NULL 0x0010
#define ALG_ECDSA 0x0018
#define ALG_ECC 0x0023
#define CURVE_P256 0x0003
#define CC_NV_WRITE 0x00000137u
#define CC_POLICY_SECRET 0x00000151u
#define CC_POLICY_SIGNED 0x00000160u
/* TPMA_NV: no_da, authread, ownerread, type PIN Pass, policywrite */
#define INDEX_ATTRIBUTES 0x02060098u
#define INDEX_WRITTEN 0x20000000u
/* TPMA_OBJECT: sign, sensitiveDataOrigin, fixedParent, fixedTPM */
#define GRANT_ATTRIBUTES 0x00040032u
/* sign, restricted, noDA, userWithAuth, sensitiveDataOrigin, fixedParent, fixedTPM */
#define ATTESTATION_ATTRIBUTES 0x00050472u
/* sign, userWithAuth */
#define QUOTA_ATTRIBUTES 0x00040040u

static uint8_t *put_u16(uint8_t *at, uint16_t v)
{
    bytes_write_be16(at, v);
    return at + 2;
}

static uint8_t *put_u32(uint8_t *at, uint32_t v)
{
    return put_u16(put_u16(at, (uint16_t)(v >> 16)), (uint16_t)v);
}

static uint8_t *put_bytes(uint8_t *at, const uint8_t *data, size_t len)
{
    memcpy(at, data, len);
    return at + len;
}

static uint8_t *put_sized(uint8_t *at, const uint8_t *data, size_t len)
{
    return put_bytes(put_u16(at, (uint16_t)len), data, len);
}

void tpm_shape_name(struct bytes public_area, uint8_t name[TPM_SHAPE_NAME_LEN])
{
    p256_sha256(public_area, put_u16(name, ALG_SHA256));
}

/* PolicySigned and PolicySecret from the empty policy, with an empty policyRef (Part 3 section 23.2.3). */
static void policy_of(uint32_t command, const uint8_t name[TPM_SHAPE_NAME_LEN], uint8_t policy[32])
{
    uint8_t text[32 + 4 + TPM_SHAPE_NAME_LEN] = { 0 };
    (void)put_bytes(put_u32(text + 32, command), name, TPM_SHAPE_NAME_LEN);
    p256_sha256(bytes_of(text, sizeof text), policy);
    p256_sha256(bytes_of(policy, 32), policy);
}

void tpm_shape_index(const uint8_t quota_key[64], int written, uint8_t out[TPM_SHAPE_INDEX_LEN])
{
    uint8_t key[TPM_SHAPE_KEY_MAX];
    uint8_t name[TPM_SHAPE_NAME_LEN];
    uint8_t policy[32];
    size_t key_len = tpm_shape_key(TPM_SHAPE_KEY_QUOTA, quota_key, quota_key, key);
    tpm_shape_name(bytes_of(key, key_len), name);
    policy_of(CC_POLICY_SIGNED, name, policy);
    uint8_t *at = put_u16(put_u32(out, TPM_SHAPE_INDEX), ALG_SHA256);
    at = put_u32(at, INDEX_ATTRIBUTES | (written ? INDEX_WRITTEN : 0));
    (void)put_u16(put_sized(at, policy, sizeof policy), 8);
}

static void grant_policy(const uint8_t quota_key[64], uint8_t policy[32])
{
    uint8_t index[TPM_SHAPE_INDEX_LEN];
    uint8_t name[TPM_SHAPE_NAME_LEN];
    tpm_shape_index(quota_key, 1, index);
    tpm_shape_name(bytes_of(index, sizeof index), name);
    policy_of(CC_POLICY_SECRET, name, policy);
}

static uint32_t key_attributes(enum tpm_shape_key kind)
{
    return kind == TPM_SHAPE_KEY_GRANT         ? GRANT_ATTRIBUTES
           : kind == TPM_SHAPE_KEY_ATTESTATION ? ATTESTATION_ATTRIBUTES
                                               : QUOTA_ATTRIBUTES;
}

size_t tpm_shape_key_head(enum tpm_shape_key kind, const uint8_t quota_key[64], uint8_t out[TPM_SHAPE_KEY_MAX])
{
    uint8_t policy[32];
    uint8_t *at = put_u16(put_u16(out, ALG_ECC), ALG_SHA256);
    at = put_u32(at, key_attributes(kind));
    if (kind == TPM_SHAPE_KEY_GRANT) {
        grant_policy(quota_key, policy);
        at = put_sized(at, policy, sizeof policy);
    } else {
        at = put_u16(at, 0);
    }
    at = put_u16(at, ALG_NULL); /* symmetric */
    at = kind == TPM_SHAPE_KEY_QUOTA ? put_u16(at, ALG_NULL) : put_u16(put_u16(at, ALG_ECDSA), ALG_SHA256);
    at = put_u16(put_u16(at, CURVE_P256), ALG_NULL); /* curve, key derivation */
    return (size_t)(at - out);
}

size_t tpm_shape_key(enum tpm_shape_key kind, const uint8_t quota_key[64], const uint8_t point[64],
                     uint8_t out[TPM_SHAPE_KEY_MAX])
{
    uint8_t *at = out + tpm_shape_key_head(kind, quota_key, out);
    at = put_sized(put_sized(at, point, 32), point + 32, 32);
    return (size_t)(at - out);
}

void tpm_shape_pin(uint32_t count, uint32_t limit, uint8_t pin[8])
{
    (void)put_u32(put_u32(pin, count), limit);
}

void tpm_shape_write(const uint8_t quota_key[64], int written, const uint8_t pin[8], uint8_t digest[32])
{
    uint8_t index[TPM_SHAPE_INDEX_LEN];
    uint8_t name[TPM_SHAPE_NAME_LEN];
    uint8_t text[4 + 2 * TPM_SHAPE_NAME_LEN + 2 + 8 + 2];
    tpm_shape_index(quota_key, written, index);
    tpm_shape_name(bytes_of(index, sizeof index), name);
    uint8_t *at = put_u32(text, CC_NV_WRITE);
    at = put_bytes(put_bytes(at, name, sizeof name), name, sizeof name); /* authorised by the index itself */
    (void)put_u16(put_sized(at, pin, 8), 0);                             /* data, offset */
    p256_sha256(bytes_of(text, sizeof text), digest);
}

void tpm_shape_refill(const uint8_t quota_key[64], int written, const uint8_t nonce[32], const uint8_t pin[8],
                      uint8_t digest[32])
{
    uint8_t text[32 + 4 + 32];
    (void)put_u32(put_bytes(text, nonce, 32), 0);
    tpm_shape_write(quota_key, written, pin, text + 36);
    p256_sha256(bytes_of(text, sizeof text), digest);
}

void tpm_shape_enrolment(struct bytes ek_certificate, uint8_t digest[32])
{
    static const char label[] = "windlass tpm enrolment";
    uint8_t text[sizeof label - 1 + 32];
    memcpy(text, label, sizeof label - 1);
    p256_sha256(ek_certificate, text + sizeof label - 1);
    p256_sha256(bytes_of(text, sizeof text), digest);
}

void tpm_shape_order(const uint8_t transport_digest[32], const uint8_t nonce[32], const uint8_t certificate_digest[32],
                     uint8_t digest[32])
{
    uint8_t text[96];
    memcpy(text, transport_digest, 32);
    memcpy(text + 32, nonce, 32);
    memcpy(text + 64, certificate_digest, 32);
    p256_sha256(bytes_of(text, sizeof text), digest);
}
