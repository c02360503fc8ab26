/* SPDX-License-Identifier: Apache-2.0 */
/* sha256: SHA-256 of crypto.h (FIPS 180-4): buffering and padding. */
#include "base/wipe.h"
#include "crypto/crypto.h"
#include "crypto/sha256_blocks.h"

#define BLOCK_LEN 64u

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "words are put into memory as they lie, bytes swapped");

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

void crypto_sha256_finish(struct crypto_sha256 *s, uint8_t digest[CRYPTO_SHA256_LEN])
{
    size_t fill = (size_t)(s->len % BLOCK_LEN);
    s->block[fill++] = 0x80;
    memset(s->block + fill, 0, BLOCK_LEN - fill);
    if (fill > BLOCK_LEN - 8) {
        sha256_blocks(s->h, s->block, 1);
        memset(s->block, 0, BLOCK_LEN);
    }
    const uint64_t bits = __builtin_bswap64(s->len << 3);
    memcpy(s->block + BLOCK_LEN - 8, &bits, 8);
    sha256_blocks(s->h, s->block, 1);
    for (size_t i = 0; i < 8; i++) {
        s->h[i] = __builtin_bswap32(s->h[i]);
    }
    memcpy(digest, s->h, CRYPTO_SHA256_LEN);
    wipe(s, sizeof *s);
}

void crypto_sha256(struct bytes data, uint8_t digest[CRYPTO_SHA256_LEN])
{
    struct crypto_sha256 s;
    crypto_sha256_start(&s);
    crypto_sha256_add(&s, data);
    crypto_sha256_finish(&s, digest);
}
