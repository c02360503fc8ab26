/* SPDX-License-Identifier: Apache-2.0 */
/* The debug port's client against servers that answer right, wrong, half, too much or not at all. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "host/station/rsp.h"
#include "tests/unit/provision_peer.h"

/* A server with one canned reply for everything after the first three questions. */
struct canned {
    int no_ack;
    int silent; /* the client waits for nothing */
    size_t len;
    size_t cut; /* send only so many bytes, then close; SIZE_MAX: all, and stay */
    const uint8_t *raw;
    unsigned requests;
};

static void canned_answer(void *context, struct bytes content, struct peer_reply *reply)
{
    struct canned *c = context;
    if (peer_hello_answer(content, c->no_ack, reply)) {
        return;
    }
    c->requests++;
    peer_reply_raw(reply, c->raw, c->cut < c->len ? c->cut : c->len);
    reply->close = c->cut != SIZE_MAX;
}

struct session {
    struct rsp *rsp;
    struct peer peer;
    struct fault fault;
};

static void session_open(struct session *s, void (*answer)(void *, struct bytes, struct peer_reply *), void *context)
{
    s->fault = FAULT_NONE;
    s->rsp = calloc(1, sizeof *s->rsp);
    assert_non_null(s->rsp);
    peer_start(&s->peer, answer, context);
    assert_int_equal(rsp_attach(s->rsp, s->peer.client_fd, 300, &s->fault), 0);
}

static void session_close(struct session *s)
{
    rsp_close(s->rsp);
    peer_stop(&s->peer);
    free(s->rsp);
}

static size_t packet_of(const char *content, uint8_t *out, size_t capacity)
{
    return gdb_packet_encode(bytes_of(content, strlen(content)), out, capacity);
}

/* Runs a command against a canned reply; gives its result. */
enum command { READ, WRITE, ERASE, FLASH, DONE, MONITOR, MAP };

static int command_run(struct rsp *rsp, enum command command, struct fault *fault)
{
    uint8_t four[4] = { 1, 2, 3, 4 };
    struct rsp_map map;
    char text[64];
    switch (command) {
    case READ:
        return rsp_memory_read(rsp, 0x1000, four, sizeof four, fault);
    case WRITE:
        return rsp_memory_write(rsp, 0x1000, bytes_of(four, 4), fault);
    case ERASE:
        return rsp_flash_erase(rsp, 0x1000, 0x1000, fault);
    case FLASH:
        return rsp_flash_write(rsp, 0x1000, bytes_of(four, 4), fault);
    case DONE:
        return rsp_flash_done(rsp, fault);
    case MONITOR:
        return rsp_monitor(rsp, "reset halt", text, sizeof text, fault);
    case MAP:
        return rsp_map_read(rsp, &map, fault);
    }
    return -1;
}

static int reply_try(enum command command, struct canned *canned, struct fault *fault)
{
    struct session s;
    session_open(&s, canned_answer, canned);
    s.rsp->timeout_ms = canned->silent ? 20 : 10000;
    int result = command_run(s.rsp, command, fault);
    session_close(&s);
    return result;
}

/* ---- commands ---- */

static const struct {
    enum command command;
    const char *good;
} good_replies[] = {
    { READ, "01020304" },
    { WRITE, "OK" },
    { ERASE, "OK" },
    { FLASH, "OK" },
    { DONE, "OK" },
    { MONITOR, "OK" },
    { MAP, "l<memory-map></memory-map>" },
};

static void good_replies_are_taken_with_and_without_acknowledgement(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good_replies / sizeof good_replies[0]; i++) {
        for (int no_ack = 0; no_ack < 2; no_ack++) {
            uint8_t raw[64];
            struct fault fault = FAULT_NONE;
            struct canned c = { .no_ack = no_ack, .raw = raw, .cut = SIZE_MAX };
            c.len = packet_of(good_replies[i].good, raw, sizeof raw);
            assert_int_equal(reply_try(good_replies[i].command, &c, &fault), 0);
        }
    }
}

static void reply_cut_at_any_byte_is_a_fault(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good_replies / sizeof good_replies[0]; i++) {
        uint8_t raw[64];
        size_t len = packet_of(good_replies[i].good, raw, sizeof raw);
        for (size_t cut = 0; cut < len; cut++) {
            struct fault fault = FAULT_NONE;
            struct canned c = { .no_ack = 1, .raw = raw, .len = len, .cut = cut };
            assert_int_equal(reply_try(good_replies[i].command, &c, &fault), -1);
            assert_string_not_equal(fault.what, "");
        }
    }
}

