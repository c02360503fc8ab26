/* SPDX-License-Identifier: Apache-2.0 */
/* agent install: INSTALL and LOCK on a simulated board: repeated, cut, with an older package, with a package that
 * demands an SBM. What LOCK takes must boot. */
#include "tests/unit/test.h"

#include "boot/counter.h"
#include "boot/stage.h"
#include "sbm/device.h"
#include "tests/unit/agent_rig.h"
#include "tests/unit/boot_maker_grant.h"
#include "wire/layout.h"

#define IMAGE_LEN 900u

static struct maker maker;
static struct sim machine;

static void items_store(void)
{
    static const unsigned items[] = { STORE_GRANT, STORE_POLICY, STORE_DEVICE_CERT, STORE_ISSUER_CERT,
                                      STORE_ROOT_CERT };
    uint8_t policy[POLICY_MAX];
    uint8_t grant[GRANT_ITEM_MAX];
    const struct maker_grant spec = maker_grant_right(&maker, machine.unique_id);
    size_t grant_len = maker_grant_write(&spec, grant);
    size_t policy_len = maker_policy_write(&maker, 3, policy);
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
        const struct bytes data = items[i] == STORE_GRANT    ? bytes_of(grant, grant_len)
                                  : items[i] == STORE_POLICY ? bytes_of(policy, policy_len)
                                                             : bytes_of("certificate", 11);
        const struct provision_request in = { .op = PROVISION_STORE, .item = items[i], .data = data };
        assert_int_equal(rig_ask(&machine, &in), 0);
    }
}

static void package_put(uint64_t sequence, uint64_t needs_version)
{
    const struct port_region *slot = &machine.map.package[0];
    struct maker_package spec = maker_package_right(&maker, sequence, IMAGE_LEN);
    size_t block_len;
    spec.block_signer = &maker.provisioner;
    spec.needs_version = needs_version;
    memset(machine.flash + slot->off, machine.map.erased, slot->len);
    (void)maker_package_write(&spec, machine.flash + slot->off, slot->len, &block_len);
}

static int setup(void **state)
{
    (void)state;
    rig_chip_make(&maker, &machine, 2);
    items_store();
    return 0;
}

static void boot_run(void)
{
    memset(&device, 0, sizeof device);
    stage_main();
}

static void assert_boots(uint64_t sequence)
{
    assert_int_equal(sim_run(&machine, boot_run), SIM_STARTED_APPLICATION);
    assert_int_equal(device.running_sequence, sequence);
}

static void application_that_demands_the_factorys_sbm_is_installed(void **state)
{
    (void)state;
    package_put(3, 3);
    assert_int_equal(rig_ask(&machine, &rig_install), STATUS_SUIT_VERSION);
    package_put(3, 2);
    assert_int_equal(rig_ask(&machine, &rig_install), 0);
    assert_int_equal(rig_serve(&machine, &rig_lock), SIM_RESET);
    assert_boots(3);
}

static void sequence_number_zero_is_not_installed(void **state)
{
    (void)state;
    package_put(0, 0);
    assert_int_equal(rig_ask(&machine, &rig_install), STATUS_SUIT_ROLLBACK);
    assert_int_equal(counter_read(COUNTER_SBM), 0);
}

static void installing_again_is_fine_and_an_older_package_leaves_nothing_to_lock(void **state)
{
    (void)state;
    package_put(3, 0);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(rig_ask(&machine, &rig_install), 0);
    }
    package_put(2, 0);
    assert_int_equal(rig_ask(&machine, &rig_install), STATUS_SUIT_ROLLBACK);
    assert_int_not_equal(rig_ask(&machine, &rig_lock), 0);
    package_put(3, 0);
    assert_int_equal(rig_ask(&machine, &rig_install), 0);
    assert_int_equal(rig_serve(&machine, &rig_lock), SIM_RESET);
    assert_boots(3);
}

/* The power goes at each operation of INSTALL, and nobody repeats it: LOCK takes the chip only if it boots then. */
static void lock_after_a_cut_install_never_leaves_a_dead_device(void **state)
{
    static struct sim before;
    unsigned refused = 0;
    (void)state;
    package_put(3, 0);
    before = machine;
    enum sim_end end = SIM_POWER_CUT;
    for (uint32_t op = 1; end == SIM_POWER_CUT; op++) {
        machine = before;
        machine.cut_at = machine.operations + op;
        machine.cut_mode = SIM_CUT_AFTER;
        end = rig_serve(&machine, &rig_install);
        machine.cut_at = 0;
        if (rig_serve(&machine, &rig_lock) == SIM_RETURNED) {
            assert_int_not_equal(rig_status(), 0);
            refused++;
        } else {
            assert_boots(3);
        }
    }
    assert_true(refused > 2);
}

static void cut_in_lock_is_completed(void **state)
{
    static struct sim before;
    (void)state;
    package_put(3, 0);
    assert_int_equal(rig_ask(&machine, &rig_install), 0);
    before = machine;
    for (uint32_t op = 1; op <= 5; op++) {
        for (unsigned mode = SIM_CUT_BEFORE; mode <= SIM_CUT_AFTER; mode++) {
            machine = before;
            machine.cut_at = machine.operations + op;
            machine.cut_mode = (enum sim_cut_mode)mode;
            machine.cut_len = 0;
            assert_int_equal(rig_serve(&machine, &rig_lock), SIM_POWER_CUT);
            machine.cut_at = 0;
            if (port_lifecycle() != PORT_SECURED) {
                assert_int_equal(rig_serve(&machine, &rig_lock), SIM_RESET);
            }
            assert_boots(3);
            assert_int_equal(port_lifecycle(), PORT_SECURED);
            assert_int_not_equal(machine.fuses[1], 0);
            assert_int_not_equal(machine.fuses[2], 0);
            assert_int_equal(machine.fuses[3], RIG_LOCK_SECTORS);
        }
    }
}

/* A right signature over an image with no entry point, in the place of the one that was installed. */
static void image_without_entry_point_is_not_locked_in(void **state)
{
    static struct sim elsewhere;
    (void)state;
    package_put(3, 0);
    assert_int_equal(rig_ask(&machine, &rig_install), 0);
    sim_make(&elsewhere, 1024, 16, 0xFF);
    maker_geometry(&elsewhere);
    package_put(3, 0);
    maker_geometry(&machine);
    assert_int_equal(rig_ask(&machine, &rig_install), STATUS_SUIT_ENTRY);
    assert_int_equal(rig_ask(&machine, &rig_lock), STATUS_SUIT_ENTRY);
    package_put(3, 0);
    assert_int_equal(rig_ask(&machine, &rig_install), 0);
    assert_int_equal(rig_serve(&machine, &rig_lock), SIM_RESET);
    assert_boots(3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(application_that_demands_the_factorys_sbm_is_installed, setup),
        cmocka_unit_test_setup(sequence_number_zero_is_not_installed, setup),
        cmocka_unit_test_setup(installing_again_is_fine_and_an_older_package_leaves_nothing_to_lock, setup),
        cmocka_unit_test_setup(lock_after_a_cut_install_never_leaves_a_dead_device, setup),
        cmocka_unit_test_setup(cut_in_lock_is_completed, setup),
        cmocka_unit_test_setup(image_without_entry_point_is_not_locked_in, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
