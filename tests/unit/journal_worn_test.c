/* SPDX-License-Identifier: Apache-2.0 */
/* worn journals: mirrors of the boot state, and the log, whose sectors take no more writes. */
#include "tests/unit/test.h"

#include "tests/unit/boot_maker.h"
#include "tests/unit/boot_rig.h"

status_t __real_port_flash_program(uint32_t off, const uint8_t *data, uint32_t len);
status_t __wrap_port_flash_program(uint32_t off, const uint8_t *data, uint32_t len);
status_t __real_port_flash_erase(uint32_t off);
status_t __wrap_port_flash_erase(uint32_t off);

#define IMAGE_LEN 1200u

static struct maker maker;
static struct sim good;
static struct sim machine;
static const struct port_region *dead[2]; /* regions that refuse */
static uint8_t package[8192];

static int is_dead(uint32_t off)
{
    return (dead[0] != NULL && off - dead[0]->off < dead[0]->len) ||
           (dead[1] != NULL && off - dead[1]->off < dead[1]->len);
}

status_t __wrap_port_flash_program(uint32_t off, const uint8_t *data, uint32_t len)
{
    return is_dead(off) ? STATUS_FLASH_IO : __real_port_flash_program(off, data, len);
}

status_t __wrap_port_flash_erase(uint32_t off)
{
    return is_dead(off) ? STATUS_FLASH_IO : __real_port_flash_erase(off);
}

static struct bytes package_make(uint64_t sequence)
{
    const struct maker_package spec = maker_package_right(&maker, sequence, IMAGE_LEN);
    size_t block_len;
    return bytes_of(package, maker_package_write(&spec, package, sizeof package, &block_len));
}

static void assert_runs(uint64_t sequence)
{
    assert_int_equal(rig_boot(&machine), SIM_STARTED_APPLICATION);
    assert_true(rig_runs(&machine, sequence, IMAGE_LEN));
}

/* Provisioned by the maker, and booted once. */
static void machine_make(void)
{
    static const struct sim_layout layout = {
        .store = 16, .state = 8, .vault = 16, .sbm = 4, .sbm_envelope = 1, .sbm_package = 8, .package = 8, .primary = 8
    };
    sim_make_layout(&machine, 512, 16, 0xFF, &layout);
    maker_geometry(&machine);
    const struct bytes first = package_make(1);
    maker_provision(&maker, &machine, first.data, first.len);
    assert_runs(1);
}

static int group_setup(void **state)
{
    (void)state;
    maker_start(&maker);
    machine_make();
    good = machine;
    return 0;
}

static int setup(void **state)
{
    (void)state;
    machine = good;
    dead[0] = dead[1] = NULL;
    return 0;
}

static void one_worn_mirror_of_the_boot_state_stops_neither_boots_nor_updates(void **state)
{
    (void)state;
    for (unsigned which = 0; which < 2; which++) {
        machine = good;
        dead[0] = &machine.map.state[which];
        for (unsigned i = 0; i < 120;
             i++) { /* more than the other mirror has room for: it cannot be rewritten safely */
            assert_runs(1);
        }
        machine = good;
        dead[0] = &machine.map.state[which];
        assert_runs(1);
        rig_update_set(package_make(2));
        (void)sim_run(&machine, rig_update_run);
        assert_int_equal(rig_result, PSA_SUCCESS_REBOOT);
        assert_runs(2);
        (void)sim_run(&machine, rig_accept_run);
        assert_int_equal(rig_result, PSA_SUCCESS);
        assert_runs(2);
    }
}

static void two_worn_mirrors_still_boot_what_is_confirmed_and_count_no_trial(void **state)
{
    (void)state;
    rig_update_set(package_make(2));
    assert_runs(1);
    (void)sim_run(&machine, rig_update_run);
    assert_int_equal(rig_result, PSA_SUCCESS_REBOOT);
    const struct sim pending = machine;
    machine = good;
    dead[0] = &machine.map.state[0];
    dead[1] = &machine.map.state[1];
    for (unsigned i = 0; i < 5; i++) {
        assert_runs(1);
        assert_int_equal(device.health[SBM_PLACE_STATE], SBM_HEALTH_DAMAGED);
    }
    machine = pending;
    assert_int_equal(rig_boot(&machine), SIM_ASLEEP); /* the new one would never be given up */
}

/* What counts the halts cannot be written: nothing would ever end a row of resets, so the device waits. */
static void halt_that_cannot_be_logged_waits_whatever_the_policy_says(void **state)
{
    static const enum policy_halt ways[] = { POLICY_HALT_RESET, POLICY_HALT_RECOVERY };
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        maker.on_halt = ways[i];
        machine_make();
        memset(machine.flash + machine.map.primary.off, 0, 64);
        memset(machine.flash + machine.map.package[0].off, 0, 64);
        const struct sim lost = machine;
        assert_int_equal(sim_run(&machine, rig_boot_run), SIM_RESET);
        machine = lost;
        dead[0] = &machine.map.log;
        assert_int_equal(sim_run(&machine, rig_boot_run), SIM_ASLEEP);
        dead[0] = NULL;
    }
    maker.on_halt = POLICY_HALT_WAIT;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(one_worn_mirror_of_the_boot_state_stops_neither_boots_nor_updates, setup),
        cmocka_unit_test_setup(two_worn_mirrors_still_boot_what_is_confirmed_and_count_no_trial, setup),
        cmocka_unit_test_setup(halt_that_cannot_be_logged_waits_whatever_the_policy_says, setup),
    };
    return cmocka_run_group_tests(tests, group_setup, NULL);
}
