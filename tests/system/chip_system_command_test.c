/* SPDX-License-Identifier: Apache-2.0 */
/* `windlass chip` as its user sees it, and hostile lines on the control socket. */
#include "tests/system/chip_bench.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/chip/chip_dir.h"
#include "host/chip/endpoint.h"

static const char *out;

static void contains(const char *part)
{
    if (strstr(out, part) == NULL) {
        fail_msg("'%s' is missing in:\n%s", part, out);
    }
}

#define WINDLASS(...) windlass_run((const char *const[]){ "chip", __VA_ARGS__, NULL }, &out)

static void run_status_stop_tell_the_state(void **state)
{
    (void)state;
    assert_int_equal(WINDLASS("status", bench_dir(), "--json"), 0);
    assert_string_equal(out, "{\"state\":\"off\",\"lifecycle\":\"open\"}\n");
    assert_int_equal(WINDLASS("run", bench_dir()), 0);
    contains(": running, process ");
    contains("debug port: 127.0.0.1:");
    bench_console_await("[fw] ready", 1);
    assert_int_equal(WINDLASS("status", bench_dir(), "--json"), 0);
    contains("\"state\":\"running\"");
    contains("\"lifecycle\":\"open\",\"halted\":false}");
    assert_int_equal(WINDLASS("status", bench_dir()), 0);
    contains("state      running\n");
    contains("halted     false\n");
    assert_int_equal(WINDLASS("stop", bench_dir()), 0);
    assert_int_equal(WINDLASS("status", bench_dir()), 0);
    contains("state      off");
    contains("unique ID  aa0102030405060708090a0b0c0d0e0f");
}

static void a_second_run_is_refused(void **state)
{
    (void)state;
    assert_int_equal(WINDLASS("run", bench_dir()), 0);
    assert_int_equal(WINDLASS("run", bench_dir()), 1);
    contains("windlass chip run: error: ");
    contains("running already (process ");
    contains("hint: 'windlass chip stop ");
    assert_int_equal(WINDLASS("run", bench_dir(), "--foreground"), 1);
}

static void halted_start_and_reset(void **state)
{
    (void)state;
    assert_int_equal(WINDLASS("run", bench_dir(), "--halted"), 0);
    contains(": halted, process ");
    assert_int_equal(bench_status("halted"), 1);
    assert_int_equal(WINDLASS("reset", bench_dir()), 0);
    bench_console_await("[fw] ready", 1);
    assert_int_equal(WINDLASS("reset", bench_dir(), "--halted"), 0);
    assert_int_equal(bench_status("halted"), 1);
}

static void cut_and_cut_at_work_from_the_command_line(void **state)
{
    (void)state;
    bench_start();
    assert_int_equal(WINDLASS("cut-at", bench_dir(), "1", "before"), 0);
    fw_request_begin(FLASHCTL_ERASE, 0x20000, NULL, 0);
    bench_state_await("off");
    fw_disconnect();
    bench_start();
    assert_int_equal(WINDLASS("cut", bench_dir()), 0);
    assert_string_equal(bench_state(), "off");
    assert_int_equal(WINDLASS("cut", bench_dir()), 1);
    contains("is off");
    contains("hint: 'windlass chip run ");
}

static void wrong_calls_are_usage_errors(void **state)
{
    (void)state;
    assert_int_equal(WINDLASS("fly"), 2);
    assert_int_equal(WINDLASS("run"), 2);
    assert_int_equal(WINDLASS("run", bench_dir(), "more"), 2);
    assert_int_equal(WINDLASS("run", bench_dir(), "--json"), 2);
    assert_int_equal(WINDLASS("stop", bench_dir(), "--bogus"), 2);
    assert_int_equal(WINDLASS("new", bench_dir(), "--uid"), 2);
    assert_int_equal(WINDLASS("cut-at", bench_dir(), "1"), 2);
    assert_int_equal(WINDLASS("new", "elsewhere", "--uid", "12"), 1);
    contains("not a unique ID");
    assert_int_equal(WINDLASS("new", bench_dir()), 1);
    contains("exists already");
}

