/* SPDX-License-Identifier: Apache-2.0 */
/* Power, reset and flash as the firmware sees them, with the emulator running. */
#include "tests/system/chip_bench.h"

#include <dirent.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#define OFF 0x20000u

static uint8_t pattern[4096];

static void pattern_make(void)
{
    for (size_t i = 0; i < sizeof pattern; i++) {
        pattern[i] = (uint8_t)(i * 11 + 3);
    }
}

static void flash_holds(uint32_t off, const void *expected, size_t len)
{
    uint8_t data[4096];
    bench_flash_read(off, data, len);
    assert_memory_equal(data, expected, len);
}

static void flash_is_erased(uint32_t off, size_t len)
{
    uint8_t blank[4096];
    memset(blank, 0xFF, sizeof blank);
    flash_holds(off, blank, len);
}

static void flash_persists_between_runs(void **state)
{
    (void)state;
    pattern_make();
    bench_start();
    assert_int_equal(fw_program(OFF, pattern, 4096), FLASHCTL_DONE);
    assert_int_equal(fw_blow(FUSE_LIFECYCLE, 0xFF), FLASHCTL_DONE);
    assert_int_equal(bench_status("flash_ops"), 2);
    fw_disconnect();
    (void)bench_control("stop");
    assert_string_equal(bench_state(), "off");
    flash_holds(OFF, pattern, 4096);
    bench_start();
    assert_int_equal(fw_word_read(0x10000000 + OFF), bytes_read_le32(pattern));
    assert_int_equal(fw_program(OFF, pattern, 16), FLASHCTL_NOT_ERASED);
    assert_int_equal(fw_erase(OFF), FLASHCTL_DONE);
    flash_is_erased(OFF, 4096);
    assert_int_equal(bench_fuse_read(FUSE_LIFECYCLE), 0xFF);
}

static void reset_reloads_the_view_and_opens_the_seal(void **state)
{
    uint8_t zero = 'z';
    (void)state;
    pattern_make();
    bench_start();
    assert_int_equal(fw_program(OFF, pattern, 16), FLASHCTL_DONE);
    /* The view is not the array: firmware may scribble in it, until the next reset. */
    fw_word_write(0x10000000 + OFF, 0x12345678);
    assert_int_equal(fw_word_read(0x10000000 + OFF), 0x12345678);
    assert_int_equal(fw_request(FLASHCTL_SEAL, 0, NULL, 0, NULL, 0), FLASHCTL_DONE);
    assert_int_equal(fw_erase(OFF), FLASHCTL_SEALED);
    fw_send(&zero, 1);
    bench_console_await("[fw] ready", 2);
    fw_echo('a');
    assert_int_equal(fw_word_read(0x10000000 + OFF), bytes_read_le32(pattern));
    assert_int_equal(fw_erase(OFF), FLASHCTL_DONE);
    assert_int_equal(bench_status("resets"), 1);
}

static void the_reset_pin_restarts_the_firmware(void **state)
{
    (void)state;
    bench_start();
    (void)bench_control("reset");
    bench_console_await("[fw] ready", 2);
    fw_echo('b');
    (void)bench_control("bus-reset halt");
    assert_int_equal(bench_status("halted"), 1);
    (void)bench_control("reset");
    fw_echo('c');
    assert_int_equal(bench_status("halted"), 0);
}

