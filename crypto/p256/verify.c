/* SPDX-License-Identifier: Apache-2.0 */
/* verify: ECDSA P-256 of crypto.h (FIPS 186-5 6.4.2). Public data: time depends on it. */
#include <string.h>

#include "base/hard.h"
#include "crypto/crypto.h"
#include "crypto/p256/point.h"

#define SCALAR_BITS 256
#define WINDOW 5

/* A digit for each bit, from the lowest: 0, or odd and in -15..15, and then four zeros above it (width-5 NAF). */
static void digits_make(int8_t digits[SCALAR_BITS + 1], const uint32_t scalar[P256_LIMBS])
{
    uint32_t k[P256_LIMBS + 2] = { 0 };
    uint32_t carry = 0;
    memcpy(k, scalar, P256_LIMBS * sizeof k[0]);
    memset(digits, 0, SCALAR_BITS + 1);
    for (unsigned bit = 0; bit <= SCALAR_BITS;) {
        uint32_t window = k[bit / 32] >> bit % 32 | k[bit / 32 + 1] << 1 << (31 - bit % 32);
        if ((window & 1u) == carry) {
            bit++;
            continue;
        }
        window = (window & 31u) + carry;
        carry = window >> (WINDOW - 1);
        digits[bit] = (int8_t)((int)window - (int)(carry << WINDOW));
        bit += WINDOW;
    }
}

/* sum += digit times the table's point. */
static void digit_add(struct p256_point *sum, int digit, const struct p256_table *table)
{
    struct p256_point q;
    uint32_t index = (uint32_t)(digit < 0 ? -digit : digit) / 2;
    if (digit == 0) {
        return;
    }
    memcpy(q.z, p256_one, sizeof q.z);
    memcpy(&q, table->first + index * table->limbs, table->limbs * sizeof(uint32_t));
    p256_point_negate(&q, digit < 0 ? 0xFFFFFFFFu : 0);
    if (p256_is_zero(sum->z)) {
        *sum = q;
        return;
    }
    p256_point_add(sum, &q, table->limbs);
    if (p256_is_zero(sum->z) && p256_is_zero(sum->x)) {
        *sum = q;
        p256_point_double(sum);
    }
}

struct work {
    struct p256_point multiples[P256_TABLE_COUNT];
    struct p256_point sum;
    int8_t digits[2][SCALAR_BITS + 1];
};

/* The digits of digest / s and r / s. HARD: a signature of zeros is refused twice. */
static status_t scalars_make(struct work *w, const uint8_t digest[32], const uint8_t signature[64])
{
    uint32_t r[P256_LIMBS];
    uint32_t s[P256_LIMBS];
    uint32_t inverse[P256_LIMBS];
    p256_load(r, signature);
    p256_load(s, signature + 32);
    if (hard_opaque(p256_is_scalar(r)) != 1u) {
        return STATUS_CRYPTO_SIGNATURE;
    }
    if (hard_opaque(p256_is_scalar(s)) != 1u) {
        return STATUS_CRYPTO_SIGNATURE;
    }
    p256_scalar_mul(s, s, p256_order.square);
    p256_inverse(inverse, s, &p256_order);
    p256_scalar_mul(r, r, inverse);
    digits_make(w->digits[1], r);
    p256_load(s, digest);
    p256_reduce(s, 0, p256_order.value);
    p256_scalar_mul(s, s, inverse);
    digits_make(w->digits[0], s);
    return STATUS_OK;
}

static void sum_make(struct work *w)
{
    const struct p256_table key = { w->multiples[0].x, 24 };
    memcpy(w->sum.x, p256_one, sizeof w->sum.x);
    memcpy(w->sum.y, p256_one, sizeof w->sum.y);
    memset(w->sum.z, 0, sizeof w->sum.z);
    for (unsigned bit = SCALAR_BITS + 1; bit-- != 0;) {
        p256_point_double(&w->sum);
        digit_add(&w->sum, w->digits[0][bit], &p256_base);
        digit_add(&w->sum, w->digits[1][bit], &key);
    }
}

/*
 * HARD: the answer is worked out of two whole comparisons of the point's x with the caller's r; no branch turns a no
 * into a yes. x of infinity would be 0: it becomes all ones, so that r = 0 never agrees, even with its check skipped.
 */
static status_t answer_make(struct work *w, const uint8_t r[32])
{
    uint8_t x[32];
    uint32_t infinite = 0u - p256_is_zero(w->sum.z);
    p256_point_affine(&w->sum);
    p256_reduce(w->sum.x, 0, p256_order.value);
    for (unsigned i = 0; i < P256_LIMBS; i++) {
        w->sum.x[i] |= infinite;
    }
    p256_store(x, w->sum.x);
    uint32_t first = hard_compare(x, r, sizeof x);
    uint32_t second = hard_compare(r, x, sizeof x);
    return STATUS_OK ^ ((hard_opaque(first) ^ HARD_SAME) | (hard_opaque(second) ^ HARD_SAME));
}

status_t crypto_p256_verify(const uint8_t public_key[64], const uint8_t digest[32], const uint8_t signature[64])
{
    struct work w;
    if (p256_point_load(&w.sum, public_key) != STATUS_OK) {
        return STATUS_CRYPTO_KEY;
    }
    p256_point_multiples(w.multiples, &w.sum);
    status_t status = scalars_make(&w, digest, signature);
    if (status != STATUS_OK) {
        return status;
    }
    sum_make(&w);
    status = answer_make(&w, signature);
    return hard_opaque(status) == STATUS_OK ? status : STATUS_CRYPTO_SIGNATURE;
}
