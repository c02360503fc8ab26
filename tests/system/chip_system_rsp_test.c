/* SPDX-License-Identifier: Apache-2.0 */
/* The debug port byte by byte: hostile input, locks, sessions. */
#include "tests/system/chip_bench.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static bool file_exists(const char *name)
{
    struct stat st;
    char path[900];
    (void)snprintf(path, sizeof path, "%s/%s", bench_dir(), name);
    return lstat(path, &st) == 0;
}

static void answers(int fd, const char *body, const char *expected)
{
    const char *got = rsp_ask(fd, body);
    if (got == NULL || strcmp(got, expected) != 0) {
        fail_msg("'%s' answered '%s', not '%s'", body, got == NULL ? "(nothing)" : got, expected);
    }
}

static void hex_of(const char *text, char *out)
{
    while (*text != '\0') {
        out += sprintf(out, "%02x", (unsigned char)*text++);
    }
}

static void monitor_sends(int fd, const char *command)
{
    char body[128] = "qRcmd,";
    hex_of(command, body + strlen(body));
    answers(fd, body, "OK");
}

static void the_port_closes_with_its_fuse_for_good(void **state)
{
    struct fault fault = FAULT_NONE;
    unsigned port;
    (void)state;
    bench_start();
    int fd = rsp_connect();
    assert_non_null(rsp_ask(fd, "?"));
    monitor_sends(fd, "reset run");
    fw_echo('a');
    assert_int_equal(fw_blow(FUSE_DEBUG_LOCK, 0x00010000), FLASHCTL_DONE);
    assert_true(rsp_is_closed(fd));
    (void)close(fd);
    assert_int_equal(bench_status("gdb_port"), -1);
    assert_false(file_exists("gdb.port"));
    assert_false(file_exists("debug.sock"));
    /* The firmware runs on. */
    fw_echo('b');
    fw_disconnect();
    (void)bench_control("stop");
    bench_start();
    assert_int_equal(bench_status("gdb_port"), -1);
    assert_false(file_exists("gdb.port"));
    assert_false(file_exists("debug.sock"));
    assert_int_equal(chip_debug_port(bench_dir(), &port, &fault), -1);
    assert_non_null(strstr(fault.what, "locked"));
}

static void a_locked_chip_starts_neither_halted_nor_with_another_port(void **state)
{
    static char option[] = "-gdb";
    static char value[] = "tcp::0";
    static char *const back_door[] = { option, value, NULL };
    const struct owner_options halted = { .halted = true };
    const struct owner_options extra = { .qemu_arg = back_door };
    struct owner_report report;
    struct fault fault = FAULT_NONE;
    char answer[CHIP_ANSWER_MAX];
    (void)state;
    bench_fuse_write(FUSE_DEBUG_LOCK, 1);
    assert_int_equal(chip_start(bench_dir(), &halted, &report, &fault), -1);
    assert_non_null(strstr(fault.what, "locked"));
    fault = FAULT_NONE;
    assert_int_equal(chip_start(bench_dir(), &extra, &report, &fault), -1);
    assert_non_null(strstr(fault.what, "-gdb"));
    bench_start();
    fault = FAULT_NONE;
    assert_int_equal(chip_control(bench_dir(), "bus-reset halt", answer, &fault), -1);
    fw_echo('c');
}

static void hostile_bytes_end_the_session_only(void **state)
{
    static const char *const attacks[] = { "GET / HTTP/1.1\r\n\r\n", "$",           "$#",
                                           "$#00$#00---+++",         "$}#7d",       "$m#6d$m,#99",
                                           "$vFlashErase:#zz",       "\xff\xfe\xfd" };
    static uint8_t flood[200000];
    (void)state;
    bench_start();
    for (size_t i = 0; i < sizeof attacks / sizeof attacks[0]; i++) {
        int fd = rsp_connect();
        rsp_send_raw(fd, attacks[i], strlen(attacks[i]));
        (void)close(fd);
    }
    memset(flood, '$', sizeof flood);
    int fd = rsp_connect();
    rsp_send_raw(fd, flood, sizeof flood);
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    assert_true(rsp_is_closed(fd));
    (void)close(fd);
    memset(flood, 'A', sizeof flood);
    flood[0] = '$';
    fd = rsp_connect();
    rsp_send_raw(fd, flood, sizeof flood);
    rsp_send_raw(fd, "#00", 3);
    answers(fd, "qAttached", "1");
    (void)close(fd);
    fw_echo('d');
    assert_string_equal(bench_state(), "running");
}

static void malformed_packets_get_errors(void **state)
{
    (void)state;
    bench_start();
    int fd = rsp_connect();
    answers(fd, "m", "E01");
    answers(fd, "m10000000", "E01");
    answers(fd, "m10000000,4,", "E01");
    answers(fd, "M10000000,1:00", "E01");
    answers(fd, "X10000000,0:", "E01");
    answers(fd, "Mfffffff,4:00000000", "E01");
    answers(fd, "vFlashErase:10000001,1000", "E01");
    answers(fd, "vFlashErase:38000000,1000", "E.memtype");
    answers(fd, "vFlashWrite:38000000:x", "E.memtype");
    answers(fd, "qXfer:memory-map:read::ffffffff,10", "E01");
    answers(fd, "qRcmd,0", "E01");
    answers(fd, "vRun", "");
    answers(fd, "R00", "");
    (void)close(fd);
    fw_echo('e');
}

