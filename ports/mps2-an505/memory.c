/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory: the functions of <string.h> that the compiler and the rooms below ask for, in place of the C library's: a
 * fifth of their size, and in words whatever the alignment (normal memory of this core takes unaligned words).
 * Built without the compiler's idea that such a loop is a call of the same function (cmake/firmware.cmake).
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct __attribute__((packed, may_alias)) word {
    uint32_t v;
};

/* From its front when `to` does not begin inside `from`; each word is read before its place is written. */
void *memmove(void *to, const void *from, size_t len)
{
    uint8_t *t = to;
    const uint8_t *f = from;
    if ((uintptr_t)to - (uintptr_t)from < len) {
        while (len-- > 0) {
            t[len] = f[len];
        }
        return to;
    }
    for (; len >= 16; len -= 16, t += 16, f += 16) {
        ((struct word *)t)[0].v = ((const struct word *)f)[0].v;
        ((struct word *)t)[1].v = ((const struct word *)f)[1].v;
        ((struct word *)t)[2].v = ((const struct word *)f)[2].v;
        ((struct word *)t)[3].v = ((const struct word *)f)[3].v;
    }
    for (; len > 0; len--) {
        *t++ = *f++;
    }
    return to;
}

void *memcpy(void *to, const void *from, size_t len)
{
    return memmove(to, from, len);
}

void *memset(void *to, int value, size_t len)
{
    uint8_t *t = to;
    uint32_t word = (uint8_t)value * 0x01010101u;
    for (; len >= 16; len -= 16, t += 16) {
        ((struct word *)t)[0].v = word;
        ((struct word *)t)[1].v = word;
        ((struct word *)t)[2].v = word;
        ((struct word *)t)[3].v = word;
    }
    for (; len > 0; len--) {
        *t++ = (uint8_t)value;
    }
    return to;
}

int memcmp(const void *a, const void *b, size_t len)
{
    const uint8_t *x = a;
    const uint8_t *y = b;
    while (len >= 4 && ((const struct word *)x)->v == ((const struct word *)y)->v) {
        x += 4;
        y += 4;
        len -= 4;
    }
    for (size_t i = 0; i < len; i++) {
        if (x[i] != y[i]) {
            return x[i] < y[i] ? -1 : 1;
        }
    }
    return 0;
}

size_t strlen(const char *text)
{
    size_t len = 0;
    while (text[len] != 0) {
        len++;
    }
    return len;
}
