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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(built_command_is_the_specification_s),
        cmocka_unit_test(every_damaged_command_is_refused_or_read_as_it_is),
        cmocka_unit_test(other_orders_and_sets_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
