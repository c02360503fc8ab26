/* SPDX-License-Identifier: Apache-2.0 */
/* crypto_p256_maker: see crypto_p256_maker.h. */
#include "tests/unit/crypto_p256_maker.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>

#include "tests/unit/test.h"

/* All in one place, made on first use and kept until the end. */
static struct {
    EC_GROUP *group;
    BN_CTX *ctx;
    BIGNUM *p;
    const BIGNUM *n;
} curve;

static void curve_close(void)
{
    EC_GROUP_free(curve.group);
    BN_free(curve.p);
    BN_CTX_free(curve.ctx);
}

static void curve_open(void)
{
    if (curve.group == NULL) {
        curve.group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
        curve.ctx = BN_CTX_new();
        curve.p = BN_new();
        assert_int_equal(EC_GROUP_get_curve(curve.group, curve.p, NULL, NULL, curve.ctx), 1);
        curve.n = EC_GROUP_get0_order(curve.group);
        assert_int_equal(atexit(curve_close), 0);
    }
}

static void number_write(const BIGNUM *n, uint8_t out[32])
{
    assert_int_equal(BN_bn2binpad(n, out, 32), 32);
}

static void point_write(const EC_POINT *point, uint8_t out[64])
{
    uint8_t bytes[65];
    assert_int_equal(EC_POINT_point2oct(curve.group, point, POINT_CONVERSION_UNCOMPRESSED, bytes, 65, curve.ctx), 65);
    memcpy(out, bytes + 1, 64);
}

static EC_POINT *point_read(const uint8_t in[64])
{
    uint8_t bytes[65] = { 4 };
    EC_POINT *point = EC_POINT_new(curve.group);
    memcpy(bytes + 1, in, 64);
    assert_int_equal(EC_POINT_oct2point(curve.group, point, bytes, 65, curve.ctx), 1);
    return point;
}

/* value modulo n. */
static void integer(BIGNUM *out, int value)
{
    assert_int_equal(BN_set_word(out, (BN_ULONG)abs(value)), 1);
    BN_set_negative(out, value < 0);
    assert_int_equal(BN_nnmod(out, out, curve.n, curve.ctx), 1);
}

void maker_hex(const char *hex, uint8_t *out, size_t len)
{
    BIGNUM *n = NULL;
    assert_int_equal(BN_hex2bn(&n, hex), 2 * len);
    assert_int_equal(BN_bn2binpad(n, out, (int)len), len);
    BN_free(n);
}

/* s = r / u2, digest = u1 s. */
static void case_write(struct maker_case *c, const BIGNUM *r, const BIGNUM *u1, const BIGNUM *u2)
{
    BIGNUM *s = BN_new();
    BIGNUM *h = BN_new();
    assert_non_null(BN_mod_inverse(s, u2, curve.n, curve.ctx));
    assert_int_equal(BN_mod_mul(s, s, r, curve.n, curve.ctx), 1);
    assert_int_equal(BN_mod_mul(h, s, u1, curve.n, curve.ctx), 1);
    number_write(r, c->signature);
    number_write(s, c->signature + 32);
    number_write(h, c->digest);
    BN_free(s);
    BN_free(h);
}

int maker_case_of(struct maker_case *c, int u1, int u2, int d)
{
    curve_open();
    BIGNUM *a = BN_new();
    BIGNUM *b = BN_new();
    BIGNUM *r = BN_new();
    EC_POINT *point = EC_POINT_new(curve.group);
    int finite = u1 + u2 * d != 0;
    integer(a, d);
    assert_int_equal(EC_POINT_mul(curve.group, point, a, NULL, NULL, curve.ctx), 1);
    point_write(point, c->key);
    integer(r, finite ? u1 + u2 * d : 1);
    if (finite) {
        assert_int_equal(EC_POINT_mul(curve.group, point, r, NULL, NULL, curve.ctx), 1);
        assert_int_equal(EC_POINT_get_affine_coordinates(curve.group, point, r, NULL, curve.ctx), 1);
        assert_int_equal(BN_nnmod(r, r, curve.n, curve.ctx), 1);
    }
    integer(a, u1);
    integer(b, u2);
    case_write(c, r, a, b);
    EC_POINT_free(point);
    BN_free(a);
    BN_free(b);
    BN_free(r);
    return finite;
}

