/* SPDX-License-Identifier: Apache-2.0 */
/*
 * point: points of P-256 in Jacobian coordinates, x = X / Z^2 and y = Y / Z^3, all in Montgomery form. Z = 0 is the
 * point at infinity, and then X is not 0.
 */
#ifndef CRYPTO_P256_POINT_H
#define CRYPTO_P256_POINT_H

#include <stddef.h>

#include "base/status.h"
#include "crypto/p256/limbs.h"

struct p256_point {
    uint32_t x[P256_LIMBS];
    uint32_t y[P256_LIMBS];
    uint32_t z[P256_LIMBS];
};

/* P, 3P, ... 15P: with `limbs` 24 whole points, with 16 only x and y (Z is 1). */
#define P256_TABLE_COUNT 8
struct p256_table {
    const uint32_t *first;
    uint32_t limbs;
};
extern const struct p256_table p256_base; /* of the generator */
extern const uint32_t p256_one[P256_LIMBS];
extern const uint32_t p256_b[P256_LIMBS];

/* Reads X then Y, big-endian; Z becomes 1. STATUS_OK or CRYPTO_KEY when a coordinate is not below p or the point is not
 * on the curve. time: depends on the point, which is public. */
status_t p256_point_load(struct p256_point *p, const uint8_t in[64]);
/* time: the same for all points, for this one and the next four. */
void p256_point_double(struct p256_point *p);
/* p += q; `limbs` as in a table: with 16, q's Z is taken as 1. Neither is infinity. When p and q were opposite, p
 * becomes infinity; when they were equal, X, Y and Z become 0: the caller doubles q instead. */
void p256_point_add(struct p256_point *p, const struct p256_point *q, uint32_t limbs);
/* y becomes -y where the mask is all ones. */
void p256_point_negate(struct p256_point *p, uint32_t mask);
/* The odd multiples of `p`, for a table of 24 limbs. */
void p256_point_multiples(struct p256_point out[P256_TABLE_COUNT], const struct p256_point *p);
/* X and Y become the plain affine coordinates, no longer in Montgomery form; Z stays. Infinity gives 0 and 0. */
void p256_point_affine(struct p256_point *p);

#endif