static void a_second_debugger_is_turned_away(void **state)
{
    (void)state;
    bench_start();
    int first = rsp_connect();
    assert_non_null(rsp_ask(first, "?"));
    int second = rsp_connect();
    assert_true(rsp_is_closed(second));
    (void)close(second);
    answers(first, "qAttached", "1");
    (void)close(first);
}

static void memory_is_read_while_the_cpu_runs(void **state)
{
    (void)state;
    bench_start();
    int fd = rsp_connect();
    answers(fd, "M38008000,4:11223344", "OK");
    monitor_sends(fd, "reset run");
    fw_echo('f');
    answers(fd, "M38008000,4:55667788", "OK");
    answers(fd, "m38008000,4", "55667788");
    assert_int_equal(bench_status("halted"), 0);
    fw_echo('g');
    assert_int_equal(fw_word_read(0x38008000), 0x88776655);
    (void)close(fd);
}

static void flash_written_by_the_debugger_is_seen_by_the_running_cpu(void **state)
{
    (void)state;
    bench_start();
    int fd = rsp_connect();
    monitor_sends(fd, "reset run");
    fw_echo('h');
    answers(fd, "vFlashErase:10180000,1000", "OK");
    answers(fd, "vFlashWrite:10180000:abcd", "OK");
    answers(fd, "vFlashDone", "OK");
    answers(fd, "m10180000,6", "61626364ffff");
    assert_int_equal(fw_word_read(0x10180000), 0x64636261);
    (void)close(fd);
    uint8_t data[16];
    bench_flash_read(0x180000, data, sizeof data);
    assert_memory_equal(data, "abcd\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 16);
}

static void a_debugger_that_vanishes_leaves_the_cpu_running(void **state)
{
    (void)state;
    bench_start();
    int fd = rsp_connect();
    answers(fd, "Z1,10000060,2", "OK");
    assert_int_equal(bench_status("halted"), 1);
    (void)close(fd);
    fw_echo('i');
    (void)bench_control("reset");
    fw_echo('j');
    assert_int_equal(bench_status("halted"), 0);
}

static void ctrl_c_stops_a_running_cpu(void **state)
{
    uint8_t packet[] = "$c#63";
    (void)state;
    bench_start();
    int fd = rsp_connect();
    assert_non_null(rsp_ask(fd, "?"));
    rsp_send_raw(fd, packet, 5);
    fw_echo('k');
    rsp_send_raw(fd, "\003", 1);
    const char *why = rsp_wait(fd);
    assert_non_null(why);
    assert_memory_equal(why, "T02", 3);
    assert_int_equal(bench_status("halted"), 1);
    (void)close(fd);
}

static void a_breakpoint_survives_a_reset_by_the_firmware(void **state)
{
    uint8_t command = 'z';
    (void)state;
    bench_start();
    int fd = rsp_connect();
    answers(fd, "Z1,10000060,2", "OK");
    rsp_send_raw(fd, "$c#63", 5);
    fw_echo('l');
    fw_send(&command, 1);
    const char *why = rsp_wait(fd);
    assert_non_null(why);
    assert_memory_equal(why, "T05", 3);
    assert_int_equal(bench_status("resets"), 1);
    assert_int_equal(bench_status("halted"), 1);
    (void)close(fd);
}

static void an_ordered_cut_counts_the_debuggers_operations(void **state)
{
    uint8_t data[2];
    (void)state;
    bench_start();
    bench_flash_read(0x20000, data, 1);
    int fd = rsp_connect();
    (void)bench_control("cut-at 2 after");
    answers(fd, "vFlashErase:10020000,1000", "OK");
    answers(fd, "vFlashWrite:10020000:x", "OK");
    (void)rsp_ask(fd, "vFlashDone");
    (void)close(fd);
    bench_state_await("off");
    bench_flash_read(0x20000, data, 2);
    assert_memory_equal(data, "x\xff", 2);
}

#define TRUTH(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TRUTH(the_port_closes_with_its_fuse_for_good),
        TRUTH(a_locked_chip_starts_neither_halted_nor_with_another_port),
        TRUTH(hostile_bytes_end_the_session_only),
        TRUTH(malformed_packets_get_errors),
        TRUTH(a_second_debugger_is_turned_away),
        TRUTH(memory_is_read_while_the_cpu_runs),
        TRUTH(flash_written_by_the_debugger_is_seen_by_the_running_cpu),
        TRUTH(a_debugger_that_vanishes_leaves_the_cpu_running),
        TRUTH(ctrl_c_stops_a_running_cpu),
        TRUTH(a_breakpoint_survives_a_reset_by_the_firmware),
        TRUTH(an_ordered_cut_counts_the_debuggers_operations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
