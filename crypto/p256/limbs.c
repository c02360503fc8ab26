/* SPDX-License-Identifier: Apache-2.0 */
/* limbs: see limbs.h. */
#include "crypto/p256/limbs.h"

#include <stddef.h>

#include "base/wipe.h"

void p256_load(uint32_t out[P256_LIMBS], const uint8_t in[32])
{
    for (unsigned i = 0; i < P256_LIMBS; i++) {
        const uint8_t *at = in + 28 - 4 * i;
        out[i] = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
    }
}

void p256_store(uint8_t out[32], const uint32_t in[P256_LIMBS])
{
    for (unsigned i = 0; i < P256_LIMBS; i++) {
        uint8_t *at = out + 28 - 4 * i;
        at[0] = (uint8_t)(in[i] >> 24);
        at[1] = (uint8_t)(in[i] >> 16);
        at[2] = (uint8_t)(in[i] >> 8);
        at[3] = (uint8_t)in[i];
    }
}

uint32_t p256_add(uint32_t out[P256_LIMBS], const uint32_t a[P256_LIMBS], const uint32_t b[P256_LIMBS])
{
    uint64_t carry = 0;
    for (unsigned i = 0; i < P256_LIMBS; i++) {
        carry += (uint64_t)a[i] + b[i];
        out[i] = (uint32_t)carry;
        carry >>= 32;
    }
    return (uint32_t)carry;
}

uint32_t p256_sub(uint32_t out[P256_LIMBS], const uint32_t a[P256_LIMBS], const uint32_t b[P256_LIMBS])
{
    uint32_t borrow = 0;
    for (unsigned i = 0; i < P256_LIMBS; i++) {
        uint64_t difference = (uint64_t)a[i] - b[i] - borrow;
        if (out != NULL) {
            out[i] = (uint32_t)difference;
        }
        borrow = (uint32_t)(difference >> 32) & 1u;
    }
    return borrow;
}

void p256_select(uint32_t out[P256_LIMBS], const uint32_t in[P256_LIMBS], uint32_t mask)
{
    for (unsigned i = 0; i < P256_LIMBS; i++) {
        out[i] ^= (out[i] ^ in[i]) & mask;
    }
}

void p256_reduce(uint32_t a[P256_LIMBS], uint32_t carry, const uint32_t m[P256_LIMBS])
{
    uint32_t t[P256_LIMBS];
    uint32_t less = p256_sub(t, a, m);
    p256_select(a, t, 0u - (carry | (less ^ 1u)));
    wipe(t, sizeof t);
}

uint32_t p256_is_zero(const uint32_t a[P256_LIMBS])
{
    uint32_t any = 0;
    for (unsigned i = 0; i < P256_LIMBS; i++) {
        any |= a[i];
    }
    return ((any | (0u - any)) >> 31) ^ 1u;
}

uint32_t p256_is_below(const uint32_t a[P256_LIMBS], const uint32_t m[P256_LIMBS])
{
    return p256_sub(NULL, a, m);
}

uint32_t p256_is_scalar(const uint32_t a[P256_LIMBS])
{
    return p256_is_below(a, p256_order.value) & (p256_is_zero(a) ^ 1u);
}

void p256_inverse(uint32_t out[P256_LIMBS], const uint32_t a[P256_LIMBS], const struct p256_modulus *m)
{
    uint32_t power[2][P256_LIMBS]; /* a^2, a^3 */
    m->mul(power[0], a, a);
    m->mul(power[1], power[0], a);
    m->mul(out, power[0], a); /* the top two bits of either modulus are ones */
    for (unsigned bit = 254; bit != 0;) {
        bit -= 2;
        m->mul(out, out, out);
        m->mul(out, out, out);
        uint32_t window = ((m->value[bit / 32] - (bit < 32 ? 2u : 0u)) >> bit % 32) & 3u;
        if (window != 0) {
            m->mul(out, out, window == 1 ? a : power[window - 2]);
        }
    }
    wipe(power, sizeof power);
}
