/* SPDX-License-Identifier: Apache-2.0 */
/* self-update: BL1 and SBM together on a simulated board: a new SBM arrives, is tried, confirmed or left; the spare
 * copy of a good one; cuts at every operation of it. */
#include "tests/unit/test.h"

#include "boot/counter.h"
#include "ports/sim/sim_board.h"
#include "sbm/self.h"
#include "tests/unit/boot_maker.h"
#include "tests/unit/boot_rig.h"

_Noreturn void bl1_stage_main(void);

#define APP_LEN 1200u
#define SBM_LEN 1300u
#define TRIAL_BOOTS 3u

static struct maker maker;
static struct maker stranger;
static struct sim good; /* SBM 1 in both slots, application 1 */
static struct sim machine;
static uint8_t package[8192];
static size_t package_len;
static psa_status_t said;

static void bl1_run(void)
{
    bl1_stage_main();
}

/* BL1, then SBM, until something rests; how the last of them ended. */
static enum sim_end boot(void)
{
    enum sim_end end = SIM_RESET;
    for (unsigned i = 0; i < 8 && end == SIM_RESET; i++) {
        end = sim_run(&machine, bl1_run);
        end = end == SIM_STARTED_SBM ? sim_run(&machine, rig_boot_run) : end;
    }
    return end;
}

static void assert_runs(uint64_t sbm_sequence)
{
    assert_int_equal(boot(), SIM_STARTED_APPLICATION);
    assert_int_equal(device.sbm_sequence, sbm_sequence);
    assert_true(rig_runs(&machine, 1, APP_LEN));
}

static void assert_slot_holds(unsigned slot, uint64_t sequence)
{
    const uint8_t *image = machine.flash + machine.map.sbm[slot].off + machine.map.sbm_image_off;
    for (size_t i = 0; i < SBM_LEN; i++) {
        assert_int_equal(image[i], maker_sbm_byte(sequence, slot, i));
    }
}

static void package_make(const struct maker_key *signer, uint64_t sequence, uint64_t needs_version)
{
    const struct maker_sbm_spec spec = {
        .signer = signer, .sequence = sequence, .image_len = SBM_LEN, .needs_version = needs_version
    };
    package_len = maker_sbm_package(&maker, &spec, package, sizeof package);
}

static void send_run(void)
{
    (void)service_update_clean(PSA_FWU_COMPONENT_SBM);
    said = service_update_start(PSA_FWU_COMPONENT_SBM);
    for (size_t at = 0; at < package_len && said == PSA_SUCCESS; at += 500) {
        size_t part = package_len - at < 500 ? package_len - at : 500;
        said = service_update_write(PSA_FWU_COMPONENT_SBM, at, bytes_of(package + at, part));
    }
    said = said == PSA_SUCCESS ? service_update_finish(PSA_FWU_COMPONENT_SBM) : said;
    said = said == PSA_SUCCESS ? service_update_install() : said;
}

static psa_status_t send(uint64_t sequence)
{
    package_make(&maker.firmware, sequence, 0);
    (void)sim_run(&machine, send_run);
    return said;
}

static void accept_run(void)
{
    said = service_update_accept();
}

static void accept(void)
{
    assert_int_equal(sim_run(&machine, accept_run), SIM_RETURNED);
    assert_int_equal(said, PSA_SUCCESS);
}

static uint8_t state_of_sbm(void)
{
    psa_fwu_component_info_t info;
    assert_int_equal(service_update_query(PSA_FWU_COMPONENT_SBM, &info), PSA_SUCCESS);
    return info.state;
}

static void factory(struct sim *sim)
{
    uint8_t first[8192];
    size_t block_len;
    const struct maker_package app = maker_package_right(&maker, 1, APP_LEN);
    maker_geometry(sim);
    size_t len = maker_package_write(&app, first, sizeof first, &block_len);
    maker_anchor(&maker, sim, 1);
    for (unsigned slot = 0; slot < 2; slot++) {
        (void)maker_sbm(&maker, &maker.firmware, sim, slot, 1, SBM_LEN);
    }
    maker_provision(&maker, sim, first, len);
}

static int group_setup(void **state)
{
    (void)state;
    maker_start(&maker);
    maker_start(&stranger);
    sim_make(&machine, 512, 16, 0xFF);
    factory(&machine);
    assert_runs(1);
    good = machine;
    return 0;
}

static int setup(void **state)
{
    (void)state;
    machine = good;
    assert_runs(1);
    return 0;
}

