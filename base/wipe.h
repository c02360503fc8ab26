/* SPDX-License-Identifier: Apache-2.0 */
/* wipe: erases a secret from memory in a way that the compiler may not remove. */
#ifndef BASE_WIPE_H
#define BASE_WIPE_H

#include <stddef.h>

/* Sets `len` bytes at `p` to zero. The barrier tells the compiler that somebody reads them. */
static inline void wipe(void *p, size_t len)
{
    volatile unsigned char *at = (volatile unsigned char *)p;
    while (len-- != 0) {
        *at++ = 0;
    }
    __asm__ volatile("" : : "r"(p) : "memory");
}

#endif
