/* SPDX-License-Identifier: Apache-2.0 */
/* The station's end of a chip's UART: noise, answers that come late or twice, silence, and a line that ends. */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/station/frame_line.h"
#include "tests/unit/host_support.h"

static struct frame_line line;
static int chip;

static int setup(void **state)
{
    int pair[2];
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    frame_line_init(&line);
    frame_line_open(&line, pair[0]);
    line.again_ms = 50;
    chip = pair[1];
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    frame_line_close(&line);
    (void)close(chip);
    return 0;
}

static void chip_says(const char *text)
{
    uint8_t head[FRAME_HEAD_LEN];
    uint8_t crc[FRAME_CRC_LEN];
    struct bytes message = bytes_of(text, strlen(text));
    frame_ends_make(message, head, crc);
    assert_int_equal(write(chip, head, sizeof head), sizeof head);
    assert_int_equal(write(chip, message.data, message.len), (ssize_t)message.len);
    assert_int_equal(write(chip, crc, sizeof crc), sizeof crc);
}

/* How often the chip has got this message since the last look. */
static unsigned chip_heard(const char *text)
{
    struct frame_decoder decoder = { { 0 }, 0 };
    unsigned heard = 0;
    uint8_t byte;
    while (recv(chip, &byte, 1, MSG_DONTWAIT) == 1) {
        struct bytes message;
        if (frame_decode(&decoder, byte, &message) == STATUS_OK) {
            assert_true(bytes_equal(message, bytes_of(text, strlen(text))));
            heard++;
        }
    }
    return heard;
}

/* The answer is there before the station listens: only what comes after it sent counts, so a child says it later. */
static int ask(const char *text, const char *answer, struct bytes *got, struct fault *fault)
{
    pid_t child = fork();
    *fault = FAULT_NONE;
    if (child == 0) {
        (void)usleep(20000);
        assert_int_equal(write(chip, "noise WL", 8), 8);
        chip_says(answer);
        _exit(0);
    }
    return frame_line_exchange(&line, bytes_of(text, strlen(text)), 2000, got, fault);
}

static void answer_comes_through_noise(void **state)
{
    struct bytes got;
    struct fault fault;
    (void)state;
    support_check(ask("question", "answer", &got, &fault), &fault);
    assert_true(bytes_equal(got, bytes_of("answer", 6)));
    assert_true(chip_heard("question") >= 1);
}

static void answer_that_comes_late_or_twice_is_not_taken_for_the_next(void **state)
{
    struct bytes got;
    struct fault fault;
    (void)state;
    support_check(ask("one", "first", &got, &fault), &fault);
    chip_says("first"); /* to the message that was sent again */
    chip_says("very late");
    (void)chip_heard("one");
    support_check(ask("two", "second", &got, &fault), &fault);
    assert_true(bytes_equal(got, bytes_of("second", 6)));
}

/* The right answer came behind a late one, when nobody looked; asked again, the chip says it once more. */
static void answer_that_was_passed_over_counts_when_it_is_asked_for_again(void **state)
{
    struct bytes got;
    struct fault fault;
    (void)state;
    support_check(ask("two", "late", &got, &fault), &fault);
    assert_true(bytes_equal(got, bytes_of("late", 4)));
    chip_says("second");
    support_check(ask("two", "second", &got, &fault), &fault);
    assert_true(bytes_equal(got, bytes_of("second", 6)));
    assert_in_range(chip_heard("two"), 1, 4);
}

static void message_is_sent_again_until_the_time_is_up(void **state)
{
    struct bytes got;
    struct fault fault = FAULT_NONE;
    (void)state;
    support_check_refused(frame_line_exchange(&line, bytes_of("hello", 5), 400, &got, &fault), &fault,
                          "did not answer");
    assert_in_range(chip_heard("hello"), 3, 9);
}

/* A chip in the middle of a frame that was cut, as it stands when a station died over it. */
static void beginning_gets_through_to_a_chip_that_waits_for_the_rest_of_a_frame(void **state)
{
    static const uint8_t cut[] = { 'W', 'L', 0x08, 0x00, 0xF7, 0xFF, 1, 2, 3 };
    struct frame_decoder decoder = { { 0 }, 0 };
    struct bytes message;
    struct bytes got;
    struct fault fault = FAULT_NONE;
    unsigned heard = 0;
    uint8_t byte;
    (void)state;
    for (size_t i = 0; i < sizeof cut; i++) {
        (void)frame_decode(&decoder, cut[i], &message);
    }
    support_check_refused(frame_line_exchange(&line, bytes_of("\xF5 message", 9), 300, &got, &fault), &fault,
                          "did not answer");
    while (recv(chip, &byte, 1, MSG_DONTWAIT) == 1) {
        heard += frame_decode(&decoder, byte, &message) == STATUS_OK;
    }
    assert_in_range(heard, 1, 9);
}

static void line_that_ends_is_told(void **state)
{
    struct bytes got;
    struct fault fault = FAULT_NONE;
    (void)state;
    assert_int_equal(shutdown(chip, SHUT_WR), 0);
    support_check_refused(frame_line_exchange(&line, bytes_of("hello", 5), 400, &got, &fault), &fault, "has ended");
}

#define FRAME_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRAME_TEST(answer_comes_through_noise),
        FRAME_TEST(answer_that_comes_late_or_twice_is_not_taken_for_the_next),
        FRAME_TEST(answer_that_was_passed_over_counts_when_it_is_asked_for_again),
        FRAME_TEST(message_is_sent_again_until_the_time_is_up),
        FRAME_TEST(beginning_gets_through_to_a_chip_that_waits_for_the_rest_of_a_frame),
        FRAME_TEST(line_that_ends_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
