/* SPDX-License-Identifier: Apache-2.0 */
/* aes: key expansion (FIPS 197 section 5.2). */
#include "crypto/aes.h"

static uint32_t rotated(uint32_t v, unsigned bits)
{
    return v >> bits | v << (32 - bits);
}

void aes_key_expand(uint32_t round_keys[AES_KEY_WORDS], const uint8_t key[16])
{
    uint32_t constant = 1;
    for (size_t i = 0; i < 4; i++) {
        round_keys[i] = bytes_read_le32(key + 4 * i);
    }
    for (size_t i = 4; i < AES_KEY_WORDS; i++) {
        uint32_t v = round_keys[i - 1];
        if (i % 4 == 0) {
            v = rotated(v, 8);
            v = aes_substitute(v) | aes_substitute(v >> 8) << 8 | aes_substitute(v >> 16) << 16 |
                aes_substitute(v >> 24) << 24;
            v ^= constant;
            constant = constant << 1 ^ (constant >> 7) * 0x11Bu;
        }
        round_keys[i] = round_keys[i - 4] ^ v;
    }
}
