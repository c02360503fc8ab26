/* SPDX-License-Identifier: Apache-2.0 */
/* ctr: AES-128-CTR of crypto.h (SP 800-38A section 6.5). */
#include "base/wipe.h"
#include "crypto/aes.h"
#include "crypto/crypto.h"

_Static_assert(sizeof((struct crypto_ctr *)0)->round_keys == 4 * AES_KEY_WORDS, "the context holds all round keys");

void crypto_ctr_start(struct crypto_ctr *c, const uint8_t key[16], const uint8_t iv[16])
{
    aes_key_expand(c->round_keys, key);
    memcpy(c->counter, iv, sizeof c->counter);
    c->left = 0;
}

/* Big-endian over all 16 bytes; the words hold the bytes as they lie in memory. */
static void counter_next(uint32_t counter[4])
{
    for (size_t i = 4; i-- > 0;) {
        uint32_t v = __builtin_bswap32(counter[i]) + 1;
        counter[i] = __builtin_bswap32(v);
        if (v != 0) {
            break;
        }
    }
}

static void block_next(struct crypto_ctr *c, uint32_t block[4])
{
    aes_block_encrypt(c->round_keys, c->counter, block);
    counter_next(c->counter);
}

void crypto_ctr_apply(struct crypto_ctr *c, const uint8_t *in, uint8_t *out, size_t len)
{
    while (len > 0) {
        if (c->left == 0 && len >= 16) {
            block_next(c, c->block);
            for (size_t i = 0; i < 4; i++) {
                bytes_write_le32(out + 4 * i, bytes_read_le32(in + 4 * i) ^ c->block[i]);
            }
            in += 16;
            out += 16;
            len -= 16;
            continue;
        }
        if (c->left == 0) {
            block_next(c, c->block);
            c->left = 16;
        }
        *out++ = *in++ ^ ((const uint8_t *)c->block)[16 - c->left];
        c->left--;
        len--;
    }
}

void crypto_ctr_wipe(struct crypto_ctr *c)
{
    wipe(c, sizeof *c);
}
