/* SPDX-License-Identifier: Apache-2.0 */
/* SMP packets and serial frames: what is encoded is decoded, and noise is dropped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/wire_cases.h"
#include "wire/smp.h"

static struct smp_decoder decoder;

static size_t packet_example(size_t body_len, uint8_t *out)
{
    const struct smp_head head = { SMP_WRITE, 0, (uint16_t)body_len, SMP_GROUP_IMAGE, 5, 1 };
    smp_head_build(&head, out);
    for (size_t i = 0; i < body_len; i++) {
        out[SMP_HEAD_LEN + i] = (uint8_t)(i * 31 + body_len);
    }
    return SMP_HEAD_LEN + body_len;
}

/* Feeds a line or several; gives the last result that is not "go on", and copies the packet. */
static status_t feed(const uint8_t *in, size_t len, uint8_t *packet, size_t *packet_len)
{
    status_t last = STATUS_NOT_FOUND;
    *packet_len = 0;
    for (size_t i = 0; i < len; i++) {
        struct bytes found;
        status_t status = smp_decode(&decoder, in[i], &found);
        assert_true(status == STATUS_OK || found.data == NULL);
        last = status != STATUS_NOT_FOUND ? status : last;
        if (status == STATUS_OK) {
            memcpy(packet, found.data, found.len);
            *packet_len = found.len;
        }
    }
    return last;
}

static void known_echo_request_is_framed_as_others_do(void **state)
{
    (void)state;
    /* Echo of "hi": 02 00 00 06 00 00 00 00 a1 61 64 62 68 69, CRC-16/XMODEM 0x0917 over it, length 16. */
    static const uint8_t packet[] = { 2, 0, 0, 6, 0, 0, 0, 0, 0xA1, 0x61, 0x64, 0x62, 0x68, 0x69 };
    uint8_t out[64];
    size_t len = 0;
    assert_int_equal(smp_encode(bytes_of(packet, sizeof packet), out, sizeof out, &len), STATUS_OK);
    static const char expected[] = "\x06\x09"
                                   "ABACAAAGAAAAAKFhZGJoaQkX\n";
    assert_int_equal(len, sizeof expected - 1);
    assert_memory_equal(out, expected, len);
}

static void each_length_is_decoded_as_encoded(void **state)
{
    (void)state;
    memset(&decoder, 0, sizeof decoder);
    for (size_t body = 0; body <= SMP_PACKET_MAX - SMP_HEAD_LEN; body++) {
        uint8_t packet[SMP_PACKET_MAX];
        uint8_t back[SMP_PACKET_MAX + 4];
        uint8_t lines[SMP_ENCODED_MAX];
        size_t len = 0;
        size_t back_len = 0;
        size_t packet_len = packet_example(body, packet);
        assert_int_equal(smp_encode(bytes_of(packet, packet_len), lines, sizeof lines, &len), STATUS_OK);
        assert_int_equal(feed(lines, len, back, &back_len), STATUS_OK);
        assert_true(bytes_equal(bytes_of(packet, packet_len), bytes_of(back, back_len)));
        size_t line = 0;
        for (size_t i = 0; i < len; i++) {
            line = lines[i] == '\n' ? 0 : line + 1;
            assert_true(line < SMP_FRAME_MAX);
        }
    }
}

static void packet_beyond_the_limit_is_not_encoded(void **state)
{
    (void)state;
    static uint8_t packet[SMP_PACKET_MAX + 1];
    static uint8_t lines[2 * SMP_ENCODED_MAX];
    size_t len = 7;
    assert_int_equal(smp_encode(bytes_of(packet, sizeof packet), lines, sizeof lines, &len), STATUS_BAD_ARGUMENT);
    assert_int_equal(smp_encode(bytes_of(packet, SMP_HEAD_LEN - 1), lines, sizeof lines, &len), STATUS_BAD_ARGUMENT);
    assert_int_equal(len, 0);
    assert_int_equal(smp_encode(bytes_of(packet, SMP_PACKET_MAX), lines, sizeof lines, &len), STATUS_OK);
    size_t needed = len;
    for (size_t capacity = 0; capacity < needed; capacity++) {
        uint8_t *exact = (uint8_t *)malloc(capacity + 1);
        assert_int_equal(smp_encode(bytes_of(packet, SMP_PACKET_MAX), exact, capacity, &len), STATUS_NO_SPACE);
        free(exact);
    }
}

