/* SPDX-License-Identifier: Apache-2.0 */
/* attest_maker: see attest_maker.h. */
#include "tests/unit/attest_maker.h"

#include <stdlib.h>

#include "host/lib/p256.h"
#include "host/sign1/token.h"

static const uint8_t pattern[4][32] = { { 0 }, { 0x11, 1 }, { 0x22, 2 }, { 0x33, 3 } };

struct token_claims attest_claims(const uint8_t identity_key[64], struct bytes nonce)
{
    static uint8_t instance[TOKEN_INSTANCE_LEN];
    token_instance_id(identity_key, instance);
    struct token_claims claims = { .nonce = nonce,
                                   .instance = bytes_of(instance, sizeof instance),
                                   .seed = bytes_of(pattern[1], 32),
                                   .implementation = bytes_of(pattern[2], 32),
                                   .client = TOKEN_CLIENT_APPLICATION,
                                   .lifecycle = TOKEN_LIFECYCLE_SECURED };
    for (enum token_part part = TOKEN_BL1; part < TOKEN_PARTS; part++) {
        claims.parts[part].measurement = bytes_of(pattern[part + 1], 32);
        claims.parts[part].signer = bytes_of(pattern[part == TOKEN_BL1 ? 0 : 3], 32);
        claims.parts[part].version = part == TOKEN_BL1 ? 0 : part;
    }
    return claims;
}

struct bytes attest_sign(struct hsm *hsm, const char *label, struct bytes claims, uint8_t out[TOKEN_MAX])
{
    uint8_t structure[TOKEN_MAX + 32];
    uint8_t digest[32];
    uint8_t signature[TOKEN_SIGNATURE_LEN];
    struct fault fault = FAULT_NONE;
    struct cbor_writer s = cbor_writer_of(structure, sizeof structure);
    struct cbor_writer w = cbor_writer_of(out, TOKEN_MAX);
    token_signed_head_build(claims.len, &s);
    cbor_write_raw(&s, claims);
    p256_sha256(cbor_written(&s), digest);
    if (hsm_sign(hsm, label, digest, signature, &fault) != 0) {
        abort();
    }
    token_build(claims, signature, &w);
    return cbor_written(&w);
}

struct bytes attest_token(struct hsm *hsm, const char *label, const struct token_claims *claims, uint8_t out[TOKEN_MAX])
{
    uint8_t encoded[TOKEN_CLAIMS_MAX];
    struct cbor_writer w = cbor_writer_of(encoded, sizeof encoded);
    token_claims_build(claims, &w);
    return attest_sign(hsm, label, cbor_written(&w), out);
}
