/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token: a device's proof of identity (docs/spec.md section 9.2; claims as in RFC 9783), checked with a known
 * identity key.
 */
#ifndef HOST_SIGN1_TOKEN_H
#define HOST_SIGN1_TOKEN_H

#include "base/bytes.h"
#include "host/lib/fault.h"

#define TOKEN_MAX 512u
#define TOKEN_NONCE_LEN 32
#define TOKEN_LIFECYCLE_SECURED 0x3000u

struct token {
    uint8_t uid[16];
    uint64_t lifecycle; /* PSA: 0x0000 assembly and test, 0x2000 provisioning, 0x3000 secured */
};

/* Checks signature and nonce and reads the rest. */
int token_check(struct bytes encoded, const uint8_t identity_key[64], struct bytes nonce, struct token *out,
                struct fault *fault);

#endif
