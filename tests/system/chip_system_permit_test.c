/* SPDX-License-Identifier: Apache-2.0 */
/* The debug port of a locked chip that its secure world opens, with the real emulator: with what rights, for how long.
 */
#include "tests/system/chip_bench.h"

#include <sys/stat.h>
#include <unistd.h>

static int setup_locked(void **state)
{
    if (bench_setup(state) != 0) {
        return -1;
    }
    bench_fuse_write(FUSE_LIFECYCLE, 0xFFFF);
    bench_fuse_write(FUSE_DEBUG_LOCK, UINT32_MAX);
    bench_start();
    return 0;
}

static uint8_t permit(uint32_t rights)
{
    return fw_request(FLASHCTL_DEBUG, rights, NULL, 0, NULL, 0);
}

static void assert_answer(int fd, const char *packet, const char *answer)
{
    const char *got = rsp_ask(fd, packet);
    assert_non_null(got);
    assert_string_equal(got, answer);
}

/* An answer of this many bytes in hex. */
static void assert_bytes(int fd, const char *packet, size_t count)
{
    const char *got = rsp_ask(fd, packet);
    assert_non_null(got);
    assert_int_equal(strlen(got), 2 * count);
}

static void locked_chip_has_no_debug_port_until_it_is_permitted(void **state)
{
    (void)state;
    assert_int_equal(bench_status("gdb_port"), -1);
    assert_int_equal(permit(0), FLASHCTL_FUSE_DENIED);
    assert_int_equal(permit(3), FLASHCTL_FUSE_DENIED);
    assert_int_equal(bench_status("gdb_port"), -1);
    assert_int_equal(permit(FLASHCTL_DEBUG_SECURE), FLASHCTL_DONE);
    assert_true(bench_status("gdb_port") > 0);
    fw_echo('e'); /* the CPU runs on until a debugger comes */
}

static void whole_chip_is_open_with_secure_rights_but_for_its_keys(void **state)
{
    (void)state;
    uint8_t keys[64];
    static const uint8_t zero[64];
    assert_int_equal(fw_request(FLASHCTL_FUSES, FUSE_VENDOR_KEY, NULL, 16, keys, sizeof keys), FLASHCTL_DONE);
    assert_memory_not_equal(keys, zero, sizeof keys);
    assert_int_equal(permit(FLASHCTL_DEBUG_SECURE), FLASHCTL_DONE);
    assert_int_equal(fw_request(FLASHCTL_FUSES, FUSE_VENDOR_KEY, NULL, 16, keys, sizeof keys), FLASHCTL_DONE);
    assert_memory_equal(keys, zero, sizeof keys);
    int fd = rsp_connect();
    assert_bytes(fd, "m10000000,10", 16);
    assert_bytes(fd, "m38000000,4", 4);
    assert_bytes(fd, "pf", 4);
    (void)close(fd);
}

static void non_secure_rights_show_nothing_of_the_secure_world(void **state)
{
    (void)state;
    assert_int_equal(permit(FLASHCTL_DEBUG_NONSECURE), FLASHCTL_DONE);
    int fd = rsp_connect();
    assert_bytes(fd, "m80000,10", 16);
    assert_bytes(fd, "m28200000,4", 4);
    assert_answer(fd, "m10000000,10", "E01");
    assert_answer(fd, "m10080000,10", "E01");
    assert_answer(fd, "m0,10", "E01");
    assert_answer(fd, "m38000000,4", "E01");
    assert_answer(fd, "M38000000,1:00", "E01");
    assert_answer(fd, "Z0,10000100,2", "E01");
    assert_answer(fd, "vFlashErase:80000,1000", "E01");
    assert_answer(fd, "Qqemu.PhyMemMode:1", "");
    /* This firmware stands in the secure state all the time. */
    assert_answer(fd, "g", "E01");
    assert_answer(fd, "pf", "E01");
    assert_answer(fd, "Pf=00000810", "E01");
    (void)close(fd);
}

static void reset_by_the_firmware_closes_the_port(void **state)
{
    (void)state;
    assert_int_equal(permit(FLASHCTL_DEBUG_SECURE), FLASHCTL_DONE);
    int fd = rsp_connect();
    assert_bytes(fd, "m38000000,4", 4);
    assert_answer(fd, "D", "OK");
    (void)close(fd);
    fw_send("z", 1);
    bench_console_await("[fw] ready", 2);
    assert_int_equal(bench_status("gdb_port"), -1);
    bench_console_await("the debug port is locked again", 1);
}

static void reset_by_the_debugger_closes_the_port(void **state)
{
    struct stat s;
    char name[4200];
    (void)state;
    assert_int_equal(permit(FLASHCTL_DEBUG_SECURE), FLASHCTL_DONE);
    int fd = rsp_connect();
    assert_bytes(fd, "m38000000,4", 4);
    (void)rsp_ask(fd, "qRcmd,72657365742068616c74"); /* reset halt */
    bench_console_await("[fw] ready", 2);            /* it is not halted */
    assert_int_equal(bench_status("gdb_port"), -1);
    (void)snprintf(name, sizeof name, "%s/debug.sock", bench_dir());
    assert_int_equal(stat(name, &s), -1);
    (void)close(fd);
}

static void rights_are_given_anew_after_a_reset_only_by_the_secure_world(void **state)
{
    (void)state;
    assert_int_equal(permit(FLASHCTL_DEBUG_SECURE), FLASHCTL_DONE);
    assert_int_equal(permit(FLASHCTL_DEBUG_NONSECURE), FLASHCTL_FUSE_DENIED);
    fw_send("z", 1);
    bench_console_await("[fw] ready", 2);
    assert_int_equal(permit(FLASHCTL_DEBUG_NONSECURE), FLASHCTL_DONE);
    int fd = rsp_connect();
    assert_answer(fd, "m38000000,4", "E01");
    (void)close(fd);
}

#define TRUTH(name) cmocka_unit_test_setup_teardown(name, setup_locked, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TRUTH(locked_chip_has_no_debug_port_until_it_is_permitted),
        TRUTH(whole_chip_is_open_with_secure_rights_but_for_its_keys),
        TRUTH(non_secure_rights_show_nothing_of_the_secure_world),
        TRUTH(reset_by_the_firmware_closes_the_port),
        TRUTH(reset_by_the_debugger_closes_the_port),
        TRUTH(rights_are_given_anew_after_a_reset_only_by_the_secure_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
