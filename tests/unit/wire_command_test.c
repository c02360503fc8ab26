/* SPDX-License-Identifier: Apache-2.0 */
/* Commands of the maker: strict, the same bytes again, and the order and sets that there are. */
#include "tests/unit/test.h"

#include "tests/unit/wire_cases.h"
#include "wire/command.h"

static const uint8_t fill[32] = { 9, 8, 7, 6, 5, 4, 3, 2, 1 };

static status_t command_case(struct bytes in)
{
    struct command c;
    memset(&c, 0xA5, sizeof c);
    status_t status = command_parse(in, &c);
    if (status != STATUS_OK) {
        case_zero_check(&c, sizeof c);
        return status;
    }
    uint8_t again[COMMAND_MAX];
    struct cbor_writer w = cbor_writer_of(again, sizeof again);
    command_build(&c, &w);
    assert_true(bytes_equal(cbor_written(&w), in));
    return status;
}

static struct bytes example(uint64_t set, uint8_t *out, size_t capacity)
{
    const struct command c = { set, bytes_of(fill, 8), bytes_of(fill, 16), bytes_of(fill + 1, 16) };
    struct cbor_writer w = cbor_writer_of(out, capacity);
    command_build(&c, &w);
    return cbor_written(&w);
}

/* Of docs/spec.md section 7.5, encoded by an independent encoder. */
static void built_command_is_the_specification_s(void **state)
{
    (void)state;
    uint8_t built[COMMAND_MAX];
    uint8_t expected[COMMAND_MAX];
    size_t len = case_hex("a501010201034809080706050403020450090807060504030201000000000000000550080706"
                          "05040302010000000000000000",
                          expected, sizeof expected);
    assert_true(bytes_equal(example(COMMAND_MASTERING_KEYS, built, sizeof built), bytes_of(expected, len)));
}

static void every_damaged_command_is_refused_or_read_as_it_is(void **state)
{
    (void)state;
    uint8_t data[COMMAND_MAX];
    struct bytes c = example(COMMAND_FIRMWARE_KEYS, data, sizeof data);
    case_truncations_check(command_case, c);
    case_trailing_check(command_case, c);
    case_flips_check(command_case, c);
    case_map_check(command_case, NULL, c);
}

static void other_orders_and_sets_are_refused(void **state)
{
    (void)state;
    uint8_t data[COMMAND_MAX];
    struct bytes c = example(COMMAND_FIRMWARE_KEYS, data, sizeof data);
    data[2] = 2;
    assert_int_equal(case_read(command_case, c), STATUS_UNSUPPORTED);
    data[2] = 1;
    data[4] = 2;
    assert_int_equal(case_read(command_case, c), STATUS_BAD_ARGUMENT);
    data[4] = 0;
    data[6] = 0x47;
    assert_int_equal(case_read(command_case, c), STATUS_TRUNCATED);
}

static status_t order_case(struct bytes in)
{
    struct order o;
    memset(&o, 0xA5, sizeof o);
    status_t status = order_parse(in, &o);
    if (status != STATUS_OK) {
        case_zero_check(&o, sizeof o);
        return status;
    }
    uint8_t again[COMMAND_MAX];
    struct cbor_writer w = cbor_writer_of(again, sizeof again);
    order_build(&o, &w);
    assert_true(bytes_equal(cbor_written(&w), in));
    return status;
}

static struct bytes order_example(uint8_t *out, size_t capacity)
{
    const struct order o = { ORDER_DECOMMISSION, bytes_of(fill, 16), bytes_of(fill, 32) };
    struct cbor_writer w = cbor_writer_of(out, capacity);
    order_build(&o, &w);
    return cbor_written(&w);
}

/* Of docs/spec.md section 7.6, encoded by an independent encoder. */
static void built_order_is_the_specification_s(void **state)
{
    (void)state;
    uint8_t built[COMMAND_MAX];
    uint8_t expected[COMMAND_MAX];
    size_t len = case_hex("a40102020303500908070605040302010000000000000004582009080706050403020100000000000000"
                          "00000000000000000000000000000000",
                          expected, sizeof expected);
    assert_true(bytes_equal(order_example(built, sizeof built), bytes_of(expected, len)));
}

static void every_damaged_order_is_refused_or_read_as_it_is(void **state)
{
    (void)state;
    uint8_t data[COMMAND_MAX];
    struct bytes o = order_example(data, sizeof data);
    case_truncations_check(order_case, o);
    case_trailing_check(order_case, o);
    case_flips_check(order_case, o);
    case_map_check(order_case, NULL, o);
    data[4] = 4;
    assert_int_equal(case_read(order_case, o), STATUS_BAD_ARGUMENT);
    data[4] = 0;
    assert_int_equal(case_read(order_case, o), STATUS_BAD_ARGUMENT);
}

static void order_is_no_command_and_a_command_is_no_order(void **state)
{
    (void)state;
    uint8_t data[COMMAND_MAX];
    assert_int_equal(case_read(command_case, order_example(data, sizeof data)), STATUS_UNSUPPORTED);
    assert_int_equal(case_read(order_case, example(COMMAND_FIRMWARE_KEYS, data, sizeof data)), STATUS_UNSUPPORTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(built_command_is_the_specification_s),
        cmocka_unit_test(every_damaged_command_is_refused_or_read_as_it_is),
        cmocka_unit_test(other_orders_and_sets_are_refused),
        cmocka_unit_test(built_order_is_the_specification_s),
        cmocka_unit_test(every_damaged_order_is_refused_or_read_as_it_is),
        cmocka_unit_test(order_is_no_command_and_a_command_is_no_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
