/* SPDX-License-Identifier: Apache-2.0 */
/* power cuts: at every flash operation of an update's installation, confirmation and return, before, torn and after,
 * the device then boots a right image. */
#include "tests/unit/test.h"

#include "boot/stage.h"
#include "sbm/device.h"
#include "sbm/service.h"
#include "tests/unit/boot_maker.h"
#include "tests/unit/boot_rig.h"

#define IMAGE_LEN 1700u

static struct maker maker;
static struct sim before;
static struct sim machine;
static uint8_t package[8192];
static size_t package_len;
static unsigned cuts;

/* Sends what `package` holds. */
static void update_send(void)
{
    rig_update_set(bytes_of(package, package_len));
    (void)sim_run(&machine, rig_update_run);
}

static void package_make(uint64_t sequence)
{
    size_t block_len;
    const struct maker_package spec = maker_package_right(&maker, sequence, IMAGE_LEN);
    package_len = maker_package_write(&spec, package, sizeof package, &block_len);
}

static void assert_right_image(uint64_t first, uint64_t last)
{
    assert_int_equal(rig_boot(&machine), SIM_STARTED_APPLICATION);
    uint64_t sequence = device.running_sequence;
    assert_in_range(sequence, first, last);
    assert_true(rig_runs(&machine, sequence, IMAGE_LEN));
}

/* Cuts `code`, run on `before`, at every operation and in every way; asserts afterwards that a right image runs and
 * that the counter did not go under `counter`. */
static void cut_everywhere(void (*code)(void), uint64_t first, uint64_t last, uint64_t counter)
{
    static const uint32_t torn[] = { 0, 1, 8, 100, 255 };
    for (uint32_t op = 1;; op++) {
        for (unsigned way = 0; way < 7; way++) {
            machine = before;
            machine.cut_at = machine.operations + op;
            machine.cut_mode = way == 0 ? SIM_CUT_BEFORE : way == 1 ? SIM_CUT_AFTER : SIM_CUT_TORN;
            machine.cut_len = way < 2 ? 0 : torn[way - 2];
            if (sim_run(&machine, code) != SIM_POWER_CUT) {
                return;
            }
            machine.cut_at = 0;
            cuts++;
            assert_right_image(first, last);
            assert_true(device.state.now.counter >= counter);
        }
    }
}

static void cuts_of_geometry(uint32_t sector_len, uint32_t granule_len, uint8_t erased)
{
    cuts = 0;
    sim_make(&machine, sector_len, granule_len, erased);
    maker_geometry(&machine);
    package_make(1);
    maker_provision(&maker, &machine, package, package_len);
    package_make(2);
    assert_right_image(1, 1);
    update_send();
    assert_int_not_equal(device.state.now.pending, STATE_NONE);
    before = machine;
    cut_everywhere(rig_boot_run, 2, 2, 1); /* installation */
    machine = before;
    assert_right_image(2, 2);
    before = machine;
    struct device running = device;
    cut_everywhere(rig_accept_run, 2, 2, 1); /* confirmation */
    for (unsigned i = 0; i < 3; i++) {
        machine = before;
        device = running;
        assert_right_image(2, 2);
        before = machine;
    }
    cut_everywhere(rig_boot_run, 1, 1, 1); /* the trial is over: the way back */
    print_message("sector %u, granule %u, erased %02x: %u cuts\n", sector_len, granule_len, erased, cuts);
    assert_true(cuts > 100);
}

static void cuts_with_small_sectors(void **state)
{
    (void)state;
    cuts_of_geometry(512, 1, 0xFF);
}

static void cuts_with_granules_of_16(void **state)
{
    (void)state;
    cuts_of_geometry(1024, 16, 0xFF);
}

static void cuts_with_granules_of_32_erased_to_zero(void **state)
{
    (void)state;
    cuts_of_geometry(512, 32, 0x00);
}

static int group_setup(void **state)
{
    (void)state;
    maker_start(&maker);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_with_small_sectors),
        cmocka_unit_test(cuts_with_granules_of_16),
        cmocka_unit_test(cuts_with_granules_of_32_erased_to_zero),
    };
    return cmocka_run_group_tests(tests, group_setup, NULL);
}
