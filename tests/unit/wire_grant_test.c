/* SPDX-License-Identifier: Apache-2.0 */
/* Tickets, grants, blocks and the item that joins them: strict, the same bytes again, and the ranges that there are. */
#include "tests/unit/test.h"

#include "tests/unit/wire_cases.h"
#include "wire/grant.h"

static uint8_t fill[80];

static struct ticket ticket_example(void)
{
    return (struct ticket){ 3, bytes_of(fill, 64), bytes_of(fill + 1, 16), bytes_of(fill + 2, 16), 1000 };
}

static struct grant grant_example(void)
{
    return (struct grant){ 3, 70000, bytes_of(fill + 3, 16), bytes_of(fill + 4, 64), bytes_of(fill + 5, 64) };
}

static struct grant_block block_example(void)
{
    return (struct grant_block){ 3, 69000, 1000, bytes_of(fill + 6, 64) };
}

static int setup(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof fill; i++) {
        fill[i] = (uint8_t)(3 * i + 1);
    }
    return 0;
}

static status_t ticket_again(struct bytes in)
{
    struct ticket t;
    uint8_t again[GRANT_PAYLOAD_MAX];
    struct cbor_writer w = cbor_writer_of(again, sizeof again);
    memset(&t, 0xA5, sizeof t);
    status_t status = ticket_parse(in, &t);
    if (status != STATUS_OK) {
        case_zero_check(&t, sizeof t);
        return status;
    }
    ticket_build(&t, &w);
    assert_true(bytes_equal(cbor_written(&w), in));
    return status;
}

static status_t grant_again(struct bytes in)
{
    struct grant g;
    uint8_t again[GRANT_PAYLOAD_MAX];
    struct cbor_writer w = cbor_writer_of(again, sizeof again);
    memset(&g, 0xA5, sizeof g);
    status_t status = grant_parse(in, &g);
    if (status != STATUS_OK) {
        case_zero_check(&g, sizeof g);
        return status;
    }
    grant_build(&g, &w);
    assert_true(bytes_equal(cbor_written(&w), in));
    return status;
}

static status_t block_again(struct bytes in)
{
    struct grant_block b;
    uint8_t again[GRANT_PAYLOAD_MAX];
    struct cbor_writer w = cbor_writer_of(again, sizeof again);
    memset(&b, 0xA5, sizeof b);
    status_t status = grant_block_parse(in, &b);
    if (status != STATUS_OK) {
        case_zero_check(&b, sizeof b);
        return status;
    }
    grant_block_build(&b, &w);
    assert_true(bytes_equal(cbor_written(&w), in));
    return status;
}

static status_t item_again(struct bytes in)
{
    struct grant_item item;
    uint8_t again[3 * GRANT_SIGNED_MAX + 16];
    struct cbor_writer w = cbor_writer_of(again, sizeof again);
    memset(&item, 0xA5, sizeof item);
    status_t status = grant_item_parse(in, &item);
    if (status != STATUS_OK) {
        case_zero_check(&item, sizeof item);
        return status;
    }
    grant_item_build(&item, &w);
    assert_true(bytes_equal(cbor_written(&w), in));
    return status;
}

static void message_check(case_reader read, struct bytes message)
{
    case_truncations_check(read, message);
    case_trailing_check(read, message);
    case_flips_check(read, message);
    case_map_check(read, NULL, message);
}

static void ticket_is_strict(void **state)
{
    (void)state;
    uint8_t data[GRANT_PAYLOAD_MAX];
    struct ticket t = ticket_example();
    struct cbor_writer w = cbor_writer_of(data, sizeof data);
    ticket_build(&t, &w);
    message_check(ticket_again, cbor_written(&w));
    for (unsigned i = 0; i < 3; i++) {
        t = ticket_example();
        t.package = i == 0 ? 0 : t.package;
        t.block = i == 1 ? 0 : i == 2 ? 1001 : t.block;
        w = cbor_writer_of(data, sizeof data);
        ticket_build(&t, &w);
        assert_int_equal(ticket_again(cbor_written(&w)), STATUS_BAD_ARGUMENT);
    }
}

