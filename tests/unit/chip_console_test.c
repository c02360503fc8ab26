/* SPDX-License-Identifier: Apache-2.0 */
/* The console's log: what firmware prints cannot steer the terminal of whoever reads it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/chip/console.h"

static char room[256];
static char logged[256];

static int room_make(void **state)
{
    (void)state;
    (void)snprintf(room, sizeof room, "%s/chip-console-XXXXXX", WINDLASS_BUILD_DIR);
    return mkdtemp(room) == NULL ? -1 : 0;
}

static int room_remove(void **state)
{
    char path[300];
    (void)state;
    (void)snprintf(path, sizeof path, "%s/console.log", room);
    (void)unlink(path);
    return rmdir(room);
}

/* What is in the log after the firmware has printed `text`. */
static const char *print(const char *text)
{
    static struct console c;
    int dir = open(room, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    memset(&c, 0, sizeof c);
    memset(logged, 0, sizeof logged);
    assert_true(dir >= 0);
    assert_int_equal(console_open(&c, dir), 0);
    console_bytes(&c, 0, (const uint8_t *)text, strlen(text));
    console_close(&c);
    int log = openat(dir, "console.log", O_RDONLY | O_CLOEXEC);
    assert_true(log >= 0);
    assert_true(read(log, logged, sizeof logged - 1) >= 0);
    (void)close(log);
    (void)close(dir);
    return logged;
}

static void control_characters_are_not_logged(void **state)
{
    (void)state;
    assert_string_equal(print("a\x1B[2Jb\a\tc\r\n"), "a?[2Jb?\tc\n");
}

static void c1_control_characters_are_not_logged(void **state)
{
    (void)state;
    assert_string_equal(print("a\x9B"
                              "2Jb\xC2\x9B"
                              "2J\n"),
                        "a?2Jb\xC2?2J\n");
}

static void letters_in_utf8_are_logged_as_they_are(void **state)
{
    (void)state;
    assert_string_equal(print("21 \xC2\xB0"
                              "C \xE2\x82\xAC \xC3\x9C\n"),
                        "21 \xC2\xB0"
                        "C \xE2\x82\xAC \xC3\x9C\n");
}

#define TRUTH(test) cmocka_unit_test_setup_teardown(test, room_make, room_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TRUTH(control_characters_are_not_logged),
        TRUTH(c1_control_characters_are_not_logged),
        TRUTH(letters_in_utf8_are_logged_as_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
