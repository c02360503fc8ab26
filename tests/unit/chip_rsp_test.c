/* SPDX-License-Identifier: Apache-2.0 */
/* Packets of the remote protocol: framing, checksum, escapes, limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/chip/rsp.h"

static struct rsp_parser p;

static int fresh_parser(void **state)
{
    (void)state;
    rsp_parser_init(&p);
    return 0;
}

/* Feeds all bytes; gives the last event that is not RSP_NOTHING. */
static enum rsp_event feed(const void *data, size_t len)
{
    enum rsp_event last = RSP_NOTHING;
    for (size_t i = 0; i < len; i++) {
        enum rsp_event e = rsp_byte(&p, ((const uint8_t *)data)[i]);
        last = e == RSP_NOTHING ? last : e;
    }
    return last;
}

static enum rsp_event feed_text(const char *text)
{
    return feed(text, strlen(text));
}

static void a_sound_packet_is_given(void **state)
{
    (void)state;
    assert_int_equal(feed_text("$OK#9a"), RSP_PACKET);
    assert_int_equal(p.body_len, 2);
    assert_string_equal((const char *)p.body, "OK");
    assert_int_equal(feed_text("$#00"), RSP_PACKET);
    assert_int_equal(p.body_len, 0);
}

static void a_wrong_checksum_is_damage(void **state)
{
    (void)state;
    assert_int_equal(feed_text("$OK#9b"), RSP_DAMAGED);
    assert_int_equal(feed_text("$OK#zz"), RSP_DAMAGED);
    assert_int_equal(feed_text("$OK#9A"), RSP_PACKET);
}

static void single_bytes_have_their_meaning(void **state)
{
    (void)state;
    assert_int_equal(feed_text("+"), RSP_ACK);
    assert_int_equal(feed_text("-"), RSP_NACK);
    assert_int_equal(feed_text("\003"), RSP_INTERRUPT);
    assert_int_equal(feed_text("G"), RSP_JUNK);
}

static void the_longest_body_fits_and_one_more_is_damage(void **state)
{
    static uint8_t body[RSP_BODY_MAX + 1];
    static uint8_t packet[RSP_PACKET_MAX];
    (void)state;
    memset(body, '}', sizeof body);
    size_t len = rsp_encode(body, RSP_BODY_MAX, packet);
    assert_int_equal(feed(packet, len), RSP_PACKET);
    assert_int_equal(p.body_len, RSP_BODY_MAX);
    assert_memory_equal(p.body, body, RSP_BODY_MAX);
    memset(body, 'a', sizeof body);
    assert_int_equal(feed_text("$"), RSP_NOTHING);
    assert_int_equal(feed(body, sizeof body), RSP_NOTHING);
    assert_int_equal(feed_text("#61"), RSP_DAMAGED);
    assert_int_equal(feed_text("$OK#9a"), RSP_PACKET);
}

static void an_endless_packet_writes_nowhere(void **state)
{
    (void)state;
    (void)feed_text("$");
    for (size_t i = 0; i < 100000; i++) {
        assert_int_equal(rsp_byte(&p, 'x'), RSP_NOTHING);
    }
    assert_int_equal(p.body_len, RSP_BODY_MAX);
}

static void every_byte_survives_encoding(void **state)
{
    uint8_t body[256];
    uint8_t packet[RSP_PACKET_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof body; i++) {
        body[i] = (uint8_t)i;
    }
    size_t len = rsp_encode(body, sizeof body, packet);
    assert_int_equal(feed(packet, len), RSP_PACKET);
    assert_int_equal(p.body_len, sizeof body);
    assert_memory_equal(p.body, body, sizeof body);
}

static void an_escape_before_the_end_is_damage(void **state)
{
    (void)state;
    assert_int_equal(feed_text("$a}#de"), RSP_DAMAGED);
}

static void a_new_start_ends_a_cut_packet(void **state)
{
    (void)state;
    assert_int_equal(feed_text("$m1000$OK#9a"), RSP_PACKET);
    assert_string_equal((const char *)p.body, "OK");
}

static void numbers_are_bounded(void **state)
{
    static const uint8_t text[] = "10000000,fffffffff";
    const uint8_t *at = text;
    const uint8_t *end = text + sizeof text - 1;
    uint64_t v;
    (void)state;
    assert_true(rsp_number_read(&at, end, UINT32_MAX, &v));
    assert_int_equal(v, 0x10000000);
    assert_false(rsp_character_read(&at, end, ':'));
    assert_true(rsp_character_read(&at, end, ','));
    assert_false(rsp_number_read(&at, end, UINT32_MAX, &v));
    at = end;
    assert_false(rsp_number_read(&at, end, UINT32_MAX, &v));
    static const uint8_t many[] = "00000000000000001";
    at = many;
    assert_false(rsp_number_read(&at, many + 17, UINT64_MAX, &v));
}

static void hex_is_strict(void **state)
{
    uint8_t out[2];
    (void)state;
    assert_true(rsp_hex_read((const uint8_t *)"aB09", 4, out));
    assert_int_equal(out[0], 0xAB);
    assert_int_equal(out[1], 0x09);
    assert_false(rsp_hex_read((const uint8_t *)"aB0", 3, out));
    assert_false(rsp_hex_read((const uint8_t *)"aB0x", 4, out));
}

#define TRUTH(name) cmocka_unit_test_setup(name, fresh_parser)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TRUTH(a_sound_packet_is_given),
        TRUTH(a_wrong_checksum_is_damage),
        TRUTH(single_bytes_have_their_meaning),
        TRUTH(the_longest_body_fits_and_one_more_is_damage),
        TRUTH(an_endless_packet_writes_nowhere),
        TRUTH(every_byte_survives_encoding),
        TRUTH(an_escape_before_the_end_is_damage),
        TRUTH(a_new_start_ends_a_cut_packet),
        TRUTH(numbers_are_bounded),
        TRUTH(hex_is_strict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
