/* SPDX-License-Identifier: Apache-2.0 */
/* SUIT manifests: required fields, the commands of each sequence, indexes, bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/wire_suit_cases.h"
#include "wire/suit.h"

static void required_manifest_fields_are_required(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        status_t status;
    } rows[] = {
        { "a3010102090346a10281814163", STATUS_OK },
        { "a202090346a10281814163", STATUS_MISSING_FIELD },
        { "a201010346a10281814163", STATUS_MISSING_FIELD },
        { "a201010209", STATUS_MISSING_FIELD },
        { "a0", STATUS_MISSING_FIELD },
        { "a301010209"
          "0746a10281814163",
          STATUS_MISSING_FIELD },
        { "a3010202090346a10281814163", STATUS_UNSUPPORTED },
        { "a3010102090341a0", STATUS_MISSING_FIELD },
        { "a3010102090343a10280", STATUS_MISSING_FIELD },
        { "a3010102090344a1028180", STATUS_MISSING_FIELD },
        { "a3010102090345a102818140", STATUS_MISSING_FIELD },
        { "a3010102090348a1028182416341"
          "63",
          STATUS_TOO_MANY },
        { "a3010102090352a1028581416381416381416381416381416"
          "3",
          STATUS_TOO_MANY },
        { "a3010102090347a1028181416300", STATUS_TRAILING },
        { "a4010102090346a1028181416304f6", STATUS_UNKNOWN_FIELD },
        { "a4010102090346a10281814163"
          "0540",
          STATUS_WRONG_TYPE },
        { "a4010102090346a10281814163"
          "074180",
          STATUS_MISSING_FIELD },
        { "a4010102090346a10281814163"
          "0740",
          STATUS_TRUNCATED },
        { "a4010102090346a10281814163"
          "17"
          "4180",
          STATUS_UNKNOWN_FIELD },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t data[128];
        size_t len = case_hex(rows[i].hex, data, sizeof data);
        assert_int_equal(case_read(suit_case_manifest, bytes_of(data, len)), rows[i].status);
    }
}

static status_t sequence_read(uint64_t key, const char *hex)
{
    uint8_t sequence[256];
    uint8_t message[512];
    size_t len = case_hex(hex, sequence, sizeof sequence);
    len = suit_case_sequence(key, bytes_of(sequence, len), message, sizeof message);
    return case_read(suit_case_manifest, bytes_of(message, len));
}

static void each_sequence_holds_only_its_commands(void **state)
{
    (void)state;
    static const struct {
        uint64_t key;
        uint32_t allowed;
    } rows[] = {
        { 4, 1u << 12 | 1u << 20 | 1u << 1 | 1u << 2 | 1u << 28 },
        { 7, 1u << 12 | 1u << 20 | 1u << 3 },
        { 9, 1u << 12 | 1u << 23 },
        { 20, 1u << 12 | 1u << 20 | 1u << 21 | 1u << 22 | 1u << 3 | 1u << 7 | 1u << 11 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (unsigned code = 0; code < 40; code++) {
            char hex[32];
            (void)snprintf(hex, sizeof hex, code < 24 ? "82%02x%s" : "8218%02x%s", code, code == 20 ? "a10e05" : "01");
            int allowed = code < 32 && (rows[i].allowed >> code & 1u) != 0;
            assert_int_equal(sequence_read(rows[i].key, hex), allowed ? STATUS_OK : STATUS_SUIT_COMMAND);
        }
        assert_int_equal(sequence_read(rows[i].key, "822001"), STATUS_SUIT_COMMAND);
        assert_int_equal(sequence_read(rows[i].key, "823b7fffffffffffffff01"), STATUS_SUIT_COMMAND);
    }
}

static void index_or_report_out_of_range_is_refused(void **state)
{
    (void)state;
    assert_int_equal(sequence_read(20, "820c01"), STATUS_OK);
    assert_int_equal(sequence_read(20, "820c02"), STATUS_SUIT_COMPONENT);
    assert_int_equal(sequence_read(20, "820c1bffffffffffffffff"), STATUS_SUIT_COMPONENT);
    assert_int_equal(sequence_read(20, "8214a11601"), STATUS_OK);
    assert_int_equal(sequence_read(20, "8214a11602"), STATUS_SUIT_COMPONENT);
    assert_int_equal(sequence_read(20, "82150f"), STATUS_OK);
    assert_int_equal(sequence_read(20, "821510"), STATUS_UNSUPPORTED);
    assert_int_equal(sequence_read(20, "820cf5"), STATUS_WRONG_TYPE);
}

static void malformed_sequence_is_refused(void **state)
{
    (void)state;
    assert_int_equal(sequence_read(20, "80"), STATUS_MISSING_FIELD);
    assert_int_equal(sequence_read(20, "8115"), STATUS_MISSING_FIELD);
    assert_int_equal(sequence_read(20, "83150f15"), STATUS_MISSING_FIELD);
    assert_int_equal(sequence_read(20, "82150f00"), STATUS_TRAILING);
    assert_int_equal(sequence_read(20, "8214a0"), STATUS_MISSING_FIELD);
    assert_int_equal(sequence_read(20, "8214a11820"
                                       "00"),
                     STATUS_UNKNOWN_FIELD);
    assert_int_equal(sequence_read(20, "8214a115"
                                       "60"),
                     STATUS_MISSING_FIELD);
    assert_int_equal(sequence_read(20, "8214a115"
                                       "6120"),
                     STATUS_UNSUPPORTED);
    assert_int_equal(sequence_read(20, "8214a115"
                                       "61ff"),
                     STATUS_UNSUPPORTED);
    assert_int_equal(sequence_read(20, "9bffffffffffffffff150f"), STATUS_MISSING_FIELD);
    assert_int_equal(sequence_read(20, "9bfffffffffffffffe150f"), STATUS_TOO_MANY);
}

static void version_condition_other_than_at_least_one_number_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *hex; /* of the parameter's value */
        status_t status;
    } rows[] = {
        { "82028105", STATUS_OK },
        { "82018105", STATUS_UNSUPPORTED }, /* greater */
        { "82038105", STATUS_UNSUPPORTED }, /* equal */
        { "820281", STATUS_TRUNCATED },
        { "820280", STATUS_MISSING_FIELD },
        { "8202820500", STATUS_TOO_MANY },
        { "8302810500", STATUS_TOO_MANY },
        { "8102", STATUS_MISSING_FIELD },
        { "82028120", STATUS_WRONG_TYPE }, /* a negative number */
        { "8202811803", STATUS_NOT_CANONICAL },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char hex[64];
        (void)snprintf(hex, sizeof hex, "8214a1181c%s", rows[i].hex);
        assert_int_equal(sequence_read(4, hex), rows[i].status);
    }
}