static void reply_of_the_wrong_kind_is_a_fault(void **state)
{
    static const struct {
        enum command command;
        const char *bad;
    } cases[] = {
        { READ, "OK" }, { READ, "" },          { READ, "E01" },        { READ, "0102030405" }, { READ, "010" },
        { READ, "zz" }, { READ, "E.refused" }, { WRITE, "" },          { WRITE, "E0e" },       { WRITE, "01" },
        { ERASE, "" },  { ERASE, "E01" },      { FLASH, "E.memtype" }, { FLASH, "K" },         { DONE, "E01" },
        { DONE, "" },   { MONITOR, "" },       { MONITOR, "E01" },     { MONITOR, "Oxyz" },    { MONITOR, "xyz" },
        { MAP, "" },    { MAP, "E00" },        { MAP, "m" },           { MAP, "x<a>" },        { MAP, "l<memory" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t raw[64];
        struct fault fault = FAULT_NONE;
        struct canned c = { .no_ack = 1, .raw = raw, .cut = SIZE_MAX };
        c.len = packet_of(cases[i].bad, raw, sizeof raw);
        assert_int_equal(reply_try(cases[i].command, &c, &fault), -1);
        assert_string_not_equal(fault.what, "");
    }
}

static void silent_server_is_left_at_the_deadline(void **state)
{
    struct canned c = { .no_ack = 1, .silent = 1, .raw = (const uint8_t *)"", .cut = SIZE_MAX };
    struct fault fault = FAULT_NONE;
    (void)state;
    assert_int_equal(reply_try(READ, &c, &fault), -1);
    assert_non_null(strstr(fault.what, "in time"));
}

static void wrong_check_sum_is_asked_for_again_and_given_up_at_last(void **state)
{
    struct canned once = {
        .no_ack = 0, .raw = (const uint8_t *)"$01020304#00$01020304#8a", .len = 24, .cut = SIZE_MAX
    };
    struct canned always = {
        .no_ack = 0, .raw = (const uint8_t *)"$1#00$1#00$1#00$1#00$1#00", .len = 25, .cut = SIZE_MAX
    };
    struct canned no_ack = { .no_ack = 1, .raw = (const uint8_t *)"$01020304#00", .len = 12, .cut = SIZE_MAX };
    struct fault fault = FAULT_NONE;
    (void)state;
    assert_int_equal(reply_try(READ, &once, &fault), 0);
    assert_int_equal(reply_try(READ, &always, &fault), -1);
    assert_non_null(strstr(fault.what, "check sum"));
    fault = FAULT_NONE;
    assert_int_equal(reply_try(READ, &no_ack, &fault), -1);
    assert_non_null(strstr(fault.what, "check sum"));
}

static void oversized_reply_is_refused(void **state)
{
    uint8_t *raw = malloc(GDB_PACKET_MAX + 8);
    struct canned c = { .no_ack = 1, .raw = raw, .len = GDB_PACKET_MAX + 5, .cut = SIZE_MAX };
    struct fault fault = FAULT_NONE;
    uint8_t sum = 0;
    (void)state;
    memset(raw, '1', GDB_PACKET_MAX + 2);
    raw[0] = '$';
    for (size_t i = 1; i < GDB_PACKET_MAX + 2; i++) {
        sum = (uint8_t)(sum + '1');
    }
    (void)snprintf((char *)raw + GDB_PACKET_MAX + 2, 4, "#%02x", sum);
    assert_int_equal(reply_try(READ, &c, &fault), -1);
    assert_non_null(strstr(fault.what, "longer"));
    free(raw);
}

/* A server that never comes to the point. */
static void chatter_answer(void *context, struct bytes content, struct peer_reply *reply)
{
    (void)context;
    if (!peer_hello_answer(content, 1, reply)) {
        for (size_t i = 0; i < 3000; i++) {
            peer_reply_raw(reply, "%a#61", 5);
        }
    }
}

static void chatter_does_not_move_the_deadline(void **state)
{
    struct session s;
    uint8_t byte;
    (void)state;
    session_open(&s, chatter_answer, NULL);
    int64_t begin = rsp_clock_ms();
    assert_int_equal(rsp_memory_read(s.rsp, 0, &byte, 1, &s.fault), -1);
    assert_true(rsp_clock_ms() - begin < 20000);
    assert_int_equal(rsp_usable(s.rsp), 0);
    assert_int_equal(rsp_memory_read(s.rsp, 0, &byte, 1, &s.fault), -1); /* given up means given up */
    session_close(&s);
}

/* A chip with a little memory, an error of its own making and a late stop reply. */
struct toy {
    uint8_t memory[8192];
    unsigned reads;
    int flash_open;
};

static void toy_memory_answer(struct toy *toy, const char *text, struct peer_reply *reply)
{
    unsigned addr = 0;
    unsigned len = 0;
    char hex[2 * 4096 + 1];
    assert_int_equal(sscanf(text, "m%x,%x", &addr, &len), 2);
    len = len > 1000 ? 1000 : len; /* a server may give less */
    gdb_hex_write(bytes_of(toy->memory + addr, len), hex);
    if (toy->reads++ == 1) {
        peer_reply_text(reply, "T05thread:01;");
    }
    peer_reply_text(reply, hex);
}

static void toy_answer(void *context, struct bytes content, struct peer_reply *reply)
{
    struct toy *toy = context;
    char text[64] = { 0 };
    unsigned addr = 0;
    int at = 0;
    if (peer_hello_answer(content, 1, reply)) {
        return;
    }
    memcpy(text, content.data, content.len < 63 ? content.len : 63);
    if (text[0] == 'm') {
        toy_memory_answer(toy, text, reply);
    } else if (sscanf(text, "vFlashWrite:%x:%n", &addr, &at) == 1 && at > 0) {
        memcpy(toy->memory + addr, content.data + at, content.len - (size_t)at);
        peer_reply_text(reply, "OK");
    } else if (peer_begins(content, "qRcmd,")) {
        peer_reply_text(reply, "O68656c6c6f0a");
        peer_reply_text(reply, "OK");
    } else if (content.data[0] == 0x03) {
        peer_reply_text(reply, "O2e");
        peer_reply_text(reply, "S02");
    } else if (content.data[0] != 'c') {
        peer_reply_text(reply, "");
    }
}

static void memory_comes_whole_in_pieces_and_past_late_stops(void **state)
{
    struct session s;
    struct toy *toy = calloc(1, sizeof *toy);
    uint8_t got[8192];
    (void)state;
    for (size_t i = 0; i < sizeof toy->memory; i++) {
        toy->memory[i] = (uint8_t)(i * 7 + (i >> 8));
    }
    session_open(&s, toy_answer, toy);
    assert_int_equal(rsp_memory_read(s.rsp, 0, got, sizeof got, &s.fault), 0);
    assert_memory_equal(got, toy->memory, sizeof got);
    session_close(&s);
    free(toy);
}

static void flash_data_of_any_kind_arrives_whole(void **state)
{
    struct session s;
    struct toy *toy = calloc(1, sizeof *toy);
    uint8_t data[8192];
    (void)state;
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t) "#$}*ab\0\x03"[i % 8];
    }
    session_open(&s, toy_answer, toy);
    assert_int_equal(rsp_flash_write(s.rsp, 0, bytes_of(data, sizeof data), &s.fault), 0);
    session_close(&s);
    assert_memory_equal(toy->memory, data, sizeof data);
    free(toy);
}

