/* SPDX-License-Identifier: Apache-2.0 */
/* Letters between station and appliance: what is built is read again, anything else is refused. */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "wire/letter.h"

static const uint8_t filler[64] = { 1, 2, 3 };

static struct letter_request request_of(uint64_t op)
{
    struct letter_request q = { .op = op };
    switch (op) {
    case LETTER_BEGIN:
        q.version = LETTER_VERSION;
        q.socket = bytes_of("left", 4);
        q.channel = LETTER_CHANNEL_SECURE;
        break;
    case LETTER_RESULT:
        q.count = 3;
        q.results[0].data = bytes_of(filler, 50);
        q.results[0].took_ms = LETTER_TOOK_MAX;
        q.results[2].code = LETTER_TROUBLE_OPEN;
        q.results[2].text = bytes_of("it stays open", 13);
        break;
    case LETTER_IMAGE:
        q.digest = bytes_of(filler, 32);
        q.offset = 70000;
        break;
    default:
        break;
    }
    return q;
}

static struct letter_action action_of(uint64_t kind)
{
    struct letter_action a = { .kind = kind, .step = bytes_of("do it", 5) };
    struct bytes some = bytes_of(filler, 40);
    if (kind == LETTER_WRITE || kind == LETTER_COMPARE) {
        a.offset = 0x8000;
        a.erase_len = 0x2000;
        a.digest = bytes_of(filler, 32);
        a.image_len = 0x1FF0;
    } else if (kind == LETTER_ASK || kind == LETTER_FRAME || kind == LETTER_LOCK) {
        a.message = some;
        a.seconds = 60;
    } else if (kind == LETTER_TOKEN) {
        a.nonce = bytes_of(filler, 32);
    } else if (kind == LETTER_DONE) {
        a.number = 7;
        a.device_cert = a.update_cert = some;
        a.sequence = 3;
    }
    return a;
}

/* An answer with this action, and with another one behind it where there may be one. */
static struct letter_answer actions_of(uint64_t kind)
{
    struct letter_answer a = { .op = kind % 2 == 0 ? LETTER_BEGIN : LETTER_RESULT };
    a.count = kind == LETTER_DONE ? 1 : 2;
    a.actions[0] = action_of(kind);
    if (a.count == 2) {
        a.actions[1] = action_of(LETTER_START);
    }
    return a;
}

static struct letter_answer answer_of(uint64_t op)
{
    struct letter_answer a = { .op = op };
    if (op == LETTER_IMAGE) {
        a.total = 99;
        a.piece = bytes_of(filler, 40);
    }
    return a;
}

/* Parses and builds again; 1 when that gives the same bytes, 0 when it was refused. Anything else fails the test. */
static int request_again(struct bytes in)
{
    struct letter_request q;
    uint8_t out[4096];
    struct cbor_writer w = cbor_writer_of(out, sizeof out);
    if (letter_request_parse(in, &q) != STATUS_OK) {
        assert_int_equal(q.op, 0);
        return 0;
    }
    letter_request_build(&q, &w);
    assert_true(bytes_equal(cbor_written(&w), in));
    return 1;
}

static int answer_again(struct bytes in)
{
    struct letter_answer a;
    uint8_t out[4096];
    struct cbor_writer w = cbor_writer_of(out, sizeof out);
    if (letter_answer_parse(in, &a) != STATUS_OK) {
        assert_int_equal(a.op, 0);
        return 0;
    }
    letter_answer_build(&a, &w);
    assert_true(bytes_equal(cbor_written(&w), in));
    return 1;
}

