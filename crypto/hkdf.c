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

void crypto_hmac_start(struct crypto_hmac *h, const uint8_t key[CRYPTO_SHA256_LEN])
{
    memcpy(h->key, key, sizeof h->key);
    keyed_start(&h->hash, h->key, 0x36);
}

void crypto_hmac_finish(struct crypto_hmac *h, uint8_t tag[CRYPTO_SHA256_LEN])
{
    uint8_t inner[CRYPTO_SHA256_LEN];
    crypto_sha256_finish(&h->hash, inner);
    keyed_start(&h->hash, h->key, 0x5C);
    crypto_sha256_add(&h->hash, bytes_of(inner, sizeof inner));
    crypto_sha256_finish(&h->hash, tag);
    wipe(inner, sizeof inner);
    wipe(h, sizeof *h);
}

status_t crypto_hkdf_expand(const uint8_t key[CRYPTO_SHA256_LEN], struct bytes info, uint8_t *out, size_t out_len)
{
    struct crypto_hmac hmac;
    uint8_t block[CRYPTO_SHA256_LEN];
    size_t block_len = 0;
    if (out_len > OUT_LEN_MAX) {
        return STATUS_BAD_ARGUMENT;
    }
    for (uint8_t count = 1; out_len > 0; count++) {
        size_t part = out_len < sizeof block ? out_len : sizeof block;
        crypto_hmac_start(&hmac, key);
        crypto_sha256_add(&hmac.hash, bytes_of(block, block_len));
        crypto_sha256_add(&hmac.hash, info);
        crypto_sha256_add(&hmac.hash, bytes_of(&count, 1));
        crypto_hmac_finish(&hmac, block);
        memcpy(out, block, part);
        block_len = sizeof block;
        out += part;
        out_len -= part;
    }
    wipe(block, sizeof block);
    return STATUS_OK;
}

status_t crypto_hkdf(struct bytes secret, struct bytes info, uint8_t *out, size_t out_len)
{
    struct crypto_hmac hmac;
    uint8_t key[CRYPTO_SHA256_LEN] = { 0 };
    crypto_hmac_start(&hmac, key);
    crypto_sha256_add(&hmac.hash, secret);
    crypto_hmac_finish(&hmac, key);
    status_t status = crypto_hkdf_expand(key, info, out, out_len);
    wipe(key, sizeof key);
    return status;
}
