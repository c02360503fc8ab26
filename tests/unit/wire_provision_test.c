/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of the provisioning mailbox: every op, strict, and the same bytes again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/wire_cases.h"
#include "wire/provision_msg.h"

static const uint8_t bytes64[64] = { 1, 2, 3 };

static status_t request_again(struct bytes in)
{
    struct provision_request q;
    memset(&q, 0xA5, sizeof q);
    status_t status = provision_request_parse(in, &q);
    if (status != STATUS_OK) {
        case_zero_check(&q, sizeof q);
        return status;
    }
    uint8_t again[MAILBOX_LEN];
    struct cbor_writer w = cbor_writer_of(again, sizeof again);
    provision_request_build(&q, &w);
    assert_true(bytes_equal(cbor_written(&w), in));
    return status;
}

static status_t answer_again(struct bytes in)
{
    struct provision_answer a;
    memset(&a, 0xA5, sizeof a);
    status_t status = provision_answer_parse(in, &a);
    if (status != STATUS_OK) {
        case_zero_check(&a, sizeof a);
        return status;
    }
    uint8_t again[MAILBOX_LEN];
    struct cbor_writer w = cbor_writer_of(again, sizeof again);
    provision_answer_build(&a, &w);
    assert_true(bytes_equal(cbor_written(&w), in));
    return status;
}

static uint64_t op_now; /* of the wrapper below */

static size_t request_wrap(struct bytes map, uint8_t *out, size_t capacity)
{
    struct cbor_writer w = cbor_writer_of(out, capacity);
    cbor_write_array(&w, 2);
    cbor_write_uint(&w, op_now);
    cbor_write_raw(&w, map);
    return cbor_written(&w).len;
}

static size_t answer_wrap(struct bytes map, uint8_t *out, size_t capacity)
{
    struct cbor_writer w = cbor_writer_of(out, capacity);
    cbor_write_array(&w, 3);
    cbor_write_uint(&w, op_now);
    cbor_write_uint(&w, 0);
    cbor_write_raw(&w, map);
    return cbor_written(&w).len;
}

/* Applies all checks to a message whose map begins at `map_at`. */
static void message_check(case_reader read, case_wrapper wrap, struct bytes message, size_t map_at)
{
    case_truncations_check(read, message);
    case_trailing_check(read, message);
    case_flips_check(read, message);
    case_array_check(read, NULL, message);
    case_map_check(read, wrap, bytes_of(message.data + map_at, message.len - map_at));
}

static void every_request_is_strict(void **state)
{
    (void)state;
    const struct provision_request requests[] = {
        { .op = PROVISION_HELLO, .version = PROVISION_VERSION },
        { .op = PROVISION_MAKE_KEYS, .challenge = bytes_of(bytes64, PROVISION_CHALLENGE_LEN) },
        { .op = PROVISION_STORE, .item = 4, .data = bytes_of(bytes64, 9) },
        { .op = PROVISION_STORE, .item = 7, .data = bytes_of(bytes64, 9) },
        { .op = PROVISION_INSTALL, .slot = 1 },
        { .op = PROVISION_CHECK },
        { .op = PROVISION_LOCK, .lock_sectors = 8 },
    };
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        uint8_t data[128];
        struct cbor_writer w = cbor_writer_of(data, sizeof data);
        provision_request_build(&requests[i], &w);
        op_now = requests[i].op;
        message_check(request_again, request_wrap, cbor_written(&w), 2);
    }
}

static void every_answer_is_strict(void **state)
{
    (void)state;
    const struct bytes digest = bytes_of(bytes64, 32);
    const struct provision_answer answers[] = {
        { .op = PROVISION_HELLO, .version = 1, .uid = bytes_of(bytes64, 16), .lifecycle = 1, .sbm_sequence = 300 },
        { .op = PROVISION_MAKE_KEYS, .possession = bytes_of(bytes64, 40) },
        { .op = PROVISION_STORE },
        { .op = PROVISION_INSTALL, .app_sequence = 70000 },
        { .op = PROVISION_CHECK,
          .items_digest = digest,
          .boot_digest = digest,
          .sbm_digest = digest,
          .app_sequence = 9 },
        { .op = PROVISION_LOCK },
    };
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        uint8_t data[256];
        struct cbor_writer w = cbor_writer_of(data, sizeof data);
        provision_answer_build(&answers[i], &w);
        op_now = answers[i].op;
        message_check(answer_again, answer_wrap, cbor_written(&w), 3);
    }
}

