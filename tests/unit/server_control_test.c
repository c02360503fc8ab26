/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's control socket, log and metrics: what comes out is what was meant, whatever comes in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/daemon/control.h"
#include "host/daemon/log.h"
#include "host/daemon/log_rate.h"
#include "host/daemon/metrics.h"
#include "host/lib/file.h"
#include "tests/unit/host_support.h"

static const char *dir;
static struct control_reply reply;

static int verb_status(void *context, struct bytes bytes, struct control_reply *out, struct fault *fault)
{
    (void)context;
    (void)bytes;
    (void)fault;
    control_reply_text(out, "state", "up \"and\" running\n\x1b");
    control_reply_number(out, "units", -3);
    return 0;
}

static int verb_load(void *context, struct bytes bytes, struct control_reply *out, struct fault *fault)
{
    (void)context;
    (void)fault;
    control_reply_number(out, "bytes", (int64_t)bytes.len);
    control_reply_hex(out, "first", bytes_of(bytes.data, bytes.len < 4 ? bytes.len : 4));
    return 0;
}

static int verb_fail(void *context, struct bytes bytes, struct control_reply *out, struct fault *fault)
{
    (void)context;
    (void)bytes;
    (void)out;
    (void)fault_set(fault, "it cannot be");
    return fault_hint(fault, "try another");
}

static int verb_much(void *context, struct bytes bytes, struct control_reply *out, struct fault *fault)
{
    (void)context;
    (void)bytes;
    (void)fault;
    for (int i = 0; i < 10000; i++) {
        control_reply_number(out, "again", i);
    }
    return 0;
}

static const struct control_verb verbs[] = {
    { "status", 0, 1, verb_status }, { "load", 1, 0, verb_load }, { "fail", 0, 0, verb_fail },
    { "much", 0, 0, verb_much },     { NULL, 0, 0, NULL },
};

static struct control *control;

