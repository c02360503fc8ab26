/* SPDX-License-Identifier: Apache-2.0 */
/* poly1305_blocks: the portable inner loop, radix 2^32. */
#include "crypto/poly1305_blocks.h"

static uint64_t mul(uint32_t a, uint32_t b)
{
    return (uint64_t)a * b;
}

static void block_add(uint32_t h[5], const uint8_t *in, uint32_t top)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < 4; i++) {
        sum += (uint64_t)h[i] + bytes_read_le32(in + 4 * i);
        h[i] = (uint32_t)sum;
        sum >>= 32;
    }
    h[4] += (uint32_t)sum + top;
}

/* r is clamped: each sum of products stays below 2^63. What stands at 2^130 and above comes back five times. */
static void h_multiply(uint32_t h[5], const uint32_t r[4], const uint32_t s[3])
{
    uint64_t d[4];
    d[0] = mul(h[0], r[0]) + mul(h[1], s[2]) + mul(h[2], s[1]) + mul(h[3], s[0]);
    d[1] = mul(h[0], r[1]) + mul(h[1], r[0]) + mul(h[2], s[2]) + mul(h[3], s[1]) + mul(h[4], s[0]);
    d[2] = mul(h[0], r[2]) + mul(h[1], r[1]) + mul(h[2], r[0]) + mul(h[3], s[2]) + mul(h[4], s[1]);
    d[3] = mul(h[0], r[3]) + mul(h[1], r[2]) + mul(h[2], r[1]) + mul(h[3], r[0]) + mul(h[4], s[2]);
    uint64_t carry = 0;
    for (size_t i = 0; i < 4; i++) {
        d[i] += carry;
        carry = d[i] >> 32;
    }
    uint32_t high = h[4] * r[0] + (uint32_t)carry;
    carry = (high & ~3u) + (high >> 2);
    for (size_t i = 0; i < 4; i++) {
        carry += (uint32_t)d[i];
        h[i] = (uint32_t)carry;
        carry >>= 32;
    }
    h[4] = (high & 3u) + (uint32_t)carry;
}

void poly1305_blocks(struct crypto_poly1305 *p, const uint8_t *in, size_t count, uint32_t top)
{
    for (; count != 0; count--, in += 16) {
        block_add(p->h, in, top);
        h_multiply(p->h, p->r, p->s);
    }
}