static void firmware_cannot_break_the_rules(void **state)
{
    uint8_t fuses[32];
    (void)state;
    pattern_make();
    bench_start();
    assert_int_equal(fw_blow(FUSE_BOOT_LOCK_SECTORS, 8), FLASHCTL_DONE);
    assert_int_equal(fw_blow(FUSE_BOOT_LOCK, 1), FLASHCTL_DONE);
    assert_int_equal(fw_erase(0), FLASHCTL_LOCKED);
    assert_int_equal(fw_program(0x7FF0, pattern, 16), FLASHCTL_LOCKED);
    assert_int_equal(fw_blow(FUSE_UNIQUE_ID, 1), FLASHCTL_FUSE_DENIED);
    assert_int_equal(fw_blow(FUSE_BOOT_LOCK_SECTORS, 16), FLASHCTL_FUSE_DENIED);
    assert_int_equal(fw_program(0x8008, pattern, 16), FLASHCTL_ALIGN);
    assert_int_equal(fw_erase(0x400000), FLASHCTL_RANGE);
    assert_int_equal(fw_program(0x8000, pattern, 16), FLASHCTL_DONE);
    assert_int_equal(fw_program(0x8000, pattern, 16), FLASHCTL_NOT_ERASED);
    assert_int_equal(fw_request(FLASHCTL_FUSES, FUSE_UNIQUE_ID, NULL, 4, fuses, 16), FLASHCTL_DONE);
    assert_memory_equal(fuses, "\xaa\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f", 16);
    bench_console_await("[fw] E answered 04", 1);
    flash_is_erased(0x7FF0, 16);
    (void)bench_control("reset");
    fw_echo('d');
    assert_int_equal(fw_erase(0x7000), FLASHCTL_LOCKED);
}

static void a_bad_request_deafens_until_reset(void **state)
{
    (void)state;
    bench_start();
    assert_int_equal(fw_request(0x77, 0, NULL, 0, NULL, 0), FLASHCTL_BAD_REQUEST);
    fw_request_begin(FLASHCTL_ERASE, OFF, NULL, 0);
    assert_int_equal(bench_status("flash_ops"), 0);
    (void)bench_control("reset");
    fw_echo('e');
    assert_int_equal(fw_erase(OFF), FLASHCTL_DONE);
}

/* Orders a cut, programs 4096 bytes, waits for the power to be gone. */
static void program_under_cut(const char *order)
{
    bench_start();
    (void)bench_control(order);
    fw_request_begin(FLASHCTL_PROGRAM, OFF, pattern, 4096);
    bench_state_await("off");
    fw_disconnect();
    bench_console_await("power cut", 1);
}

static void cut_before_leaves_flash_as_it_was(void **state)
{
    (void)state;
    pattern_make();
    program_under_cut("cut-at 1 before");
    flash_is_erased(OFF, 4096);
    bench_start();
    assert_int_equal(fw_program(OFF, pattern, 4096), FLASHCTL_DONE);
}

static void torn_program_leaves_its_prefix(void **state)
{
    (void)state;
    pattern_make();
    program_under_cut("cut-at 1 torn 1000");
    flash_holds(OFF, pattern, 1000);
    flash_is_erased(OFF + 1000, 3096);
    bench_start();
    assert_int_equal(fw_word_read(0x10000000 + OFF), bytes_read_le32(pattern));
}

static void cut_after_leaves_all_done(void **state)
{
    (void)state;
    pattern_make();
    program_under_cut("cut-at 1 after");
    flash_holds(OFF, pattern, 4096);
}

static void the_nth_operation_is_cut(void **state)
{
    (void)state;
    pattern_make();
    bench_start();
    (void)bench_control("cut-at 3 before");
    assert_int_equal(fw_erase(OFF), FLASHCTL_DONE);
    assert_int_equal(fw_program(OFF, pattern, 16), FLASHCTL_DONE);
    assert_int_equal(fw_program(OFF, pattern, 16), FLASHCTL_NOT_ERASED);
    fw_request_begin(FLASHCTL_PROGRAM, OFF + 16, pattern, 16);
    bench_state_await("off");
    flash_holds(OFF, pattern, 16);
    flash_is_erased(OFF + 16, 16);
}

static void cut_now_and_run_again(void **state)
{
    (void)state;
    bench_start();
    assert_string_equal(bench_control("cut"), "{\"state\":\"off\"}");
    assert_string_equal(bench_state(), "off");
    fw_disconnect();
    bench_start();
    fw_echo('f');
}

static void a_lockup_is_a_crash_that_a_reset_ends(void **state)
{
    uint8_t crash = 'x';
    (void)state;
    bench_start();
    fw_send(&crash, 1);
    bench_state_await("crashed");
    assert_non_null(strstr(bench_control("status"), "Lockup"));
    bench_console_await("[chip] crashed", 1);
    (void)bench_control("reset");
    fw_echo('g');
    assert_string_equal(bench_state(), "running");
}