static int up(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    dir = support_folder_make();
    log_use(open(support_path("log"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    support_check(control_open(dir, verbs, NULL, &control, &fault), &fault);
    support_check(control_start(control, &fault), &fault);
    return 0;
}

static int down(void **state)
{
    (void)state;
    control_close(control);
    assert_int_equal(access(support_path(CONTROL_SOCKET), F_OK), -1);
    support_folder_remove();
    return 0;
}

static void ask(const char *verb, struct bytes bytes, const char *answer)
{
    struct fault fault = FAULT_NONE;
    support_check(control_ask(dir, verb, bytes, &reply, &fault), &fault);
    assert_string_equal(reply.text, answer);
}

static const struct bytes none = { NULL, 0 };

static void verbs_answer_in_json(void **state)
{
    (void)state;
    static uint8_t big[3u << 20] = { 0xAB, 0xCD };
    ask("status", none, "{\"ok\":true,\"state\":\"up \\\"and\\\" running\\n?\",\"units\":-3}");
    ask("fail", none, "{\"ok\":false,\"error\":\"it cannot be\",\"hint\":\"try another\"}");
    ask("load", bytes_of(big, sizeof big), "{\"ok\":true,\"bytes\":3145728,\"first\":\"abcd0000\"}");
    ask("load", bytes_of("", 0), "{\"ok\":true,\"bytes\":0,\"first\":\"\"}");
    ask("much", none, "{\"ok\":false,\"error\":\"the answer is too long\",\"hint\":\"\"}");
}

static void bad_lines_are_refused_with_the_reason(void **state)
{
    (void)state;
    ask("dance", none, "{\"ok\":false,\"error\":\"there is no such verb\",\"hint\":\"\"}");
    ask("load", none, "{\"ok\":false,\"error\":\"load takes bytes: at most 16 MiB\",\"hint\":\"\"}");
    ask("status", bytes_of("x", 1), "{\"ok\":false,\"error\":\"status takes no bytes\",\"hint\":\"\"}");
    ask("load 99999999", none, "{\"ok\":false,\"error\":\"load takes bytes: at most 16 MiB\",\"hint\":\"\"}");
    ask("load -1", none, "{\"ok\":false,\"error\":\"a line is VERB or VERB LENGTH\",\"hint\":\"\"}");
}

static void client_that_says_nothing_holds_up_no_other_for_long(void **state)
{
    (void)state;
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    time_t begin = time(NULL);
    int silent = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/" CONTROL_SOCKET, dir);
    assert_int_equal(connect(silent, (const struct sockaddr *)&address, sizeof address), 0);
    ask("fail", none, "{\"ok\":false,\"error\":\"it cannot be\",\"hint\":\"try another\"}");
    assert_true(time(NULL) - begin < 10);
    (void)close(silent);
}

static void socket_is_for_its_owner_only(void **state)
{
    (void)state;
    struct stat info;
    assert_int_equal(stat(support_path(CONTROL_SOCKET), &info), 0);
    assert_int_equal(info.st_mode & 0777 & ~0700u, 0);
}

static void folder_without_a_daemon_is_told_from_a_wrong_folder(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    assert_int_equal(mkdir(support_path("empty"), 0700), 0);
    assert_int_equal(control_ask(support_path("empty"), "status", none, &reply, &fault), 1);
    support_check_refused(control_ask(support_path("nowhere"), "status", none, &reply, &fault), &fault, "nowhere");
}

static void second_daemon_of_a_folder_is_refused(void **state)
{
    (void)state;
    int first;
    int second;
    struct fault fault = FAULT_NONE;
    support_check(control_lock(dir, &first, &fault), &fault);
    support_check_refused(control_lock(dir, &second, &fault), &fault, "running already");
    (void)close(first);
    fault = FAULT_NONE;
    support_check(control_lock(dir, &second, &fault), &fault);
    (void)close(second);
}

/* ---- the log ---- */

static char *log_text(void)
{
    uint8_t *text = NULL;
    size_t len = 0;
    struct fault fault = FAULT_NONE;
    support_check(file_read(support_path("log"), 1u << 20, &text, &len, &fault), &fault);
    return (char *)text;
}

static void hostile_text_stays_inside_its_string(void **state)
{
    (void)state;
    log_say(LOG_LEVEL_WARNING, "test_event", "station", "a\",\"level\":\"error\n{}\x1b[31m\xff\\", "empty", "", "after",
            "x", NULL);
    char *text = log_text();
    assert_non_null(strstr(text, "\"level\":\"warning\",\"event\":\"test_event\",\"station\":"
                                 "\"a\\\",\\\"level\\\":\\\"error\\n{}?[31m?\\\\\",\"after\":\"x\"}\n"));
    free(text);
}

static void long_line_stays_one_whole_line(void **state)
{
    (void)state;
    static char much[5000];
    memset(much, '"', sizeof much - 1);
    log_say(LOG_LEVEL_INFO, "long", "one", much, "two", much, "three", much, NULL);
    char *text = log_text();
    assert_true(strlen(text) < LOG_LINE_MAX);
    assert_string_equal(text + strlen(text) - 3, "\"}\n");
    free(text);
}

static void strangers_cannot_fill_the_log(void **state)
{
    (void)state;
    size_t lines = 0;
    for (int i = 0; i < 1000; i++) {
        log_say_stranger(LOG_LEVEL_WARNING, "knock", "n", "x", NULL);
    }
    char *text = log_text();
    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++) {
        lines++;
    }
    assert_in_range(lines, LOG_STRANGERS_MAX, 3 * LOG_STRANGERS_MAX);
    free(text);
    (void)sleep(1);
    log_say_stranger(LOG_LEVEL_WARNING, "knock", NULL);
    text = log_text();
    assert_non_null(strstr(text, "\"left_out\":\"9"));
    free(text);
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at++) {
        count++;
    }
    return count;
}

static void station_that_fails_all_the_time_cannot_fill_the_log(void **state)
{
    (void)state;
    const uint64_t before = log_left_out();
    for (unsigned i = 0; i < LOG_RATE_TROUBLE + 500; i++) {
        log_say_station(LOG_LEVEL_WARNING, "bad_letter", "flooder", "what", "x", NULL);
    }
    log_say_station(LOG_LEVEL_INFO, "made", "flooder", NULL);
    log_say_station(LOG_LEVEL_ERROR, "alarm", "flooder", NULL);
    log_say_station(LOG_LEVEL_WARNING, "bad_letter", "other", NULL);
    log_stations_settle(0);
    char *text = log_text();
    assert_int_equal(count_of(text, "\"event\":\"bad_letter\",\"station\":\"flooder\",\"what\":\"x\"}"),
                     LOG_RATE_TROUBLE);
    assert_int_equal(count_of(text, "\"event\":\"made\",\"station\":\"flooder\"}"), 1);
    assert_int_equal(count_of(text, "\"event\":\"alarm\",\"station\":\"flooder\"}"), 1);
    assert_int_equal(count_of(text, "\"event\":\"bad_letter\",\"station\":\"other\"}"), 1);
    assert_int_equal(count_of(text, "lines_left_out"), 0);
    free(text);
    log_stations_settle(1);
    log_stations_settle(1);
    text = log_text();
    assert_int_equal(
        count_of(text, "\"event\":\"lines_left_out\",\"station\":\"flooder\",\"of\":\"warning\",\"left_out\":\"500\"}"),
        1);
    assert_int_equal(count_of(text, "lines_left_out"), 1);
    assert_int_equal(log_left_out() - before, 500);
    free(text);
}

static struct log_rate rate;

static unsigned said_of(const char *station, int64_t now, unsigned tries, struct log_rate_place *rest)
{
    struct log_rate_place unsaid;
    unsigned said = 0;
    memset(rest, 0, sizeof *rest);
    for (unsigned i = 0; i < tries; i++) {
        said += (unsigned)log_rate_take(&rate, station, 1, now, &unsaid);
        *rest = unsaid.left_out > 0 ? unsaid : *rest;
    }
    return said;
}

static void next_minute_tells_what_the_last_one_left_out(void **state)
{
    struct log_rate_place rest;
    (void)state;
    memset(&rate, 0, sizeof rate);
    assert_int_equal(said_of("line-1", 100, LOG_RATE_TROUBLE + 7, &rest), LOG_RATE_TROUBLE);
    assert_int_equal(said_of("line-1", 159, 1, &rest), 0);
    assert_int_equal(rest.left_out, 0);
    assert_int_equal(said_of("line-1", 160, LOG_RATE_TROUBLE + 1, &rest), LOG_RATE_TROUBLE);
    assert_int_equal(rest.left_out, 8);
    assert_string_equal(rest.name, "line-1");
    assert_int_equal(log_rate_next(&rate, 219, &rest), 0);
    assert_int_equal(log_rate_next(&rate, 220, &rest), 1);
    assert_int_equal(rest.left_out, 1);
    assert_int_equal(log_rate_next(&rate, INT64_MAX, &rest), 0);
}

static void more_stations_than_places_lose_no_count(void **state)
{
    struct log_rate_place rest;
    char name[32];
    uint64_t told = 0;
    (void)state;
    memset(&rate, 0, sizeof rate);
    assert_int_equal(said_of("first", 1, LOG_RATE_TROUBLE + 9, &rest), LOG_RATE_TROUBLE);
    for (unsigned i = 0; i < LOG_RATE_PLACES; i++) {
        (void)snprintf(name, sizeof name, "line-%u", i);
        assert_int_equal(said_of(name, 2, 1, &rest), 1);
        told += rest.left_out;
    }
    assert_int_equal(told, 9);
}

static void log_that_nobody_reads_blocks_nobody(void **state)
{
    (void)state;
    int ends[2];
    uint64_t before = log_dropped();
    assert_int_equal(pipe(ends), 0);
    log_use(ends[1]);
    for (int i = 0; i < 3000; i++) {
        log_say(LOG_LEVEL_INFO, "filler", "text", "0123456789012345678901234567890123456789", NULL);
    }
    assert_true(log_dropped() > before);
    log_use(open("/dev/null", O_WRONLY | O_CLOEXEC));
    (void)close(ends[0]);
    (void)close(ends[1]);
}

/* ---- metrics ---- */

static void metrics_are_what_prometheus_reads(void **state)
{
    (void)state;
    static char text[METRICS_TEXT_MAX];
    struct metrics m = { 0 };
    metrics_add(&m, METRIC_CONNECTIONS, 3);
    metrics_add(&m, METRIC_END_FLOOD, 7);
    metrics_letter(&m, 400);
    metrics_letter(&m, 3000);
    metrics_letter(&m, 9000000);
    size_t len = metrics_text(&m, text, sizeof text);
    assert_int_equal(len, strlen(text));
    static const char *const parts[] = {
        "# TYPE windlass_connections gauge\nwindlass_connections 3\n",
        "windlass_connections_ended_total{reason=\"flood\"} 7\n",
        "windlass_letter_seconds_bucket{le=\"0.0005\"} 1\n",
        "windlass_letter_seconds_bucket{le=\"0.005\"} 2\n",
        "windlass_letter_seconds_bucket{le=\"5\"} 2\n",
        "windlass_letter_seconds_bucket{le=\"+Inf\"} 3\nwindlass_letter_seconds_sum 9.003400\n",
        "windlass_letter_seconds_count 3\n",
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        assert_non_null(strstr(text, parts[i]));
    }
    /* A family is announced once. */
    const char *first = strstr(text, "# TYPE windlass_connections_ended_total");
    assert_non_null(first);
    assert_null(strstr(first + 1, "# TYPE windlass_connections_ended_total"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(verbs_answer_in_json, up, down),
        cmocka_unit_test_setup_teardown(bad_lines_are_refused_with_the_reason, up, down),
        cmocka_unit_test_setup_teardown(client_that_says_nothing_holds_up_no_other_for_long, up, down),
        cmocka_unit_test_setup_teardown(socket_is_for_its_owner_only, up, down),
        cmocka_unit_test_setup_teardown(folder_without_a_daemon_is_told_from_a_wrong_folder, up, down),
        cmocka_unit_test_setup_teardown(second_daemon_of_a_folder_is_refused, up, down),
        cmocka_unit_test_setup_teardown(hostile_text_stays_inside_its_string, up, down),
        cmocka_unit_test_setup_teardown(long_line_stays_one_whole_line, up, down),
        cmocka_unit_test_setup_teardown(strangers_cannot_fill_the_log, up, down),
        cmocka_unit_test_setup_teardown(station_that_fails_all_the_time_cannot_fill_the_log, up, down),
        cmocka_unit_test_setup_teardown(next_minute_tells_what_the_last_one_left_out, up, down),
        cmocka_unit_test_setup_teardown(more_stations_than_places_lose_no_count, up, down),
        cmocka_unit_test_setup_teardown(log_that_nobody_reads_blocks_nobody, up, down),
        cmocka_unit_test(metrics_are_what_prometheus_reads),
    };
    return cmocka_run_group_tests_name("server_control", tests, NULL, NULL);
}
