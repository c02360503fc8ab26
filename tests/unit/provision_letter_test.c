/* SPDX-License-Identifier: Apache-2.0 */
/* Letters between station and appliance: what is built is read again, anything else is refused. */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "host/letter/letter.h"

static const uint8_t filler[64] = { 1, 2, 3 };

static struct letter_request request_of(uint64_t op)
{
    struct letter_request q = { .op = op };
    switch (op) {
    case LETTER_IMAGE:
        q.image = LETTER_IMAGE_SBM_B;
        q.offset = 70000;
        break;
    case LETTER_BEGIN:
        q.uid = bytes_of(filler, 16);
        q.lifecycle = 1;
        q.sbm_sequence = 9;
        break;
    case LETTER_POSSESSION:
        q.possession = bytes_of(filler, 50);
        break;
    case LETTER_RECEIPT:
        q.items_digest = bytes_of(filler, 32);
        q.boot_digest = bytes_of(filler + 1, 32);
        q.sbm_digest = bytes_of(filler + 2, 32);
        q.app_sequence = 4;
        break;
    case LETTER_CLOSE:
        q.token = bytes_of(filler, 60);
        break;
    default:
        break;
    }
    return q;
}

static struct letter_answer answer_of(uint64_t op)
{
    struct letter_answer a = { .op = op };
    struct bytes some = bytes_of(filler, 40);
    switch (op) {
    case LETTER_IMAGE:
        a.total = 99;
        a.piece = some;
        break;
    case LETTER_BEGIN:
        a.challenge = bytes_of(filler, 32);
        break;
    case LETTER_POSSESSION:
        a.number = 7;
        a.policy = a.device_cert = a.issuer_cert = a.root_cert = a.update_cert = a.block = some;
        a.package_sequence = 3;
        break;
    case LETTER_RECEIPT:
        a.nonce = bytes_of(filler, 32);
        break;
    default:
        break;
    }
    return a;
}

/* Parses and builds again; 1 when that gives the same bytes, 0 when it was refused. Anything else fails the test. */
static int request_again(struct bytes in)
{
    struct letter_request q;
    uint8_t out[1024];
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
    uint8_t out[1024];
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

static void letters_come_back_as_they_were_and_damage_is_refused_or_read_as_it_stands(void **state)
{
    (void)state;
    for (uint64_t op = LETTER_IMAGE; op <= LETTER_CLOSE; op++) {
        uint8_t out[1024];
        struct letter_request q = request_of(op);
        struct letter_answer a = answer_of(op);
        struct cbor_writer w = cbor_writer_of(out, sizeof out);
        letter_request_build(&q, &w);
        assert_int_equal(w.status, STATUS_OK);
        letter_try(out, w.len, request_again);
        w = cbor_writer_of(out, sizeof out);
        letter_answer_build(&a, &w);
        assert_int_equal(w.status, STATUS_OK);
        letter_try(out, w.len, answer_again);
    }
}

static void longest_refusal_fits_a_letter_and_keeps_its_words(void **state)
{
    struct fault fault;
    struct letter_answer a;
    uint8_t out[LETTER_MAX];
    struct cbor_writer w = cbor_writer_of(out, sizeof out);
    (void)state;
    memset(&fault, 'x', sizeof fault);
    fault.what[sizeof fault.what - 1] = '\0';
    fault.hint[sizeof fault.hint - 1] = '\0';
    letter_refusal_build(LETTER_BEGIN, &fault, &w);
    assert_int_equal(letter_answer_parse(cbor_written(&w), &a), STATUS_OK);
    assert_int_equal(a.refused, 1);
    assert_int_equal(a.what.len, sizeof fault.what - 1);
    assert_int_equal(a.hint.len, sizeof fault.hint - 1);
}

static void unknown_letters_are_refused(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } bad[] = { { "\x82\x00\xA0", 3 },
                { "\x82\x06\xA0", 3 },
                { "\x82\x05\xA1\x01\x02", 5 },
                { "\x83\x05\x00\xA0", 4 },
                { "\x82\x01\xA2\x02\x00\x01\x00", 7 } };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(request_again(bytes_of(bad[i].bytes, bad[i].len)), 0);
    }
    assert_int_equal(answer_again(bytes_of("\x83\x05\x02\xA0", 4)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_come_back_as_they_were_and_damage_is_refused_or_read_as_it_stands),
        cmocka_unit_test(longest_refusal_fits_a_letter_and_keeps_its_words),
        cmocka_unit_test(unknown_letters_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
