/* SPDX-License-Identifier: Apache-2.0 */
/* What a person or a fault types on the console: only whole, short, printable lines come out. */
#include <string.h>

#include "app/line.h"
#include "tests/unit/test.h"

static struct line line;
static size_t added;

static int fresh(void **state)
{
    (void)state;
    memset(&line, 0, sizeof line);
    added = 0;
    return 0;
}

/* What the last byte of `text` gives. */
static enum line_event type(const char *text)
{
    enum line_event event = LINE_NOTHING;
    for (; *text != '\0'; text++) {
        event = line_take(&line, (uint8_t)*text);
        added += event == LINE_ADDED;
        assert_true(line.len <= LINE_TEXT_MAX);
        assert_int_equal(line.text[line.len], 0);
    }
    return event;
}

static void repeat(char c, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char one[2] = { c, '\0' };
        (void)type(one);
    }
}

static void line_ends_with_cr_lf_or_both(void **state)
{
    (void)state;
    assert_int_equal(type("status\r"), LINE_DONE);
    assert_string_equal(line.text, "status");
    assert_int_equal(type("\n"), LINE_NOTHING);
    assert_int_equal(type("log\n"), LINE_DONE);
    assert_string_equal(line.text, "log");
    assert_int_equal(type("\n"), LINE_DONE);
    assert_string_equal(line.text, "");
    assert_int_equal(type("\r"), LINE_DONE);
    assert_int_equal(type("\r"), LINE_DONE);
}

static void backspace_and_rubout_take_back(void **state)
{
    (void)state;
    assert_int_equal(type("statsu\b"), LINE_RUBBED);
    assert_int_equal(type("\x7F"), LINE_RUBBED);
    assert_int_equal(type("us\r"), LINE_DONE);
    assert_string_equal(line.text, "status");
    assert_int_equal(type("a\b"), LINE_RUBBED);
    assert_int_equal(type("\b"), LINE_NOTHING);
    assert_int_equal(type("\b\r"), LINE_DONE);
    assert_string_equal(line.text, "");
}

static void ctrl_u_and_ctrl_c_begin_anew(void **state)
{
    (void)state;
    assert_int_equal(type("reset\x15"), LINE_CLEARED);
    assert_int_equal(type("log\r"), LINE_DONE);
    assert_string_equal(line.text, "log");
    assert_int_equal(type("res\x01\x03"), LINE_CLEARED);
    assert_int_equal(type("help\r"), LINE_DONE);
    assert_string_equal(line.text, "help");
}

static void longest_line_is_taken_and_a_longer_one_refused(void **state)
{
    (void)state;
    repeat('a', LINE_TEXT_MAX);
    assert_int_equal(type("\r"), LINE_DONE);
    assert_int_equal(strlen(line.text), LINE_TEXT_MAX);
    added = 0;
    repeat('b', LINE_TEXT_MAX + 1);
    assert_int_equal(added, LINE_TEXT_MAX);
    assert_int_equal(type("\r"), LINE_LONG);
    repeat('c', 100000);
    assert_int_equal(type("\r"), LINE_LONG);
    assert_int_equal(type("log\r"), LINE_DONE);
    assert_string_equal(line.text, "log");
}

static void rubbing_out_makes_no_command_of_a_line_that_was_too_long(void **state)
{
    (void)state;
    (void)type("reset");
    repeat('x', LINE_TEXT_MAX);
    assert_int_equal(type("\b"), LINE_NOTHING);
    repeat('\b', LINE_TEXT_MAX);
    assert_int_equal(type("\r"), LINE_LONG);
}

static void line_with_any_other_byte_is_refused_whole(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        int is_edit = byte == '\r' || byte == '\n' || byte == 0x08 || byte == 0x7F || byte == 0x03 || byte == 0x15;
        if (is_edit || (byte >= 0x20 && byte <= 0x7E)) {
            continue;
        }
        (void)type("con");
        assert_int_equal(line_take(&line, (uint8_t)byte), LINE_NOTHING);
        (void)type("firm\b");
        assert_int_equal(type("\r"), LINE_STRANGE);
    }
    assert_int_equal(type("confirm\r"), LINE_DONE);
    assert_string_equal(line.text, "confirm");
}

#define TRUTH(test) cmocka_unit_test_setup(test, fresh)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TRUTH(line_ends_with_cr_lf_or_both),
        TRUTH(backspace_and_rubout_take_back),
        TRUTH(ctrl_u_and_ctrl_c_begin_anew),
        TRUTH(longest_line_is_taken_and_a_longer_one_refused),
        TRUTH(rubbing_out_makes_no_command_of_a_line_that_was_too_long),
        TRUTH(line_with_any_other_byte_is_refused_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