static void firmware_that_crashes_at_once_leaves_a_chip_that_answers(void **state)
{
    static const uint8_t vectors[8] = { 0x00, 0x10, 0x00, 0x38, 0x01, 0x00, 0x00, 0x90 };
    const struct owner_options options = { .halted = false };
    (void)state;
    bench_flash_write(0, vectors, sizeof vectors);
    (void)bench_start_with(&options);
    bench_state_await("crashed");
    assert_true(bench_status("gdb_port") > 0);
    (void)bench_control("stop");
    assert_string_equal(bench_state(), "off");
}

static void a_blank_locked_chip_crashes_and_answers(void **state)
{
    const struct owner_options options = { .halted = false };
    (void)state;
    bench_fuse_write(FUSE_DEBUG_LOCK, 1);
    (void)bench_start_with(&options);
    bench_state_await("crashed");
    assert_int_equal(bench_status("gdb_port"), -1);
}

/* The firmware's own code is replaced by one that asks for a reset at once. */
static void a_reset_storm_is_slowed_down(void **state)
{
    static const uint8_t vectors[8] = { 0x00, 0x10, 0x00, 0x38, 0x41, 0x00, 0x00, 0x10 };
    static const uint8_t code[16] = { 0x01, 0x48, 0x02, 0x49, 0x01, 0x60, 0xFE, 0xE7,
                                      0x0C, 0xED, 0x00, 0xE0, 0x04, 0x00, 0xFA, 0x05 };
    const struct owner_options options = { .halted = false };
    (void)state;
    bench_flash_write(0, vectors, sizeof vectors);
    bench_flash_write(0x40, code, sizeof code);
    (void)bench_start_with(&options);
    bench_state_await("resetting");
    assert_true(bench_status("resets") >= 15);
    (void)bench_control("stop");
    assert_string_equal(bench_state(), "off");
}

static void sigterm_is_an_orderly_stop(void **state)
{
    (void)state;
    bench_start();
    assert_int_equal(kill((pid_t)bench_status("pid"), SIGTERM), 0);
    bench_state_await("off");
    bench_console_await("[chip] power off", 1);
}

/* The emulator dies with its owner, and the next run cleans up. */
static void a_killed_owner_leaves_a_usable_chip(void **state)
{
    struct stat st;
    char path[900];
    (void)state;
    bench_start();
    const pid_t owner = (pid_t)bench_status("pid");
    assert_int_equal(kill(owner, SIGKILL), 0);
    bench_state_await("off");
    for (int tries = 0; tries < 1000 && kill(owner, 0) == 0; tries++) {
        (void)usleep(10000); /* it goes piece by piece */
    }
    fw_disconnect();
    (void)snprintf(path, sizeof path, "%s/run.pid", bench_dir());
    assert_int_equal(stat(path, &st), 0);
    bench_start();
    fw_echo('h');
}

static void the_link_carries_every_byte_and_one_client_at_a_time(void **state)
{
    (void)state;
    bench_start();
    for (unsigned c = 0; c < 256; c++) {
        fw_echo((uint8_t)c);
    }
    fw_disconnect();
    fw_connect();
    fw_echo('i');
}

#define TRUTH(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TRUTH(flash_persists_between_runs),
        TRUTH(reset_reloads_the_view_and_opens_the_seal),
        TRUTH(the_reset_pin_restarts_the_firmware),
        TRUTH(firmware_cannot_break_the_rules),
        TRUTH(a_bad_request_deafens_until_reset),
        TRUTH(cut_before_leaves_flash_as_it_was),
        TRUTH(torn_program_leaves_its_prefix),
        TRUTH(cut_after_leaves_all_done),
        TRUTH(the_nth_operation_is_cut),
        TRUTH(cut_now_and_run_again),
        TRUTH(a_lockup_is_a_crash_that_a_reset_ends),
        TRUTH(firmware_that_crashes_at_once_leaves_a_chip_that_answers),
        cmocka_unit_test_setup_teardown(a_blank_locked_chip_crashes_and_answers, bench_setup_blank, bench_teardown),
        TRUTH(a_reset_storm_is_slowed_down),
        TRUTH(sigterm_is_an_orderly_stop),
        TRUTH(a_killed_owner_leaves_a_usable_chip),
        TRUTH(the_link_carries_every_byte_and_one_client_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
