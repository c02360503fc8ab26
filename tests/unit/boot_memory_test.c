/* SPDX-License-Identifier: Apache-2.0 */
/* boot_memory: the chip's own memmove, memset, memcmp and strlen (ports/mps2-an505/memory.c, under other names here).
 */
#include "tests/unit/test.h"

#include <string.h>

#include "tests/unit/crypto_support.h"

void *port_memmove(void *to, const void *from, size_t len);
void *port_memcpy(void *to, const void *from, size_t len);
void *port_memset(void *to, int value, size_t len);
int port_memcmp(const void *a, const void *b, size_t len);
size_t port_strlen(const char *text);

#define AREA 160

/* Every distance from -40 to 40 and every length to 80: nothing but the target changes, overlaps included. */
static void moves_equal_those_of_the_library(void **state)
{
    uint8_t ours[AREA];
    uint8_t theirs[AREA];
    (void)state;
    for (size_t to = 0; to <= 80; to++) {
        for (size_t len = 0; len <= 80; len++) {
            random_shape(ours, sizeof ours, 0);
            memcpy(theirs, ours, sizeof theirs);
            assert_ptr_equal(port_memmove(ours + to, ours + 40, len), ours + to);
            memmove(theirs + to, theirs + 40, len);
            assert_memory_equal(ours, theirs, sizeof ours);
        }
    }
}

static void copies_and_fills_stay_within_their_length(void **state)
{
    uint8_t from[AREA];
    uint8_t ours[AREA];
    uint8_t theirs[AREA];
    (void)state;
    random_shape(from, sizeof from, 0);
    for (size_t at = 0; at < 8; at++) {
        for (size_t len = 0; len <= 100; len++) {
            memset(ours, 0x11, sizeof ours);
            memset(theirs, 0x11, sizeof theirs);
            assert_ptr_equal(port_memcpy(ours + at, from + 3, len), ours + at);
            memcpy(theirs + at, from + 3, len);
            assert_memory_equal(ours, theirs, sizeof ours);
            assert_ptr_equal(port_memset(ours + at, 0x3A5, len), ours + at);
            memset(theirs + at, 0xA5, len);
            assert_memory_equal(ours, theirs, sizeof ours);
        }
    }
}

/* The first byte that differs decides, as an unsigned number. */
static void comparison_finds_the_first_difference(void **state)
{
    uint8_t a[40];
    uint8_t b[40];
    (void)state;
    for (size_t len = 0; len <= sizeof a; len++) {
        random_shape(a, sizeof a, 0);
        memcpy(b, a, sizeof b);
        assert_int_equal(port_memcmp(a, b, len), 0);
        for (size_t at = 0; at < len; at++) {
            memcpy(b, a, sizeof b);
            b[at] ^= 0x80;
            memset(b + at + 1, 0x55, sizeof b - at - 1);
            int result = port_memcmp(a, b, len);
            assert_true(a[at] < b[at] ? result < 0 : result > 0);
            assert_int_equal(port_memcmp(a, b, at), 0);
        }
    }
}

static void length_ends_at_the_first_zero(void **state)
{
    char text[20] = "0123456789";
    (void)state;
    for (size_t len = 10; len > 0; len--) {
        text[len] = 0;
        assert_int_equal(port_strlen(text), len);
    }
    assert_int_equal(port_strlen(""), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moves_equal_those_of_the_library),
        cmocka_unit_test(copies_and_fills_stay_within_their_length),
        cmocka_unit_test(comparison_finds_the_first_difference),
        cmocka_unit_test(length_ends_at_the_first_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
