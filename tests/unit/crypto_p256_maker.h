/* SPDX-License-Identifier: Apache-2.0 */
/* crypto_p256_maker: cases for the curve, made with OpenSSL's big numbers and points. Asserts on failure. */
#ifndef TESTS_UNIT_CRYPTO_P256_MAKER_H
#define TESTS_UNIT_CRYPTO_P256_MAKER_H

#include <stdint.h>
#include <stddef.h>

struct maker_case {
    uint8_t key[64];
    uint8_t digest[32];
    uint8_t signature[64];
};

void maker_hex(const char *hex, uint8_t *out, size_t len);
/* A signature whose check adds u1 G + u2 Q with Q = d G. 1, or 0 when the sum is infinity: then r is 1. */
int maker_case_of(struct maker_case *c, int u1, int u2, int d);
/* A right signature whose point has x in n..p-1; `plus` is the same with r + n for r. */
void maker_case_wrapped(struct maker_case *c, uint8_t plus[64]);
/* "order": n. "x": a point with x below 2^256 - p. "x plus p": the same point, x written as x + p. */
void maker_number(const char *what, uint8_t *out);
/* value modulo n. */
void maker_scalar(int value, uint8_t out[32]);
const uint8_t *maker_generator(void);
/* out = scalar times the point, or times the generator when that is NULL. */
void maker_multiply(const uint8_t scalar[32], const uint8_t *point, uint8_t out[64]);
int maker_verify(const uint8_t key[64], const uint8_t digest[32], const uint8_t signature[64]);
void maker_sign(const uint8_t private_key[32], const uint8_t key[64], const uint8_t digest[32], uint8_t signature[64]);
/* The i-th pattern of limbs, many of them 0, 1 or near all ones; below m. */
void maker_limbs(unsigned i, uint32_t out[8], const uint32_t m[8]);
/* op 0 and 3: a b / 2^256, 1: a + b, 2: a - b, modulo m. */
void maker_calculate(int op, uint32_t out[8], const uint32_t a[8], const uint32_t b[8], const uint32_t m[8]);

#endif
