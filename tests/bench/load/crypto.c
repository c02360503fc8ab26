/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crypto: linked around the slow verbs of crypto/crypto.h (the linker's --wrap). A chip has its own processor, here all
 * chips share the appliance's: so the curve and the hash are OpenSSL's, and what a chip of this process asked before,
 * of a signature or of flash that nobody has changed since, gets the same answer without the work.
 */
#define OPENSSL_SUPPRESS_DEPRECATED /* the general interface costs more than the curve */
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/obj_mac.h>
#include <openssl/sha.h>

#include "crypto/crypto.h"
#include "crypto/sha256_blocks.h"
#include "host/lib/p256.h"
#include "tests/bench/load/board.h"

#define KNOWN_MAX 64u

status_t __wrap_crypto_p256_verify(const uint8_t public_key[64], const uint8_t digest[32], const uint8_t signature[64]);
status_t __wrap_crypto_p256_sign(const uint8_t private_key[32], const uint8_t digest[32], uint8_t signature[64]);
status_t __wrap_crypto_p256_generate(uint8_t private_key[32], uint8_t public_key[64]);
status_t __wrap_crypto_p256_public(const uint8_t private_key[32], uint8_t public_key[64]);
status_t __wrap_crypto_p256_agree(const uint8_t private_key[32], const uint8_t peer[64], uint8_t secret[32]);
void __wrap_sha256_blocks(uint32_t h[8], const uint8_t *in, size_t count);

static void must(int condition)
{
    if (!condition) {
        abort();
    }
}

static const EC_GROUP *curve(void)
{
    static EC_GROUP *group;
    if (group == NULL) {
        group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
        must(group != NULL);
    }
    return group;
}

status_t __wrap_crypto_p256_verify(const uint8_t public_key[64], const uint8_t digest[32], const uint8_t signature[64])
{
    static uint8_t known[KNOWN_MAX][160];
    static unsigned count;
    uint8_t question[160];
    memcpy(question, public_key, 64);
    memcpy(question + 64, digest, 32);
    memcpy(question + 96, signature, 64);
    for (unsigned i = 0; i < count && i < KNOWN_MAX; i++) {
        if (memcmp(known[i], question, sizeof question) == 0) {
            return STATUS_OK;
        }
    }
    status_t status = p256_verify(public_key, digest, signature);
    if (status == STATUS_OK) {
        memcpy(known[count++ % KNOWN_MAX], question, sizeof question);
    }
    return status;
}

static void point_store(const EC_POINT *point, uint8_t out[64])
{
    uint8_t encoded[65];
    must(EC_POINT_point2oct(curve(), point, POINT_CONVERSION_UNCOMPRESSED, encoded, sizeof encoded, NULL) == 65);
    memcpy(out, encoded + 1, 64);
}

status_t __wrap_crypto_p256_public(const uint8_t private_key[32], uint8_t public_key[64])
{
    BIGNUM *secret = BN_bin2bn(private_key, 32, NULL);
    EC_POINT *point = EC_POINT_new(curve());
    must(secret != NULL && point != NULL && EC_POINT_mul(curve(), point, secret, NULL, NULL, NULL) == 1);
    point_store(point, public_key);
    EC_POINT_free(point);
    BN_clear_free(secret);
    return STATUS_OK;
}

status_t __wrap_crypto_p256_generate(uint8_t private_key[32], uint8_t public_key[64])
{
    BIGNUM *secret = BN_new();
    must(secret != NULL);
    do {
        must(BN_priv_rand_range(secret, EC_GROUP_get0_order(curve())) == 1);
    } while (BN_is_zero(secret));
    must(BN_bn2binpad(secret, private_key, 32) == 32);
    BN_clear_free(secret);
    return __wrap_crypto_p256_public(private_key, public_key);
}

status_t __wrap_crypto_p256_sign(const uint8_t private_key[32], const uint8_t digest[32], uint8_t signature[64])
{
    EC_KEY *key = EC_KEY_new();
    BIGNUM *secret = BN_bin2bn(private_key, 32, NULL);
    must(key != NULL && secret != NULL && EC_KEY_set_group(key, curve()) == 1 &&
         EC_KEY_set_private_key(key, secret) == 1);
    ECDSA_SIG *made = ECDSA_do_sign(digest, 32, key);
    must(made != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(made), signature, 32) == 32 &&
         BN_bn2binpad(ECDSA_SIG_get0_s(made), signature + 32, 32) == 32);
    ECDSA_SIG_free(made);
    BN_clear_free(secret);
    EC_KEY_free(key);
    return STATUS_OK;
}

status_t __wrap_crypto_p256_agree(const uint8_t private_key[32], const uint8_t peer[64], uint8_t secret[32])
{
    uint8_t encoded[65] = { 0x04 };
    uint8_t shared[64];
    BIGNUM *own = BN_bin2bn(private_key, 32, NULL);
    EC_POINT *point = EC_POINT_new(curve());
    memcpy(encoded + 1, peer, 64);
    must(own != NULL && point != NULL);
    int good = EC_POINT_oct2point(curve(), point, encoded, sizeof encoded, NULL) == 1;
    if (good) {
        must(EC_POINT_mul(curve(), point, NULL, point, own, NULL) == 1);
        point_store(point, shared);
        memcpy(secret, shared, 32);
    }
    EC_POINT_free(point);
    BN_clear_free(own);
    return good ? STATUS_OK : STATUS_CRYPTO_KEY;
}

/* ---- the hash ---- */

#define HASHED_MAX 32u
#define HASHED_LEAST 64u /* blocks for which it is worth while */

static void blocks_hash(uint32_t h[8], const uint8_t *in, size_t count)
{
    SHA256_CTX context;
    memset(&context, 0, sizeof context);
    memcpy(context.h, h, sizeof context.h);
    (void)SHA256_Update(&context, in, 64 * count);
    memcpy(h, context.h, sizeof context.h);
}

/* A piece of flash that was hashed: from this state to that. */
struct hashed {
    uint32_t off;
    uint32_t len;
    uint64_t version;
    uint32_t from[8];
    uint32_t to[8];
};

void __wrap_sha256_blocks(uint32_t h[8], const uint8_t *in, size_t count)
{
    static struct hashed hashed[HASHED_MAX];
    static unsigned next;
    if (count < HASHED_LEAST || in < board.flash || in + 64 * count > board.flash + sizeof board.flash) {
        blocks_hash(h, in, count);
        return;
    }
    struct hashed asked = { .off = (uint32_t)(in - board.flash), .len = (uint32_t)(64 * count) };
    asked.version = board_flash_version(asked.off, asked.len);
    memcpy(asked.from, h, sizeof asked.from);
    for (unsigned i = 0; i < HASHED_MAX; i++) {
        const struct hashed *known = &hashed[i];
        if (known->off == asked.off && known->len == asked.len && known->version == asked.version &&
            memcmp(known->from, asked.from, sizeof asked.from) == 0) {
            memcpy(h, known->to, sizeof known->to);
            return;
        }
    }
    blocks_hash(h, in, count);
    memcpy(asked.to, h, sizeof asked.to);
    hashed[next++ % HASHED_MAX] = asked;
}
