/* SPDX-License-Identifier: Apache-2.0 */
/* secret: see secret.h. Digits are odd, one for each four bits, so that no addition is ever left out. */
#include "crypto/p256/secret.h"

#include <string.h>

#include "base/wipe.h"
#include "crypto/crypto.h"

#define DIGIT_COUNT 64

/* CT: q = digit times the table's point, for the digit 2 index + 1. Reads the whole table. */
static void table_pick(struct p256_point *q, const struct p256_table *table, uint32_t index)
{
    uint32_t *out = q->x;
    memcpy(q->z, p256_one, sizeof q->z); /* stays for a table without Z */
    memset(out, 0, table->limbs * sizeof out[0]);
    for (uint32_t i = 0; i < P256_TABLE_COUNT; i++) {
        uint32_t mask = ((i ^ index) - 1u) >> 31; /* 1 when they agree */
        const uint32_t *in = table->first + i * table->limbs;
        for (uint32_t j = 0; j < table->limbs; j++) {
            out[j] |= in[j] & (0u - mask);
        }
    }
}

/* CT: the odd digit at position i of the odd number k: ((k >> 4 i) mod 32, lowest bit set) - 16. */
static void digit_pick(struct p256_point *q, const struct p256_table *table, const uint32_t *k, unsigned i)
{
    uint32_t digit = ((k[i / 8] >> 4 * (i % 8) | k[i / 8 + 1] << 1 << (31 - 4 * (i % 8))) & 31u) | 1u;
    uint32_t below = (digit >> 4) - 1u; /* all ones for a negative digit */
    table_pick(q, table, (((digit - 16u) ^ below) - below) >> 1);
    p256_point_negate(q, below);
}

/*
 * CT: sum = k times the point, k odd. The sum and the digit's point are never infinity and never opposite; they are
 * equal for k = n - 2 in the last addition, which leaves zeros: then twice the digit's point is taken.
 */
static void odd_mul(struct p256_point *sum, const uint32_t k[P256_LIMBS + 1], const struct p256_table *table)
{
    struct p256_point q;
    table_pick(sum, table, k[P256_LIMBS - 1] >> 29);
    for (unsigned i = DIGIT_COUNT - 1; i-- != 0;) {
        for (unsigned j = 0; j < 4; j++) {
            p256_point_double(sum);
        }
        digit_pick(&q, table, k, i);
        p256_point_add(sum, &q, table->limbs);
    }
    uint32_t equal = 0u - p256_is_zero(sum->z);
    p256_point_double(&q);
    p256_select(sum->x, q.x, equal);
    p256_select(sum->y, q.y, equal);
    p256_select(sum->z, q.z, equal);
    wipe(&q, sizeof q);
}

void p256_secret_mul(struct p256_point *out, const uint32_t k[P256_LIMBS], const struct p256_table *table)
{
    uint32_t odd[P256_LIMBS + 1] = { 0 };
    uint32_t even = (k[0] & 1u) - 1u;
    (void)p256_sub(odd, p256_order.value, k);
    p256_select(odd, k, ~even);
    odd_mul(out, odd, table);
    p256_point_negate(out, even);
    p256_point_affine(out);
    wipe(odd, sizeof odd);
}

status_t p256_secret_load(uint32_t out[P256_LIMBS], const uint8_t in[32])
{
    p256_load(out, in);
    return p256_reveal(p256_is_scalar(out)) == 1u ? STATUS_OK : STATUS_CRYPTO_KEY;
}

status_t p256_secret_draw(uint32_t out[P256_LIMBS])
{
    uint8_t drawn[32];
    status_t status = STATUS_CRYPTO_KEY;
    for (unsigned i = 0; i < 8 && status == STATUS_CRYPTO_KEY; i++) {
        status = crypto_random(drawn, sizeof drawn);
        if (status == STATUS_OK) {
            status = p256_secret_load(out, drawn);
        }
    }
    wipe(drawn, sizeof drawn);
    return status == STATUS_OK ? STATUS_OK : STATUS_TRNG_FAILED;
}
