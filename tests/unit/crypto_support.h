/* SPDX-License-Identifier: Apache-2.0 */
/* crypto_support: what the tests of crypto/ share: hexadecimal vectors, and random numbers that come again. */
#ifndef TESTS_UNIT_CRYPTO_SUPPORT_H
#define TESTS_UNIT_CRYPTO_SUPPORT_H

#include <stddef.h>
#include <stdint.h>

/* Reads hexadecimal text into `out` (at most `room` bytes, else the test fails); gives the count of bytes. */
size_t hex_read(const char *text, uint8_t *out, size_t room);
/* A number below `limit`, from a generator with a fixed seed: a failure comes again. */
size_t random_below(size_t limit);
/* Fills `out`. shape 0: random; 1: all ones; 2: zeros with one random bit; 3: each byte 00 or FF. */
void random_shape(uint8_t *out, size_t len, unsigned shape);

#endif
