/* SPDX-License-Identifier: Apache-2.0 */
/*
 * point: points of P-256 in Jacobian coordinates, x = X / Z^2 and y = Y / Z^3, in Montgomery form; Z = 0 is infinity.
 * All work is done in one set of slots: a point P, a point Q, and three numbers for the way between.
 */
#ifndef CRYPTO_P256_POINT_H
#define CRYPTO_P256_POINT_H

#include <stddef.h>

#include "crypto/p256/limbs.h"

enum { P256_X1, P256_Y1, P256_Z1, P256_X2, P256_Y2, P256_Z2, P256_T, P256_U, P256_V, P256_SLOTS };
struct p256_slots {
    uint32_t n[P256_SLOTS][P256_LIMBS];
};
struct p256_point {
    uint32_t n[3][P256_LIMBS];
};

/* P = the generator. */
void p256_point_base(struct p256_slots *s);
/* Reads P: X then Y, big-endian. 1, or 0 when a coordinate is not below p or the point is not on the curve. time:
 * depends on the point, which is public. */
uint32_t p256_point_load(struct p256_slots *s, const uint8_t in[64]);
/* The steps below take the same time for all points. P becomes 2 P, also for infinity. */
void p256_point_double(struct p256_slots *s);
/* P += Q; neither is infinity. Opposite points give infinity with X not 0; equal points give X, Y and Z all 0: then the
 * caller takes 2 Q instead. */
void p256_point_add(struct p256_slots *s);
/* T = -Y of Q. */
void p256_point_negative(struct p256_slots *s);
/* out = P, 3 P, 5 P, ... (`count` of them). P and Q change. */
void p256_point_multiples(struct p256_slots *s, struct p256_point *out, size_t count);
/* X1 and Y1 become the plain affine coordinates, no longer in Montgomery form; Z1 stays. Infinity gives 0 and 0. */
void p256_point_affine(struct p256_slots *s);

#endif
