/* SPDX-License-Identifier: Apache-2.0 */
/* fwu states: each call of the PSA Firmware Update API 1.0.1 in each state of each component: the result and the state
 * after it, as section 4.2 and chapter 5 of the standard have them for volatile staging. */
#include "tests/unit/test.h"

#include "boot/counter.h"
#include "sbm/self.h"
#include "tests/unit/boot_maker.h"
#include "tests/unit/boot_rig.h"

_Noreturn void bl1_stage_main(void);

#define APP PSA_FWU_COMPONENT_APP
#define SBM PSA_FWU_COMPONENT_SBM
#define APP_LEN 1200u
#define SBM_LEN 1300u
#define STATES 8u
#define BAD PSA_ERROR_BAD_STATE
#define GOOD PSA_SUCCESS
#define REBOOT PSA_SUCCESS_REBOOT
#define AS_IT_WAS 99u

static struct maker maker;
static struct sim good;
static struct sim machine;
static uint8_t package[2][8192];
static size_t package_len[2];

static void bl1_run(void)
{
    bl1_stage_main();
}

static void boot(void)
{
    enum sim_end end = SIM_RESET;
    for (unsigned i = 0; i < 8 && end == SIM_RESET; i++) {
        end = sim_run(&machine, bl1_run);
        end = end == SIM_STARTED_SBM ? sim_run(&machine, rig_boot_run) : end;
    }
    assert_int_equal(end, SIM_STARTED_APPLICATION);
}

static unsigned state_of(psa_fwu_component_t component)
{
    psa_fwu_component_info_t info;
    assert_int_equal(service_update_query(component, &info), PSA_SUCCESS);
    return info.state;
}

static void packages_make(uint64_t sequence, uint64_t app_needs, uint64_t sbm_needs)
{
    struct maker_package app = maker_package_right(&maker, sequence, APP_LEN);
    size_t block_len;
    app.needs_version = app_needs;
    package_len[APP] = maker_package_write(&app, package[APP], sizeof package[APP], &block_len);
    const struct maker_sbm_spec sbm = {
        .signer = &maker.firmware, .sequence = sequence, .image_len = SBM_LEN, .needs_version = sbm_needs
    };
    package_len[SBM] = maker_sbm_package(&maker, &sbm, package[SBM], sizeof package[SBM]);
}

static int group_setup(void **state)
{
    (void)state;
    maker_start(&maker);
    sim_make(&good, 512, 16, 0xFF);
    maker_geometry(&good);
    packages_make(1, 0, 0);
    maker_anchor(&maker, &good, 1);
    for (unsigned slot = 0; slot < 2; slot++) {
        (void)maker_sbm(&maker, &maker.firmware, &good, slot, 1, SBM_LEN);
    }
    maker_provision(&maker, &good, package[APP], package_len[APP]);
    packages_make(2, 0, 0);
    return 0;
}

static void written(psa_fwu_component_t component)
{
    assert_int_equal(service_update_start(component), PSA_SUCCESS);
    for (size_t at = 0; at < package_len[component]; at += 500) {
        size_t left = package_len[component] - at;
        const struct bytes block = bytes_of(package[component] + at, left < 500 ? left : 500);
        assert_int_equal(service_update_write(component, at, block), PSA_SUCCESS);
    }
}

static void candidate(psa_fwu_component_t component)
{
    written(component);
    assert_int_equal(service_update_finish(component), PSA_SUCCESS);
}

static psa_fwu_component_t wanted_component;
static unsigned wanted_state;

static void trial_prepare(void)
{
    candidate(wanted_component);
    assert_int_equal(service_update_install(), REBOOT);
}

