/* SPDX-License-Identifier: Apache-2.0 */
/* sha256_blocks: the compression function of SHA-256 (FIPS 180-4 section 6.2.2). */
#ifndef CRYPTO_SHA256_BLOCKS_H
#define CRYPTO_SHA256_BLOCKS_H

#include <stddef.h>
#include <stdint.h>

/* Takes `count` blocks of 64 bytes at `in` (any alignment) into `h`. time: CT. */
void sha256_blocks(uint32_t h[8], const uint8_t *in, size_t count);

#endif
