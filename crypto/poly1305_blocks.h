/* SPDX-License-Identifier: Apache-2.0 */
/* poly1305_blocks: the inner loop of Poly1305, once in C (poly1305_blocks.c) and once in Thumb-2 (poly1305_armv8m.S).
 */
#ifndef CRYPTO_POLY1305_BLOCKS_H
#define CRYPTO_POLY1305_BLOCKS_H

#include "crypto/crypto.h"

/* h = (h + block + top x 2^128) x r for each of `count` blocks of 16 bytes at `in` (any alignment). `top` is 1, or 0
 * for a last block that carries its own end mark. h is reduced to less than 2^130 + 2^34. time: CT. */
void poly1305_blocks(struct crypto_poly1305 *p, const uint8_t *in, size_t count, uint32_t top);

#endif