static void sequence_length_is_bounded(void **state)
{
    (void)state;
    for (unsigned n = SUIT_COMMANDS_MAX - 1; n <= SUIT_COMMANDS_MAX + 1; n++) {
        uint8_t sequence[256];
        uint8_t message[512];
        struct cbor_writer w = cbor_writer_of(sequence, sizeof sequence);
        cbor_write_array(&w, 2 * n);
        for (unsigned i = 0; i < n; i++) {
            cbor_write_raw(&w, bytes_of("\x15\x0f", 2));
        }
        size_t len = suit_case_sequence(20, cbor_written(&w), message, sizeof message);
        assert_int_equal(case_read(suit_case_manifest, bytes_of(message, len)),
                         n <= SUIT_COMMANDS_MAX ? STATUS_OK : STATUS_TOO_MANY);
    }
}

static void dependency_takes_the_index_after_the_components(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        status_t status;
    } rows[] = {
        { "a30101020903"
          "4e"
          "a201a101a1018141640281814163",
          STATUS_OK },
        { "a30101020903"
          "4e"
          "a201a100a1018141640281814163",
          STATUS_SUIT_COMPONENT },
        { "a30101020903"
          "4e"
          "a201a102a1018141640281814163",
          STATUS_SUIT_COMPONENT },
        { "a30101020903"
          "4e"
          "a201a120a1018141640281814163",
          STATUS_SUIT_COMPONENT },
        { "a30101020903"
          "48"
          "a201a00281814163",
          STATUS_MISSING_FIELD },
        { "a30101020903"
          "4a"
          "a201a101a00281814163",
          STATUS_MISSING_FIELD },
        { "a30101020903"
          "4e"
          "a201a101a1028141640281814163",
          STATUS_UNKNOWN_FIELD },
        { "a30101020903"
          "54"
          "a201a201a10181416402a1018141640281814163",
          STATUS_TOO_MANY },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t data[128];
        size_t len = case_hex(rows[i].hex, data, sizeof data);
        assert_int_equal(case_read(suit_case_manifest, bytes_of(data, len)), rows[i].status);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(required_manifest_fields_are_required),
        cmocka_unit_test(each_sequence_holds_only_its_commands),
        cmocka_unit_test(index_or_report_out_of_range_is_refused),
        cmocka_unit_test(malformed_sequence_is_refused),
        cmocka_unit_test(version_condition_other_than_at_least_one_number_is_refused),
        cmocka_unit_test(sequence_length_is_bounded),
        cmocka_unit_test(dependency_takes_the_index_after_the_components),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
