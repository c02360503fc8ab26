/* SPDX-License-Identifier: Apache-2.0 */
/* hkdf: HMAC-SHA256 (RFC 2104) and HKDF of crypto.h (RFC 5869). Apart from sha256.c so that BL1 does not carry it. */
#include "base/wipe.h"
#include "crypto/crypto.h"

#define BLOCK_LEN 64
#define OUT_LEN_MAX (255u * CRYPTO_SHA256_LEN)

/* Begins the inner (pad 0x36) or outer (0x5C) hash under a key that is a digest, as all keys are here. */
static void keyed_start(struct crypto_sha256 *hash, const uint8_t key[CRYPTO_SHA256_LEN], uint8_t pad)
{
    uint8_t block[BLOCK_LEN];
    memset(block, pad, sizeof block);
    for (size_t i = 0; i < CRYPTO_SHA256_LEN; i++) {
        block[i] ^= key[i];
    }
    crypto_sha256_start(hash);
    crypto_sha256_add(hash, bytes_of(block, sizeof block));
    wipe(block, sizeof block);
}

/* From the inner hash to the tag, which may lie where the key does. */
static void hmac_finish(struct crypto_sha256 *hash, const uint8_t key[CRYPTO_SHA256_LEN],
                        uint8_t tag[CRYPTO_SHA256_LEN])
{
    uint8_t inner[CRYPTO_SHA256_LEN];
    crypto_sha256_finish(hash, inner);
    keyed_start(hash, key, 0x5C);
    crypto_sha256_add(hash, bytes_of(inner, sizeof inner));
    crypto_sha256_finish(hash, tag);
    wipe(inner, sizeof inner);
}

status_t crypto_hkdf(struct bytes secret, struct bytes info, uint8_t *out, size_t out_len)
{
    struct crypto_sha256 hash;
    uint8_t key[CRYPTO_SHA256_LEN] = { 0 };
    uint8_t block[CRYPTO_SHA256_LEN];
    size_t block_len = 0;
    if (out_len > OUT_LEN_MAX) {
        return STATUS_BAD_ARGUMENT;
    }
    keyed_start(&hash, key, 0x36);
    crypto_sha256_add(&hash, secret);
    hmac_finish(&hash, key, key);
    for (uint8_t count = 1; out_len > 0; count++) {
        size_t part = out_len < sizeof block ? out_len : sizeof block;
        keyed_start(&hash, key, 0x36);
        crypto_sha256_add(&hash, bytes_of(block, block_len));
        crypto_sha256_add(&hash, info);
        crypto_sha256_add(&hash, bytes_of(&count, 1));
        hmac_finish(&hash, key, block);
        memcpy(out, block, part);
        block_len = sizeof block;
        out += part;
        out_len -= part;
    }
    wipe(key, sizeof key);
    wipe(block, sizeof block);
    return STATUS_OK;
}
