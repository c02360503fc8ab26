/* SPDX-License-Identifier: Apache-2.0 */
/* The list of results: OK is far from everything else, and each error has its own number and a text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/hard.h"
#include "base/status.h"
#include "base/wipe.h"

#define ROW(name, number, text) { STATUS_##name, #name, text },
static const struct {
    status_t status;
    const char *name;
    const char *text;
} rows[] = { STATUS_LIST(ROW) };
#define ROWS (sizeof rows / sizeof rows[0])

static void ok_is_eight_bits_from_every_error(void **state)
{
    (void)state;
    assert_true(__builtin_popcount(STATUS_OK) >= 8 && __builtin_popcount(~STATUS_OK) >= 8);
    for (size_t i = 0; i < ROWS; i++) {
        assert_true(__builtin_popcount(STATUS_OK ^ rows[i].status) >= 8);
        assert_true(rows[i].status >= 1 && rows[i].status <= 255);
    }
}

static void each_error_has_its_own_number_and_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        assert_string_equal(status_name(rows[i].status), rows[i].name);
        assert_string_equal(status_text(rows[i].status), rows[i].text);
        for (size_t k = 0; k < i; k++) {
            assert_int_not_equal(rows[i].status, rows[k].status);
            assert_string_not_equal(rows[i].text, rows[k].text);
        }
    }
}

static void unknown_status_still_has_a_text(void **state)
{
    (void)state;
    assert_string_equal(status_name(0), "UNKNOWN");
    assert_string_equal(status_name(0xFFFFFFFFu), "UNKNOWN");
    assert_string_equal(status_text(0), "unknown status");
    assert_string_equal(status_name(STATUS_OK), "OK");
}

static void hard_compare_sees_every_single_bit(void **state)
{
    (void)state;
    uint8_t a[64] = { 1, 2, 3 };
    uint8_t b[64];
    memcpy(b, a, sizeof a);
    assert_int_equal(hard_compare(a, b, sizeof a), HARD_SAME);
    for (size_t bit = 0; bit < 8 * sizeof a; bit++) {
        b[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_not_equal(hard_compare(a, b, sizeof a), HARD_SAME);
        b[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void integers_are_written_and_read_alike(void **state)
{
    (void)state;
    uint8_t p[4];
    bytes_write_le32(p, 0x89ABCDEFu);
    assert_int_equal(p[0], 0xEF);
    assert_true(bytes_read_le32(p) == 0x89ABCDEFu);
    bytes_write_le16(p, 0x89ABu);
    assert_true(p[1] == 0x89 && bytes_read_le16(p) == 0x89AB);
    bytes_write_be16(p, 0x89ABu);
    assert_true(p[0] == 0x89 && bytes_read_be16(p) == 0x89AB);
}

static void wiped_memory_is_zero_and_no_more(void **state)
{
    (void)state;
    uint8_t p[10];
    memset(p, 0xAA, sizeof p);
    wipe(p + 1, 8);
    assert_true(p[0] == 0xAA && p[9] == 0xAA);
    for (size_t i = 1; i < 9; i++) {
        assert_int_equal(p[i], 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ok_is_eight_bits_from_every_error),   cmocka_unit_test(each_error_has_its_own_number_and_text),
        cmocka_unit_test(unknown_status_still_has_a_text),     cmocka_unit_test(hard_compare_sees_every_single_bit),
        cmocka_unit_test(integers_are_written_and_read_alike), cmocka_unit_test(wiped_memory_is_zero_and_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
