/* SPDX-License-Identifier: Apache-2.0 */
/* verify: ECDSA P-256 of crypto.h (FIPS 186-5 6.4.2). Public data: time depends on it. */
#include <string.h>

#include "base/hard.h"
#include "crypto/crypto.h"
#include "crypto/p256/point.h"

#define SCALAR_BITS 256
#define WINDOW 4
#define MULTIPLES 4 /* 1, 3, 5, 7 */

struct work {
    struct p256_slots slots; /* P is the sum */
    struct p256_point multiples[2][MULTIPLES];
    int8_t digits[2][SCALAR_BITS + 1];
};

/* A digit for each bit, from the lowest: 0, or odd and in -7..7, and then three zeros above it (width-4 NAF). */
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
        window = (window & ((1u << WINDOW) - 1)) + carry;
        carry = window >> (WINDOW - 1);
        digits[bit] = (int8_t)((int)window - (int)(carry << WINDOW));
        bit += WINDOW;
    }
}

/* sum += digit times the point of the table. Adding to infinity or to the same point leaves nothing usable. */
static void digit_add(struct p256_slots *s, int digit, const struct p256_point *table)
{
    if (digit == 0) {
        return;
    }
    memcpy(s->n[P256_X2], &table[(digit < 0 ? -digit : digit) / 2], sizeof *table);
    p256_point_negative(s);
    p256_select(s->n[P256_Y2], s->n[P256_T], digit < 0 ? 0xFFFFFFFFu : 0);
    uint32_t infinite = p256_is_zero(s->n[P256_Z1]);
    p256_point_add(s);
    if (p256_is_zero(s->n[P256_Z1]) && (infinite | p256_is_zero(s->n[P256_X1])) != 0) {
        memcpy(s->n[P256_X1], s->n[P256_X2], sizeof *table);
        if (infinite == 0) {
            p256_point_double(s);
        }
    }
}

/* The digits of digest / s and r / s. 1, or 0 when r or s is out of range. HARD: a signature of zeros is refused twice.
 */
static uint32_t scalars_make(struct work *w, const uint8_t digest[32], const uint8_t signature[64])
{
    uint32_t r[P256_LIMBS];
    uint32_t s[P256_LIMBS];
    uint32_t inverse[P256_LIMBS];
    p256_load(r, signature);
    p256_load(s, signature + 32);
    if (hard_opaque(p256_is_scalar(r)) != 1u) {
        return 0;
    }
    if (hard_opaque(p256_is_scalar(s)) != 1u) {
        return 0;
    }
    p256_inverse(inverse, s, &p256_order);
    p256_scalar_mul(inverse, inverse, p256_plain_one); /* R / s */
    p256_scalar_mul(r, r, inverse);
    digits_make(w->digits[1], r);
    p256_load(s, digest);
    p256_scalar_mul(s, inverse, s);
    digits_make(w->digits[0], s);
    return 1;
}

static void sum_make(struct work *w)
{
    p256_point_base(&w->slots);
    p256_point_multiples(&w->slots, w->multiples[0], MULTIPLES);
    memset(w->slots.n[P256_Z1], 0, sizeof w->slots.n[0]); /* infinity: X is that of 7 G, not 0 */
    for (unsigned bit = SCALAR_BITS + 1; bit-- != 0;) {
        p256_point_double(&w->slots);
        for (unsigned i = 0; i < 2; i++) {
            digit_add(&w->slots, w->digits[i][bit], w->multiples[i]);
        }
    }
}

/*
 * HARD: the answer is worked out of two whole comparisons of the point's x with the caller's r; no branch turns a no
 * into a yes. x of infinity would be 0: it becomes p, so that r = 0 never agrees, even with its check skipped.
 */
static status_t answer_make(struct p256_slots *s, const uint8_t r[32])
{
    uint8_t x[32];
    p256_point_affine(s);
    p256_reduce(s->n[P256_X1], 0, p256_order.value);
    p256_select(s->n[P256_X1], p256_prime.value, 0u - p256_is_zero(s->n[P256_Z1]));
    p256_store(x, s->n[P256_X1]);
    uint32_t first = hard_compare(x, r, sizeof x);
    uint32_t second = hard_compare(r, x, sizeof x);
    return STATUS_OK ^ ((hard_opaque(first) ^ HARD_SAME) | (hard_opaque(second) ^ HARD_SAME));
}

/* HARD: before the answer is made, STATUS_OK is in no variable that a skipped branch could return. */
status_t crypto_p256_verify(const uint8_t public_key[64], const uint8_t digest[32], const uint8_t signature[64])
{
    struct work w;
    if (p256_point_load(&w.slots, public_key) != 1u) {
        return STATUS_CRYPTO_KEY;
    }
    p256_point_multiples(&w.slots, w.multiples[1], MULTIPLES);
    if (scalars_make(&w, digest, signature) != 1u) {
        return STATUS_CRYPTO_SIGNATURE;
    }
    sum_make(&w);
    status_t status = answer_make(&w.slots, signature);
    return hard_opaque(status) == STATUS_OK ? status : STATUS_CRYPTO_SIGNATURE;
}