static void state_prepare(void)
{
    switch (wanted_state) {
    case PSA_FWU_WRITING:
        written(wanted_component);
        break;
    case PSA_FWU_CANDIDATE:
        candidate(wanted_component);
        break;
    case PSA_FWU_STAGED:
        trial_prepare();
        break;
    case PSA_FWU_FAILED:
        candidate(wanted_component);
        assert_int_equal(service_update_cancel(wanted_component), PSA_SUCCESS);
        break;
    case PSA_FWU_REJECTED:
        assert_int_equal(service_update_reject(PSA_ERROR_GENERIC_ERROR), REBOOT);
        break;
    case PSA_FWU_UPDATED:
        assert_int_equal(service_update_accept(), PSA_SUCCESS);
        break;
    default:
        break;
    }
}

/* A device just booted, whose component is in that state; the other one is READY. */
static void state_reach(psa_fwu_component_t component, unsigned state)
{
    machine = good;
    wanted_component = component;
    wanted_state = state;
    boot();
    if (state == PSA_FWU_TRIAL || state == PSA_FWU_REJECTED || state == PSA_FWU_UPDATED) {
        (void)sim_run(&machine, trial_prepare);
        boot();
    }
    (void)sim_run(&machine, state_prepare);
    assert_int_equal(state_of(component), state);
    assert_int_equal(state_of(component ^ 1u), PSA_FWU_READY);
}

/* ---- the calls ---- */

static psa_status_t result;

static void start_run(void)
{
    result = service_update_start(wanted_component);
}

static void write_run(void)
{
    size_t at = wanted_state == PSA_FWU_WRITING ? package_len[wanted_component] : 0;
    result = service_update_write(wanted_component, at, bytes_of("x", 1));
}

static void finish_run(void)
{
    result = service_update_finish(wanted_component);
}

static void cancel_run(void)
{
    result = service_update_cancel(wanted_component);
}

static void clean_run(void)
{
    result = service_update_clean(wanted_component);
}

static void install_call_run(void)
{
    result = service_update_install();
}

static void reject_run(void)
{
    result = service_update_reject(PSA_ERROR_GENERIC_ERROR);
}

static void accept_run(void)
{
    result = service_update_accept();
}

/* By state: READY, WRITING, CANDIDATE, STAGED, FAILED, TRIAL, REJECTED, UPDATED. */
static const struct {
    void (*run)(void);
    psa_status_t result[STATES];
    unsigned after; /* where the call went well */
} calls[] = {
    { start_run, { GOOD, BAD, BAD, BAD, BAD, BAD, BAD, BAD }, PSA_FWU_WRITING },
    { write_run, { BAD, GOOD, BAD, BAD, BAD, BAD, BAD, BAD }, PSA_FWU_WRITING },
    { finish_run, { BAD, GOOD, BAD, BAD, BAD, BAD, BAD, BAD }, PSA_FWU_CANDIDATE },
    { cancel_run, { BAD, GOOD, GOOD, BAD, BAD, BAD, BAD, BAD }, PSA_FWU_FAILED },
    { clean_run, { BAD, BAD, BAD, BAD, GOOD, BAD, BAD, GOOD }, PSA_FWU_READY },
    { install_call_run, { BAD, BAD, REBOOT, BAD, BAD, BAD, BAD, BAD }, PSA_FWU_STAGED },
    { reject_run, { BAD, BAD, BAD, GOOD, BAD, REBOOT, BAD, BAD }, AS_IT_WAS },
    { accept_run, { BAD, BAD, BAD, BAD, BAD, GOOD, BAD, BAD }, PSA_FWU_UPDATED },
};

static void each_call_in_each_state_does_what_the_standard_says(void **state)
{
    (void)state;
    for (psa_fwu_component_t component = 0; component < PSA_FWU_COMPONENTS; component++) {
        for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
            for (unsigned from = 0; from < STATES; from++) {
                state_reach(component, from);
                (void)sim_run(&machine, calls[i].run);
                assert_int_equal(result, calls[i].result[from]);
                unsigned after = result < 0 ? from : calls[i].after;
                if (calls[i].run == reject_run && result >= 0) {
                    after = from == PSA_FWU_STAGED ? PSA_FWU_FAILED : PSA_FWU_REJECTED;
                }
                assert_int_equal(state_of(component), after);
                assert_int_equal(state_of(component ^ 1u), PSA_FWU_READY);
            }
        }
    }
}

