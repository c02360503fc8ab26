/* SPDX-License-Identifier: Apache-2.0 */
/* sha256_blocks: the compression function in C. Sums of rotations are written so that the last one costs nothing. */
#include "crypto/sha256_blocks.h"

#include "base/bytes.h"
#include "base/wipe.h"

static const uint32_t constants[64] = {
    0x428A2F98, 0x71374491, 0xB5C0FBCF, 0xE9B5DBA5, 0x3956C25B, 0x59F111F1, 0x923F82A4, 0xAB1C5ED5,
    0xD807AA98, 0x12835B01, 0x243185BE, 0x550C7DC3, 0x72BE5D74, 0x80DEB1FE, 0x9BDC06A7, 0xC19BF174,
    0xE49B69C1, 0xEFBE4786, 0x0FC19DC6, 0x240CA1CC, 0x2DE92C6F, 0x4A7484AA, 0x5CB0A9DC, 0x76F988DA,
    0x983E5152, 0xA831C66D, 0xB00327C8, 0xBF597FC7, 0xC6E00BF3, 0xD5A79147, 0x06CA6351, 0x14292967,
    0x27B70A85, 0x2E1B2138, 0x4D2C6DFC, 0x53380D13, 0x650A7354, 0x766A0ABB, 0x81C2C92E, 0x92722C85,
    0xA2BFE8A1, 0xA81A664B, 0xC24B8B70, 0xC76C51A3, 0xD192E819, 0xD6990624, 0xF40E3585, 0x106AA070,
    0x19A4C116, 0x1E376C08, 0x2748774C, 0x34B0BCB5, 0x391C0CB3, 0x4ED8AA4A, 0x5B9CCA4F, 0x682E6FF3,
    0x748F82EE, 0x78A5636F, 0x84C87814, 0x8CC70208, 0x90BEFFFA, 0xA4506CEB, 0xBEF9A3F7, 0xC67178F2,
};

static inline uint32_t rotated(uint32_t v, unsigned bits)
{
    return v >> bits | v << (32 - bits);
}

/* One round; what the eight letters stand for moves on by one with each. ab and bc: a ^ b of this round and of the
 * last. */
#define ROUND(a, b, c, d, e, f, g, h, ab, bc, i)                                                                       \
    do {                                                                                                               \
        h += k[i] + w[i] + (g ^ (e & (f ^ g))) + rotated(e ^ rotated(e, 5) ^ rotated(e, 19), 6);                       \
        d += h;                                                                                                        \
        ab = a ^ b;                                                                                                    \
        h += (b ^ (ab & bc)) + rotated(a ^ rotated(a, 11) ^ rotated(a, 20), 2);                                        \
    } while (0)

static void rounds(uint32_t state[8], const uint32_t *w)
{
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
    uint32_t x;
    uint32_t y = b ^ c;
    for (const uint32_t *k = constants; k != constants + 64; k += 8, w += 8) {
        ROUND(a, b, c, d, e, f, g, h, x, y, 0);
        ROUND(h, a, b, c, d, e, f, g, y, x, 1);
        ROUND(g, h, a, b, c, d, e, f, x, y, 2);
        ROUND(f, g, h, a, b, c, d, e, y, x, 3);
        ROUND(e, f, g, h, a, b, c, d, x, y, 4);
        ROUND(d, e, f, g, h, a, b, c, y, x, 5);
        ROUND(c, d, e, f, g, h, a, b, x, y, 6);
        ROUND(b, c, d, e, f, g, h, a, y, x, 7);
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
    state[5] += f;
    state[6] += g;
    state[7] += h;
}

static void schedule(uint32_t w[64], const uint8_t *in)
{
    for (size_t i = 0; i < 16; i++) {
        w[i] = __builtin_bswap32(bytes_read_le32(in + 4 * i));
    }
    uint32_t first = w[0];
    uint32_t even = w[14];
    uint32_t odd = w[15];
    for (uint32_t *at = w; at != w + 48; at += 2) {
        uint32_t second = at[1];
        even = first + at[9] + (rotated(second, 7) ^ rotated(second, 18) ^ second >> 3) +
               (rotated(even, 17) ^ rotated(even, 19) ^ even >> 10);
        first = at[2];
        odd = second + at[10] + (rotated(first, 7) ^ rotated(first, 18) ^ first >> 3) +
              (rotated(odd, 17) ^ rotated(odd, 19) ^ odd >> 10);
        at[16] = even;
        at[17] = odd;
    }
}

void sha256_blocks(uint32_t h[8], const uint8_t *in, size_t count)
{
    uint32_t w[64];
    for (; count != 0; count--, in += 64) {
        schedule(w, in);
        rounds(h, w);
    }
    wipe(w, sizeof w); /* it may be of a key */
}