/* The first point whose x is `start` or more. */
static EC_POINT *point_from(const BIGNUM *start, BIGNUM *x)
{
    EC_POINT *point = EC_POINT_new(curve.group);
    assert_non_null(BN_copy(x, start));
    while (EC_POINT_set_compressed_coordinates(curve.group, point, x, 0, curve.ctx) != 1) {
        assert_int_equal(BN_add_word(x, 1), 1);
    }
    return point;
}

/* R with x at n or above; Q = (R - u1 G) / u2. */
void maker_case_wrapped(struct maker_case *c, uint8_t plus[64])
{
    curve_open();
    BIGNUM *x = BN_new();
    BIGNUM *u1 = BN_new();
    BIGNUM *u2 = BN_new();
    BIGNUM *inverse = BN_new();
    EC_POINT *point = point_from(curve.n, x);
    EC_POINT *part = EC_POINT_new(curve.group);
    assert_true(BN_cmp(x, curve.p) < 0);
    integer(u1, -123456);
    integer(u2, 987654321);
    assert_int_equal(EC_POINT_mul(curve.group, part, u1, NULL, NULL, curve.ctx), 1);
    assert_int_equal(EC_POINT_invert(curve.group, part, curve.ctx), 1);
    assert_int_equal(EC_POINT_add(curve.group, part, part, point, curve.ctx), 1);
    assert_non_null(BN_mod_inverse(inverse, u2, curve.n, curve.ctx));
    assert_int_equal(EC_POINT_mul(curve.group, part, NULL, part, inverse, curve.ctx), 1);
    point_write(part, c->key);
    number_write(x, plus);
    assert_int_equal(BN_nnmod(x, x, curve.n, curve.ctx), 1);
    case_write(c, x, u1, u2);
    memcpy(plus + 32, c->signature + 32, 32);
    EC_POINT_free(point);
    EC_POINT_free(part);
    BN_free(x);
    BN_free(u1);
    BN_free(u2);
    BN_free(inverse);
}

void maker_number(const char *what, uint8_t *out)
{
    curve_open();
    if (strcmp(what, "order") == 0) {
        number_write(curve.n, out);
        return;
    }
    BIGNUM *x = BN_new();
    EC_POINT *point = point_from(BN_value_one(), x);
    point_write(point, out);
    if (strcmp(what, "x plus p") == 0) {
        assert_int_equal(BN_add(x, x, curve.p), 1);
        number_write(x, out);
    }
    EC_POINT_free(point);
    BN_free(x);
}

void maker_scalar(int value, uint8_t out[32])
{
    curve_open();
    BIGNUM *n = BN_new();
    integer(n, value);
    number_write(n, out);
    BN_free(n);
}

const uint8_t *maker_generator(void)
{
    static uint8_t out[64];
    curve_open();
    point_write(EC_GROUP_get0_generator(curve.group), out);
    return out;
}

void maker_multiply(const uint8_t scalar[32], const uint8_t *in, uint8_t out[64])
{
    curve_open();
    BIGNUM *k = BN_bin2bn(scalar, 32, NULL);
    EC_POINT *point = point_read(in == NULL ? maker_generator() : in);
    assert_int_equal(EC_POINT_mul(curve.group, point, NULL, point, k, curve.ctx), 1);
    point_write(point, out);
    EC_POINT_free(point);
    BN_free(k);
}

/* An EVP key; the private part may be NULL. */
static EVP_PKEY *key_read(const uint8_t *private_key, const uint8_t key[64])
{
    uint8_t bytes[65] = { 4 };
    EVP_PKEY *out = NULL;
    BIGNUM *d = private_key == NULL ? NULL : BN_bin2bn(private_key, 32, NULL);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    memcpy(bytes + 1, key, 64);
    OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
    OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, bytes, sizeof bytes);
    if (d != NULL) {
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, d);
    }
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
    assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
    assert_int_equal(EVP_PKEY_fromdata(ctx, &out, EVP_PKEY_KEYPAIR, params), 1);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    EVP_PKEY_CTX_free(ctx);
    BN_free(d);
    return out;
}

