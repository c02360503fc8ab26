/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parcel: the encryption of a production package's content (docs/spec.md section 19): AES-256-GCM under a fresh key,
 * which is wrapped for one P-256 key by ECDH-ES+A256KW. What is opened needs that key's HSM.
 */
#ifndef HOST_LIB_PARCEL_H
#define HOST_LIB_PARCEL_H

#include "host/lib/fault.h"
#include "host/lib/hsm.h"
#include "wire/production.h"

/* Room for what a sealed parcel's views look into, but the ciphertext. */
struct parcel {
    uint8_t iv[PRODUCTION_IV_LEN];
    uint8_t ephemeral[64];
    uint8_t wrapped_key[PRODUCTION_WRAPPED_LEN];
    uint8_t kid[32];
};

/* SHA-256 over 0x04, X, Y: how a package names its recipient. */
void parcel_kid(const uint8_t public_key[64], uint8_t kid[32]);
/* Encrypts `plain` for `recipient` into `ciphertext`, which has room for plain.len + PRODUCTION_TAG_LEN bytes. *out
 * looks into `parcel` and `ciphertext`. */
int parcel_seal(struct bytes plain, const uint8_t recipient[64], struct parcel *parcel, uint8_t *ciphertext,
                struct production_cipher *out, struct fault *fault);
/* Decrypts with the key `label` of `hsm` into `plain`, which has room for the ciphertext without its tag. On error
 * `plain` is wiped. */
int parcel_open(const struct production_cipher *in, struct hsm *hsm, const char *label, uint8_t *plain,
                struct fault *fault);

#endif
