/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of the control socket. */
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

#include "host/chip/chip_dir.h"
#include "host/chip/control.h"
#include "host/chip/endpoint.h"

static void each_line_has_its_verb(void **state)
{
    (void)state;
    assert_int_equal(control_line_parse("status").verb, CONTROL_STATUS);
    assert_int_equal(control_line_parse("stop").verb, CONTROL_STOP);
    assert_int_equal(control_line_parse("cut").verb, CONTROL_CUT);
    assert_int_equal(control_line_parse("reset").verb, CONTROL_RESET);
    assert_int_equal(control_line_parse("bus-reset halt").verb, CONTROL_RESET_HALT);
    assert_int_equal(control_line_parse("console").verb, CONTROL_CONSOLE);
}

static void cut_at_carries_its_numbers(void **state)
{
    (void)state;
    struct control_request r = control_line_parse("cut-at 12 torn 100");
    assert_int_equal(r.verb, CONTROL_CUT_AT);
    assert_int_equal(r.cut.left, 12);
    assert_int_equal(r.cut.mode, ARRAY_CUT_TORN);
    assert_int_equal(r.cut.bytes, 100);
    r = control_line_parse("cut-at 1 torn");
    assert_true(r.cut.bytes == ARRAY_CUT_HALF);
    assert_int_equal(control_line_parse("cut-at 1 before").cut.mode, ARRAY_CUT_BEFORE);
    assert_int_equal(control_line_parse("cut-at 1 after").cut.mode, ARRAY_CUT_AFTER);
}

static void other_lines_are_refused_with_a_reason(void **state)
{
    static const char *const lines[] = { "",
                                         " ",
                                         "status ",
                                         "STATUS",
                                         "cut-at",
                                         "cut-at 0 before",
                                         "cut-at -1 before",
                                         "cut-at 1",
                                         "cut-at 1 sideways",
                                         "cut-at 1 before 5",
                                         "cut-at 1 torn 4097",
                                         "cut-at 1 torn x",
                                         "cut-at 99999999999999999999 before",
                                         "cut-at 1 torn 5 6",
                                         "cut-at 1x before",
                                         "bus-reset",
                                         "stop now",
                                         "\x1b[2J" };
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct control_request r = control_line_parse(lines[i]);
        assert_int_equal(r.verb, CONTROL_BAD);
        assert_non_null(r.complaint);
    }
}

/* Serves until a line is complete. */
static int line_wait(struct control *c, struct control_request *request)
{
    int fd = -1;
    while (fd < 0) {
        struct pollset p;
        pollset_begin(&p);
        control_poll_add(c, &p);
        assert_true(pollset_wait(&p));
        fd = control_next(c, &p, request);
    }
    return fd;
}

static void what_comes_behind_the_line_is_not_lost(void **state)
{
    static const char sent[] = "console\nstatus\rlog\r";
    char room[256];
    static struct control c;
    struct control_request request;
    (void)state;
    (void)snprintf(room, sizeof room, "%s/chip-control-XXXXXX", WINDLASS_BUILD_DIR);
    assert_non_null(mkdtemp(room));
    int dir = open(room, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(control_open(&c, dir), 0);
    int client = endpoint_unix_connect(dir, CHIP_CONTROL_SOCKET);
    assert_int_equal(send(client, sent, sizeof sent - 1, 0), sizeof sent - 1);
    int fd = line_wait(&c, &request);
    assert_int_equal(request.verb, CONTROL_CONSOLE);
    assert_int_equal(request.rest_len, 11);
    assert_memory_equal(request.rest, "status\rlog\r", 11);
    (void)close(fd);
    (void)close(client);
    control_close(&c);
    assert_int_equal(unlinkat(dir, CHIP_CONTROL_SOCKET, 0), 0);
    (void)close(dir);
    assert_int_equal(rmdir(room), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_line_has_its_verb),
        cmocka_unit_test(cut_at_carries_its_numbers),
        cmocka_unit_test(other_lines_are_refused_with_a_reason),
        cmocka_unit_test(what_comes_behind_the_line_is_not_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
