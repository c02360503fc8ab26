/* SPDX-License-Identifier: Apache-2.0 */
/* keys: key pairs (FIPS 186-5 A.2.2) and ECDH (SP 800-56A 5.7.1.2) on P-256, of crypto.h. */
#include "base/wipe.h"
#include "crypto/crypto.h"
#include "crypto/p256/secret.h"

static void public_make(uint8_t public_key[64], const uint32_t secret[P256_LIMBS])
{
    struct p256_slots slots;
    p256_point_base(&slots);
    p256_secret_mul(&slots, secret);
    p256_store(public_key, slots.n[P256_X1]);
    p256_store(public_key + 32, slots.n[P256_Y1]);
    wipe(&slots, sizeof slots);
}

status_t crypto_p256_public(const uint8_t private_key[32], uint8_t public_key[64])
{
    uint32_t secret[P256_LIMBS];
    status_t status = p256_secret_load(secret, private_key);
    if (status == STATUS_OK) {
        public_make(public_key, secret);
    }
    wipe(secret, sizeof secret);
    return status;
}

status_t crypto_p256_generate(uint8_t private_key[32], uint8_t public_key[64])
{
    uint32_t secret[P256_LIMBS];
    status_t status = p256_secret_draw(secret);
    if (status == STATUS_OK) {
        p256_store(private_key, secret);
        public_make(public_key, secret);
    }
    wipe(secret, sizeof secret);
    return status;
}

status_t crypto_p256_agree(const uint8_t private_key[32], const uint8_t peer[64], uint8_t secret[32])
{
    struct p256_slots slots;
    uint32_t key[P256_LIMBS];
    status_t status = p256_secret_load(key, private_key);
    if (status == STATUS_OK && p256_point_load(&slots, peer) != 1u) {
        status = STATUS_CRYPTO_KEY;
    }
    if (status == STATUS_OK) {
        p256_secret_mul(&slots, key);
        p256_store(secret, slots.n[P256_X1]);
    }
    wipe(&slots, sizeof slots);
    wipe(key, sizeof key);
    return status;
}
