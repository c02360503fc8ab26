/* SPDX-License-Identifier: Apache-2.0 */
/* hkdf: HMAC-SHA256 (RFC 2104) and HKDF of crypto.h (RFC 5869). Apart from sha256.c so that BL1 does not carry it. */
#include "base/wipe.h"
#include "crypto/crypto.h"

#define BLOCK_LEN 64
#define OUT_LEN_MAX (255u * CRYPTO_SHA256_LEN)

struct hmac {
    struct crypto_sha256 hash;
    uint8_t pad[BLOCK_LEN];
};

/* `key` is a digest, as all keys are here. */
static void hmac_start(struct hmac *m, const uint8_t key[CRYPTO_SHA256_LEN])
{
    memset(m->pad, 0x36, sizeof m->pad);
    for (size_t i = 0; i < CRYPTO_SHA256_LEN; i++) {
        m->pad[i] ^= key[i];
    }
    crypto_sha256_start(&m->hash);
    crypto_sha256_add(&m->hash, bytes_of(m->pad, sizeof m->pad));
}

static void hmac_finish(struct hmac *m, uint8_t tag[CRYPTO_SHA256_LEN])
{
    uint8_t inner[CRYPTO_SHA256_LEN];
    crypto_sha256_finish(&m->hash, inner);
    for (size_t i = 0; i < sizeof m->pad; i++) {
        m->pad[i] ^= 0x36 ^ 0x5C;
    }
    crypto_sha256_start(&m->hash);
    crypto_sha256_add(&m->hash, bytes_of(m->pad, sizeof m->pad));
    crypto_sha256_add(&m->hash, bytes_of(inner, sizeof inner));
    crypto_sha256_finish(&m->hash, tag);
    wipe(m, sizeof *m);
}

status_t crypto_hkdf(struct bytes secret, struct bytes info, uint8_t *out, size_t out_len)
{
    struct hmac m;
    uint8_t key[CRYPTO_SHA256_LEN] = { 0 };
    uint8_t block[CRYPTO_SHA256_LEN];
    size_t block_len = 0;
    if (out_len > OUT_LEN_MAX) {
        return STATUS_BAD_ARGUMENT;
    }
    hmac_start(&m, key);
    crypto_sha256_add(&m.hash, secret);
    hmac_finish(&m, key);
    for (uint8_t count = 1; out_len > 0; count++) {
        size_t part = out_len < sizeof block ? out_len : sizeof block;
        hmac_start(&m, key);
        crypto_sha256_add(&m.hash, bytes_of(block, block_len));
        crypto_sha256_add(&m.hash, info);
        crypto_sha256_add(&m.hash, bytes_of(&count, 1));
        hmac_finish(&m, block);
        memcpy(out, block, part);
        block_len = sizeof block;
        out += part;
        out_len -= part;
    }
    wipe(key, sizeof key);
    wipe(block, sizeof block);
    return STATUS_OK;
}
