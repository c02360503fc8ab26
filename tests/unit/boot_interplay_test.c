/* SPDX-License-Identifier: Apache-2.0 */
/* interplay: BL1 and SBM on a simulated board, where two things happen at once: a way back and an SBM update, a repair
 * and a power cut, an old seal and a retired key. */
#include "tests/unit/test.h"

#include "boot/counter.h"
#include "boot/verify.h"
#include "ports/sim/sim_board.h"
#include "tests/unit/boot_maker.h"
#include "tests/unit/boot_rig.h"
#include "tests/unit/smp_client.h"

_Noreturn void bl1_stage_main(void);

#define APP_LEN 1200u
#define SBM_LEN 1300u

static struct maker maker;
static struct sim good[3]; /* by boot policy: application 1 and SBM 1, booted once */
static struct sim machine;
static uint8_t package[8192];

static void bl1_run(void)
{
    bl1_stage_main();
}

static enum sim_end boot(void)
{
    enum sim_end end = SIM_RESET;
    for (unsigned i = 0; i < 8 && end == SIM_RESET; i++) {
        end = sim_run(&machine, bl1_run);
        end = end == SIM_STARTED_SBM ? sim_run(&machine, rig_boot_run) : end;
    }
    return end;
}

static void assert_runs(uint64_t sequence)
{
    assert_int_equal(boot(), SIM_STARTED_APPLICATION);
    assert_true(rig_runs(&machine, sequence, APP_LEN));
}

static struct bytes package_make(uint64_t sequence, const struct maker_key *signer)
{
    struct maker_package spec = maker_package_right(&maker, sequence, APP_LEN);
    size_t block_len;
    spec.signer = signer;
    return bytes_of(package, maker_package_write(&spec, package, sizeof package, &block_len));
}

static void update(uint64_t sequence, const struct maker_key *signer)
{
    rig_update_set(package_make(sequence, signer));
    (void)sim_run(&machine, rig_update_run);
    assert_int_equal(rig_result, PSA_SUCCESS_REBOOT);
}

static void factory(enum policy_boot policy)
{
    maker.boot = policy;
    sim_make(&machine, 512, 16, 0xFF);
    maker_geometry(&machine);
    struct bytes first = package_make(1, &maker.firmware);
    maker_anchor(&maker, &machine, 1);
    for (unsigned slot = 0; slot < 2; slot++) {
        (void)maker_sbm(&maker, &maker.firmware, &machine, slot, 1, SBM_LEN);
    }
    maker_provision(&maker, &machine, first.data, first.len);
    assert_runs(1);
    good[policy] = machine;
}

static int group_setup(void **state)
{
    (void)state;
    maker_start(&maker);
    factory(POLICY_BOOT_SIGNATURE);
    factory(POLICY_BOOT_SEALED);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    machine = good[POLICY_BOOT_SIGNATURE];
    memset(&sim_board, 0, sizeof sim_board);
    client_clear();
    assert_runs(1);
    return 0;
}

static void region_spoil(const struct port_region *region)
{
    memset(machine.flash + region->off, 0, 256);
}

/* ---- a way back and an SBM update ---- */

static void both_run(void)
{
    const struct maker_sbm_spec spec = { .signer = &maker.firmware, .sequence = 2, .image_len = SBM_LEN };
    (void)maker_sbm_package(&maker, &spec, machine.flash + machine.map.sbm_package.off, machine.map.sbm_package.len);
    device.state.now.sbm_pending = 1;
    device.state.now.attempts = STATE_ATTEMPTS_REJECTED;
    assert_int_equal(state_save(&device.state), STATUS_OK);
}

static void way_back_stays_one_when_a_new_sbm_is_written_first(void **state)
{
    (void)state;
    update(2, &maker.firmware);
    assert_runs(2);
    (void)sim_run(&machine, both_run);
    assert_runs(1);
    assert_int_equal(device.sbm_sequence, 2);
    assert_int_equal(device.state.now.reason, STATE_REASON_REVERTED);
    assert_int_equal(device.state.now.trial, 0);
}

static void staged_run(void)
{
    both_run();
    device.state.now.attempts = 0;
    assert_int_equal(state_save(&device.state), STATUS_OK);
}

