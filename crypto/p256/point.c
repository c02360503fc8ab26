/* SPDX-License-Identifier: Apache-2.0 */
/*
 * point: see point.h. The formulas are the usual ones for a = -3, arranged for few additions, and stand as lists of
 * steps: a step is two bytes, a call would be ten.
 */
#include "crypto/p256/point.h"

#include <string.h>

enum { MUL, ADD, SUB };
#define STEP(what, out, a, b)                                                                                          \
    (uint16_t)((unsigned)(what) << 12 | (unsigned)(P256_##out) << 8 | (unsigned)(P256_##a) << 4 | (unsigned)(P256_##b))
#define END 0 /* X1 X1 into X1: no step of any list */

/* T is R^2, U is b, Z1 is 1: into Montgomery form; T = (x^2 - 3) x + b - y^2. */
static const uint16_t load_steps[] = { STEP(MUL, X1, X1, T),
                                       STEP(MUL, Y1, Y1, T),
                                       STEP(MUL, T, X1, X1),
                                       STEP(SUB, T, T, Z1),
                                       STEP(SUB, T, T, Z1),
                                       STEP(SUB, T, T, Z1),
                                       STEP(MUL, T, T, X1),
                                       STEP(ADD, T, T, U),
                                       STEP(MUL, U, Y1, Y1),
                                       STEP(SUB, T, T, U),
                                       END };

/* T = 3 (X - Z^2) (X + Z^2); Z' = 2 Y Z; V = 4 X Y^2; X' = T^2 - 2 V; Y' = T (V - X') - 8 Y^4. */
static const uint16_t double_steps[] = {
    STEP(MUL, T, Z1, Z1), STEP(SUB, U, X1, T),   STEP(ADD, T, X1, T),   STEP(MUL, T, T, U),   STEP(ADD, U, T, T),
    STEP(ADD, T, T, U),   STEP(MUL, Z1, Y1, Z1), STEP(ADD, Z1, Z1, Z1), STEP(MUL, U, Y1, Y1), STEP(ADD, U, U, U),
    STEP(ADD, V, U, U),   STEP(MUL, Y1, U, V),   STEP(MUL, V, V, X1),   STEP(MUL, X1, T, T),  STEP(SUB, X1, X1, V),
    STEP(SUB, X1, X1, V), STEP(SUB, V, V, X1),   STEP(MUL, V, V, T),    STEP(SUB, Y1, V, Y1), END
};

/* U = X2 Z1^2 - X1 Z2^2 = H; V = Y2 Z1^3 - Y1 Z2^3; Z' = Z1 Z2 H; T = X1 Z2^2 H^2; X' = V^2 - H^3 - 2 T;
 * Y' = V (T - X') - Y1 Z2^3 H^3. */
static const uint16_t add_steps[] = { STEP(MUL, T, Z1, Z1), STEP(MUL, U, X2, T),  STEP(MUL, T, T, Z1),
                                      STEP(MUL, V, Y2, T),  STEP(MUL, T, Z2, Z2), STEP(MUL, X1, X1, T),
                                      STEP(MUL, T, T, Z2),  STEP(MUL, Y1, Y1, T), STEP(MUL, Z1, Z1, Z2),
                                      STEP(SUB, U, U, X1),  STEP(SUB, V, V, Y1),  STEP(MUL, Z1, Z1, U),
                                      STEP(MUL, T, U, U),   STEP(MUL, U, U, T),   STEP(MUL, T, T, X1),
                                      STEP(MUL, X1, V, V),  STEP(SUB, X1, X1, U), STEP(SUB, X1, X1, T),
                                      STEP(SUB, X1, X1, T), STEP(MUL, U, U, Y1),  STEP(SUB, T, T, X1),
                                      STEP(MUL, T, T, V),   STEP(SUB, Y1, T, U),  END };

static const uint16_t negative_steps[] = { STEP(SUB, T, Y2, Y2), STEP(SUB, T, T, Y2), END };

/* T is 1 / Z, U is a plain 1. */
static const uint16_t affine_steps[] = { STEP(MUL, V, T, T),
                                         STEP(MUL, X1, X1, V),
                                         STEP(MUL, V, V, T),
                                         STEP(MUL, Y1, Y1, V),
                                         STEP(MUL, X1, X1, U),
                                         STEP(MUL, Y1, Y1, U),
                                         END };

static void run(struct p256_slots *s, const uint16_t *step)
{
    static void (*const what[])(uint32_t *, const uint32_t *, const uint32_t *) = { p256_field_mul, p256_field_add,
                                                                                    p256_field_sub };
    for (; *step != END; step++) {
        what[*step >> 12](s->n[*step >> 8 & 15u], s->n[*step >> 4 & 15u], s->n[*step & 15u]);
    }
}

void p256_point_base(struct p256_slots *s)
{
    memcpy(s->n[P256_X1], &p256_generator, sizeof p256_generator);
}

uint32_t p256_point_load(struct p256_slots *s, const uint8_t in[64])
{
    p256_point_base(s); /* for Z1 */
    p256_load(s->n[P256_X1], in);
    p256_load(s->n[P256_Y1], in + 32);
    if (!p256_is_below(s->n[P256_X1], p256_prime.value) || !p256_is_below(s->n[P256_Y1], p256_prime.value)) {
        return 0;
    }
    memcpy(s->n[P256_T], p256_load_numbers, sizeof p256_load_numbers);
    run(s, load_steps);
    return p256_is_zero(s->n[P256_T]);
}

void p256_point_double(struct p256_slots *s)
{
    run(s, double_steps);
}

void p256_point_add(struct p256_slots *s)
{
    run(s, add_steps);
}

void p256_point_negative(struct p256_slots *s)
{
    run(s, negative_steps);
}

void p256_point_multiples(struct p256_slots *s, struct p256_point *out, size_t count)
{
    memcpy(out, s->n[P256_X1], sizeof *out);
    p256_point_double(s);
    memcpy(s->n[P256_X2], s->n[P256_X1], sizeof *out);
    memcpy(s->n[P256_X1], out, sizeof *out);
    while (--count != 0) {
        p256_point_add(s);
        memcpy(++out, s->n[P256_X1], sizeof *out);
    }
}

void p256_point_affine(struct p256_slots *s)
{
    p256_inverse(s->n[P256_T], s->n[P256_Z1], &p256_prime);
    memcpy(s->n[P256_U], p256_plain_one, sizeof p256_plain_one);
    run(s, affine_steps);
}
