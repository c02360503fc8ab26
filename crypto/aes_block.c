/* SPDX-License-Identifier: Apache-2.0 */
/* aes_block: encryption of one block in C (FIPS 197 section 5.1) with one table. */
#include "crypto/aes.h"

static uint32_t rotated(uint32_t v, unsigned bits)
{
    return v >> bits | v << (32 - bits);
}

static inline uint32_t column(uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
    return aes_table[a & 0xFFu] ^ rotated(aes_table[b >> 8 & 0xFFu], 24) ^ rotated(aes_table[c >> 16 & 0xFFu], 16) ^
           rotated(aes_table[d >> 24], 8);
}

static inline uint32_t last_column(uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
    return aes_substitute(a) | aes_substitute(b >> 8) << 8 | aes_substitute(c >> 16) << 16 |
           aes_substitute(d >> 24) << 24;
}

void aes_block_encrypt(const uint32_t round_keys[AES_KEY_WORDS], const uint32_t in[4], uint32_t out[4])
{
    const uint32_t *k = round_keys;
    uint32_t a = in[0] ^ k[0];
    uint32_t b = in[1] ^ k[1];
    uint32_t c = in[2] ^ k[2];
    uint32_t d = in[3] ^ k[3];
    for (k += 4; k != round_keys + 4 * AES_ROUNDS; k += 4) {
        uint32_t e = k[0] ^ column(a, b, c, d);
        uint32_t f = k[1] ^ column(b, c, d, a);
        uint32_t g = k[2] ^ column(c, d, a, b);
        d = k[3] ^ column(d, a, b, c);
        a = e;
        b = f;
        c = g;
    }
    out[0] = k[0] ^ last_column(a, b, c, d);
    out[1] = k[1] ^ last_column(b, c, d, a);
    out[2] = k[2] ^ last_column(c, d, a, b);
    out[3] = k[3] ^ last_column(d, a, b, c);
}
