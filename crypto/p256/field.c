/* SPDX-License-Identifier: Apache-2.0 */
/* field: see field.h; the portable source. Each step is x y + a + b, which fits 64 bits. */
#include "crypto/p256/field.h"

#include "crypto/p256/limbs.h"

/* -1 / n mod 2^32; for p it is 1. */
#define ORDER_INVERSE 0xEE00BC4Fu

/* t += x y, over nine limbs; the carry out of the ninth is returned. */
static uint32_t row_add(uint32_t t[P256_LIMBS + 1], const uint32_t x[P256_LIMBS], uint32_t y)
{
    uint64_t carry = 0;
    for (unsigned i = 0; i < P256_LIMBS; i++) {
        carry += (uint64_t)x[i] * y + t[i];
        t[i] = (uint32_t)carry;
        carry >>= 32;
    }
    carry += t[P256_LIMBS];
    t[P256_LIMBS] = (uint32_t)carry;
    return (uint32_t)(carry >> 32);
}

/* Montgomery multiplication, a limb of b at a time; t stays below twice the modulus (and so below 2^257). */
static void mul(uint32_t *out, const uint32_t *a, const uint32_t *b, const uint32_t *modulus, uint32_t inverse)
{
    uint32_t t[P256_LIMBS + 1] = { 0 };
    for (unsigned i = 0; i < P256_LIMBS; i++) {
        uint32_t top = row_add(t, a, b[i]);
        top += row_add(t, modulus, t[0] * inverse);
        for (unsigned j = 0; j < P256_LIMBS; j++) {
            t[j] = t[j + 1];
        }
        t[P256_LIMBS] = top;
    }
    for (unsigned j = 0; j < P256_LIMBS; j++) {
        out[j] = t[j];
    }
    p256_reduce(out, t[P256_LIMBS], modulus);
}

void p256_field_mul(uint32_t out[P256_LIMBS], const uint32_t a[P256_LIMBS], const uint32_t b[P256_LIMBS])
{
    mul(out, a, b, p256_prime.value, 1);
}

void p256_scalar_mul(uint32_t out[P256_LIMBS], const uint32_t a[P256_LIMBS], const uint32_t b[P256_LIMBS])
{
    mul(out, a, b, p256_order.value, ORDER_INVERSE);
}

void p256_field_add(uint32_t out[P256_LIMBS], const uint32_t a[P256_LIMBS], const uint32_t b[P256_LIMBS])
{
    uint32_t carry = p256_add(out, a, b);
    p256_reduce(out, carry, p256_prime.value);
}

void p256_field_sub(uint32_t out[P256_LIMBS], const uint32_t a[P256_LIMBS], const uint32_t b[P256_LIMBS])
{
    uint32_t t[P256_LIMBS];
    uint32_t less = p256_sub(out, a, b);
    (void)p256_add(t, out, p256_prime.value);
    p256_select(out, t, 0u - less);
}