/* The letter as it is, cut at every byte, with a byte more, and with every bit flipped. */
static void letter_try(const uint8_t *letter, size_t len, int (*again)(struct bytes))
{
    uint8_t *copy = malloc(len + 1);
    assert_non_null(copy);
    memcpy(copy, letter, len);
    copy[len] = 0;
    assert_int_equal(again(bytes_of(copy, len)), 1);
    assert_int_equal(again(bytes_of(copy, len + 1)), 0);
    for (size_t i = 0; i < len; i++) {
        assert_int_equal(again(bytes_of(copy, i)), 0);
    }
    for (size_t i = 0; i < len * 8; i++) {
        copy[i / 8] ^= (uint8_t)(1u << (i % 8));
        (void)again(bytes_of(copy, len));
        copy[i / 8] ^= (uint8_t)(1u << (i % 8));
    }
    free(copy);
}

static void request_try(uint64_t op)
{
    uint8_t out[1024];
    const struct letter_request q = request_of(op);
    struct cbor_writer w = cbor_writer_of(out, sizeof out);
    letter_request_build(&q, &w);
    assert_int_equal(w.status, STATUS_OK);
    letter_try(out, w.len, request_again);
}

static void answer_try(const struct letter_answer *a)
{
    uint8_t out[1024];
    struct cbor_writer w = cbor_writer_of(out, sizeof out);
    letter_answer_build(a, &w);
    assert_int_equal(w.status, STATUS_OK);
    letter_try(out, w.len, answer_again);
}

static void letters_come_back_as_they_were_and_damage_is_refused_or_read_as_it_stands(void **state)
{
    (void)state;
    for (uint64_t op = LETTER_BEGIN; op <= LETTER_BYE; op++) {
        request_try(op);
    }
    for (uint64_t kind = LETTER_WRITE; kind <= LETTER_DONE; kind++) {
        const struct letter_answer actions = actions_of(kind);
        answer_try(&actions);
    }
    const struct letter_answer image = answer_of(LETTER_IMAGE);
    const struct letter_answer bye = answer_of(LETTER_BYE);
    answer_try(&image);
    answer_try(&bye);
}

static void refusal_that_is_too_long_is_cut_at_a_character(void **state)
{
    static char text[2 * LETTER_WHAT_MAX];
    struct letter_answer a;
    uint8_t out[LETTER_MAX];
    struct cbor_writer w = cbor_writer_of(out, sizeof out);
    (void)state;
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = i % 2 == 0 ? '\xC3' : '\xA4';
    }
    letter_refusal_build(LETTER_BEGIN, bytes_of(text, sizeof text), bytes_of(text, sizeof text), &w);
    assert_int_equal(letter_answer_parse(cbor_written(&w), &a), STATUS_OK);
    assert_int_equal(a.refused, 1);
    assert_int_equal(a.what.len, LETTER_WHAT_MAX - 1);
    assert_int_equal(a.hint.len, LETTER_HINT_MAX - 1);
    assert_int_equal(letter_text_cut(bytes_of("whole", 5), 5).len, 5);
}

/* Each breaks one rule; the whole letter beside it is read. */
static void numbers_and_lengths_out_of_range_are_refused(void **state)
{
    static char text[LETTER_TEXT_MAX + 1];
    struct letter_request q[] = { request_of(LETTER_BEGIN),  request_of(LETTER_BEGIN),  request_of(LETTER_BEGIN),
                                  request_of(LETTER_RESULT), request_of(LETTER_RESULT), request_of(LETTER_IMAGE) };
    struct letter_answer a[] = { actions_of(LETTER_WRITE), actions_of(LETTER_WRITE), actions_of(LETTER_ASK),
                                 actions_of(LETTER_ASK),   actions_of(LETTER_DONE),  answer_of(LETTER_IMAGE) };
    (void)state;
    memset(text, 'x', sizeof text);
    q[0].version = 0;
    q[1].socket = bytes_of(text, LETTER_SOCKET_MAX + 1);
    q[2].channel = LETTER_CHANNEL_SECURE + 1;
    q[3].results[1].code = LETTER_TROUBLE_REFUSED + 1;
    q[4].results[0].text = bytes_of(text, sizeof text);
    q[5].offset = LETTER_IMAGE_MAX + 1;
    a[0].actions[0].image_len = a[0].actions[0].erase_len + 1;
    a[1].actions[0].erase_len = LETTER_IMAGE_MAX + 1;
    a[2].actions[0].seconds = 3601;
    a[3].actions[0].step = bytes_of(text, 0);
    a[4].actions[0].number = 0;
    a[5].piece = bytes_of(text, 0);
    for (size_t i = 0; i < 6; i++) {
        uint8_t out[1024];
        struct cbor_writer w = cbor_writer_of(out, sizeof out);
        letter_request_build(&q[i], &w);
        assert_int_equal(request_again(cbor_written(&w)), 0);
        w = cbor_writer_of(out, sizeof out);
        letter_answer_build(&a[i], &w);
        assert_int_equal(answer_again(cbor_written(&w)), 0);
    }
}

