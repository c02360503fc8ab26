/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of what the page says to do: the words of docs/factory.md, found by the message. */
#include <string.h>

#include "host/dashboard/advice.h"
#include "host/dashboard/dashboard.h"
#include "tests/unit/test.h"

static const char dots[] = "\xe2\x80\xa6";

/* The message of a row as it could come. */
static void message_of(const char *row, char *out)
{
    const char *at;
    while ((at = strstr(row, dots)) != NULL) {
        memcpy(out, row, (size_t)(at - row));
        out += at - row;
        *out++ = '7';
        row = at + sizeof dots - 1;
    }
    memcpy(out, row, strlen(row) + 1);
}

static void every_message_of_the_document_finds_advice_that_fits_the_page(void **state)
{
    char message[1024];
    size_t count = 0;
    (void)state;
    for (const struct advice *row = advice_table; row->message != NULL; row++, count++) {
        message_of(row->message, message);
        const char *advice = advice_find(message);
        assert_true(advice[0] != '\0');
        assert_true(strlen(advice) < DASHBOARD_TEXT_MAX);
    }
    assert_true(count > 300);
}

static void row_that_says_most_of_the_message_is_taken(void **state)
{
    (void)state;
    assert_non_null(strstr(advice_find("unit 5: another appliance began it"), "finish it there"));
    assert_non_null(strstr(advice_find("the chip holds application 3 instead of 4"), "twice: flash is bad"));
    assert_non_null(strstr(advice_find("debug port 127.0.0.1:3333: Connection refused"), "is the chip powered"));
    assert_string_equal(advice_find("MAKE_KEYS: the chip refuses: lifecycle"),
                        advice_find("STORE: the chip refuses: key"));
}

static void unknown_message_finds_none(void **state)
{
    (void)state;
    assert_string_equal(advice_find("something that nobody has written"), "");
    assert_string_equal(advice_find(""), "");
    assert_string_equal(advice_find("the chip holds application"), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_of_the_document_finds_advice_that_fits_the_page),
        cmocka_unit_test(row_that_says_most_of_the_message_is_taken),
        cmocka_unit_test(unknown_message_finds_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
