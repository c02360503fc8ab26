/* SPDX-License-Identifier: Apache-2.0 */
/*
 * aes: the AES-128 block cipher (FIPS 197) under CTR and key unwrap. Blocks and round keys are words of four bytes
 * each, the first byte lowest. time: looks up a table at places that depend on key and data; the cores this is for have
 * no data cache before their flash and RAM. On a host it serves tests and checks, not secrets that others share a CPU
 * with.
 */
#ifndef CRYPTO_AES_H
#define CRYPTO_AES_H

#include "base/bytes.h"

#define AES_ROUNDS 10
#define AES_KEY_WORDS (4 * (AES_ROUNDS + 1))

/* Byte 1 of entry x is S(x); bytes 0 and 3 are 2 S(x) and 3 S(x) in GF(2^8), byte 2 is S(x). */
extern const uint32_t aes_table[256];

static inline uint32_t aes_substitute(uint32_t x)
{
    return aes_table[x & 0xFFu] >> 8 & 0xFFu;
}

void aes_key_expand(uint32_t round_keys[AES_KEY_WORDS], const uint8_t key[16]);
/* `out` may be `in`. */
void aes_block_encrypt(const uint32_t round_keys[AES_KEY_WORDS], const uint32_t in[4], uint32_t out[4]);

#endif