static void every_command_has_help(void **state)
{
    static const char *const names[] = { "new", "run", "stop", "cut", "cut-at", "reset", "status", "console" };
    (void)state;
    assert_int_equal(WINDLASS("--help"), 0);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        contains(names[i]);
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(WINDLASS(names[i], "--help"), 0);
        contains("usage: windlass chip ");
        contains("example");
        assert_int_equal(WINDLASS("--help"), 0);
    }
}

static void bad_emulator_arguments_are_reported(void **state)
{
    (void)state;
    assert_int_equal(WINDLASS("run", bench_dir(), "--qemu-arg", "-bogus"), 1);
    contains("the emulator did not start");
    contains("bogus");
    assert_string_equal(bench_state(), "off");
}

static int control_connect(void)
{
    int dir_fd = open(bench_dir(), O_RDONLY | O_DIRECTORY);
    assert_true(dir_fd >= 0);
    int fd = endpoint_unix_connect(dir_fd, CHIP_CONTROL_SOCKET);
    (void)close(dir_fd);
    assert_true(fd >= 0);
    return fd;
}

static void line_answers(const char *line, const char *part)
{
    char text[1024];
    int fd = control_connect();
    rsp_send_raw(fd, line, strlen(line));
    struct pollfd p = { .fd = fd, .events = POLLIN, .revents = 0 };
    ssize_t n = poll(&p, 1, 5000) == 1 ? recv(fd, text, sizeof text - 1, 0) : -1;
    assert_true(n > 0);
    text[n] = '\0';
    assert_non_null(strstr(text, part));
    assert_int_equal(text[n - 1], '\n');
    (void)close(fd);
}

static void hostile_control_lines_are_refused(void **state)
{
    static char flood[100000];
    int silent[20];
    (void)state;
    bench_start();
    line_answers("\n", "\"error\"");
    line_answers("cut-at 0 before\n", "\"error\"");
    line_answers("cut-at 1 torn 999999999999999999999\n", "\"error\"");
    line_answers("\x1b[31m\xff\xfe\n", "\"error\"");
    memset(flood, 'a', sizeof flood);
    int fd = control_connect();
    (void)!send(fd, flood, sizeof flood, MSG_NOSIGNAL);
    assert_true(rsp_is_closed(fd));
    (void)close(fd);
    for (size_t i = 0; i < 20; i++) {
        silent[i] = control_connect();
    }
    for (size_t i = 0; i < 20; i++) {
        (void)close(silent[i]);
    }
    line_answers("status\n", "\"state\":\"running\"");
    fw_echo('a');
}

static void a_console_streams_lines_and_tames_control_characters(void **state)
{
    char text[512];
    size_t len = 0;
    struct fault fault = FAULT_NONE;
    (void)state;
    bench_start();
    int fd = chip_console_open(bench_dir(), &fault);
    assert_true(fd >= 0);
    assert_int_equal(bench_status("resets"), 0);
    /* The console prints the operation's letter: here an escape character. */
    assert_int_equal(fw_request(0x1B, 0, NULL, 0, NULL, 0), FLASHCTL_BAD_REQUEST);
    while (len < sizeof text - 1 && memchr(text, '\n', len) == NULL) {
        struct pollfd p = { .fd = fd, .events = POLLIN, .revents = 0 };
        assert_int_equal(poll(&p, 1, 5000), 1);
        ssize_t n = recv(fd, text + len, sizeof text - 1 - len, 0);
        assert_true(n > 0);
        len += (size_t)n;
    }
    text[len] = '\0';
    assert_string_equal(text, "[fw] ? answered 01\n");
    (void)bench_control("stop");
    assert_true(rsp_is_closed(fd));
    (void)close(fd);
}

#define TRUTH(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TRUTH(run_status_stop_tell_the_state),
        TRUTH(a_second_run_is_refused),
        TRUTH(halted_start_and_reset),
        TRUTH(cut_and_cut_at_work_from_the_command_line),
        TRUTH(wrong_calls_are_usage_errors),
        TRUTH(every_command_has_help),
        TRUTH(bad_emulator_arguments_are_reported),
        TRUTH(hostile_control_lines_are_refused),
        TRUTH(a_console_streams_lines_and_tames_control_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
