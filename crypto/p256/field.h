/* SPDX-License-Identifier: Apache-2.0 */
/*
 * field: arithmetic modulo the prime p and the order n of P-256 (SP 800-186 3.2.1.3), in Montgomery form with R =
 * 2^256. A number is eight 32-bit limbs, lowest first. One of two sources is linked: field.c (any C) or field_armv8m.S
 * (UMAAL). time: nothing here depends on values, except on the bits of a modulus.
 */
#ifndef CRYPTO_P256_FIELD_H
#define CRYPTO_P256_FIELD_H

#include <stdint.h>

#define P256_LIMBS 8

/* out = a b / R mod p, a + b mod p, a - b mod p. Inputs and outputs are below p; out may be a or b. */
void p256_field_mul(uint32_t out[P256_LIMBS], const uint32_t a[P256_LIMBS], const uint32_t b[P256_LIMBS]);
void p256_field_add(uint32_t out[P256_LIMBS], const uint32_t a[P256_LIMBS], const uint32_t b[P256_LIMBS]);
void p256_field_sub(uint32_t out[P256_LIMBS], const uint32_t a[P256_LIMBS], const uint32_t b[P256_LIMBS]);
/* out = a b / R mod n. a and the output are below n, b may be any; out may be a or b. */
void p256_scalar_mul(uint32_t out[P256_LIMBS], const uint32_t a[P256_LIMBS], const uint32_t b[P256_LIMBS]);

/* A modulus and its multiplication. */
struct p256_modulus {
    uint32_t value[P256_LIMBS];
    void (*mul)(uint32_t out[P256_LIMBS], const uint32_t a[P256_LIMBS], const uint32_t b[P256_LIMBS]);
};
extern const struct p256_modulus p256_prime;
extern const struct p256_modulus p256_order;
/* 1 itself: a product with it leaves Montgomery form. */
extern const uint32_t p256_plain_one[P256_LIMBS];
/* X, Y and 1 of the generator, in Montgomery form; R^2 mod p and, in Montgomery form, b. */
extern const uint32_t p256_generator[3][P256_LIMBS];
extern const uint32_t p256_load_numbers[2][P256_LIMBS];

#endif