static void every_flipped_bit_on_the_line_is_seen(void **state)
{
    (void)state;
    uint8_t packet[SMP_PACKET_MAX];
    uint8_t lines[SMP_ENCODED_MAX];
    uint8_t back[SMP_PACKET_MAX + 4];
    size_t len = 0;
    size_t back_len = 0;
    size_t packet_len = packet_example(150, packet);
    assert_int_equal(smp_encode(bytes_of(packet, packet_len), lines, sizeof lines, &len), STATUS_OK);
    for (size_t bit = 0; bit < 8 * len; bit++) {
        memset(&decoder, 0, sizeof decoder);
        lines[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_not_equal(feed(lines, len, back, &back_len), STATUS_OK);
        lines[bit / 8] ^= (uint8_t)(1u << bit % 8);
        (void)feed((const uint8_t *)"\n", 1, back, &back_len);
        assert_int_equal(feed(lines, len, back, &back_len), STATUS_OK);
        assert_int_equal(back_len, packet_len);
    }
}

static status_t feed_text(const char *text)
{
    uint8_t back[SMP_PACKET_MAX + 4];
    size_t back_len = 0;
    memset(&decoder, 0, sizeof decoder);
    return feed((const uint8_t *)text, strlen(text), back, &back_len);
}

static void what_is_no_frame_is_dropped(void **state)
{
    (void)state;
    assert_int_equal(feed_text("\n"), STATUS_FRAME_FORMAT);
    assert_int_equal(feed_text("hello\n"), STATUS_FRAME_FORMAT);
    assert_int_equal(feed_text("\x06\x09\n"), STATUS_FRAME_FORMAT);
    assert_int_equal(feed_text("\x06\x09"
                               "ABA\n"),
                     STATUS_FRAME_FORMAT);
    assert_int_equal(feed_text("\x04\x14"
                               "ABACAAAGAAAAAKFhZGJoaQkX\n"),
                     STATUS_FRAME_FORMAT);
    assert_int_equal(feed_text("\x06\x09"
                               "AB*C\n"),
                     STATUS_FRAME_FORMAT);
    assert_int_equal(feed_text("\x06\x09"
                               "AB==\n"),
                     STATUS_FRAME_FORMAT); /* bits under the padding */
    assert_int_equal(feed_text("\x06\x09"
                               "AAAA\n"),
                     STATUS_FRAME_FORMAT); /* length 0 */
    assert_int_equal(feed_text("\x06\x09"
                               "//8A\n"),
                     STATUS_TOO_LONG); /* length 65535 */
    assert_int_equal(feed_text("\x06\x09"
                               "ABACAAAGAAAAAKFhZGJoaQkXAAAA\n"),
                     STATUS_FRAME_FORMAT);
    assert_int_equal(feed_text("\x06\x09"
                               "ABACAAAGAAAAAKFhZGJoaQkY\n"),
                     STATUS_FRAME_CRC);
    assert_int_equal(feed_text("\x06\x09"
                               "ABACAAAGAAAAAKFhZGJoaQkX\r\n"),
                     STATUS_FRAME_FORMAT);
    assert_int_equal(feed_text("\x06\x09"
                               "ABACAAAGAAAAAKFhZGJoaQkX\n"),
                     STATUS_OK);
}

static void overlong_line_is_dropped_and_the_next_is_taken(void **state)
{
    (void)state;
    uint8_t back[SMP_PACKET_MAX + 4];
    size_t back_len = 0;
    memset(&decoder, 0, sizeof decoder);
    for (size_t i = 0; i < 100000; i++) {
        assert_int_equal(feed((const uint8_t *)"A", 1, back, &back_len), STATUS_NOT_FOUND);
    }
    assert_int_equal(feed((const uint8_t *)"\n", 1, back, &back_len), STATUS_TOO_LONG);
    static const char good[] = "\x06\x09"
                               "ABACAAAGAAAAAKFhZGJoaQkX\n";
    assert_int_equal(feed((const uint8_t *)good, sizeof good - 1, back, &back_len), STATUS_OK);
    assert_int_equal(back_len, 14);
}

static void new_packet_replaces_an_unfinished_one(void **state)
{
    (void)state;
    uint8_t packet[SMP_PACKET_MAX];
    uint8_t lines[SMP_ENCODED_MAX];
    uint8_t back[SMP_PACKET_MAX + 4];
    size_t len = 0;
    size_t back_len = 0;
    size_t packet_len = packet_example(500, packet);
    memset(&decoder, 0, sizeof decoder);
    assert_int_equal(smp_encode(bytes_of(packet, packet_len), lines, sizeof lines, &len), STATUS_OK);
    assert_int_equal(feed(lines, 2 * SMP_FRAME_MAX, back, &back_len), STATUS_NOT_FOUND);
    assert_int_equal(feed(lines, len, back, &back_len), STATUS_OK);
    assert_true(bytes_equal(bytes_of(packet, packet_len), bytes_of(back, back_len)));
}

static status_t packet_again(struct bytes in)
{
    struct smp_head head;
    struct bytes body;
    memset(&head, 0xA5, sizeof head);
    status_t status = smp_packet_parse(in, &head, &body);
    if (status != STATUS_OK) {
        case_zero_check(&head, sizeof head);
        assert_null(body.data);
        return status;
    }
    uint8_t again[SMP_HEAD_LEN];
    smp_head_build(&head, again);
    assert_int_equal(again[0], in.data[0] & 7);
    assert_memory_equal(again + 1, in.data + 1, SMP_HEAD_LEN - 1);
    assert_true(body.len == in.len - SMP_HEAD_LEN);
    return status;
}

static void damaged_packet_head_is_refused(void **state)
{
    (void)state;
    uint8_t packet[SMP_HEAD_LEN + 9];
    size_t len = packet_example(9, packet);
    case_truncations_check(packet_again, bytes_of(packet, len));
    case_trailing_check(packet_again, bytes_of(packet, len));
    case_flips_check(packet_again, bytes_of(packet, len));
    for (unsigned op = 4; op < 8; op++) {
        packet[0] = (uint8_t)op;
        assert_int_equal(packet_again(bytes_of(packet, len)), STATUS_UNSUPPORTED);
    }
    packet[0] = 0x08 | SMP_READ;
    struct smp_head head;
    struct bytes body;
    assert_int_equal(smp_packet_parse(bytes_of(packet, len), &head, &body), STATUS_OK);
    assert_int_equal(head.op, SMP_READ);
}

/* The longest packet fills the decoder's memory: what follows it on its last line has no place. */
static void bytes_behind_the_longest_packet_are_not_stored(void **state)
{
    static uint8_t packet[SMP_PACKET_MAX];
    static uint8_t out[SMP_ENCODED_MAX + 4];
    static uint8_t back[SMP_PACKET_MAX];
    size_t len = 0;
    size_t back_len = 0;
    (void)state;
    memset(&decoder, 0, sizeof decoder);
    size_t packet_len = packet_example(sizeof packet - SMP_HEAD_LEN, packet);
    assert_int_equal(smp_encode(bytes_of(packet, packet_len), out, SMP_ENCODED_MAX, &len), STATUS_OK);
    assert_int_equal(feed(out, len, back, &back_len), STATUS_OK);
    assert_int_not_equal(out[len - 2], '=');
    memcpy(out + len - 1, "AAAA\n", 5);
    assert_int_equal(feed(out, len + 4, back, &back_len), STATUS_TOO_LONG);
    out[len - 1] = '\n';
    assert_int_equal(feed(out, len, back, &back_len), STATUS_OK);
    assert_int_equal(back_len, packet_len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_echo_request_is_framed_as_others_do),
        cmocka_unit_test(each_length_is_decoded_as_encoded),
        cmocka_unit_test(packet_beyond_the_limit_is_not_encoded),
        cmocka_unit_test(every_flipped_bit_on_the_line_is_seen),
        cmocka_unit_test(what_is_no_frame_is_dropped),
        cmocka_unit_test(overlong_line_is_dropped_and_the_next_is_taken),
        cmocka_unit_test(bytes_behind_the_longest_packet_are_not_stored),
        cmocka_unit_test(new_packet_replaces_an_unfinished_one),
        cmocka_unit_test(damaged_packet_head_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
