/* SPDX-License-Identifier: Apache-2.0 */
/* secret: the product of a secret scalar and a point, and where a value stops being secret. */
#ifndef CRYPTO_P256_SECRET_H
#define CRYPTO_P256_SECRET_H

#include "base/status.h"
#include "crypto/p256/point.h"

/* X1, Y1 = k P in affine, plain coordinates; k is in 1..n-1. The caller wipes the slots.
 * time: the same for all k; tables are read whole each time. */
void p256_secret_mul(struct p256_slots *s, const uint32_t k[P256_LIMBS]);
/* Reads a private key. STATUS_OK, or CRYPTO_KEY when it is not in 1..n-1. time: tells only that. */
status_t p256_secret_load(uint32_t out[P256_LIMBS], const uint8_t in[32]);
/* Draws a scalar evenly from 1..n-1 by rejection. STATUS_OK or TRNG_FAILED (also when eight draws were out of range).
 */
status_t p256_secret_draw(uint32_t out[P256_LIMBS]);
/* The value itself. From here on the program may branch on it: it tells nothing of the secret it came from. */
uint32_t p256_reveal(uint32_t value);

#endif