static void new_sbm_is_tried_confirmed_and_copied_to_the_other_slot(void **state)
{
    (void)state;
    assert_int_equal(send(2), PSA_SUCCESS_REBOOT);
    assert_int_equal(state_of_sbm(), PSA_FWU_STAGED);
    assert_runs(2);
    assert_int_equal(device.sbm_slot, 1);
    assert_int_equal(state_of_sbm(), PSA_FWU_TRIAL);
    assert_int_equal(counter_read(COUNTER_SBM), 1);
    assert_slot_holds(0, 1);
    accept();
    assert_int_equal(counter_read(COUNTER_SBM), 2);
    assert_slot_holds(0, 2);
    assert_slot_holds(1, 2);
    assert_runs(2);
    assert_int_equal(device.sbm_slot, 0);
    assert_int_equal(state_of_sbm(), PSA_FWU_READY);
    assert_int_equal(send(3), PSA_SUCCESS_REBOOT);
    assert_runs(3);
    assert_int_equal(device.sbm_slot, 1);
}

static void sbm_that_is_not_confirmed_goes_back(void **state)
{
    (void)state;
    assert_int_equal(send(2), PSA_SUCCESS_REBOOT);
    for (unsigned i = 0; i < TRIAL_BOOTS + 1; i++) {
        assert_runs(2);
    }
    for (unsigned i = 0; i < 3; i++) {
        assert_runs(1);
        assert_int_equal(counter_read(COUNTER_SBM), 1);
    }
    assert_int_equal(send(2), PSA_SUCCESS_REBOOT); /* it may be sent once more */
    assert_runs(2);
}

static void reject_run(void)
{
    said = service_update_reject(PSA_ERROR_GENERIC_ERROR);
}

static void rejected_sbm_goes_back_at_the_next_boot(void **state)
{
    (void)state;
    assert_int_equal(send(2), PSA_SUCCESS_REBOOT);
    assert_runs(2);
    (void)sim_run(&machine, reject_run);
    assert_int_equal(said, PSA_SUCCESS_REBOOT);
    assert_int_equal(state_of_sbm(), PSA_FWU_REJECTED);
    assert_runs(1);
}

/* The new SBM halts at each start (here because nothing it could run is left): resets lead back to the old one. */
static void new_sbm_that_halts_goes_back_by_itself(void **state)
{
    (void)state;
    unsigned resets = 0;
    assert_int_equal(send(2), PSA_SUCCESS_REBOOT);
    assert_int_equal(sim_run(&machine, bl1_run), SIM_STARTED_SBM);
    assert_int_equal(sim_run(&machine, rig_boot_run), SIM_RESET); /* slot B is written */
    memset(machine.flash + machine.map.primary.off, machine.map.erased, machine.map.primary.len);
    for (unsigned i = 0; i < 2; i++) {
        memset(machine.flash + machine.map.package[i].off, machine.map.erased, machine.map.package[i].len);
    }
    while (sim_run(&machine, bl1_run) == SIM_STARTED_SBM && machine.sbm_slot == 1) {
        assert_int_equal(sim_board.watchdog_seconds, 60);
        assert_int_equal(sim_run(&machine, rig_boot_run), SIM_RESET);
        resets++;
        assert_true(resets < 20);
    }
    assert_int_equal(resets, TRIAL_BOOTS + 1);
    assert_int_equal(machine.sbm_slot, 0);
}

/* The policy wants recovery after a halt; the halts of an SBM on trial are BL1's affair, and the SBM before it boots.
 */
static void halts_on_trial_leave_no_wish_for_recovery(void **state)
{
    (void)state;
    struct sim before = machine;
    maker.on_halt = POLICY_HALT_RECOVERY;
    sim_make(&machine, 512, 16, 0xFF);
    factory(&machine);
    maker.on_halt = POLICY_HALT_WAIT;
    assert_runs(1);
    assert_int_equal(send(2), PSA_SUCCESS_REBOOT);
    assert_int_equal(sim_run(&machine, bl1_run), SIM_STARTED_SBM);
    assert_int_equal(sim_run(&machine, rig_boot_run), SIM_RESET);
    struct sim sound = machine;
    memset(machine.flash + machine.map.primary.off, machine.map.erased, machine.map.primary.len);
    memset(machine.flash + machine.map.package[0].off, machine.map.erased, machine.map.package[0].len);
    while (sim_run(&machine, bl1_run) == SIM_STARTED_SBM && machine.sbm_slot == 1) {
        assert_int_equal(sim_run(&machine, rig_boot_run), SIM_RESET);
    }
    memcpy(machine.flash + machine.map.primary.off, sound.flash + sound.map.primary.off, sound.map.primary.len);
    memcpy(machine.flash + machine.map.package[0].off, sound.flash + sound.map.package[0].off,
           sound.map.package[0].len);
    assert_int_equal(sim_run(&machine, rig_boot_run), SIM_STARTED_APPLICATION);
    assert_int_equal(device.sbm_sequence, 1);
    machine = before;
}