static void there_is_one_installation_at_a_time(void **state)
{
    static const unsigned busy[] = { PSA_FWU_STAGED, PSA_FWU_TRIAL, PSA_FWU_REJECTED };
    (void)state;
    for (psa_fwu_component_t component = 0; component < PSA_FWU_COMPONENTS; component++) {
        for (unsigned i = 0; i < 3; i++) {
            state_reach(component, busy[i]);
            wanted_component = component ^ 1u;
            wanted_state = PSA_FWU_CANDIDATE;
            (void)sim_run(&machine, state_prepare);
            (void)sim_run(&machine, install_call_run);
            assert_int_equal(result, PSA_ERROR_BAD_STATE);
            assert_int_equal(state_of(wanted_component), PSA_FWU_CANDIDATE);
        }
    }
}

static void both_run(void)
{
    candidate(APP);
    candidate(SBM);
    result = service_update_install();
}

static void both_components_are_installed_tried_and_accepted_together(void **state)
{
    (void)state;
    state_reach(APP, PSA_FWU_READY);
    (void)sim_run(&machine, both_run);
    assert_int_equal(result, PSA_SUCCESS_REBOOT);
    boot();
    assert_int_equal(state_of(APP), PSA_FWU_TRIAL);
    assert_int_equal(state_of(SBM), PSA_FWU_TRIAL);
    (void)sim_run(&machine, accept_run);
    assert_int_equal(result, PSA_SUCCESS);
    assert_int_equal(state_of(APP), PSA_FWU_UPDATED);
    assert_int_equal(state_of(SBM), PSA_FWU_UPDATED);
    assert_int_equal(counter_read(COUNTER_APP), 2);
    assert_int_equal(counter_read(COUNTER_SBM), 2);
    boot();
    assert_int_equal(device.running_sequence, 2);
    assert_int_equal(device.sbm_sequence, 2);
}

static void missing_dependency_leaves_a_candidate(void **state)
{
    (void)state;
    packages_make(2, 2, 2);
    for (psa_fwu_component_t component = 0; component < PSA_FWU_COMPONENTS; component++) {
        state_reach(component, PSA_FWU_CANDIDATE);
        for (unsigned i = 0; i < 2; i++) {
            (void)sim_run(&machine, install_call_run);
            assert_int_equal(result, PSA_ERROR_DEPENDENCY_NEEDED);
            assert_int_equal(state_of(component), PSA_FWU_CANDIDATE);
            assert_int_equal(device.state.now.refused, STATUS_SUIT_VERSION);
        }
        (void)sim_run(&machine, cancel_run);
        assert_int_equal(result, PSA_SUCCESS);
    }
    packages_make(2, 0, 0);
}

static void write_takes_only_what_fits_its_place(void **state)
{
    static uint8_t block[PSA_FWU_MAX_WRITE_SIZE + 1];
    (void)state;
    state_reach(APP, PSA_FWU_READY);
    (void)sim_run(&machine, start_run);
    assert_int_equal(service_update_write(APP, 0, bytes_of(block, 0)), PSA_ERROR_INVALID_ARGUMENT);
    assert_int_equal(service_update_write(APP, 0, bytes_of(block, sizeof block)), PSA_ERROR_INVALID_ARGUMENT);
    assert_int_equal(service_update_write(APP, 1, bytes_of(block, 1)), PSA_ERROR_INVALID_ARGUMENT);
    size_t at = 0;
    for (; at < machine.map.package[1].len; at += 512) {
        assert_int_equal(service_update_write(APP, at, bytes_of(block, 512)), PSA_SUCCESS);
    }
    assert_int_equal(service_update_write(APP, at, bytes_of(block, 1)), PSA_ERROR_INVALID_ARGUMENT);
    assert_int_equal(state_of(APP), PSA_FWU_WRITING);
}