static void output_of_a_monitor_command_is_collected_and_cut_to_fit(void **state)
{
    struct session s;
    struct toy *toy = calloc(1, sizeof *toy);
    char text[4];
    (void)state;
    session_open(&s, toy_answer, toy);
    assert_int_equal(rsp_monitor(s.rsp, "version", text, sizeof text, &s.fault), 0);
    assert_string_equal(text, "hel");
    assert_int_equal(rsp_flash_done(s.rsp, &s.fault), -1);
    assert_non_null(strstr(s.fault.what, "cannot do that"));
    session_close(&s);
    free(toy);
}

static void running_cpu_takes_only_a_halt(void **state)
{
    struct session s;
    struct toy *toy = calloc(1, sizeof *toy);
    uint8_t byte;
    (void)state;
    session_open(&s, toy_answer, toy);
    assert_int_equal(rsp_continue(s.rsp, &s.fault), 0);
    assert_int_equal(rsp_memory_read(s.rsp, 0, &byte, 1, &s.fault), -1);
    assert_non_null(strstr(s.fault.what, "running"));
    s.fault = FAULT_NONE;
    assert_int_equal(rsp_halt(s.rsp, &s.fault), 0);
    assert_int_equal(rsp_memory_read(s.rsp, 0, &byte, 1, &s.fault), 0);
    session_close(&s);
    free(toy);
}

static void address_that_is_none_is_said(void **state)
{
    static const char *const bad[] = { "", "localhost", ":1", "host:", "[]:1" };
    struct rsp *rsp = calloc(1, sizeof *rsp);
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct fault fault = FAULT_NONE;
        assert_int_equal(rsp_connect(rsp, bad[i], 100, &fault), -1);
        assert_non_null(strstr(fault.hint, "HOST:PORT"));
    }
    free(rsp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_replies_are_taken_with_and_without_acknowledgement),
        cmocka_unit_test(reply_cut_at_any_byte_is_a_fault),
        cmocka_unit_test(reply_of_the_wrong_kind_is_a_fault),
        cmocka_unit_test(silent_server_is_left_at_the_deadline),
        cmocka_unit_test(wrong_check_sum_is_asked_for_again_and_given_up_at_last),
        cmocka_unit_test(oversized_reply_is_refused),
        cmocka_unit_test(chatter_does_not_move_the_deadline),
        cmocka_unit_test(memory_comes_whole_in_pieces_and_past_late_stops),
        cmocka_unit_test(flash_data_of_any_kind_arrives_whole),
        cmocka_unit_test(output_of_a_monitor_command_is_collected_and_cut_to_fit),
        cmocka_unit_test(running_cpu_takes_only_a_halt),
        cmocka_unit_test(address_that_is_none_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
