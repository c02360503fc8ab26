/* SPDX-License-Identifier: Apache-2.0 */
/* point: see point.h. The formulas are the usual ones for a = -3, arranged for few additions. */
#include "crypto/p256/point.h"

#include <string.h>

#include "base/wipe.h"

#define mul p256_field_mul
#define add p256_field_add
#define sub p256_field_sub

status_t p256_point_load(struct p256_point *p, const uint8_t in[64])
{
    uint32_t left[P256_LIMBS];
    uint32_t right[P256_LIMBS];
    p256_load(p->x, in);
    p256_load(p->y, in + 32);
    memcpy(p->z, p256_one, sizeof p->z);
    if (!p256_is_below(p->x, p256_prime.value) || !p256_is_below(p->y, p256_prime.value)) {
        return STATUS_CRYPTO_KEY;
    }
    mul(p->x, p->x, p256_prime.square);
    mul(p->y, p->y, p256_prime.square);
    mul(left, p->y, p->y);
    mul(right, p->x, p->x); /* (x^2 - 3) x + b */
    for (unsigned i = 0; i < 3; i++) {
        sub(right, right, p256_one);
    }
    mul(right, right, p->x);
    add(right, right, p256_b);
    return memcmp(left, right, sizeof left) == 0 ? STATUS_OK : STATUS_CRYPTO_KEY;
}

void p256_point_double(struct p256_point *p)
{
    uint32_t slope[P256_LIMBS];
    uint32_t t[P256_LIMBS];
    uint32_t u[P256_LIMBS];
    mul(slope, p->z, p->z); /* 3 (X - Z^2) (X + Z^2) */
    sub(t, p->x, slope);
    add(slope, p->x, slope);
    mul(slope, slope, t);
    add(t, slope, slope);
    add(slope, slope, t);
    mul(p->z, p->y, p->z); /* 2 Y Z */
    add(p->z, p->z, p->z);
    mul(t, p->y, p->y);
    add(t, t, t);
    add(u, t, t);
    mul(p->y, t, u); /* 8 Y^4 */
    mul(u, u, p->x); /* 4 X Y^2 */
    mul(p->x, slope, slope);
    sub(p->x, p->x, u);
    sub(p->x, p->x, u);
    sub(u, u, p->x);
    mul(u, u, slope);
    sub(p->y, u, p->y);
}

void p256_point_add(struct p256_point *p, const struct p256_point *q, uint32_t limbs)
{
    uint32_t t[P256_LIMBS];
    uint32_t h[P256_LIMBS]; /* X2 Z1^2 - X1 Z2^2 */
    uint32_t r[P256_LIMBS]; /* Y2 Z1^3 - Y1 Z2^3 */
    mul(t, p->z, p->z);
    mul(h, q->x, t);
    mul(t, t, p->z);
    mul(r, q->y, t);
    if (limbs == 24) {
        mul(t, q->z, q->z);
        mul(p->x, p->x, t);
        mul(t, t, q->z);
        mul(p->y, p->y, t);
        mul(p->z, p->z, q->z);
    }
    sub(h, h, p->x);
    sub(r, r, p->y);
    mul(p->z, p->z, h);
    mul(t, h, h);
    mul(h, h, t);
    mul(t, t, p->x);
    mul(p->x, r, r);
    sub(p->x, p->x, h);
    sub(p->x, p->x, t);
    sub(p->x, p->x, t);
    mul(h, h, p->y);
    sub(t, t, p->x);
    mul(t, t, r);
    sub(p->y, t, h);
}

void p256_point_negate(struct p256_point *p, uint32_t mask)
{
    uint32_t t[P256_LIMBS];
    sub(t, p->y, p->y);
    sub(t, t, p->y);
    p256_select(p->y, t, mask);
}

void p256_point_multiples(struct p256_point out[P256_TABLE_COUNT], const struct p256_point *p)
{
    struct p256_point twice = *p;
    p256_point_double(&twice);
    out[0] = *p;
    for (unsigned i = 1; i < P256_TABLE_COUNT; i++) {
        out[i] = out[i - 1];
        p256_point_add(&out[i], &twice, 24);
    }
}

void p256_point_affine(struct p256_point *p)
{
    static const uint32_t plain_one[P256_LIMBS] = { 1 };
    uint32_t inverse[P256_LIMBS];
    uint32_t t[P256_LIMBS];
    p256_inverse(inverse, p->z, &p256_prime);
    mul(t, inverse, inverse);
    mul(p->x, p->x, t);
    mul(t, t, inverse);
    mul(p->y, p->y, t);
    mul(p->x, p->x, plain_one);
    mul(p->y, p->y, plain_one);
    wipe(inverse, sizeof inverse);
    wipe(t, sizeof t);
}
