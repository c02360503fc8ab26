/* SPDX-License-Identifier: Apache-2.0 */
/* Packets of the debug port and its memory map: what is sound is read, what is not is told apart. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/station/gdb_packet.h"
#include "host/station/rsp_map.h"

/* ---- packets ---- */

static void every_byte_survives_encoding(void **state)
{
    uint8_t all[512];
    uint8_t packet[1100];
    struct gdb_decoder *d = calloc(1, sizeof *d);
    (void)state;
    for (size_t i = 0; i < sizeof all; i++) {
        all[i] = (uint8_t)i;
    }
    size_t len = gdb_packet_encode(bytes_of(all, sizeof all), packet, sizeof packet);
    assert_int_not_equal(len, 0);
    for (size_t i = 0; i + 1 < len; i++) {
        assert_int_equal(gdb_packet_decode(d, packet[i]), GDB_EVENT_NONE);
    }
    assert_int_equal(gdb_packet_decode(d, packet[len - 1]), GDB_EVENT_PACKET);
    assert_int_equal(d->len, sizeof all);
    assert_memory_equal(d->data, all, sizeof all);
    for (size_t capacity = 0; capacity < len; capacity++) {
        assert_int_equal(gdb_packet_encode(bytes_of(all, sizeof all), packet, capacity), 0);
    }
    free(d);
}

static enum gdb_event text_decode(struct gdb_decoder *d, const char *text)
{
    enum gdb_event event = GDB_EVENT_NONE;
    memset(d, 0, sizeof *d);
    for (size_t i = 0; text[i] != '\0'; i++) {
        event = gdb_packet_decode(d, (uint8_t)text[i]);
    }
    return event;
}

static void run_length_is_expanded(void **state)
{
    struct gdb_decoder *d = calloc(1, sizeof *d);
    (void)state;
    assert_int_equal(text_decode(d, "$0* #7a"), GDB_EVENT_PACKET); /* '0', then 3 more */
    assert_int_equal(d->len, 4);
    assert_memory_equal(d->data, "0000", 4);
    assert_int_equal(text_decode(d, "$* #4a"), GDB_EVENT_MALFORMED);     /* nothing to repeat */
    assert_int_equal(text_decode(d, "$0*\x1f#79"), GDB_EVENT_MALFORMED); /* fewer than 3 */
    assert_int_equal(text_decode(d, "$0*#5a"), GDB_EVENT_MALFORMED);     /* no count */
    assert_int_equal(text_decode(d, "$0}#ad"), GDB_EVENT_MALFORMED);     /* nothing escaped */
    free(d);
}

static void wrong_sums_and_notifications_are_told_apart(void **state)
{
    struct gdb_decoder *d = calloc(1, sizeof *d);
    (void)state;
    assert_int_equal(text_decode(d, "$OK#9a"), GDB_EVENT_PACKET);
    assert_int_equal(text_decode(d, "$OK#9b"), GDB_EVENT_BAD_SUM);
    assert_int_equal(text_decode(d, "$OK#9g"), GDB_EVENT_MALFORMED);
    assert_int_equal(text_decode(d, "%OK#9a"), GDB_EVENT_NOTIFICATION);
    assert_int_equal(text_decode(d, "+"), GDB_EVENT_ACK);
    assert_int_equal(text_decode(d, "$broken$OK#9a"), GDB_EVENT_PACKET);
    free(d);
}

static void runs_cannot_overflow_the_packet(void **state)
{
    struct gdb_decoder *d = calloc(1, sizeof *d);
    uint8_t sum = 'a';
    (void)state;
    (void)gdb_packet_decode(d, '$');
    (void)gdb_packet_decode(d, 'a');
    for (size_t i = 0; i < 1000; i++) {
        (void)gdb_packet_decode(d, '*');
        (void)gdb_packet_decode(d, '~');
        sum = (uint8_t)(sum + '*' + '~');
    }
    char tail[4];
    (void)snprintf(tail, sizeof tail, "#%02x", sum);
    (void)gdb_packet_decode(d, (uint8_t)tail[0]);
    (void)gdb_packet_decode(d, (uint8_t)tail[1]);
    assert_int_equal(gdb_packet_decode(d, (uint8_t)tail[2]), GDB_EVENT_TOO_LONG);
    free(d);
}

/* ---- the memory map ---- */

static const char map_text[] = "<?xml version=\"1.0\"?><!DOCTYPE memory-map PUBLIC \"a\" \"b\"><memory-map>"
                               "<memory type='ram' start=\"0x20000000\" length=\"4096\"/>"
                               "<memory type=\"flash\" start=\"0x10000000\" length=\"0x400000\">"
                               "<property name=\"blocksize\"> 0x1000 </property></memory></memory-map>";

static void flash_is_found_in_the_map(void **state)
{
    struct rsp_map map;
    struct fault fault = FAULT_NONE;
    (void)state;
    assert_int_equal(rsp_map_parse(bytes_of(map_text, sizeof map_text - 1), &map, &fault), 0);
    assert_int_equal(map.count, 2);
    assert_int_equal(rsp_map_flash_check(&map, 0x10000000, 0x400000, 4096, &fault), 0);
    assert_int_equal(rsp_map_flash_check(&map, 0x10000000, 0x400001, 4096, &fault), -1);
    assert_int_equal(rsp_map_flash_check(&map, 0x20000000, 16, 4096, &fault), -1);
    assert_int_equal(rsp_map_flash_check(&map, 0x10000000, 0x1000, 2048, &fault), -1);
}

static void map_cut_at_any_byte_never_shows_more_flash(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof map_text - 1; len++) {
        struct rsp_map map = { 0 };
        struct fault fault = FAULT_NONE;
        uint8_t *exact = malloc(len + 1);
        memcpy(exact, map_text, len);
        int result = rsp_map_parse(bytes_of(exact, len), &map, &fault);
        assert_true(result == 0 ? map.count <= 2 : map.count == 0 && fault.what[0] != '\0');
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_survives_encoding),
        cmocka_unit_test(run_length_is_expanded),
        cmocka_unit_test(wrong_sums_and_notifications_are_told_apart),
        cmocka_unit_test(runs_cannot_overflow_the_packet),
        cmocka_unit_test(flash_is_found_in_the_map),
        cmocka_unit_test(map_cut_at_any_byte_never_shows_more_flash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
