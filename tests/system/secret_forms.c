/* SPDX-License-Identifier: Apache-2.0 */
/* secret_forms: see secret_forms.h. */
#include "tests/system/secret_forms.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RUN_LEAST 16u /* digits in a row */

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static struct text text_make(size_t len)
{
    const struct text out = { malloc(len + 16), len };
    if (out.data == NULL) {
        abort();
    }
    return out;
}

int text_read(const char *path, struct text *out)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        return -1;
    }
    long end = ftell(file);
    rewind(file);
    *out = text_make(end > 0 ? (size_t)end : 0);
    size_t got = fread(out->data, 1, out->len, file);
    (void)fclose(file);
    return got == out->len ? 0 : -1;
}

struct text text_backwards(struct text in)
{
    struct text out = text_make(in.len);
    for (size_t i = 0; i < in.len; i++) {
        out.data[i] = in.data[in.len - 1 - i];
    }
    return out;
}

/* ---- decoding ---- */

static int hex_digit(uint8_t c)
{
    return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

static int base64_digit(uint8_t c)
{
    const char *at = c == 0 ? NULL : strchr(base64, c);
    return at == NULL ? -1 : (int)(at - base64);
}

/* Adds the bytes of a run of digits of `bits` bits, from the digit `skip` on. */
static void run_decode(const uint8_t *digits, size_t count, size_t skip, unsigned bits, struct text *out)
{
    uint32_t held = 0;
    unsigned held_bits = 0;
    for (size_t i = skip; count >= RUN_LEAST && i < count; i++) {
        held = held << bits | digits[i];
        held_bits += bits;
        if (held_bits >= 8) {
            held_bits -= 8;
            out->data[out->len++] = (uint8_t)(held >> held_bits);
        }
    }
}

/* Runs of digits; the ends of lines do not end one of base64. */
static struct text digits_decode(struct text in, int (*digit)(uint8_t), unsigned bits, size_t skip)
{
    struct text out = text_make(in.len);
    uint8_t *run = malloc(in.len + 1);
    size_t count = 0;
    out.len = 0;
    for (size_t i = 0; run != NULL && i <= in.len; i++) {
        int value = i < in.len ? digit(in.data[i]) : -1;
        if (value >= 0) {
            run[count++] = (uint8_t)value;
        } else if (i == in.len || bits == 4 || (in.data[i] != '\n' && in.data[i] != '\r')) {
            run_decode(run, count, skip, bits, &out);
            count = 0;
        }
    }
    free(run);
    return out;
}

static struct text escapes_decode(struct text in)
{
    struct text out = text_make(in.len);
    out.len = 0;
    for (size_t i = 0; i < in.len; i++) {
        int escaped = in.data[i] == '}' && i + 1 < in.len;
        out.data[out.len++] = escaped ? (uint8_t)(in.data[++i] ^ 0x20) : in.data[i];
    }
    return out;
}

struct text text_decoded(struct text in, unsigned form)
{
    return form < 2   ? digits_decode(in, hex_digit, 4, form)
           : form < 6 ? digits_decode(in, base64_digit, 6, form - 2)
                      : escapes_decode(in);
}

/* ---- planting ---- */

static struct text hex_encode(struct text in, const char *format)
{
    struct text out = text_make(2 * in.len);
    for (size_t i = 0; i < in.len; i++) {
        char two[3];
        (void)snprintf(two, sizeof two, format, in.data[i]);
        memcpy(out.data + 2 * i, two, 2);
    }
    return out;
}

/* In lines, as PEM has them. */
static struct text base64_encode(struct text in)
{
    struct text out = text_make(2 * in.len + 8);
    const size_t digits = (in.len * 8 + 5) / 6;
    out.len = 0;
    for (size_t n = 0; n < digits; n++) {
        const size_t at = n * 6 / 8;
        const unsigned two = (unsigned)in.data[at] << 8 | (at + 1 < in.len ? in.data[at + 1] : 0u);
        if (n > 0 && n % 64 == 0) {
            out.data[out.len++] = '\n';
        }
        out.data[out.len++] = (uint8_t)base64[two >> (10 - n * 6 % 8) & 63];
    }
    return out;
}

static struct text escapes_encode(struct text in)
{
    struct text out = text_make(2 * in.len);
    out.len = 0;
    for (size_t i = 0; i < in.len; i++) {
        if (strchr("#$}*", in.data[i]) != NULL) { /* and zero, which may be escaped, too */
            out.data[out.len++] = '}';
            out.data[out.len++] = in.data[i] ^ 0x20;
        } else {
            out.data[out.len++] = in.data[i];
        }
    }
    return out;
}

static struct text encoded(struct text in, unsigned form)
{
    struct text copy = text_make(in.len);
    switch (form) {
    case TEXT_BACKWARDS:
        free(copy.data);
        return text_backwards(in);
    case 2:
    case 3:
        free(copy.data);
        return hex_encode(in, form == 2 ? "%02x" : "%02X");
    case 4:
        free(copy.data);
        return base64_encode(in);
    case 5:
        free(copy.data);
        return escapes_encode(in);
    default:
        memcpy(copy.data, in.data, in.len);
        return copy;
    }
}

struct text text_planted(struct text host, size_t at, struct text secret, unsigned form)
{
    const struct text form_of = encoded(secret, form);
    struct text out = text_make(host.len + form_of.len);
    memcpy(out.data, host.data, at);
    memcpy(out.data + at, form_of.data, form_of.len);
    memcpy(out.data + at + form_of.len, host.data + at, host.len - at);
    free(form_of.data);
    return out;
}
