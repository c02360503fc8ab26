/* SPDX-License-Identifier: Apache-2.0 */
/* wire_frame: frames on a serial line: what goes in comes out, and noise costs no more than the frames that it hits. */
#include "tests/unit/test.h"

#include <string.h>

#include "wire/frame.h"

static struct frame_decoder decoder;
static uint8_t line[3 * FRAME_MAX];
static size_t line_len;
static uint8_t payload[FRAME_MESSAGE_MAX];

static int fresh(void **state)
{
    (void)state;
    memset(&decoder, 0, sizeof decoder);
    line_len = 0;
    for (size_t i = 0; i < sizeof payload; i++) {
        payload[i] = (uint8_t)(i * 31u + (i >> 8));
    }
    return 0;
}

static void frame_put(size_t len)
{
    uint8_t *at = line + line_len;
    struct bytes message = bytes_of(payload, len);
    uint8_t head[FRAME_HEAD_LEN], crc[FRAME_CRC_LEN];
    frame_ends_make(message, head, crc);
    memcpy(at, head, sizeof head);
    memcpy(at + sizeof head, payload, len);
    memcpy(at + sizeof head + len, crc, sizeof crc);
    line_len += sizeof head + len + sizeof crc;
}

/* Messages that come out of the line, all of them beginnings of `payload`; *len is the last one's. */
static unsigned line_run(size_t *len, unsigned *crc_errors)
{
    unsigned count = 0;
    *len = 0;
    *crc_errors = 0;
    for (size_t i = 0; i < line_len; i++) {
        struct bytes message;
        status_t status = frame_decode(&decoder, line[i], &message);
        *crc_errors += status == STATUS_FRAME_CRC;
        if (status == STATUS_OK) {
            assert_memory_equal(message.data, payload, message.len);
            *len = message.len;
            count++;
        }
    }
    return count;
}

static void expect(unsigned messages, size_t last_len, unsigned crc_errors)
{
    size_t len;
    unsigned errors;
    assert_int_equal(line_run(&len, &errors), messages);
    assert_int_equal(len, last_len);
    assert_int_equal(errors, crc_errors);
}

static void frames_of_every_kind_of_length_come_through(void **state)
{
    const size_t lens[] = { 1, 2, 87, 255, 256, 1024, FRAME_MESSAGE_MAX - 1, FRAME_MESSAGE_MAX };
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        (void)fresh(state);
        frame_put(lens[i]);
        expect(1, lens[i], 0);
    }
}

static void frames_one_after_the_other_come_through(void **state)
{
    (void)state;
    frame_put(100);
    frame_put(3);
    frame_put(FRAME_MESSAGE_MAX);
    expect(3, FRAME_MESSAGE_MAX, 0);
}

static void every_flipped_bit_of_a_frame_is_found(void **state)
{
    for (size_t bit = 0; bit < 8 * (FRAME_HEAD_LEN + 20 + FRAME_CRC_LEN); bit++) {
        size_t len;
        unsigned errors;
        (void)fresh(state);
        frame_put(20);
        line[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(line_run(&len, &errors), 0);
    }
}

/* The second frame after a lost byte is whole again. */
static void a_lost_byte_costs_at_most_two_frames(void **state)
{
    for (size_t lost = 0; lost < FRAME_HEAD_LEN + 20 + FRAME_CRC_LEN; lost++) {
        size_t len;
        unsigned errors;
        (void)fresh(state);
        frame_put(20);
        memmove(line + lost, line + lost + 1, line_len - lost - 1);
        line_len--;
        frame_put(30);
        frame_put(40);
        assert_in_range(line_run(&len, &errors), 1, 2);
        assert_int_equal(len, 40);
    }
}

static void half_a_head_before_a_frame_is_passed_over(void **state)
{
    static const char *const noise[] = { "W", "WW", "WL", "WLW", "LW", "WL\x01", "WL\x00\x10\x00\x10", "WLWLWL" };
    for (size_t i = 0; i < sizeof noise / sizeof noise[0]; i++) {
        (void)fresh(state);
        line_len = i == 6 ? 6 : strlen(noise[i]);
        memcpy(line, noise[i], line_len);
        frame_put(50);
        expect(1, 50, 0);
    }
}

/* Length 0 and lengths above the most are no heads. */
static void impossible_lengths_are_no_frames(void **state)
{
    static const uint8_t heads[][6] = { { 'W', 'L', 0, 0, 0xFF, 0xFF }, { 'W', 'L', 0x08, 0x01, 0xF7, 0xFE } };
    for (size_t i = 0; i < 2; i++) {
        (void)fresh(state);
        memcpy(line, heads[i], 6);
        line_len = 6;
        frame_put(9);
        expect(1, 9, 0);
    }
}

/* "123456789" has this CRC-16/XMODEM. */
static void crc_is_xmodem(void **state)
{
    uint8_t head[FRAME_HEAD_LEN], crc[FRAME_CRC_LEN];
    (void)state;
    frame_ends_make(bytes_of("123456789", 9), head, crc);
    assert_memory_equal(head, ((const uint8_t[]){ 'W', 'L', 0, 9, 0xFF, 0xF6 }), 6);
    assert_memory_equal(crc, ((const uint8_t[]){ 0x31, 0xC3 }), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(frames_of_every_kind_of_length_come_through, fresh),
        cmocka_unit_test_setup(frames_one_after_the_other_come_through, fresh),
        cmocka_unit_test_setup(every_flipped_bit_of_a_frame_is_found, fresh),
        cmocka_unit_test_setup(a_lost_byte_costs_at_most_two_frames, fresh),
        cmocka_unit_test_setup(half_a_head_before_a_frame_is_passed_over, fresh),
        cmocka_unit_test_setup(impossible_lengths_are_no_frames, fresh),
        cmocka_unit_test(crc_is_xmodem),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
