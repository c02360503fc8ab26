/* SPDX-License-Identifier: Apache-2.0 */
/* secret: see secret.h. Digits are odd, one for each four bits, so that no addition is ever left out. */
#include "crypto/p256/secret.h"

#include <string.h>

#include "base/wipe.h"
#include "crypto/crypto.h"

#define DIGIT_COUNT 64
#define MULTIPLES 8 /* 1, 3, ... 15 */

/* CT: Q = the table's point at `index`, negative where the mask is all ones. Reads the whole table. */
static void table_pick(struct p256_slots *s, const struct p256_point *table, uint32_t index, uint32_t negative)
{
    for (uint32_t i = 0; i < MULTIPLES; i++) {
        uint32_t mask = 0u - (((i ^ index) - 1u) >> 31); /* all ones when they agree */
        for (unsigned j = 0; j < 3; j++) {
            p256_select(s->n[P256_X2 + j], table[i].n[j], mask);
        }
    }
    p256_point_negative(s);
    p256_select(s->n[P256_Y2], s->n[P256_T], negative);
}

/*
 * CT: an even k gives -(n - k), whose digits are those of an odd number. The digit at position i of an odd k is
 * ((k >> 4 i) mod 32, lowest bit set) - 16, and the top one k >> 252, lowest bit set. P and Q are never infinity and
 * never opposite; they are equal in the last addition for k = 2 and n - 2 alone, which leaves zeros: then 2 Q is taken.
 */
void p256_secret_mul(struct p256_slots *s, const uint32_t k[P256_LIMBS])
{
    struct p256_point table[MULTIPLES];
    uint32_t odd[P256_LIMBS + 1] = { 0 };
    uint32_t even = (k[0] & 1u) - 1u;
    p256_point_multiples(s, table, MULTIPLES);
    (void)p256_sub(odd, p256_order.value, k);
    p256_select(odd, k, ~even);
    table_pick(s, table, odd[P256_LIMBS - 1] >> 29, even);
    memcpy(s->n[P256_X1], s->n[P256_X2], sizeof table[0]);
    for (unsigned i = DIGIT_COUNT - 1; i-- != 0;) {
        uint32_t digit = (odd[i / 8] >> 4 * (i % 8) | odd[i / 8 + 1] << 1 << (31 - 4 * (i % 8))) & 31u;
        uint32_t below = (digit >> 4) - 1u; /* all ones for a negative digit */
        for (unsigned j = 0; j < 4; j++) {
            p256_point_double(s);
        }
        table_pick(s, table, ((digit ^ below) & 15u) >> 1, below ^ even);
        p256_point_add(s);
    }
    uint32_t equal = 0u - p256_is_zero(s->n[P256_Z1]);
    memcpy(&table[0], s->n[P256_X1], sizeof table[0]);
    memcpy(s->n[P256_X1], s->n[P256_X2], sizeof table[0]);
    p256_point_double(s);
    for (unsigned j = 0; j < 3; j++) {
        p256_select(s->n[P256_X1 + j], table[0].n[j], ~equal);
    }
    p256_point_affine(s);
    wipe(&table[0], sizeof table[0]);
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
