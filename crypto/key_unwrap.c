/* SPDX-License-Identifier: Apache-2.0 */
/* key_unwrap: AES key unwrap of crypto.h (RFC 3394 section 2.2.2) and the inverse cipher (FIPS 197 section 5.3), small
 * rather than fast: twelve blocks in all. */
#include "base/hard.h"
#include "base/wipe.h"
#include "crypto/aes.h"
#include "crypto/crypto.h"

static uint32_t rotated(uint32_t v, unsigned bits)
{
    return v >> bits | v << (32 - bits);
}

/* Each of the four bytes times 2 in GF(2^8). */
static uint32_t doubled(uint32_t v)
{
    return (v & 0x7F7F7F7Fu) << 1 ^ (v >> 7 & 0x01010101u) * 0x1Bu;
}

static uint32_t column_unmix(uint32_t v)
{
    uint32_t v2 = doubled(v);
    uint32_t v4 = doubled(v2);
    uint32_t v8 = doubled(v4);
    return v2 ^ v4 ^ v8 ^ rotated(v ^ v2 ^ v8, 8) ^ rotated(v ^ v4 ^ v8, 16) ^ rotated(v ^ v8, 24);
}

static void inverse_build(uint8_t inverse[256])
{
    for (uint32_t i = 0; i < 256; i++) {
        inverse[aes_substitute(i)] = (uint8_t)i;
    }
}

static void block_decrypt(const uint32_t *round_keys, const uint8_t inverse[256], uint32_t block[4])
{
    const uint32_t *k = round_keys + 4 * AES_ROUNDS;
    uint8_t s[16];
    for (size_t i = 0; i < 4; i++) {
        block[i] ^= k[i];
    }
    while (k != round_keys) {
        k -= 4;
        for (size_t i = 0; i < 16; i++) { /* row r of the columns goes right by r: byte i comes from i - 4 r */
            s[i] = inverse[((const uint8_t *)block)[13 * i % 16]];
        }
        memcpy(block, s, sizeof s);
        for (size_t i = 0; i < 4; i++) {
            block[i] ^= k[i];
            block[i] = k == round_keys ? block[i] : column_unmix(block[i]);
        }
    }
    wipe(s, sizeof s);
}

/* HARD: what is returned is computed from the comparison. */
status_t crypto_key_unwrap(const uint8_t kek[16], const uint8_t wrapped[24], uint8_t key[16])
{
    static const uint8_t check[8] = { 0xA6, 0xA6, 0xA6, 0xA6, 0xA6, 0xA6, 0xA6, 0xA6 };
    uint32_t round_keys[AES_KEY_WORDS];
    uint8_t inverse[256];
    uint8_t r[24]; /* A, R[1], R[2] */
    uint32_t block[4];
    aes_key_expand(round_keys, kek);
    inverse_build(inverse);
    memcpy(r, wrapped, sizeof r);
    for (uint8_t t = 12; t > 0; t--) {
        uint8_t *half = t % 2 == 0 ? r + 16 : r + 8;
        r[7] ^= t;
        memcpy(block, r, 8);
        memcpy(block + 2, half, 8);
        block_decrypt(round_keys, inverse, block);
        memcpy(r, block, 8);
        memcpy(half, block + 2, 8);
    }
    status_t status = STATUS_OK ^ HARD_SAME ^ hard_compare(r, check, sizeof check);
    memcpy(key, r + 8, 16);
    if (status != STATUS_OK) {
        wipe(key, 16);
        status = STATUS_CRYPTO_UNWRAP;
    }
    wipe(round_keys, sizeof round_keys);
    wipe(r, sizeof r);
    wipe(block, sizeof block);
    return status;
}
