/* SPDX-License-Identifier: Apache-2.0 */
/* sign: ECDSA P-256 of crypto.h (FIPS 186-5 6.4.1), with a random number for each signature (A.3.2). */
#include "base/wipe.h"
#include "crypto/crypto.h"
#include "crypto/p256/secret.h"

struct work {
    struct p256_slots slots; /* X1 is r */
    uint32_t key[P256_LIMBS];
    uint32_t number[P256_LIMBS];
    uint32_t inverse[P256_LIMBS];
    uint32_t s[P256_LIMBS];
};

/* CT: one signature with w->number. 1 when r and s are not 0, else 0. */
static uint32_t signature_make(struct work *w, const uint8_t digest[32])
{
    uint32_t *r = w->slots.n[P256_X1];
    p256_point_base(&w->slots);
    p256_secret_mul(&w->slots, w->number);
    p256_reduce(r, 0, p256_order.value);
    p256_inverse(w->inverse, w->number, &p256_order); /* R^2 / k */
    p256_load(w->s, digest);
    p256_scalar_mul(w->s, p256_plain_one, w->s); /* digest / R */
    p256_scalar_mul(w->number, w->key, r);       /* r d / R */
    uint32_t carry = p256_add(w->s, w->s, w->number);
    p256_reduce(w->s, carry, p256_order.value);
    p256_scalar_mul(w->s, w->inverse, w->s);
    return p256_reveal(p256_is_scalar(r) & p256_is_scalar(w->s));
}

status_t crypto_p256_sign(const uint8_t private_key[32], const uint8_t digest[32], uint8_t signature[64])
{
    struct work w;
    status_t status = p256_secret_load(w.key, private_key);
    uint32_t made = 0;
    for (unsigned i = 0; i < 8 && status == STATUS_OK && made == 0; i++) {
        status = p256_secret_draw(w.number);
        made = status == STATUS_OK ? signature_make(&w, digest) : 0;
    }
    if (made == 1u) {
        p256_store(signature, w.slots.n[P256_X1]);
        p256_store(signature + 32, w.s);
    } else if (status == STATUS_OK) {
        status = STATUS_TRNG_FAILED;
    }
    wipe(&w, sizeof w);
    return status;
}
