/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limbs: plain numbers of eight limbs for the curve: bytes in and out, sum, difference, choice. Masks are 0 or all
 * ones. time: nothing here depends on values, except p256_inverse on the bits of its modulus.
 */
#ifndef CRYPTO_P256_LIMBS_H
#define CRYPTO_P256_LIMBS_H

#include "crypto/p256/field.h"

/* From and to 32 big-endian bytes. */
void p256_load(uint32_t out[P256_LIMBS], const uint8_t in[32]);
void p256_store(uint8_t out[32], const uint32_t in[P256_LIMBS]);
/* out = a + b or a - b modulo 2^256; returns the carry or the borrow, 0 or 1. out may be a or b,
 * and NULL for a difference that is not wanted. */
uint32_t p256_add(uint32_t out[P256_LIMBS], const uint32_t a[P256_LIMBS], const uint32_t b[P256_LIMBS]);
uint32_t p256_sub(uint32_t out[P256_LIMBS], const uint32_t a[P256_LIMBS], const uint32_t b[P256_LIMBS]);
/* out = in where the mask is all ones, else out stays. */
void p256_select(uint32_t out[P256_LIMBS], const uint32_t in[P256_LIMBS], uint32_t mask);
/* a modulo m, for carry 2^256 + a below 2 m. */
void p256_reduce(uint32_t a[P256_LIMBS], uint32_t carry, const uint32_t m[P256_LIMBS]);
/* 1 when a is 0, else 0. */
uint32_t p256_is_zero(const uint32_t a[P256_LIMBS]);
/* 1 when a is below m, else 0. */
uint32_t p256_is_below(const uint32_t a[P256_LIMBS], const uint32_t m[P256_LIMBS]);
/* 1 when a is in 1..n-1, else 0. */
uint32_t p256_is_scalar(const uint32_t a[P256_LIMBS]);
/* out = R^2 / a mod m (so 1 / a for a in Montgomery form), as a power with exponent m - 2 (Fermat); 0 for 0. out may
 * not be a. */
void p256_inverse(uint32_t out[P256_LIMBS], const uint32_t a[P256_LIMBS], const struct p256_modulus *m);

#endif