static void damaged_trial_starts_the_old_sbm(void **state)
{
    (void)state;
    assert_int_equal(send(2), PSA_SUCCESS_REBOOT);
    assert_runs(2);
    machine.flash[machine.map.sbm[1].off + machine.map.sbm_image_off + 77] ^= 8;
    assert_runs(1);
}

static void assert_refused(status_t why, psa_status_t result)
{
    (void)sim_run(&machine, send_run);
    assert_int_equal(said, result);
    assert_int_equal(device.state.now.refused, why);
    assert_runs(1);
    assert_slot_holds(1, 1);
}

static void what_the_maker_did_not_sign_for_this_is_refused(void **state)
{
    (void)state;
    package_make(&stranger.firmware, 2, 0);
    assert_refused(STATUS_SUIT_KEY_UNKNOWN, PSA_ERROR_NOT_PERMITTED);
    package_make(&maker.firmware, 1, 0);
    assert_refused(STATUS_SUIT_ROLLBACK, PSA_ERROR_NOT_PERMITTED);
    package_make(&maker.firmware, 2, 2); /* the application is confirmed at 1 */
    assert_refused(STATUS_SUIT_VERSION, PSA_ERROR_DEPENDENCY_NEEDED);
    const struct maker_package app = maker_package_right(&maker, 2, APP_LEN);
    size_t block_len;
    size_t len = maker_package_write(&app, package, sizeof package, &block_len);
    package_len = len - block_len;
    memmove(package, package + block_len, package_len);
    assert_refused(STATUS_SUIT_COMPONENT, PSA_ERROR_NOT_PERMITTED);
}

static void either_image_damaged_on_its_way_is_refused(void **state)
{
    (void)state;
    package_make(&maker.firmware, 2, 0);
    for (unsigned slot = 0; slot < 2; slot++) {
        size_t at = slot == 0 ? package_len - SBM_LEN - 20 : package_len - 5;
        package[at] ^= 1;
        assert_refused(STATUS_SUIT_PAYLOAD_MISMATCH, PSA_ERROR_INVALID_SIGNATURE);
        package[at] ^= 1;
    }
    package_len -= 1;
    assert_refused(STATUS_TRUNCATED, PSA_ERROR_INVALID_ARGUMENT);
}

static void satisfied_demand_for_the_application_is_taken(void **state)
{
    (void)state;
    package_make(&maker.firmware, 2, 1);
    (void)sim_run(&machine, send_run);
    assert_int_equal(said, PSA_SUCCESS_REBOOT);
    assert_runs(2);
}

static void install_call_run(void)
{
    said = service_update_install();
}

static void application_that_needs_a_newer_sbm_waits_for_it(void **state)
{
    (void)state;
    struct maker_package app = maker_package_right(&maker, 2, APP_LEN);
    size_t block_len;
    app.needs_version = 2;
    size_t len = maker_package_write(&app, package, sizeof package, &block_len);
    rig_update_set(bytes_of(package, len));
    (void)sim_run(&machine, rig_update_run);
    assert_int_equal(rig_result, PSA_ERROR_DEPENDENCY_NEEDED);
    assert_int_equal(device.state.now.refused, STATUS_SUIT_VERSION);
    assert_int_equal(service_update_cancel(PSA_FWU_COMPONENT_APP), PSA_SUCCESS);
    assert_int_equal(send(2), PSA_SUCCESS_REBOOT);
    assert_runs(2);
    len = maker_package_write(&app, package, sizeof package, &block_len);
    rig_update_set(bytes_of(package, len));
    (void)sim_run(&machine, rig_update_run);
    assert_int_equal(rig_result, PSA_ERROR_BAD_STATE); /* one installation at a time */
    accept();
    (void)sim_run(&machine, install_call_run); /* the candidate waited for it */
    assert_int_equal(said, PSA_SUCCESS_REBOOT);
    assert_int_equal(boot(), SIM_STARTED_APPLICATION);
    assert_int_equal(device.running_sequence, 2);
}

static void either_damaged_slot_is_written_anew_from_the_package(void **state)
{
    (void)state;
    assert_int_equal(send(2), PSA_SUCCESS_REBOOT);
    assert_runs(2);
    accept();
    assert_runs(2);
    machine.flash[machine.map.sbm[0].off + machine.map.sbm_image_off + 9] ^= 1; /* BL1 falls back to B, which mends A */
    assert_runs(2);
    assert_int_equal(device.sbm_slot, 1);
    assert_slot_holds(0, 2);
    assert_runs(2);
    assert_int_equal(device.sbm_slot, 0);
    machine.flash[machine.map.sbm[1].off + machine.map.sbm_image_off + 9] ^=
        1; /* the spare is looked at now and then */
    for (unsigned i = 0; i < 17; i++) {
        assert_runs(2);
    }
    assert_slot_holds(1, 2);
}

