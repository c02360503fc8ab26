/* SPDX-License-Identifier: Apache-2.0 */
/* The debug port with a real GDB. */
#include "tests/system/chip_bench.h"

static void contains(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("'%s' is missing in:\n%s", part, text);
    }
}

static void start_only(void)
{
    const struct owner_options options = { .halted = false };
    (void)bench_start_with(&options);
}

static void gdb_programs_a_blank_chip(void **state)
{
    static const char *const commands[] = { "info mem", "load", "compare-sections", "monitor reset run", NULL };
    (void)state;
    start_only();
    assert_int_equal(bench_status("halted"), 1);
    const char *out = gdb_run(commands);
    contains(out, "0x10000000 0x10400000 flash blocksize 0x1000");
    contains(out, "Section .text, range 0x10000000");
    contains(out, "matched.");
    bench_console_await("[fw] ready", 1);
    assert_int_equal(bench_status("halted"), 0);
    fw_connect();
    fw_echo('a');
}

static void gdb_halts_steps_and_continues(void **state)
{
    static const char *const commands[] = { "monitor reset halt",
                                            "maintenance flush register-cache",
                                            "info registers pc sp",
                                            "x/2x 0x10000000",
                                            "stepi",
                                            "info registers pc",
                                            "hbreak *0x10000060",
                                            "continue",
                                            "set {int}0x38001000 = 77",
                                            "print {int}0x38001000",
                                            NULL };
    (void)state;
    start_only();
    bench_console_await("[fw] ready", 1);
    const char *out = gdb_run(commands);
    contains(out, "pc             0x10000044");
    contains(out, "sp             0x38010000");
    contains(out, "0x38010000\t0x10000045");
    contains(out, "<fw_start+");
    contains(out, "Breakpoint 1, 0x10000060");
    contains(out, "= 77");
    /* GDB has left: the breakpoint is gone and the firmware runs on. */
    bench_console_await("[fw] ready", 2);
    fw_connect();
    fw_echo('b');
}

static void gdb_cannot_change_flash_by_plain_writes(void **state)
{
    static const char *const commands[] = { "set {int}0x10020000 = 0", "set {int}0x00020000 = 0", NULL };
    uint8_t word[4];
    (void)state;
    start_only();
    (void)gdb_run(commands);
    bench_flash_read(0x20000, word, 4);
    assert_memory_equal(word, "\xff\xff\xff\xff", 4);
}

static void the_boot_lock_stops_gdb(void **state)
{
    static const char *const commands[] = { "load", NULL };
    uint8_t before[4096];
    uint8_t after[4096];
    (void)state;
    bench_fuse_write(FUSE_BOOT_LOCK_SECTORS, 8);
    bench_fuse_write(FUSE_BOOT_LOCK, 1);
    bench_flash_read(0, before, sizeof before);
    start_only();
    contains(gdb_run(commands), "Error erasing flash");
    bench_flash_read(0, after, sizeof after);
    assert_memory_equal(before, after, sizeof before);
    assert_int_equal(bench_status("flash_ops"), 0);
}

#define TRUTH(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(gdb_programs_a_blank_chip, bench_setup_blank, bench_teardown),
        TRUTH(gdb_halts_steps_and_continues),
        TRUTH(gdb_cannot_change_flash_by_plain_writes),
        TRUTH(the_boot_lock_stops_gdb),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
