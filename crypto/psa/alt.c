/* SPDX-License-Identifier: Apache-2.0 */
/* alt: the functions that Mbed TLS wants of SHA-256 and Poly1305, from crypto.h. */
#include <mbedtls/poly1305.h>
#include <mbedtls/sha256.h>

#include "base/wipe.h"

void mbedtls_sha256_init(mbedtls_sha256_context *ctx)
{
    memset(ctx, 0, sizeof *ctx);
}

void mbedtls_sha256_free(mbedtls_sha256_context *ctx)
{
    if (ctx != NULL) {
        wipe(ctx, sizeof *ctx);
    }
}

void mbedtls_sha256_clone(mbedtls_sha256_context *dst, const mbedtls_sha256_context *src)
{
    *dst = *src;
}

int mbedtls_sha256_starts(mbedtls_sha256_context *ctx, int is224)
{
    if (is224) {
        return MBEDTLS_ERR_SHA256_BAD_INPUT_DATA;
    }
    crypto_sha256_start(ctx);
    return 0;
}

int mbedtls_sha256_update(mbedtls_sha256_context *ctx, const unsigned char *input, size_t ilen)
{
    crypto_sha256_add(ctx, bytes_of(input, ilen));
    return 0;
}

int mbedtls_sha256_finish(mbedtls_sha256_context *ctx, unsigned char *output)
{
    crypto_sha256_finish(ctx, output);
    return 0;
}

void mbedtls_poly1305_init(mbedtls_poly1305_context *ctx)
{
    memset(ctx, 0, sizeof *ctx);
}

void mbedtls_poly1305_free(mbedtls_poly1305_context *ctx)
{
    if (ctx != NULL) {
        wipe(ctx, sizeof *ctx);
    }
}

int mbedtls_poly1305_starts(mbedtls_poly1305_context *ctx, const unsigned char key[32])
{
    crypto_poly1305_start(ctx, key);
    return 0;
}

int mbedtls_poly1305_update(mbedtls_poly1305_context *ctx, const unsigned char *input, size_t ilen)
{
    crypto_poly1305_add(ctx, bytes_of(input, ilen));
    return 0;
}

int mbedtls_poly1305_finish(mbedtls_poly1305_context *ctx, unsigned char mac[16])
{
    crypto_poly1305_finish(ctx, mac);
    return 0;
}