/* Lists have 1 to LETTER_ACTIONS_MAX items, a result is whole, and DONE stands alone. */
static void lists_that_are_empty_too_long_or_go_on_after_done_are_refused(void **state)
{
    struct letter_request q = { .op = LETTER_RESULT };
    struct letter_answer a = { .op = LETTER_RESULT };
    uint8_t out[4096];
    (void)state;
    for (size_t count = 0; count <= LETTER_ACTIONS_MAX; count++) {
        struct cbor_writer w = cbor_writer_of(out, sizeof out);
        q.count = count;
        letter_request_build(&q, &w);
        assert_int_equal(request_again(cbor_written(&w)), count > 0);
        w = cbor_writer_of(out, sizeof out);
        a.count = count;
        a.actions[count == 0 ? 0 : count - 1] = action_of(LETTER_START);
        letter_answer_build(&a, &w);
        assert_int_equal(answer_again(cbor_written(&w)), count > 0);
    }
    a.count = 2;
    a.actions[1] = action_of(LETTER_DONE);
    struct cbor_writer w = cbor_writer_of(out, sizeof out);
    letter_answer_build(&a, &w);
    assert_int_equal(answer_again(cbor_written(&w)), 0);
    /* [2, {1: seventeen results}] */
    w = cbor_writer_of(out, sizeof out);
    cbor_write_array(&w, 2);
    cbor_write_uint(&w, LETTER_RESULT);
    cbor_write_map(&w, 1);
    cbor_write_uint(&w, 1);
    cbor_write_array(&w, LETTER_ACTIONS_MAX + 1);
    for (size_t i = 0; i <= LETTER_ACTIONS_MAX; i++) {
        cbor_write_raw(&w, bytes_of("\xA4\x01\x00\x02\x40\x03\x60\x04\x00", 9));
    }
    assert_int_equal(request_again(cbor_written(&w)), 0);
    out[4] = 0x80 | LETTER_ACTIONS_MAX;
    assert_int_equal(request_again(bytes_of(out, w.len - 9)), 1);
}

static void unknown_letters_are_refused(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } bad[] = { { "\x82\x00\xA0", 3 },
                { "\x82\x05\xA0", 3 },
                { "\x82\x04\xA1\x01\x02", 5 },
                { "\x83\x04\x00\xA0", 4 },
                { "\x82\x03\xA2\x02\x00\x01\x00", 7 } };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(request_again(bytes_of(bad[i].bytes, bad[i].len)), 0);
    }
    assert_int_equal(answer_again(bytes_of("\x83\x04\x02\xA0", 4)), 0);
    assert_int_equal(answer_again(bytes_of("\x83\x01\x00\xA1\x01\x81\xA2\x01\x0A\x02\x61x", 12)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_come_back_as_they_were_and_damage_is_refused_or_read_as_it_stands),
        cmocka_unit_test(refusal_that_is_too_long_is_cut_at_a_character),
        cmocka_unit_test(numbers_and_lengths_out_of_range_are_refused),
        cmocka_unit_test(lists_that_are_empty_too_long_or_go_on_after_done_are_refused),
        cmocka_unit_test(unknown_letters_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