static void swapped_images_of_an_sbm_are_refused(void **state)
{
    (void)state;
    struct sim other = good;
    other.map.sbm[0] = good.map.sbm[1];
    other.map.sbm[1] = good.map.sbm[0];
    maker_sbm_geometry(&other);
    packages_make(2, 0, 0);
    maker_sbm_geometry(&good);
    state_reach(SBM, PSA_FWU_READY);
    written(SBM);
    (void)sim_run(&machine, finish_run);
    assert_int_equal(result, PSA_ERROR_NOT_PERMITTED);
    assert_int_equal(device.state.now.refused, STATUS_SUIT_ENTRY);
    assert_int_equal(state_of(SBM), PSA_FWU_FAILED);
    packages_make(2, 0, 0);
}

/* Images whose entry point lies `by` bytes from where it should. */
static void sbm_entry_move(uint32_t by)
{
    struct sim moved = good;
    for (unsigned slot = 0; slot < 2; slot++) {
        moved.map.sbm[slot].off += by;
    }
    maker_sbm_geometry(&moved);
    packages_make(2, 0, 0);
    maker_sbm_geometry(&good);
}

static void entry_point_of_an_sbm_is_thumb_code_in_its_image(void **state)
{
    static const struct {
        uint32_t by; /* the maker's is 9 bytes behind the image's first */
        status_t refused;
    } rows[] = { { 0, STATUS_OK },
                 { (uint32_t)-8, STATUS_OK },
                 { SBM_LEN - 10, STATUS_OK },
                 { (uint32_t)-10, STATUS_SUIT_ENTRY },
                 { SBM_LEN - 8, STATUS_SUIT_ENTRY },
                 { 1, STATUS_SUIT_ENTRY } };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        sbm_entry_move(rows[i].by);
        state_reach(SBM, PSA_FWU_READY);
        written(SBM);
        (void)sim_run(&machine, finish_run);
        assert_int_equal(result, rows[i].refused == STATUS_OK ? PSA_SUCCESS : PSA_ERROR_NOT_PERMITTED);
        assert_int_equal(rows[i].refused == STATUS_OK ? STATUS_OK : device.state.now.refused, rows[i].refused);
    }
    packages_make(2, 0, 0);
}

static void sbm_that_does_not_fit_its_slot_is_refused(void **state)
{
    const uint32_t room = good.map.sbm[0].len - good.map.sbm_image_off;
    (void)state;
    for (unsigned more = 0; more < 2; more++) {
        const struct maker_sbm_spec spec = { .signer = &maker.firmware, .sequence = 2, .image_len = room + more };
        package_len[SBM] = maker_sbm_package(&maker, &spec, package[SBM], sizeof package[SBM]);
        state_reach(SBM, PSA_FWU_READY);
        written(SBM);
        (void)sim_run(&machine, finish_run);
        assert_int_equal(result, more ? PSA_ERROR_NOT_PERMITTED : PSA_SUCCESS);
        assert_true(!more || device.state.now.refused == STATUS_SUIT_SIZE);
    }
    packages_make(2, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_call_in_each_state_does_what_the_standard_says),
        cmocka_unit_test(there_is_one_installation_at_a_time),
        cmocka_unit_test(both_components_are_installed_tried_and_accepted_together),
        cmocka_unit_test(missing_dependency_leaves_a_candidate),
        cmocka_unit_test(write_takes_only_what_fits_its_place),
        cmocka_unit_test(swapped_images_of_an_sbm_are_refused),
        cmocka_unit_test(entry_point_of_an_sbm_is_thumb_code_in_its_image),
        cmocka_unit_test(sbm_that_does_not_fit_its_slot_is_refused),
    };
    return cmocka_run_group_tests(tests, group_setup, NULL);
}