static void refusing_answer_carries_nothing_else(void **state)
{
    (void)state;
    uint8_t data[32];
    for (uint64_t op = PROVISION_HELLO; op <= PROVISION_LOCK; op++) {
        struct cbor_writer w = cbor_writer_of(data, sizeof data);
        const struct provision_answer a = { .op = op, .status = STATUS_LIFECYCLE, .version = 5 };
        provision_answer_build(&a, &w);
        struct provision_answer out;
        assert_int_equal(provision_answer_parse(cbor_written(&w), &out), STATUS_OK);
        assert_int_equal(out.status, STATUS_LIFECYCLE);
        assert_int_equal(out.version, 0);
        assert_int_equal(answer_again(cbor_written(&w)), STATUS_OK);
    }
    const uint8_t with_field[] = { 0x83, 0x04, 0x18, 0x5B, 0xA1, 0x01, 0x01 };
    assert_int_equal(answer_again(bytes_of(with_field, sizeof with_field)), STATUS_UNKNOWN_FIELD);
    const uint8_t huge_status[] = { 0x83, 0x04, 0x19, 0x01, 0x00, 0xA0 };
    assert_int_equal(answer_again(bytes_of(huge_status, sizeof huge_status)), STATUS_BAD_ARGUMENT);
}

static void unknown_op_is_unsupported(void **state)
{
    (void)state;
    const uint8_t nine[] = { 0x82, 0x09, 0xA0 };
    const uint8_t none[] = { 0x82, 0x00, 0xA0 };
    assert_int_equal(request_again(bytes_of(nine, sizeof nine)), STATUS_UNSUPPORTED);
    assert_int_equal(request_again(bytes_of(none, sizeof none)), STATUS_UNSUPPORTED);
    uint8_t data[8];
    struct cbor_writer w = cbor_writer_of(data, sizeof data);
    const struct provision_request q = { .op = 9 };
    provision_request_build(&q, &w);
    assert_int_equal(w.status, STATUS_BAD_ARGUMENT);
}

static void values_out_of_range_are_refused(void **state)
{
    (void)state;
    const struct provision_request bad[] = {
        { .op = PROVISION_STORE, .item = 2, .data = bytes_of(bytes64, 1) },
        { .op = PROVISION_STORE, .item = 8, .data = bytes_of(bytes64, 1) },
        { .op = PROVISION_INSTALL, .slot = 2 },
        { .op = PROVISION_LOCK, .lock_sectors = 0 },
        { .op = PROVISION_LOCK, .lock_sectors = 65536 },
        { .op = PROVISION_HELLO, .version = 0 },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint8_t data[64];
        struct cbor_writer w = cbor_writer_of(data, sizeof data);
        provision_request_build(&bad[i], &w);
        assert_int_equal(request_again(cbor_written(&w)), STATUS_BAD_ARGUMENT);
    }
}

static status_t possession_again(struct bytes in)
{
    struct provision_possession p;
    memset(&p, 0xA5, sizeof p);
    status_t status = provision_possession_parse(in, &p);
    if (status != STATUS_OK) {
        case_zero_check(&p, sizeof p);
        return status;
    }
    uint8_t again[256];
    struct cbor_writer w = cbor_writer_of(again, sizeof again);
    provision_possession_build(&p, &w);
    assert_true(bytes_equal(cbor_written(&w), in));
    return status;
}

static void possession_is_strict(void **state)
{
    (void)state;
    uint8_t data[256];
    const struct provision_possession p = { bytes_of(bytes64, 32), bytes_of(bytes64, 16), bytes_of(bytes64, 64),
                                            bytes_of(bytes64, 64) };
    struct cbor_writer w = cbor_writer_of(data, sizeof data);
    provision_possession_build(&p, &w);
    case_truncations_check(possession_again, cbor_written(&w));
    case_trailing_check(possession_again, cbor_written(&w));
    case_flips_check(possession_again, cbor_written(&w));
    case_map_check(possession_again, NULL, cbor_written(&w));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_request_is_strict),
        cmocka_unit_test(every_answer_is_strict),
        cmocka_unit_test(refusing_answer_carries_nothing_else),
        cmocka_unit_test(unknown_op_is_unsupported),
        cmocka_unit_test(values_out_of_range_are_refused),
        cmocka_unit_test(possession_is_strict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