/* The power goes at each operation that writes the new SBM: it is tried in the end, and nothing counts as refused. */
static void cut_sbm_update_is_not_taken_for_a_refused_one(void **state)
{
    static struct sim staged;
    (void)state;
    (void)sim_run(&machine, staged_run);
    staged = machine;
    enum sim_end end = SIM_POWER_CUT;
    for (uint32_t op = 1; end == SIM_POWER_CUT; op++) {
        machine = staged;
        machine.cut_at = machine.operations + op;
        machine.cut_mode = SIM_CUT_AFTER;
        end = sim_run(&machine, rig_boot_run);
        machine.cut_at = 0;
        assert_runs(1);
        assert_int_equal(device.sbm_sequence, 2);
        assert_int_equal(device.state.now.sbm_pending, 0);
        assert_int_equal(device.state.now.refused, 0);
    }
}

/* ---- what is older than what was confirmed ---- */

static void confirmed_at_two(void)
{
    update(2, &maker.firmware);
    assert_runs(2);
    (void)sim_run(&machine, rig_accept_run);
    assert_int_equal(rig_result, PSA_SUCCESS);
}

/* It was right when it was staged; the package slots may be in a memory that others can write. */
static void older_package_in_the_place_of_the_staged_one_is_not_installed(void **state)
{
    (void)state;
    confirmed_at_two();
    update(3, &maker.firmware);
    const struct port_region *slot = &machine.map.package[1 - device.state.now.active];
    const struct bytes old = package_make(1, &maker.firmware);
    memset(machine.flash + slot->off, machine.map.erased, slot->len);
    memcpy(machine.flash + slot->off, old.data, old.len);
    assert_runs(2);
    assert_int_equal(device.state.now.refused, STATUS_SUIT_ROLLBACK);
}

static void damaged_application_is_not_replaced_by_an_older_one(void **state)
{
    (void)state;
    confirmed_at_two();
    region_spoil(&machine.map.primary);
    region_spoil(&machine.map.package[1]);
    const struct sim lost = machine; /* slot 0 still has number 1, whole and signed */
    assert_int_equal(boot(), SIM_ASLEEP);
    assert_non_null(strstr(machine.log, status_text(STATUS_BOOT_NO_IMAGE)));
    assert_memory_equal(machine.flash + machine.map.primary.off, lost.flash + lost.map.primary.off,
                        machine.map.primary.len);
}

/* ---- what was never confirmed ---- */

/* Its number was confirmed, it was not. */
static void another_image_of_a_confirmed_number_is_on_trial(void **state)
{
    struct maker_package spec = maker_package_right(&maker, 1, APP_LEN + 16);
    size_t block_len;
    (void)state;
    rig_update_set(bytes_of(package, maker_package_write(&spec, package, sizeof package, &block_len)));
    (void)sim_run(&machine, rig_update_run);
    assert_int_equal(rig_result, PSA_SUCCESS_REBOOT);
    for (unsigned i = 0; i < 4; i++) { /* the boot that installs and three trial boots */
        assert_int_equal(boot(), SIM_STARTED_APPLICATION);
        assert_true(rig_runs(&machine, 1, APP_LEN + 16));
        assert_int_equal(device.state.now.active, 1);
        assert_int_equal(device.state.now.trial, 1);
    }
    assert_runs(1);
    assert_int_equal(device.state.now.active, 0);
    assert_int_equal(device.state.now.trial, 0);
}

static void candidate_run(void)
{
    const struct bytes sent = package_make(2, &maker.firmware);
    assert_int_equal(service_update_start(0), PSA_SUCCESS);
    for (size_t at = 0; at < sent.len; at += 500) {
        size_t part = sent.len - at < 500 ? sent.len - at : 500;
        assert_int_equal(service_update_write(0, at, bytes_of(sent.data + at, part)), PSA_SUCCESS);
    }
    assert_int_equal(service_update_finish(0), PSA_SUCCESS);
}

/* The installed application and its package are lost; what mends the device is a package that nobody confirmed. The
 * power goes at each operation of that. */
