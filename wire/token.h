/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token: the attestation token (docs/spec.md section 9.2): claims of RFC 9783 in a COSE_Sign1 (RFC 9052) signed with
 * ES256. The same letters for the chip, which builds, and the host, which parses. Syntax only: no key, no hash.
 */
#ifndef WIRE_TOKEN_H
#define WIRE_TOKEN_H

#include "base/bytes.h"
#include "base/cbor.h"
#include "base/status.h"

#define TOKEN_PROFILE "tag:psacertified.org,2023:psa#tfm"
#define TOKEN_MAX 1024u /* an encoded token */
#define TOKEN_CLAIMS_MAX 896u
#define TOKEN_HASH_LEN 32
#define TOKEN_INSTANCE_LEN 33 /* 0x01, then SHA-256 of 0x04, X, Y of the identity key */
#define TOKEN_IMPLEMENTATION_LEN 32
#define TOKEN_SEED_LEN 32
#define TOKEN_SIGNATURE_LEN 64
#define TOKEN_LIFECYCLE_SECURED 0x3000u
#define TOKEN_LIFECYCLE_NONSECURE_DEBUG 0x4000u
#define TOKEN_LIFECYCLE_DECOMMISSIONED 0x6000u
#define TOKEN_CLIENT_APPLICATION (-1)

/* The software of a device, in the order of its start. */
enum token_part { TOKEN_BL1, TOKEN_SBM, TOKEN_APP, TOKEN_PARTS };
/* The measurement type of a part: "BL", "PRoT", "App". */
const char *token_part_name(enum token_part part);

struct token_component {
    struct bytes measurement; /* TOKEN_HASH_LEN: SHA-256 of the image */
    struct bytes signer;      /* TOKEN_HASH_LEN: SHA-256 of the key that signed it; zeros for BL1 */
    uint32_t version;         /* sequence number; 0 for BL1, which has none, and only there */
};

struct token_claims {
    struct bytes nonce;          /* 32, 48 or 64 */
    struct bytes instance;       /* TOKEN_INSTANCE_LEN */
    struct bytes seed;           /* TOKEN_SEED_LEN */
    struct bytes implementation; /* TOKEN_IMPLEMENTATION_LEN */
    int64_t client;              /* negative: the caller was not secure */
    uint64_t lifecycle;
    struct token_component parts[TOKEN_PARTS];
};

/* 1 for the three lengths that a nonce may have. */
int token_nonce_fits(size_t len);
void token_claims_build(const struct token_claims *in, struct cbor_writer *out);
/* Every claim is required, in this order, no other. UNKNOWN_FIELD, MISSING_FIELD, UNSUPPORTED (profile, type of a
 * part, hash), BAD_ARGUMENT (nonce, version), or what the reader says. */
status_t token_claims_parse(struct bytes in, struct token_claims *out);

/* Sig_structure up to its payload of `claims_len` bytes: what is hashed is this, then the claims. */
void token_signed_head_build(size_t claims_len, struct cbor_writer *out);
void token_build(struct bytes claims, const uint8_t signature[TOKEN_SIGNATURE_LEN], struct cbor_writer *out);
/* The whole of `in` is one token. `signature` has TOKEN_SIGNATURE_LEN bytes. UNSUPPORTED for another algorithm. */
status_t token_parse(struct bytes in, struct bytes *claims, struct bytes *signature);

#endif