static void grant_is_strict(void **state)
{
    (void)state;
    uint8_t data[GRANT_PAYLOAD_MAX];
    struct grant g = grant_example();
    struct cbor_writer w = cbor_writer_of(data, sizeof data);
    grant_build(&g, &w);
    message_check(grant_again, cbor_written(&w));
    g.unit = 0;
    w = cbor_writer_of(data, sizeof data);
    grant_build(&g, &w);
    assert_int_equal(grant_again(cbor_written(&w)), STATUS_BAD_ARGUMENT);
}

static void block_is_strict(void **state)
{
    (void)state;
    uint8_t data[GRANT_PAYLOAD_MAX];
    struct grant_block b = block_example();
    struct cbor_writer w = cbor_writer_of(data, sizeof data);
    grant_block_build(&b, &w);
    message_check(block_again, cbor_written(&w));
    for (unsigned i = 0; i < 3; i++) {
        b = block_example();
        b.first = i == 0 ? 0 : b.first;
        b.count = i == 1 ? 0 : i == 2 ? 1001 : b.count;
        w = cbor_writer_of(data, sizeof data);
        grant_block_build(&b, &w);
        assert_int_equal(block_again(cbor_written(&w)), STATUS_BAD_ARGUMENT);
    }
}

/* Of docs/spec.md section 8.1, encoded by an independent encoder. */
static void built_grant_is_the_specification_s(void **state)
{
    (void)state;
    uint8_t built[GRANT_PAYLOAD_MAX];
    uint8_t expected[GRANT_PAYLOAD_MAX];
    static const uint8_t zero[64];
    const struct grant g = { 1, 7, bytes_of(zero, 16), bytes_of(zero, 64), bytes_of(zero, 64) };
    struct cbor_writer w = cbor_writer_of(built, sizeof built);
    size_t len = case_hex("a501010207035000000000000000000000000000000000045840"
                          "0000000000000000000000000000000000000000000000000000000000000000"
                          "0000000000000000000000000000000000000000000000000000000000000000055840"
                          "0000000000000000000000000000000000000000000000000000000000000000"
                          "0000000000000000000000000000000000000000000000000000000000000000",
                          expected, sizeof expected);
    grant_build(&g, &w);
    assert_true(bytes_equal(cbor_written(&w), bytes_of(expected, len)));
}

static void item_has_two_or_three_parts_of_fair_size(void **state)
{
    (void)state;
    static uint8_t long_part[GRANT_SIGNED_MAX + 1];
    uint8_t data[4 * GRANT_SIGNED_MAX];
    struct grant_item item = { bytes_of(fill, 40), bytes_of(fill, 50), { NULL, 0 } };
    for (unsigned parts = 2; parts <= 3; parts++) {
        struct cbor_writer w = cbor_writer_of(data, sizeof data);
        grant_item_build(&item, &w);
        assert_int_equal(data[0], 0x80 + parts);
        case_truncations_check(item_again, cbor_written(&w));
        case_trailing_check(item_again, cbor_written(&w));
        case_flips_check(item_again, cbor_written(&w));
        item.block = bytes_of(fill, 60);
    }
    struct cbor_writer w = cbor_writer_of(data, sizeof data);
    grant_item_build(&item, &w);
    data[0] = 0x84;
    cbor_write_bstr(&w, bytes_of(fill, 1));
    assert_int_equal(item_again(cbor_written(&w)), STATUS_MESSAGE);
    static const size_t lens[] = { 0, GRANT_SIGNED_MAX, GRANT_SIGNED_MAX + 1 };
    static const status_t expected[] = { STATUS_TRUNCATED, STATUS_OK, STATUS_TOO_LONG };
    for (size_t i = 0; i < 3; i++) {
        for (unsigned part = 0; part < 3; part++) {
            struct grant_item other = item;
            struct bytes *parts[] = { &other.ticket, &other.grant, &other.block };
            *parts[part] = bytes_of(long_part, lens[i]);
            w = cbor_writer_of(data, sizeof data);
            grant_item_build(&other, &w);
            assert_int_equal(item_again(cbor_written(&w)), expected[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ticket_is_strict),
        cmocka_unit_test(grant_is_strict),
        cmocka_unit_test(block_is_strict),
        cmocka_unit_test(built_grant_is_the_specification_s),
        cmocka_unit_test(item_has_two_or_three_parts_of_fair_size),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