static void repair_by_a_newer_package_confirms_nothing_wherever_it_is_cut(void **state)
{
    static struct sim lost;
    (void)state;
    for (unsigned policy = POLICY_BOOT_SIGNATURE; policy <= POLICY_BOOT_SEALED; policy++) {
        machine = good[policy];
        assert_runs(1);
        (void)sim_run(&machine, candidate_run);
        region_spoil(&machine.map.primary);
        region_spoil(&machine.map.package[0]);
        lost = machine;
        enum sim_end end = SIM_POWER_CUT;
        for (uint32_t op = 1; end == SIM_POWER_CUT; op++) {
            machine = lost;
            machine.cut_at = machine.operations + op;
            machine.cut_mode = SIM_CUT_AFTER;
            end = sim_run(&machine, rig_boot_run);
            machine.cut_at = 0;
            for (unsigned i = 0; i < 2; i++) {
                assert_runs(2);
                assert_int_equal(device.state.now.trial, 1);
                assert_int_equal(counter_read(COUNTER_APP), 1);
            }
        }
    }
}

static void ask_run(void)
{
    (void)service_recovery_request();
}

/* Recovery drops a trial whose image is damaged; the package of it stays, and it is what an upload goes back to. */
static void way_back_to_an_application_that_was_never_confirmed_is_a_trial(void **state)
{
    (void)state;
    update(2, &maker.firmware);
    assert_runs(2);
    assert_int_equal(sim_run(&machine, ask_run), SIM_RESET);
    region_spoil(&machine.map.primary);
    client_add_upload(package_make(3, &maker.firmware), 1500);
    client_add(SMP_GROUP_OS, 5, bytes_of("\xA0", 1));
    sim_board.line_in = client_line();
    assert_int_equal(sim_run(&machine, rig_boot_run), SIM_RESET);
    assert_runs(3);
    (void)sim_run(&machine, rig_reject_run);
    assert_int_equal(rig_result, PSA_SUCCESS_REBOOT);
    assert_runs(2);
    assert_int_equal(device.state.now.trial, 1);
    assert_int_equal(counter_read(COUNTER_APP), 1);
}

/* ---- a seal and a retired key ---- */

static int runs_by_key(const struct maker_key *key)
{
    uint8_t kid[COSE_KID_LEN];
    verify_key_id(bytes_of(key->open, 64), kid);
    return memcmp(device.running_key_id, kid, sizeof kid) == 0;
}

/* The same sequence number was signed again with the next key. Whoever writes flash puts back image and seal of the
 * first, whole. */
static void seal_of_a_retired_key_starts_nothing(void **state)
{
    const struct sim *old = &good[POLICY_BOOT_SEALED];
    (void)state;
    machine = *old;
    assert_runs(1);
    assert_true(runs_by_key(&maker.firmware));
    update(1, &maker.firmware_next);
    assert_runs(1);
    (void)sim_run(&machine, rig_accept_run);
    assert_true(runs_by_key(&maker.firmware_next));
    memcpy(machine.flash + machine.map.primary.off, old->flash + old->map.primary.off, old->map.primary.len);
    for (unsigned i = 0; i < 2; i++) {
        memcpy(machine.flash + machine.map.state[i].off, old->flash + old->map.state[i].off, old->map.state[i].len);
        (void)maker_sbm(&maker, &maker.firmware_next, &machine, i, 1, SBM_LEN);
    }
    machine.fuses[4] = 0xFF;
    assert_runs(1);
    assert_true(runs_by_key(&maker.firmware_next));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(way_back_stays_one_when_a_new_sbm_is_written_first, setup),
        cmocka_unit_test_setup(cut_sbm_update_is_not_taken_for_a_refused_one, setup),
        cmocka_unit_test_setup(older_package_in_the_place_of_the_staged_one_is_not_installed, setup),
        cmocka_unit_test_setup(damaged_application_is_not_replaced_by_an_older_one, setup),
        cmocka_unit_test_setup(another_image_of_a_confirmed_number_is_on_trial, setup),
        cmocka_unit_test_setup(repair_by_a_newer_package_confirms_nothing_wherever_it_is_cut, setup),
        cmocka_unit_test_setup(way_back_to_an_application_that_was_never_confirmed_is_a_trial, setup),
        cmocka_unit_test_setup(seal_of_a_retired_key_starts_nothing, setup),
    };
    return cmocka_run_group_tests(tests, group_setup, NULL);
}
