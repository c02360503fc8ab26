/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hard: small tools for decisions that must withstand one skipped instruction or one flipped bit.
 * Both sides of a hardened comparison go through hard_opaque, so that the compiler can neither fold them nor
 * compare a copy with itself.
 */
#ifndef BASE_HARD_H
#define BASE_HARD_H

#include <stddef.h>
#include <stdint.h>

/* The same value, of which the compiler knows nothing any more. */
static inline uint32_t hard_opaque(uint32_t v)
{
    __asm__ volatile("" : "+r"(v) : : "memory");
    return v;
}

#define HARD_SAME 0x96A5C33Cu
#define HARD_DIFFERENT 0x695A3CC3u

/*
 * HARD: HARD_SAME when `len` bytes (a multiple of 4, at most 256) agree, else anything but HARD_SAME. The loop verifies
 * its own count: a loop that ended early does not give HARD_SAME. CT: runs over all bytes, whatever they are.
 */
uint32_t hard_compare(const uint8_t *a, const uint8_t *b, size_t len);

#endif
