/* SPDX-License-Identifier: Apache-2.0 */
/* token: see token.h. */
#include "host/sign1/token.h"

#include "host/lib/p256.h"

#define POINT_UNCOMPRESSED 0x04

void token_instance_id(const uint8_t identity_key[64], uint8_t out[TOKEN_INSTANCE_LEN])
{
    uint8_t point[65] = { POINT_UNCOMPRESSED };
    memcpy(point + 1, identity_key, 64);
    out[0] = TOKEN_INSTANCE_RANDOM;
    p256_sha256(bytes_of(point, sizeof point), out + 1);
}

static status_t signature_check(struct bytes encoded, const uint8_t identity_key[64], struct bytes *claims)
{
    uint8_t structure[TOKEN_MAX + 32];
    uint8_t digest[32];
    struct bytes signature;
    struct cbor_writer w = cbor_writer_of(structure, sizeof structure);
    status_t status = encoded.len <= TOKEN_MAX ? token_parse(encoded, claims, &signature) : STATUS_TOO_LONG;
    if (status != STATUS_OK) {
        return status;
    }
    token_signed_head_build(claims->len, &w);
    cbor_write_raw(&w, *claims);
    p256_sha256(cbor_written(&w), digest);
    return p256_verify(identity_key, digest, signature.data);
}

int token_check(struct bytes encoded, const uint8_t identity_key[64], struct bytes nonce, struct token_claims *out,
                struct fault *fault)
{
    uint8_t instance[TOKEN_INSTANCE_LEN];
    struct bytes claims;
    memset(out, 0, sizeof *out);
    status_t status = signature_check(encoded, identity_key, &claims);
    if (status == STATUS_OK) {
        status = token_claims_parse(claims, out);
    }
    if (status != STATUS_OK) {
        return fault_status(fault, "the device's token", status);
    }
    if (!bytes_equal(out->nonce, nonce)) {
        return fault_set(fault, "the device's token answers another nonce: it is a replay");
    }
    token_instance_id(identity_key, instance);
    if (!bytes_equal(out->instance, bytes_of(instance, sizeof instance))) {
        return fault_set(fault, "the device's token names another device than the key that signed it");
    }
    if (out->client >= 0) {
        return fault_set(fault, "the device's token was not made for an application (client %lld)",
                         (long long)out->client);
    }
    return 0;
}

const char *token_lifecycle_text(uint64_t lifecycle)
{
    switch (lifecycle >> 8) {
    case 0x10:
        return "assembly and test";
    case 0x20:
        return "provisioning";
    case 0x30:
        return "secured";
    case 0x40:
        return "secured, the non-secure world open to a debugger";
    case 0x50:
        return "secured, open to a debugger";
    case 0x60:
        return "decommissioned";
    default:
        return "unknown";
    }
}
