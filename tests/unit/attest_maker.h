/* SPDX-License-Identifier: Apache-2.0 */
/* attest_maker: attestation tokens as a device would make them, or not quite. */
#ifndef TESTS_UNIT_ATTEST_MAKER_H
#define TESTS_UNIT_ATTEST_MAKER_H

#include "host/lib/hsm.h"
#include "wire/token.h"

/* Right claims of a secured device with that key; the views stay until the next call. */
struct token_claims attest_claims(const uint8_t identity_key[64], struct bytes nonce);
/* Signs encoded claims with the key `label` and writes the token; gives it. */
struct bytes attest_sign(struct hsm *hsm, const char *label, struct bytes claims, uint8_t out[TOKEN_MAX]);
/* Both. */
struct bytes attest_token(struct hsm *hsm, const char *label, const struct token_claims *claims,
                          uint8_t out[TOKEN_MAX]);

#endif