static void confirmed_at_two(void)
{
    assert_int_equal(send(2), PSA_SUCCESS_REBOOT);
    assert_runs(2);
    accept();
    assert_runs(2);
    assert_int_equal(device.sbm_slot, 0);
}

/* What lies in the package's region was right when it arrived. */
static void spare_is_not_filled_from_a_package_that_somebody_else_signed(void **state)
{
    static struct sim before;
    (void)state;
    confirmed_at_two();
    package_make(&stranger.firmware, 2, 0);
    memcpy(machine.flash + machine.map.sbm_package.off, package, package_len);
    machine.flash[machine.map.sbm[1].off + 3] ^= 1;
    before = machine;
    assert_runs(2);
    assert_int_equal(device.health[SBM_PLACE_SPARE], SBM_HEALTH_DAMAGED);
    assert_memory_equal(machine.flash + machine.map.sbm[1].off, before.flash + before.map.sbm[1].off,
                        machine.map.sbm[1].len);
}

/* An envelope without its image would be taken for a sound spare until somebody hashes it. */
static void cut_while_the_spare_is_written_leaves_it_to_the_next_boot(void **state)
{
    static struct sim damaged;
    enum sim_end end = SIM_POWER_CUT;
    (void)state;
    confirmed_at_two();
    memset(machine.flash + machine.map.sbm[1].off, 0, machine.map.sbm[1].len);
    damaged = machine;
    for (uint32_t op = 1; end == SIM_POWER_CUT; op++) {
        machine = damaged;
        machine.cut_at = machine.operations + op;
        machine.cut_mode = SIM_CUT_AFTER;
        end = sim_run(&machine, rig_boot_run);
        machine.cut_at = 0;
        assert_runs(2);
        assert_slot_holds(1, 2);
    }
}

/* Cuts `code` at every operation, then boots: the old or the new SBM runs, nothing that was confirmed is lost. */
static void cut_everywhere(void (*code)(void), uint64_t least, uint32_t counter)
{
    static const enum sim_cut_mode modes[] = { SIM_CUT_BEFORE, SIM_CUT_HALF, SIM_CUT_LAST, SIM_CUT_RANDOM,
                                               SIM_CUT_AFTER };
    static struct sim before;
    const struct device running = device;
    before = machine;
    for (uint32_t op = 1;; op++) {
        for (unsigned way = 0; way < sizeof modes / sizeof modes[0]; way++) {
            machine = before;
            device = running;
            machine.cut_at = machine.operations + op;
            machine.cut_mode = modes[way];
            machine.cut_seed = op * 7 + way;
            if (sim_run(&machine, code) != SIM_POWER_CUT) {
                assert_true(op > 1);
                return;
            }
            machine.cut_at = 0;
            assert_int_equal(boot(), SIM_STARTED_APPLICATION);
            assert_in_range(device.sbm_sequence, least, 2);
            assert_true(rig_runs(&machine, 1, APP_LEN));
            assert_true(counter_read(COUNTER_SBM) >= counter);
        }
    }
}

static void cut_at_any_operation_ends_in_the_old_or_the_new_sbm(void **state)
{
    (void)state;
    assert_int_equal(send(2), PSA_SUCCESS_REBOOT);
    struct sim staged = machine;
    cut_everywhere(rig_boot_run, 1, 1);
    machine = staged;
    assert_runs(2);
    cut_everywhere(accept_run, 2, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(new_sbm_is_tried_confirmed_and_copied_to_the_other_slot, setup),
        cmocka_unit_test_setup(sbm_that_is_not_confirmed_goes_back, setup),
        cmocka_unit_test_setup(rejected_sbm_goes_back_at_the_next_boot, setup),
        cmocka_unit_test_setup(new_sbm_that_halts_goes_back_by_itself, setup),
        cmocka_unit_test_setup(halts_on_trial_leave_no_wish_for_recovery, setup),
        cmocka_unit_test_setup(damaged_trial_starts_the_old_sbm, setup),
        cmocka_unit_test_setup(what_the_maker_did_not_sign_for_this_is_refused, setup),
        cmocka_unit_test_setup(either_image_damaged_on_its_way_is_refused, setup),
        cmocka_unit_test_setup(satisfied_demand_for_the_application_is_taken, setup),
        cmocka_unit_test_setup(application_that_needs_a_newer_sbm_waits_for_it, setup),
        cmocka_unit_test_setup(either_damaged_slot_is_written_anew_from_the_package, setup),
        cmocka_unit_test_setup(spare_is_not_filled_from_a_package_that_somebody_else_signed, setup),
        cmocka_unit_test_setup(cut_while_the_spare_is_written_leaves_it_to_the_next_boot, setup),
        cmocka_unit_test_setup(cut_at_any_operation_ends_in_the_old_or_the_new_sbm, setup),
    };
    return cmocka_run_group_tests(tests, group_setup, NULL);
}
