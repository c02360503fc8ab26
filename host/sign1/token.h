/* SPDX-License-Identifier: Apache-2.0 */
/* token: a device's attestation token (docs/spec.md section 9.2, RFC 9783), checked with a known identity key. */
#ifndef HOST_SIGN1_TOKEN_H
#define HOST_SIGN1_TOKEN_H

#include "host/lib/fault.h"
#include "wire/token.h"

#define TOKEN_NONCE_LEN 32         /* that we send */
#define TOKEN_INSTANCE_RANDOM 0x01 /* type of an instance ID: RFC 9783 section 4.2.1, a UEID of type RAND */

/*
 * Checks signature, nonce, that the instance ID is this key's, and that it was asked for by an application. *out looks
 * into `encoded`; whether lifecycle, implementation and software are right is for the caller to say.
 */
int token_check(struct bytes encoded, const uint8_t identity_key[64], struct bytes nonce, struct token_claims *out,
                struct fault *fault);
/* The instance ID of a device with that key. */
void token_instance_id(const uint8_t identity_key[64], uint8_t out[TOKEN_INSTANCE_LEN]);
/* "secured" and so on, for a PSA lifecycle (RFC 9783 section 4.3.1). */
const char *token_lifecycle_text(uint64_t lifecycle);

#endif
