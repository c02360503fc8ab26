/* SPDX-License-Identifier: Apache-2.0 */
/* Text for terminals: what passes and what does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "host/lib/fault.h"
#include "host/lib/text.h"

static const char *clean(const char *in)
{
    static char out[64];
    text_clean(in, out, sizeof out);
    return out;
}

static void letters_of_all_scripts_pass(void **state)
{
    static const char text[] = "M\xC3\xBCller \xE2\x82\xAC \xE6\xB8\xA9 \xF0\x9F\x8C\xB1 ~!";
    (void)state;
    assert_string_equal(clean(text), text);
}

static void control_characters_become_question_marks(void **state)
{
    (void)state;
    assert_string_equal(clean("a\x1B[31mb\r\n\t\x7F"), "a?[31mb????");
    assert_string_equal(clean("a\xC2\x9B"
                              "31m"),
                        "a??31m");
    assert_string_equal(clean("a\x9B"
                              "31m"),
                        "a?31m");
    assert_string_equal(clean("\xE2\x80\xAE"
                              "txt"),
                        "???txt");
    assert_string_equal(clean("\xE2\x81\xA6"), "???");
}

static void malformed_utf8_becomes_question_marks(void **state)
{
    (void)state;
    assert_string_equal(clean("\xC0\x9B"), "??");
    assert_string_equal(clean("\xE0\x80\x9B"), "???");
    assert_string_equal(clean("\xED\xA0\x80"), "???");
    assert_string_equal(clean("\xF4\x90\x80\x80"), "????");
    assert_string_equal(clean("x\xE2\x82"), "x??");
}

static void text_that_does_not_fit_is_cut_between_characters(void **state)
{
    char out[4];
    (void)state;
    text_clean("ab\xC3\xBC", out, sizeof out);
    assert_string_equal(out, "ab");
}

static void hexadecimal_has_two_digits_for_each_byte(void **state)
{
    static const uint8_t in[] = { 0x00, 0x9F, 0xF0 };
    char out[7];
    (void)state;
    text_hex(in, sizeof in, out);
    assert_string_equal(out, "009ff0");
}

static void a_long_path_leaves_room_for_the_reason(void **state)
{
    char path[2000];
    struct fault fault = FAULT_NONE;
    (void)state;
    memset(path, 'a', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    (void)fault_errno(&fault, "%s", path);
    assert_non_null(strstr(fault.what, ": "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_of_all_scripts_pass),
        cmocka_unit_test(control_characters_become_question_marks),
        cmocka_unit_test(malformed_utf8_becomes_question_marks),
        cmocka_unit_test(text_that_does_not_fit_is_cut_between_characters),
        cmocka_unit_test(hexadecimal_has_two_digits_for_each_byte),
        cmocka_unit_test(a_long_path_leaves_room_for_the_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
