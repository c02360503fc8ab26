/* SPDX-License-Identifier: Apache-2.0 */
/* lift: a point from its x alone (RFC 9528 appendix B), of crypto.h. */
#include <string.h>

#include "crypto/crypto.h"
#include "crypto/p256/point.h"

/* out = a ^ ((p + 1) / 4): a square root where there is one. The exponent's ones: bits 222 to 253, 190 and 94. */
static void root_take(uint32_t out[P256_LIMBS], const uint32_t a[P256_LIMBS])
{
    memcpy(out, a, P256_LIMBS * sizeof *out);
    for (unsigned bit = 253; bit-- != 0;) {
        p256_field_mul(out, out, out);
        if (bit >= 222 || bit == 190 || bit == 94) {
            p256_field_mul(out, out, a);
        }
    }
}

status_t crypto_p256_lift(const uint8_t x[32], uint8_t point[64])
{
    struct p256_slots slots;
    memset(&slots, 0, sizeof slots);
    memcpy(point, x, 32);
    memset(point + 32, 0, 32);
    (void)p256_point_load(&slots, point); /* with y = 0 it leaves x^3 - 3 x + b in T */
    root_take(slots.n[P256_Y1], slots.n[P256_T]);
    p256_field_mul(slots.n[P256_Y1], slots.n[P256_Y1], p256_plain_one);
    p256_store(point + 32, slots.n[P256_Y1]);
    return p256_point_load(&slots, point) == 1u ? STATUS_OK : STATUS_CRYPTO_KEY;
}
