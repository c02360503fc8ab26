/* SPDX-License-Identifier: Apache-2.0 */
/* p256: see p256.h. */
#include "host/lib/p256.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/sha.h>
#include <pthread.h>

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

/* The curve, made once; read by many threads at a time. */
static EC_GROUP *group;
static pthread_once_t group_once = PTHREAD_ONCE_INIT;

static void group_make(void)
{
    group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
}

/* What one check works with; BN_CTX owns the numbers. */
struct check {
    BN_CTX *context;
    EC_POINT *key;
    EC_POINT *sum;
    BIGNUM *r;
    BIGNUM *s;
    BIGNUM *e;
    BIGNUM *x;
};

static int check_open(struct check *c)
{
    (void)pthread_once(&group_once, group_make);
    c->context = group == NULL ? NULL : BN_CTX_new();
    if (c->context == NULL) {
        return 0;
    }
    BN_CTX_start(c->context);
    c->r = BN_CTX_get(c->context);
    c->s = BN_CTX_get(c->context);
    c->e = BN_CTX_get(c->context);
    c->x = BN_CTX_get(c->context); /* NULL when any before it is */
    c->key = EC_POINT_new(group);
    c->sum = EC_POINT_new(group);
    return c->x != NULL && c->key != NULL && c->sum != NULL;
}

static void check_close(struct check *c)
{
    if (c->context != NULL) {
        EC_POINT_free(c->key);
        EC_POINT_free(c->sum);
        BN_CTX_end(c->context);
        BN_CTX_free(c->context);
    }
    ERR_clear_error();
}

/* FIPS 186-5 section 6.4.2: R = (e / s) G + (r / s) Q; its x modulo n must be r. The general interface to signatures
 * costs more than this sum, and a ledger has very many. */
static int signature_holds(struct check *c, const uint8_t digest[32], const uint8_t signature[64])
{
    const BIGNUM *n = EC_GROUP_get0_order(group);
    if (BN_bin2bn(signature, 32, c->r) == NULL || BN_bin2bn(signature + 32, 32, c->s) == NULL ||
        BN_bin2bn(digest, 32, c->e) == NULL || BN_is_zero(c->r) || BN_is_zero(c->s) || BN_cmp(c->r, n) >= 0 ||
        BN_cmp(c->s, n) >= 0) {
        return 0;
    }
    if (BN_mod_inverse(c->s, c->s, n, c->context) == NULL || BN_mod_mul(c->e, c->e, c->s, n, c->context) != 1 ||
        BN_mod_mul(c->x, c->r, c->s, n, c->context) != 1 ||
        EC_POINT_mul(group, c->sum, c->e, c->key, c->x, c->context) != 1 || EC_POINT_is_at_infinity(group, c->sum) ||
        EC_POINT_get_affine_coordinates(group, c->sum, c->x, NULL, c->context) != 1 ||
        BN_nnmod(c->x, c->x, n, c->context) != 1) {
        return 0;
    }
    return BN_cmp(c->x, c->r) == 0;
}

status_t p256_verify(const uint8_t public_key[64], const uint8_t digest[32], const uint8_t signature[64])
{
    struct check c = { 0 };
    uint8_t point[65] = { 0x04 };
    status_t status = STATUS_CRYPTO_KEY;
    memcpy(point + 1, public_key, 64);
    if (check_open(&c) && EC_POINT_oct2point(group, c.key, point, sizeof point, c.context) == 1) {
        status = signature_holds(&c, digest, signature) ? STATUS_OK : STATUS_CRYPTO_SIGNATURE;
    }
    check_close(&c);
    return status;
}

int p256_is_point(const uint8_t public_key[64])
{
    uint8_t encoded[65] = { 0x04 };
    (void)pthread_once(&group_once, group_make);
    EC_POINT *point = group == NULL ? NULL : EC_POINT_new(group);
    memcpy(encoded + 1, public_key, 64);
    int good = point != NULL && EC_POINT_oct2point(group, point, encoded, sizeof encoded, NULL) == 1;
    EC_POINT_free(point);
    ERR_clear_error();
    return good;
}
