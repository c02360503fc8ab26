/* SPDX-License-Identifier: Apache-2.0 */
/* sha256: SHA-256 of crypto.h (FIPS 180-4): buffering and padding. */
#include "base/wipe.h"
#include "crypto/crypto.h"
#include "crypto/sha256_blocks.h"

#define BLOCK_LEN 64u

void crypto_sha256_start(struct crypto_sha256 *s)
{
    static const uint32_t start[8] = { 0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A,
                                       0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19 };
    memcpy(s->h, start, sizeof s->h);
    s->len = 0;
}

void crypto_sha256_add(struct crypto_sha256 *s, struct bytes data)
{
    while (data.len > 0) {
        size_t fill = (size_t)(s->len % BLOCK_LEN);
        size_t part = data.len - data.len % BLOCK_LEN;
        if (fill == 0 && part > 0) {
            sha256_blocks(s->h, data.data, part / BLOCK_LEN);
        } else {
            part = data.len < BLOCK_LEN - fill ? data.len : BLOCK_LEN - fill;
            memcpy(s->block + fill, data.data, part);
            if (fill + part == BLOCK_LEN) {
                sha256_blocks(s->h, s->block, 1);
            }
        }
        s->len += part;
        data = bytes_of(data.data + part, data.len - part);
    }
}

static void be32_write(uint8_t *p, uint32_t v)
{
    bytes_write_le32(p, __builtin_bswap32(v));
}

void crypto_sha256_finish(struct crypto_sha256 *s, uint8_t digest[CRYPTO_SHA256_LEN])
{
    static const uint8_t padding[BLOCK_LEN] = { 0x80 };
    uint8_t bits[8];
    be32_write(bits, (uint32_t)(s->len >> 29));
    be32_write(bits + 4, (uint32_t)(s->len << 3));
    crypto_sha256_add(s, bytes_of(padding, 1 + (2 * BLOCK_LEN - 9 - (size_t)(s->len % BLOCK_LEN)) % BLOCK_LEN));
    crypto_sha256_add(s, bytes_of(bits, sizeof bits));
    for (size_t i = 0; i < 8; i++) {
        be32_write(digest + 4 * i, s->h[i]);
    }
    wipe(s, sizeof *s);
}

void crypto_sha256(struct bytes data, uint8_t digest[CRYPTO_SHA256_LEN])
{
    struct crypto_sha256 s;
    crypto_sha256_start(&s);
    crypto_sha256_add(&s, data);
    crypto_sha256_finish(&s, digest);
}
