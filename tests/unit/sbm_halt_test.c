/* SPDX-License-Identifier: Apache-2.0 */
/* halt: how a device ends that cannot go on, by policy; and the watchdog's start. */
#include "tests/unit/test.h"

#include "boot/halt.h"
#include "boot/stage.h"
#include "ports/sim/sim_board.h"
#include "sbm/log.h"
#include "tests/unit/boot_maker.h"
#include "tests/unit/boot_rig.h"

#define IMAGE_LEN 3000u
#define SECTOR_LEN 4096u /* the log holds at least 128 records */

static struct maker maker;
static struct sim machine;
static uint8_t package[16384];
static struct sbm_status status;

static void device_make(enum policy_halt on_halt)
{
    size_t block_len;
    maker_start(&maker);
    maker.on_halt = on_halt;
    maker.outputs_mask = 6;
    maker.outputs_level = 2;
    sim_make(&machine, SECTOR_LEN, 16, 0xFF);
    maker_geometry(&machine);
    const struct maker_package spec = maker_package_right(&maker, 1, IMAGE_LEN);
    size_t len = maker_package_write(&spec, package, sizeof package, &block_len);
    maker_provision(&maker, &machine, package, len);
    memset(&sim_board, 0, sizeof sim_board);
    sim_board.outputs = 5;
}

/* Damages image and package, or mends them. */
static void both_flip(void)
{
    machine.flash[machine.map.primary.off + 100] ^= 1;
    machine.flash[machine.map.package[0].off + 600] ^= 1;
}

/* One boot; gives for how long it slept before it reset. */
static enum sim_end boot(uint64_t *slept_ms)
{
    sim_board.slept_ms = 0;
    enum sim_end end = sim_run(&machine, rig_boot_run);
    *slept_ms = sim_board.slept_ms;
    return end;
}

static void status_run(void)
{
    log_open();
    service_status_read(&status);
}

static void waiting_device_sets_its_outputs_seals_its_flash_and_sleeps(void **state)
{
    uint64_t slept;
    (void)state;
    device_make(POLICY_HALT_WAIT);
    both_flip();
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(boot(&slept), SIM_ASLEEP);
        assert_int_equal(slept, 0);
    }
    assert_int_equal(sim_board.outputs, 3);
    assert_int_equal(machine.sealed, 1);
    assert_int_equal(sim_run(&machine, status_run), SIM_RETURNED);
    assert_int_equal(status.halt, STATUS_BOOT_NO_IMAGE);
    assert_int_equal(status.recovery, 0);
}

static void resets_come_after_pauses_that_double_and_end_after_sixteen(void **state)
{
    static const uint64_t seconds[] = { 1, 2, 4, 8, 16, 32, 64, 64, 64, 64, 64, 64, 64, 64, 64 };
    uint64_t slept;
    (void)state;
    device_make(POLICY_HALT_RESET);
    both_flip();
    for (unsigned i = 0; i < 15; i++) {
        assert_int_equal(boot(&slept), SIM_RESET);
        assert_int_equal(slept, seconds[i] * 1000);
    }
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(boot(&slept), SIM_ASLEEP);
        assert_int_equal(slept, 0);
    }
}

static void boot_that_goes_well_ends_the_row(void **state)
{
    uint64_t slept;
    (void)state;
    device_make(POLICY_HALT_RESET);
    both_flip();
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(boot(&slept), SIM_RESET);
    }
    both_flip();
    assert_int_equal(boot(&slept), SIM_STARTED_APPLICATION);
    both_flip();
    assert_int_equal(boot(&slept), SIM_RESET);
    assert_int_equal(slept, 1000);
}

/* The only SBM left is one on trial, which BL1 then starts without counting: its resets end all the same. */
static void resets_of_an_sbm_on_trial_end_after_seventeen(void **state)
{
    uint64_t slept;
    (void)state;
    device_make(POLICY_HALT_WAIT);
    (void)maker_sbm(&maker, &maker.firmware, &machine, 0, 2, IMAGE_LEN);
    both_flip();
    for (unsigned i = 0; i < 17; i++) {
        assert_int_equal(boot(&slept), SIM_RESET);
        assert_int_equal(slept, i < 6 ? 1000u << i : 64000);
    }
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(boot(&slept), SIM_ASLEEP);
    }
}

static void fault_run(void)
{
    stage_fault(STATUS_BOOT_APPLICATION_FAULT, 0x80000);
}

static void crashes_between_halts_do_not_end_the_row(void **state)
{
    unsigned halts = 0;
    (void)state;
    device_make(POLICY_HALT_RESET);
    for (unsigned i = 0; i < 200 && halts < 16; i++) {
        uint64_t slept;
        enum sim_end end = boot(&slept);
        if (end == SIM_STARTED_APPLICATION) {
            assert_int_equal(sim_run(&machine, fault_run), SIM_RESET);
            continue;
        }
        halts++;
        assert_int_equal(end, halts < 16 ? SIM_RESET : SIM_ASLEEP);
        assert_int_equal(slept, halts == 16 ? 0 : halts > 6 ? 64000 : 1000u << (halts - 1));
    }
    assert_int_equal(halts, 16);
}

static void recovery_is_reached_after_every_halt_and_left_by_every_reset(void **state)
{
    uint64_t slept;
    (void)state;
    device_make(POLICY_HALT_RECOVERY);
    both_flip();
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(boot(&slept), SIM_RESET);
        assert_int_equal(boot(&slept), SIM_ASLEEP); /* nobody speaks on the line */
        assert_int_equal(device.recovering, 1);
        assert_int_equal(sim_board.outputs & 6, 2);
    }
    both_flip();
    assert_int_equal(boot(&slept), SIM_STARTED_APPLICATION);
}

