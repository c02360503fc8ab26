/* SPDX-License-Identifier: Apache-2.0 */
/* tls_stream: bytes over a link that loses and repeats come once, in order. */
#include "tests/unit/test.h"

#include <stdlib.h>

#include "app/tls_stream.h"

static struct tls_stream stream;

static int setup(void **state)
{
    (void)state;
    memset(&stream, 0xEE, sizeof stream);
    tls_stream_open(&stream);
    return 0;
}

static void what_comes_twice_is_taken_once(void **state)
{
    (void)state;
    uint8_t out[16];
    assert_true(tls_stream_receive(&stream, 0, bytes_of("abcd", 4)));
    assert_true(tls_stream_receive(&stream, 0, bytes_of("abcd", 4)));
    assert_true(tls_stream_receive(&stream, 2, bytes_of("cdef", 4)));
    assert_int_equal(tls_stream_take(&stream, out, sizeof out), 6);
    assert_memory_equal(out, "abcdef", 6);
    assert_true(tls_stream_receive(&stream, 2, bytes_of("cdefg", 5)));
    assert_int_equal(tls_stream_take(&stream, out, sizeof out), 1);
    assert_int_equal(out[0], 'g');
    assert_int_equal(tls_stream_end(&stream), 7);
}

static void gap_is_refused(void **state)
{
    (void)state;
    assert_false(tls_stream_receive(&stream, 1, bytes_of("b", 1)));
    assert_false(tls_stream_receive(&stream, UINT32_MAX / 2, bytes_of("b", 1)));
    assert_int_equal(tls_stream_end(&stream), 0);
}

static void what_does_not_fit_is_not_taken_at_all(void **state)
{
    (void)state;
    static const uint8_t zeros[TLS_STREAM_MAX + 1];
    uint8_t out[1];
    assert_false(tls_stream_receive(&stream, 0, bytes_of(zeros, sizeof zeros)));
    assert_int_equal(tls_stream_end(&stream), 0);
    assert_true(tls_stream_receive(&stream, 0, bytes_of(zeros, TLS_STREAM_MAX)));
    assert_false(tls_stream_receive(&stream, TLS_STREAM_MAX, bytes_of("x", 1)));
    assert_int_equal(tls_stream_take(&stream, out, 1), 1);
    assert_true(tls_stream_receive(&stream, TLS_STREAM_MAX, bytes_of("x", 1)));
}

static void what_was_not_acknowledged_is_given_again(void **state)
{
    (void)state;
    assert_int_equal(tls_stream_add(&stream, bytes_of("abcdef", 6)), 6);
    assert_true(bytes_equal(tls_stream_from(&stream, 0, 4), bytes_of("abcd", 4)));
    assert_true(bytes_equal(tls_stream_from(&stream, 0, 4), bytes_of("abcd", 4)));
    assert_true(bytes_equal(tls_stream_from(&stream, 4, 4), bytes_of("ef", 2)));
    assert_int_equal(tls_stream_from(&stream, 6, 4).len, 0);
    assert_int_equal(tls_stream_from(&stream, 0, 4).len, 0); /* forgotten */
    assert_int_equal(tls_stream_from(&stream, 7, 4).len, 0); /* never was */
}

/* Sender and receiver with a link that repeats and drops at random: the same bytes come out. */
static void any_loss_and_repetition_leaves_the_bytes_whole(void **state)
{
    (void)state;
    static struct tls_stream back;
    uint8_t sent = 0;
    uint8_t expected = 0;
    uint32_t have = 0;
    srand(7);
    tls_stream_open(&back);
    for (int i = 0; i < 20000; i++) {
        uint8_t byte = sent;
        if (tls_stream_add(&back, bytes_of(&byte, 1)) == 1) {
            sent++;
        }
        struct bytes view = tls_stream_from(&back, have, (size_t)(rand() % 50));
        for (int n = rand() % 3; n > 0; n--) {
            (void)tls_stream_receive(&stream, have, view);
        }
        if (rand() % 2) { /* else the answer was lost: the same place again */
            have = tls_stream_end(&stream);
        }
        while (tls_stream_take(&stream, &byte, 1) == 1) {
            assert_int_equal(byte, expected);
            expected++;
        }
    }
    assert_true(tls_stream_end(&stream) > 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_comes_twice_is_taken_once, setup),
        cmocka_unit_test_setup(gap_is_refused, setup),
        cmocka_unit_test_setup(what_does_not_fit_is_not_taken_at_all, setup),
        cmocka_unit_test_setup(what_was_not_acknowledged_is_given_again, setup),
        cmocka_unit_test_setup(any_loss_and_repetition_leaves_the_bytes_whole, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
