/* SPDX-License-Identifier: Apache-2.0 */
/* hash: SHA-256 and HKDF of crypto.h over Mbed TLS. */
#include <mbedtls/sha256.h>

#include "crypto/crypto.h"

_Static_assert(sizeof(mbedtls_sha256_context) <= sizeof(struct crypto_sha256), "the opaque context is too small");

static mbedtls_sha256_context *context_of(struct crypto_sha256 *s)
{
    return (mbedtls_sha256_context *)(void *)s->opaque;
}

void crypto_sha256_start(struct crypto_sha256 *s)
{
    mbedtls_sha256_init(context_of(s));
    (void)mbedtls_sha256_starts(context_of(s), 0);
}

void crypto_sha256_add(struct crypto_sha256 *s, struct bytes data)
{
    (void)mbedtls_sha256_update(context_of(s), data.data, data.len);
}

void crypto_sha256_finish(struct crypto_sha256 *s, uint8_t digest[CRYPTO_SHA256_LEN])
{
    (void)mbedtls_sha256_finish(context_of(s), digest);
    mbedtls_sha256_free(context_of(s));
}

void crypto_sha256(struct bytes data, uint8_t digest[CRYPTO_SHA256_LEN])
{
    struct crypto_sha256 s;
    crypto_sha256_start(&s);
    crypto_sha256_add(&s, data);
    crypto_sha256_finish(&s, digest);
}