static void recovery_that_cannot_be_reached_is_tried_once(void **state)
{
    uint64_t slept;
    (void)state;
    device_make(POLICY_HALT_RECOVERY);
    for (unsigned i = 0; i < 2; i++) {
        memset(machine.flash + machine.map.state[i].off, 0, machine.map.state[i].len);
    }
    assert_int_equal(boot(&slept), SIM_RESET);
    assert_int_equal(boot(&slept), SIM_ASLEEP);
    assert_int_equal(device.recovering, 0);
}

static void recovery_run(void)
{
    device.recovering = 1;
    halt_outputs_set(0, 0);
    stage_fault(STATUS_BOOT_FAULT, 0);
}

static void fault_in_recovery_waits(void **state)
{
    uint64_t slept;
    (void)state;
    device_make(POLICY_HALT_RECOVERY);
    both_flip();
    assert_int_equal(boot(&slept), SIM_RESET);
    assert_int_equal(boot(&slept), SIM_ASLEEP);
    assert_int_equal(sim_run(&machine, recovery_run), SIM_ASLEEP);
    assert_int_equal(boot(&slept), SIM_RESET);
}

static void fault_again_run(void)
{
    memset(device.provisioned.identity, 0x5A, sizeof device.provisioned.identity);
    stage_fault(STATUS_BOOT_FAULT, 0);
}

static void fault_inside_a_halt_wipes_and_sleeps(void **state)
{
    uint64_t slept;
    uint32_t operations;
    (void)state;
    device_make(POLICY_HALT_RESET);
    both_flip();
    assert_int_equal(boot(&slept), SIM_RESET);
    operations = machine.operations;
    assert_int_equal(sim_run(&machine, fault_again_run), SIM_ASLEEP);
    assert_int_equal(machine.operations, operations);
    assert_int_equal(device.provisioned.identity[0], 0);
}

static uint32_t healed; /* bit n: place n is in the log */
static uint32_t records;

static void healed_read_run(void)
{
    struct log_entry entry;
    log_open();
    healed = 0;
    records = log_count();
    for (uint32_t i = 0; log_read(i, &entry) == STATUS_OK; i++) {
        healed |= entry.kind == LOG_HEALED ? 1u << entry.value : 0;
    }
}

static void what_was_healed_is_in_the_log_and_an_ordinary_boot_writes_nothing(void **state)
{
    uint64_t slept;
    (void)state;
    device_make(POLICY_HALT_WAIT);
    assert_int_equal(boot(&slept), SIM_STARTED_APPLICATION);
    assert_int_equal(sim_run(&machine, healed_read_run), SIM_RETURNED);
    uint32_t before = records;
    assert_int_equal(boot(&slept), SIM_STARTED_APPLICATION);
    assert_int_equal(sim_run(&machine, healed_read_run), SIM_RETURNED);
    assert_int_equal(records, before);
    memset(machine.flash + machine.map.state[1].off, 0xFF, machine.map.state[1].len);
    memset(machine.flash + machine.map.store[0].off, 0xFF, machine.map.store[0].len);
    assert_int_equal(boot(&slept), SIM_STARTED_APPLICATION);
    assert_int_equal(sim_run(&machine, healed_read_run), SIM_RETURNED);
    assert_int_equal(healed & (1u << (SBM_PLACE_STORE + 1) | 1u << (SBM_PLACE_STATE + 1)),
                     1u << (SBM_PLACE_STORE + 1) | 1u << (SBM_PLACE_STATE + 1));
}

static void watchdog_runs_when_the_policy_says_so_and_not_in_a_halt(void **state)
{
    uint64_t slept;
    (void)state;
    device_make(POLICY_HALT_WAIT);
    assert_int_equal(boot(&slept), SIM_STARTED_APPLICATION);
    assert_int_equal(sim_board.watchdog_seconds, 0);
    size_t block_len;
    maker.watchdog_seconds = 30;
    sim_make(&machine, SECTOR_LEN, 16, 0xFF);
    const struct maker_package spec = maker_package_right(&maker, 1, IMAGE_LEN);
    size_t len = maker_package_write(&spec, package, sizeof package, &block_len);
    maker_provision(&maker, &machine, package, len);
    assert_int_equal(boot(&slept), SIM_STARTED_APPLICATION);
    assert_int_equal(sim_board.watchdog_seconds, 30);
    both_flip();
    assert_int_equal(boot(&slept), SIM_ASLEEP);
    assert_int_equal(sim_board.watchdog_seconds, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waiting_device_sets_its_outputs_seals_its_flash_and_sleeps),
        cmocka_unit_test(resets_come_after_pauses_that_double_and_end_after_sixteen),
        cmocka_unit_test(resets_of_an_sbm_on_trial_end_after_seventeen),
        cmocka_unit_test(boot_that_goes_well_ends_the_row),
        cmocka_unit_test(crashes_between_halts_do_not_end_the_row),
        cmocka_unit_test(recovery_is_reached_after_every_halt_and_left_by_every_reset),
        cmocka_unit_test(recovery_that_cannot_be_reached_is_tried_once),
        cmocka_unit_test(fault_in_recovery_waits),
        cmocka_unit_test(fault_inside_a_halt_wipes_and_sleeps),
        cmocka_unit_test(what_was_healed_is_in_the_log_and_an_ordinary_boot_writes_nothing),
        cmocka_unit_test(watchdog_runs_when_the_policy_says_so_and_not_in_a_halt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
