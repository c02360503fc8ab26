/* SPDX-License-Identifier: Apache-2.0 */
/* text: see text.h. */
#include "host/lib/text.h"

#include <string.h>

/* The least value that a sequence of this many bytes may stand for. */
static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };

static size_t sequence_len(uint8_t lead)
{
    return lead < 0x80                    ? 1
           : lead >= 0xF0 && lead <= 0xF4 ? 4
           : lead >= 0xE0 && lead < 0xF0  ? 3
           : lead >= 0xC2 && lead < 0xE0  ? 2
                                          : 0;
}

static int is_steering(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x200E || c == 0x200F || (c >= 0x2028 && c <= 0x202E) ||
           (c >= 0x2066 && c <= 0x2069);
}

size_t text_char_len(const char *text, size_t len)
{
    uint8_t lead = (uint8_t)text[0];
    size_t n = sequence_len(lead);
    if (n == 0 || n > len) {
        return 0;
    }
    uint32_t c = n == 1 ? lead : lead & (0x7Fu >> n);
    for (size_t i = 1; i < n; i++) {
        if (((uint8_t)text[i] & 0xC0) != 0x80) {
            return 0;
        }
        c = c << 6 | ((uint8_t)text[i] & 0x3Fu);
    }
    int sound = c >= least[n] && c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF);
    return sound && !is_steering(c) ? n : 0;
}

void text_clean(const char *in, char *out, size_t out_len)
{
    size_t left = strlen(in);
    size_t used = 0;
    while (left > 0) {
        size_t n = text_char_len(in, left);
        size_t taken = n == 0 ? 1 : n;
        if (used + taken >= out_len) {
            break;
        }
        memcpy(out + used, n == 0 ? "?" : in, taken);
        used += taken;
        in += taken;
        left -= taken;
    }
    out[used] = '\0';
}

void text_hex(const uint8_t *in, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[in[i] >> 4];
        out[2 * i + 1] = digits[in[i] & 15];
    }
    out[2 * len] = '\0';
}