int maker_verify(const uint8_t key[64], const uint8_t digest[32], const uint8_t signature[64])
{
    uint8_t der[80];
    uint8_t *at = der;
    ECDSA_SIG *sig = ECDSA_SIG_new();
    EVP_PKEY *pkey = key_read(NULL, key);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
    ECDSA_SIG_set0(sig, BN_bin2bn(signature, 32, NULL), BN_bin2bn(signature + 32, 32, NULL));
    int len = i2d_ECDSA_SIG(sig, &at);
    assert_int_equal(EVP_PKEY_verify_init(ctx), 1);
    int good = EVP_PKEY_verify(ctx, der, (size_t)len, digest, 32) == 1;
    ECDSA_SIG_free(sig);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    return good;
}

void maker_sign(const uint8_t private_key[32], const uint8_t key[64], const uint8_t digest[32], uint8_t signature[64])
{
    uint8_t der[80];
    const uint8_t *at = der;
    size_t len = sizeof der;
    EVP_PKEY *pkey = key_read(private_key, key);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
    assert_int_equal(EVP_PKEY_sign_init(ctx), 1);
    assert_int_equal(EVP_PKEY_sign(ctx, der, &len, digest, 32), 1);
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)len);
    assert_non_null(sig);
    number_write(ECDSA_SIG_get0_r(sig), signature);
    number_write(ECDSA_SIG_get0_s(sig), signature + 32);
    ECDSA_SIG_free(sig);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(pkey);
}

void maker_limbs(unsigned i, uint32_t out[8], const uint32_t m[8])
{
    static uint64_t noise = 0x9E3779B97F4A7C15u;
    static const uint32_t corners[] = { 0, 1, 0xFFFFFFFFu, 0xFFFFFFFEu, 0x80000000u, 2 };
    for (unsigned j = 0; j < 8; j++) {
        noise ^= noise << 13;
        noise ^= noise >> 7;
        noise ^= noise << 17;
        unsigned pick = (unsigned)(noise >> 40) % 12;
        out[j] = pick < 6 && i % 4 != 0 ? corners[pick] : (uint32_t)noise;
        out[j] = pick > 8 && i % 3 == 0 ? m[j] : out[j];
    }
    for (unsigned j = 8; j-- != 0;) { /* at or above m: m - 1 */
        if (out[j] != m[j]) {
            if (out[j] < m[j]) {
                return;
            }
            break;
        }
    }
    memcpy(out, m, 32);
    out[0]--;
}

void maker_calculate(int op, uint32_t out[8], const uint32_t a[8], const uint32_t b[8], const uint32_t m[8])
{
    curve_open();
    BIGNUM *x = BN_lebin2bn((const uint8_t *)a, 32, NULL);
    BIGNUM *y = BN_lebin2bn((const uint8_t *)b, 32, NULL);
    BIGNUM *n = BN_lebin2bn((const uint8_t *)m, 32, NULL);
    BIGNUM *r = BN_new();
    assert_int_equal(BN_set_bit(r, 256), 1);
    if (op == 1) {
        assert_int_equal(BN_mod_add(x, x, y, n, curve.ctx), 1);
    } else if (op == 2) {
        assert_int_equal(BN_mod_sub(x, x, y, n, curve.ctx), 1);
    } else {
        assert_non_null(BN_mod_inverse(r, r, n, curve.ctx));
        assert_int_equal(BN_mod_mul(x, x, y, n, curve.ctx), 1);
        assert_int_equal(BN_mod_mul(x, x, r, n, curve.ctx), 1);
    }
    assert_int_equal(BN_bn2lebinpad(x, (uint8_t *)out, 32), 32);
    BN_free(x);
    BN_free(y);
    BN_free(n);
    BN_free(r);
}
