/* SPDX-License-Identifier: Apache-2.0 */
/* crypto_support: see crypto_support.h. */
#include "tests/unit/crypto_support.h"

#include <string.h>

#include "tests/unit/test.h"

static unsigned digit_of(char c)
{
    const char *digits = "0123456789abcdef";
    const char *at = strchr(digits, c);
    assert_true(c != 0 && at != NULL);
    return (unsigned)(at - digits);
}

size_t hex_read(const char *text, uint8_t *out, size_t room)
{
    size_t len = strlen(text) / 2;
    assert_true(len <= room);
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)(digit_of(text[2 * i]) << 4 | digit_of(text[2 * i + 1]));
    }
    return len;
}

static uint32_t random_next(void)
{
    static uint64_t x = 0x9E3779B97F4A7C15ull;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return (uint32_t)(x >> 32);
}

size_t random_below(size_t limit)
{
    return random_next() % limit;
}

void random_shape(uint8_t *out, size_t len, unsigned shape)
{
    for (size_t i = 0; i < len; i++) {
        uint8_t byte = (uint8_t)random_next();
        out[i] = shape == 0 ? byte : shape == 1 ? 0xFF : shape == 2 ? 0 : (byte & 1) ? 0xFF : 0;
    }
    if (shape == 2 && len > 0) {
        out[random_below(len)] = (uint8_t)(1u << random_below(8));
    }
}
