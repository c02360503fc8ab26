/* SPDX-License-Identifier: Apache-2.0 */
/* block_crypto: see block_crypto.h. */
#include "host/lib/block_crypto.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <pthread.h>

#include "base/wipe.h"
#include "host/lib/wrapping.h"
#include "wire/cose.h"

#define POINT_LEN 65

static int openssl_fault(struct fault *fault, const char *what)
{
    char text[160];
    ERR_error_string_n(ERR_get_error(), text, sizeof text);
    ERR_clear_error();
    return fault_set(fault, "%s: %s", what, text);
}

/* The curve, made once: making it costs half as much as an agreement. */
static EC_GROUP *group;
static pthread_once_t group_once = PTHREAD_ONCE_INIT;

static void group_make(void)
{
    group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
}

struct agreement {
    BN_CTX *context;
    BIGNUM *mine;
    BIGNUM *x;
    EC_POINT *point;
    EC_POINT *peer;
};

static int agreement_open(struct agreement *a, const uint8_t peer[64])
{
    uint8_t encoded[POINT_LEN] = { 0x04 };
    (void)pthread_once(&group_once, group_make);
    memcpy(encoded + 1, peer, 64);
    a->context = BN_CTX_new();
    a->mine = BN_secure_new();
    a->x = BN_secure_new();
    a->point = group == NULL ? NULL : EC_POINT_new(group);
    a->peer = group == NULL ? NULL : EC_POINT_new(group);
    return a->context != NULL && a->mine != NULL && a->x != NULL && a->point != NULL && a->peer != NULL &&
           EC_POINT_oct2point(group, a->peer, encoded, sizeof encoded, a->context) == 1;
}

static void agreement_close(struct agreement *a)
{
    EC_POINT_clear_free(a->point);
    EC_POINT_free(a->peer);
    BN_clear_free(a->mine);
    BN_clear_free(a->x);
    BN_CTX_free(a->context);
}

/* All points of the curve are of its prime order, so that a scalar between 1 and n - 1 never gives infinity.
 * CT: P-256's products of one scalar and one point take the same time for all scalars. */
static int agreement_run(struct agreement *a, uint8_t public_key[64], uint8_t secret[32])
{
    uint8_t encoded[POINT_LEN];
    do {
        if (BN_priv_rand_range(a->mine, EC_GROUP_get0_order(group)) != 1) {
            return 0;
        }
    } while (BN_is_zero(a->mine));
    BN_set_flags(a->mine, BN_FLG_CONSTTIME);
    if (EC_POINT_mul(group, a->point, a->mine, NULL, NULL, a->context) != 1 ||
        EC_POINT_point2oct(group, a->point, POINT_CONVERSION_UNCOMPRESSED, encoded, sizeof encoded, a->context) !=
            sizeof encoded ||
        EC_POINT_mul(group, a->point, NULL, a->peer, a->mine, a->context) != 1 ||
        EC_POINT_get_affine_coordinates(group, a->point, a->x, NULL, a->context) != 1 ||
        BN_bn2binpad(a->x, secret, 32) != 32) {
        return 0;
    }
    memcpy(public_key, encoded + 1, 64);
    return 1;
}

int block_ephemeral_agree(const uint8_t peer[64], uint8_t public_key[64], uint8_t secret[32], struct fault *fault)
{
    struct agreement a = { 0 };
    int result = 0;
    if (!agreement_open(&a, peer)) {
        ERR_clear_error();
        result = fault_set(fault, "the recipient's public key is not a point of P-256");
    } else if (!agreement_run(&a, public_key, secret)) {
        wipe(secret, 32);
        result = openssl_fault(fault, "ephemeral key agreement failed");
    }
    agreement_close(&a);
    return result;
}

int block_kek(const uint8_t secret[32], uint8_t kek[16], struct fault *fault)
{
    uint8_t info[COSE_KDF_CONTEXT_MAX];
    struct cbor_writer w = cbor_writer_of(info, sizeof info);
    cose_kdf_context_build(&w);
    return w.status == STATUS_OK && wrapping_kek(secret, cbor_written(&w), kek, 16) == 0
               ? 0
               : openssl_fault(fault, "HKDF failed");
}

int block_wrap(const uint8_t kek[16], const uint8_t key[16], uint8_t wrapped[24], struct fault *fault)
{
    uint8_t out[WRAPPING_MAX];
    if (wrapping_run(1, bytes_of(kek, 16), bytes_of(key, 16), out) != 24) {
        return openssl_fault(fault, "AES key wrap failed");
    }
    memcpy(wrapped, out, 24);
    return 0;
}

int block_unwrap(const uint8_t kek[16], const uint8_t wrapped[24], uint8_t key[16])
{
    uint8_t out[WRAPPING_MAX] = { 0 };
    int done = wrapping_run(0, bytes_of(kek, 16), bytes_of(wrapped, 24), out) == 16;
    memset(key, 0, 16);
    if (done) {
        memcpy(key, out, 16);
    }
    wipe(out, sizeof out);
    ERR_clear_error();
    return done ? 0 : -1;
}
