/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The debug port's client with OpenOCD itself as its server. Behind OpenOCD stands its dummy adapter, whose CPU is
 * always halted and reads as ones, and a flash that takes writes and keeps none: no chip.
 */
#include "tests/unit/test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/station/rsp.h"

#define FLASH 0x10000000u
#define FLASH_LEN 0x400000u
#define SECTOR 0x10000u

static struct openocd {
    pid_t pid;
    char target[32];
} server;
static struct rsp rsp;
static struct fault fault;

static _Noreturn void openocd_exec(int log)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)dup2(log, STDERR_FILENO);
    (void)execlp("openocd", "openocd", "-c", "adapter driver dummy; adapter speed 10000", "-c",
                 "jtag newtap chip cpu -irlen 4 -ircapture 0xf -irmask 0xf; "
                 "target create chip.cpu arm7tdmi -chain-position chip.cpu; "
                 "flash bank chip.flash faux 0x10000000 0x400000 4 4 chip.cpu",
                 "-c", "gdb_port 0; telnet_port disabled; tcl_port disabled", (char *)NULL);
    _exit(127);
}

/* Its log is read on until the end: it never waits for a reader. */
static _Noreturn void log_swallow(FILE *log)
{
    char line[512];
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (fgets(line, sizeof line, log) != NULL) {
    }
    _exit(0);
}

static int openocd_start(void **state)
{
    int log[2];
    char line[512];
    unsigned port = 0;
    (void)state;
    assert_int_equal(pipe(log), 0);
    server.pid = fork();
    if (server.pid == 0) {
        (void)close(log[0]);
        openocd_exec(log[1]);
    }
    (void)close(log[1]);
    FILE *in = fdopen(log[0], "r");
    while (port == 0 && fgets(line, sizeof line, in) != NULL) {
        (void)sscanf(line, "Info : Listening on port %u for gdb connections", &port);
    }
    assert_int_not_equal(port, 0);
    if (fork() == 0) {
        log_swallow(in);
    }
    (void)fclose(in);
    (void)snprintf(server.target, sizeof server.target, "127.0.0.1:%u", port);
    return 0;
}

static int openocd_stop(void **state)
{
    (void)state;
    (void)kill(server.pid, SIGKILL);
    while (wait(NULL) > 0) {
    }
    return 0;
}

static int connect_to_it(void **state)
{
    (void)state;
    fault = (struct fault)FAULT_NONE;
    if (rsp_connect(&rsp, server.target, 20000, &fault) != 0) {
        print_error("%s\n", fault.what);
        return -1;
    }
    return 0;
}

static int leave_it(void **state)
{
    (void)state;
    rsp_close(&rsp);
    return 0;
}

static void fine(int result)
{
    if (result != 0) {
        fail_msg("%s", fault.what);
    }
}

static void its_flash_is_found_in_its_map(void **state)
{
    struct rsp_map map;
    (void)state;
    fine(rsp_map_read(&rsp, &map, &fault));
    fine(rsp_map_flash_check(&map, FLASH, FLASH_LEN, SECTOR, &fault));
    assert_int_equal(rsp_map_flash_check(&map, FLASH, FLASH_LEN, 4096, &fault), -1);
    assert_non_null(strstr(fault.what, "flash sectors of 65536 bytes; the layout needs 4096"));
    assert_int_equal(rsp_map_flash_check(&map, FLASH, FLASH_LEN + 1, SECTOR, &fault), -1);
}

/* Bytes that the protocol escapes are among them; more than one packet. */
static void it_takes_an_erase_and_writes_of_flash(void **state)
{
    static uint8_t image[3 * SECTOR];
    (void)state;
    for (size_t i = 0; i < sizeof image; i++) {
        image[i] = (uint8_t)(i * 7 + i / 256);
    }
    fine(rsp_flash_erase(&rsp, FLASH, sizeof image, &fault));
    fine(rsp_flash_write(&rsp, FLASH, bytes_of(image, sizeof image), &fault));
    fine(rsp_flash_done(&rsp, &fault));
}

static void what_it_does_not_take_is_refused_and_the_connection_goes_on(void **state)
{
    uint8_t read[64];
    (void)state;
    assert_int_equal(rsp_flash_erase(&rsp, FLASH + 16, 16, &fault), -1);
    if (strstr(fault.what, "refused") == NULL) {
        fail_msg("%s", fault.what);
    }
    assert_true(rsp_usable(&rsp));
    fine(rsp_memory_read(&rsp, FLASH, read, sizeof read, &fault));
    assert_int_equal(read[0], 0xFF);
    assert_int_equal(read[63], 0xFF);
}

/* What it prints while a command runs comes before the command's end. */
static void its_monitor_commands_print_and_end(void **state)
{
    char said[256];
    (void)state;
    fine(rsp_monitor(&rsp, "echo -n windlass", said, sizeof said, &fault));
    assert_string_equal(said, "windlass");
    assert_int_equal(rsp_monitor(&rsp, "no such command", said, sizeof said, &fault), -1);
    assert_non_null(strstr(said, "invalid command name"));
    assert_true(rsp_usable(&rsp));
}

static void its_cpu_is_continued_and_halted(void **state)
{
    (void)state;
    fine(rsp_continue(&rsp, &fault));
    fine(rsp_halt(&rsp, &fault));
    assert_true(rsp_usable(&rsp));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(its_flash_is_found_in_its_map, connect_to_it, leave_it),
        cmocka_unit_test_setup_teardown(it_takes_an_erase_and_writes_of_flash, connect_to_it, leave_it),
        cmocka_unit_test_setup_teardown(what_it_does_not_take_is_refused_and_the_connection_goes_on, connect_to_it,
                                        leave_it),
        cmocka_unit_test_setup_teardown(its_monitor_commands_print_and_end, connect_to_it, leave_it),
        cmocka_unit_test_setup_teardown(its_cpu_is_continued_and_halted, connect_to_it, leave_it),
    };
    return cmocka_run_group_tests(tests, openocd_start, openocd_stop);
}
