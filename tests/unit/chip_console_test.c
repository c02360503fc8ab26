/* SPDX-License-Identifier: Apache-2.0 */
/* The console: what firmware prints cannot steer the terminal of whoever reads it; what a person types arrives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
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

/* What is in the log after the firmware has printed `text` on that UART. */
static const char *print_on(int uart, const char *text)
{
    static struct console c;
    int dir = open(room, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    memset(&c, 0, sizeof c);
    memset(logged, 0, sizeof logged);
    assert_true(dir >= 0);
    assert_int_equal(console_open(&c, dir), 0);
    console_bytes(&c, uart, (const uint8_t *)text, strlen(text));
    console_close(&c);
    int log = openat(dir, "console.log", O_RDONLY | O_CLOEXEC);
    assert_true(log >= 0);
    assert_true(read(log, logged, sizeof logged - 1) >= 0);
    (void)close(log);
    (void)close(dir);
    return logged;
}

static const char *print(const char *text)
{
    return print_on(0, text);
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

/* A console with one watcher; gives the watcher's end. */
static int watcher_make(struct console *c, int *dir)
{
    int pair[2];
    memset(c, 0, sizeof *c);
    *dir = open(room, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(console_open(c, *dir), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    assert_int_equal(console_watch(c, pair[0]), 0);
    return pair[1];
}

/* One round of the chip's loop. */
static void console_round(struct console *c)
{
    struct pollset p;
    pollset_begin(&p);
    pollset_deadline(&p, clock_ms() + 1000);
    console_poll_add(c, &p);
    assert_true(pollset_wait(&p));
    console_serve(c, &p);
}

static void backspace_of_the_application_is_shown_and_not_logged(void **state)
{
    static struct console c;
    char seen[64] = { 0 };
    int dir;
    (void)state;
    assert_string_equal(print_on(CONSOLE_APPLICATION, "> ab\b \b\n"), "> ab? ?\n");
    assert_string_equal(print_on(0, "a\bb\n"), "> ab? ?\na?b\n");
    int person = watcher_make(&c, &dir);
    console_bytes(&c, CONSOLE_APPLICATION, (const uint8_t *)"> ab\b \b\x1B[A\n", 12);
    assert_true(recv(person, seen, sizeof seen - 1, MSG_DONTWAIT) > 0);
    assert_string_equal(seen, "> ab\b \b?[A\n");
    console_close(&c);
    (void)close(person);
    (void)close(dir);
}

static void what_a_person_types_reaches_the_application_and_its_echo_comes_soon(void **state)
{
    static struct console c;
    char seen[64] = { 0 };
    int uart[2];
    int dir;
    (void)state;
    int person = watcher_make(&c, &dir);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, uart), 0);
    assert_false(console_is_typed(&c));
    assert_int_equal(send(person, "st\0\r", 4, 0), 4);
    console_round(&c);
    assert_true(console_is_typed(&c));
    console_typed_send(&c, -1); /* the chip is in reset: it is kept */
    assert_true(console_is_typed(&c));
    console_typed_send(&c, uart[0]);
    assert_false(console_is_typed(&c));
    assert_int_equal(recv(uart[1], seen, sizeof seen, MSG_DONTWAIT), 4);
    assert_memory_equal(seen, "st\0\r", 4);
    console_bytes(&c, CONSOLE_APPLICATION, (const uint8_t *)"s", 1);
    struct pollset p;
    pollset_begin(&p);
    console_poll_add(&c, &p);
    assert_true(p.deadline - c.lines[CONSOLE_APPLICATION].since < 50); /* of nobody who types it waits longer */
    while (recv(person, seen, sizeof seen, MSG_DONTWAIT) != 1) {
        console_round(&c);
    }
    console_close(&c);
    (void)close(person);
    (void)close(uart[0]);
    (void)close(uart[1]);
    (void)close(dir);
}

static void typing_without_end_is_held_back(void **state)
{
    static struct console c;
    static uint8_t flood[65536];
    size_t sent = 0;
    int dir;
    (void)state;
    int person = watcher_make(&c, &dir);
    for (unsigned round = 0; round < 64; round++) {
        struct pollset p;
        ssize_t n = send(person, flood, sizeof flood, MSG_DONTWAIT | MSG_NOSIGNAL);
        sent += n > 0 ? (size_t)n : 0;
        pollset_begin(&p);
        pollset_deadline(&p, 0);
        console_poll_add(&c, &p);
        assert_true(pollset_wait(&p));
        console_serve(&c, &p);
    }
    assert_int_equal(c.typed.len, QUEUE_MAX);
    assert_true(sent < 64 * sizeof flood);
    (void)close(person);
    console_round(&c);
    assert_int_equal(c.watchers[0].fd, -1);
    console_close(&c);
    (void)close(dir);
}

#define TRUTH(test) cmocka_unit_test_setup_teardown(test, room_make, room_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TRUTH(control_characters_are_not_logged),
        TRUTH(c1_control_characters_are_not_logged),
        TRUTH(letters_in_utf8_are_logged_as_they_are),
        TRUTH(backspace_of_the_application_is_shown_and_not_logged),
        TRUTH(what_a_person_types_reaches_the_application_and_its_echo_comes_soon),
        TRUTH(typing_without_end_is_held_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
