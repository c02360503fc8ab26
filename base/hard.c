/* SPDX-License-Identifier: Apache-2.0 */
/* hard: see hard.h. Out of line: one piece of object code to judge, and small. */
#include "base/hard.h"

uint32_t hard_compare(const uint8_t *a, const uint8_t *b, size_t len)
{
    volatile uint32_t difference = 0;
    volatile uint32_t left = (uint32_t)len;
    for (size_t i = 0; i < len; i++) {
        difference |= (uint32_t)(a[i] ^ b[i]);
        left--;
    }
    return HARD_SAME ^ hard_opaque(difference) ^ (hard_opaque(left) * 0x01010101u);
}
