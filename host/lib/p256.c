/* SPDX-License-Identifier: Apache-2.0 */
/* p256: see p256.h. */
#include "host/lib/p256.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

void p256_sha256(struct bytes data, uint8_t digest[32])
{
    static const uint8_t none[1];
    (void)SHA256(data.len > 0 ? data.data : none, data.len, digest);
}

void p256_kid(const uint8_t public_key[64], uint8_t kid[8])
{
    uint8_t digest[32];
    p256_sha256(bytes_of(public_key, 64), digest);
    memcpy(kid, digest, 8);
}

const uint8_t *p256_key_find(struct bytes keys, struct bytes kid)
{
    for (size_t at = 0; at + 64 <= keys.len; at += 64) {
        uint8_t known[8];
        p256_kid(keys.data + at, known);
        if (bytes_equal(kid, bytes_of(known, sizeof known))) {
            return keys.data + at;
        }
    }
    return NULL;
}

EVP_PKEY *p256_import(const uint8_t public_key[64])
{
    char group[] = "P-256";
    uint8_t point[65] = { 0x04 };
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    memcpy(point + 1, public_key, 64);
    OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
                            OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
                            OSSL_PARAM_construct_end() };
    if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1) {
        key = NULL;
    }
    EVP_PKEY_CTX_free(ctx);
    return key;
}

/* DER of r and s; its length, or 0. OPENSSL_free frees it. */
static int signature_encode(const uint8_t raw[64], uint8_t **der)
{
    int len = 0;
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw, 32, NULL);
    BIGNUM *s = BN_bin2bn(raw + 32, 32, NULL);
    if (pair != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(pair, r, s) == 1) {
        r = NULL; /* the pair owns them */
        s = NULL;
        len = i2d_ECDSA_SIG(pair, der);
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(pair);
    return len > 0 ? len : 0;
}

status_t p256_verify(const uint8_t public_key[64], const uint8_t digest[32], const uint8_t signature[64])
{
    uint8_t *der = NULL;
    int der_len = signature_encode(signature, &der);
    EVP_PKEY *key = p256_import(public_key);
    EVP_PKEY_CTX *ctx = key == NULL ? NULL : EVP_PKEY_CTX_new(key, NULL);
    status_t status = key == NULL ? STATUS_CRYPTO_KEY : STATUS_CRYPTO_SIGNATURE;
    if (ctx != NULL && der_len > 0 && EVP_PKEY_verify_init(ctx) == 1 &&
        EVP_PKEY_verify(ctx, der, (size_t)der_len, digest, 32) == 1) {
        status = STATUS_OK;
    }
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
    OPENSSL_free(der);
    ERR_clear_error();
    return status;
}
