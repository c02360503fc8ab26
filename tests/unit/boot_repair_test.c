/* SPDX-License-Identifier: Apache-2.0 */
/* boot repair: whatever one flipped bit or one lost sector takes away, the device boots a right image; what an update
 * leaves behind when it goes wrong; the states of the update service around it. */
#include "tests/unit/test.h"

#include "boot/halt.h"
#include "boot/stage.h"
#include "ports/sim/sim_board.h"
#include "sbm/device.h"
#include "sbm/service.h"
#include "tests/unit/boot_maker.h"
#include "tests/unit/boot_rig.h"

#define IMAGE_LEN 1500u

static struct maker maker;
static struct sim good; /* version 1 installed and confirmed, started once */
static struct sim machine;
static uint8_t package[8192];
static size_t package_len;
static size_t block_len;
static status_t loaded;

static void assert_boots(uint64_t sequence)
{
    assert_int_equal(rig_boot(&machine), SIM_STARTED_APPLICATION);
    assert_int_equal(device.running_sequence, sequence);
    assert_true(rig_runs(&machine, sequence, IMAGE_LEN));
}

/* Sends what `package` holds. */
static void update_send(void)
{
    rig_update_set(bytes_of(package, package_len));
    (void)sim_run(&machine, rig_update_run);
}

static void package_make(uint64_t sequence)
{
    const struct maker_package spec = maker_package_right(&maker, sequence, IMAGE_LEN);
    package_len = maker_package_write(&spec, package, sizeof package, &block_len);
}

static void machine_make(struct sim *sim)
{
    sim_make(sim, 512, 16, 0xFF);
    maker_geometry(sim);
    package_make(1);
    maker_provision(&maker, sim, package, package_len);
}

static int group_setup(void **state)
{
    (void)state;
    maker_start(&maker);
    machine_make(&machine);
    assert_boots(1);
    good = machine;
    return 0;
}

static int setup(void **state)
{
    (void)state;
    machine = good;
    return 0;
}

static void update(uint64_t sequence)
{
    package_make(sequence);
    update_send();
    assert_int_equal(rig_result, PSA_SUCCESS_REBOOT);
}

/* The two loads that read the journals, without the signatures: cheap enough for every bit. */
static void load_run(void)
{
    memset(&device, 0, sizeof device);
    loaded = provisioned_load(&device.provisioned);
    loaded = loaded == STATUS_OK ? state_open(&device.state) : loaded;
}

static void assert_loads_after_flips(const struct port_region *mirror)
{
    uint32_t len = mirror->len;
    machine = good;
    (void)sim_run(&machine, load_run);
    struct boot_state now = device.state.now;
    while (len > 0 && good.flash[mirror->off + len - 1] == 0xFF) {
        len--;
    }
    for (uint32_t bit = 0; bit < len * 8; bit++) {
        machine = good;
        machine.flash[mirror->off + bit / 8] ^= (uint8_t)(1u << bit % 8);
        (void)sim_run(&machine, load_run);
        assert_int_equal(loaded, STATUS_OK);
        assert_int_equal(device.state.now.active, now.active);
        assert_int_equal(device.state.now.counter, now.counter);
        assert_int_equal(device.state.now.boots, now.boots);
        assert_memory_equal(device.provisioned.identity, maker.identity.secret, 32);
        assert_memory_equal(device.provisioned.update + 32, maker.update.open, 64);
        assert_int_equal(device.provisioned.policy.trial_boots, 3);
        if (bit % 131 == 0) {
            assert_boots(1);
        }
    }
}

static void every_flipped_bit_of_the_journals_still_boots(void **state)
{
    (void)state;
    for (unsigned mirror = 0; mirror < 2; mirror++) {
        assert_loads_after_flips(&good.map.state[mirror]);
        assert_loads_after_flips(&good.map.store[mirror]);
    }
}

/* One bit of each byte with a whole boot each, of key block, wrapper, manifest and the payload's head. */
static void every_flipped_byte_of_the_package_at_rest_still_boots(void **state)
{
    (void)state;
    uint32_t slot = good.map.package[0].off;
    for (uint32_t at = 0; at < package_len - IMAGE_LEN + 8; at++) {
        machine = good;
        machine.flash[slot + at] ^= (uint8_t)(1u << at * 5 % 8);
        assert_boots(1);
        assert_int_equal(device.state.now.reason, STATE_REASON_NORMAL);
    }
}

static void any_lost_sector_still_boots(void **state)
{
    static const uint8_t fills[] = { 0x00, 0x55, 0xFF };
    (void)state;
    for (uint32_t off = good.map.store[0].off; off < good.map.primary.off + 3072; off += 512) {
        for (unsigned fill = 0; fill < sizeof fills; fill++) {
            machine = good;
            memset(machine.flash + off, fills[fill], 512);
            assert_boots(1);
            assert_boots(1);
        }
    }
}

/* The copy of the envelope is no way around the counter or the image's digest. */
static void copy_of_the_envelope_vouches_for_nothing_else(void **state)
{
    (void)state;
    memset(machine.flash + machine.map.package[0].off, 0, 512);
    assert_boots(1);
    machine.flash[machine.map.primary.off + 40] ^= 1;
    assert_int_equal(rig_boot(&machine), SIM_ASLEEP);
}

static void update_that_fails_at_last_does_not_halt_where_damage_does(void **state)
{
    static struct sim elsewhere;
    (void)state;
    maker.on_damage = POLICY_DAMAGE_HALT;
    machine_make(&machine);
    maker.on_damage = POLICY_DAMAGE_REINSTALL;
    assert_boots(1);
    sim_make(&elsewhere, 1024, 16, 0xFF);
    maker_geometry(&elsewhere); /* an image for another address: seen only when it is decrypted */
    update(2);
    maker_geometry(&machine);
    assert_boots(1);
    assert_int_equal(device.state.now.pending, STATE_NONE);
    assert_int_equal(device.state.now.refused, STATUS_BOOT_IMAGE_DAMAGED);
    machine.flash[machine.map.primary.off + 40] ^= 1;
    assert_int_equal(rig_boot(&machine), SIM_ASLEEP);
}

static void newer_package_that_replaces_a_damaged_one_is_on_trial(void **state)
{
    (void)state;
    assert_boots(1);
    update(2);
    (void)sim_run(&machine, rig_reject_run); /* staged no more; the package stays in its slot */
    assert_int_equal(rig_result, PSA_SUCCESS);
    machine.flash[machine.map.primary.off + 40] ^= 1;
    machine.flash[machine.map.package[0].off + package_len - 1] ^= 1;
    assert_boots(2);
    assert_int_equal(device.state.now.reason, STATE_REASON_REINSTALLED);
    assert_int_equal(device.state.now.counter, 1);
    assert_int_equal(device.state.now.trial, 1);
    (void)sim_run(&machine, rig_accept_run);
    assert_int_equal(rig_result, PSA_SUCCESS);
    assert_int_equal(device.state.now.counter, 2);
    assert_boots(2);
}

static uint8_t service_state(void)
{
    psa_fwu_component_info_t info;
    assert_int_equal(service_update_query(0, &info), PSA_SUCCESS);
    return info.state;
}

static void rejected_application_cannot_be_accepted_any_more(void **state)
{
    (void)state;
    assert_boots(1);
    update(2);
    assert_int_equal(service_state(), PSA_FWU_STAGED);
    assert_boots(2);
    assert_int_equal(service_state(), PSA_FWU_TRIAL);
    (void)sim_run(&machine, rig_reject_run);
    assert_int_equal(rig_result, PSA_SUCCESS_REBOOT);
    assert_int_equal(service_state(), PSA_FWU_REJECTED);
    assert_int_equal(service_update_clean(0), PSA_ERROR_BAD_STATE);
    assert_int_equal(service_update_start(0), PSA_ERROR_BAD_STATE);
    assert_int_equal(service_update_accept(), PSA_ERROR_BAD_STATE);
    assert_int_equal(service_update_reject(-1), PSA_ERROR_BAD_STATE);
    assert_boots(1);
    assert_int_equal(service_state(), PSA_FWU_READY);
    assert_int_equal(device.state.now.refused, STATUS_BOOT_NOT_CONFIRMED);
    assert_int_equal(device.state.now.refused_sequence, 2);
}

static void rejection_that_cannot_be_written_changes_nothing(void **state)
{
    (void)state;
    assert_boots(1);
    update(2);
    machine.map.state[0].off = SIM_FLASH_LEN; /* the flash refuses */
    device.state.journal.mirror[0].off = SIM_FLASH_LEN;
    (void)sim_run(&machine, rig_reject_run);
    assert_int_equal(rig_result, PSA_ERROR_STORAGE_FAILURE);
    assert_int_equal(service_state(), PSA_FWU_STAGED);
}

/* A way back that is damaged: the application on trial stays, on trial, and nothing resets for ever. */
static void damaged_way_back_keeps_the_one_on_trial(void **state)
{
    (void)state;
    assert_boots(1);
    update(2);
    assert_boots(2);
    machine.flash[machine.map.package[0].off + 20] ^= 1;
    for (unsigned i = 0; i < 12; i++) {
        assert_boots(2);
        assert_int_equal(device.state.now.trial, 1);
        assert_int_equal(device.state.now.counter, 1);
    }
    (void)sim_run(&machine, rig_accept_run);
    assert_int_equal(rig_result, PSA_SUCCESS);
}

static void fault_run(void)
{
    stage_fault(STATUS_BOOT_APPLICATION_FAULT, 0x80000);
}

static void crashing_update_goes_back(void **state)
{
    unsigned boots = 0;
    (void)state;
    assert_boots(1);
    update(2);
    do {
        assert_int_equal(rig_boot(&machine), SIM_STARTED_APPLICATION);
        if (device.running_sequence == 2) {
            assert_int_equal(sim_run(&machine, fault_run), SIM_RESET);
        }
        boots++;
    } while (device.running_sequence == 2 && boots < 10);
    assert_int_equal(boots, 5);
    assert_int_equal(device.state.now.reason, STATE_REASON_REVERTED);
    assert_boots(1);
}

static void halt_run(void)
{
    memset(&device.candidate.block.key, 0x5A, sizeof device.candidate.block.key);
    memset(device.provisioned.identity, 0x5A, sizeof device.provisioned.identity);
    halt(STATUS_BOOT_FAULT);
}

static void halt_wipes_every_key(void **state)
{
    static const uint8_t zero[PROVISIONED_KEY_LEN];
    (void)state;
    assert_boots(1);
    assert_int_equal(sim_run(&machine, halt_run), SIM_ASLEEP);
    assert_memory_equal(device.candidate.block.key, zero, sizeof device.candidate.block.key);
    assert_memory_equal(device.provisioned.identity, zero, sizeof zero);
    assert_memory_equal(device.provisioned.update, zero, sizeof zero);
}

static void state_without_sense_is_refused(void **state)
{
    static const struct boot_state bad[] = {
        { .active = STATE_NONE, .pending = STATE_NONE, .trial = 1 },
        { .active = STATE_NONE, .pending = 1 },
        { .active = 1, .pending = 1 },
    };
    uint8_t record[STATE_LEN];
    struct boot_state parsed;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        state_build(&bad[i], record);
        assert_int_equal(state_parse(bytes_of(record, sizeof record), &parsed), STATUS_BOOT_STATE_DAMAGED);
    }
}

static uint32_t primary_erases(void)
{
    uint32_t count = 0;
    for (uint32_t at = 0; at < machine.map.primary.len; at += machine.map.sector_len) {
        count += sim_board.erased[(machine.map.primary.off + at) / SIM_SECTOR_LEAST];
    }
    return count;
}

static void repair_erases_only_the_damaged_sector(void **state)
{
    (void)state;
    memset(sim_board.erased, 0, sizeof sim_board.erased);
    machine.flash[machine.map.primary.off + 600] ^= 2;
    assert_boots(1);
    assert_int_equal(primary_erases(), 1);
}

/* 1500 bytes are three sectors: whatever was whole before the cut is not erased again. */
static void installation_goes_on_where_it_was_cut(void **state)
{
    (void)state;
    update(2);
    const struct sim staged = machine;
    for (uint32_t op = 1;; op++) {
        machine = staged;
        memset(sim_board.erased, 0, sizeof sim_board.erased);
        machine.cut_at = machine.operations + op;
        machine.cut_mode = SIM_CUT_AFTER;
        if (sim_run(&machine, rig_boot_run) != SIM_POWER_CUT) {
            break;
        }
        machine.cut_at = 0;
        assert_boots(2);
        assert_in_range(primary_erases(), 3, 4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_flipped_bit_of_the_journals_still_boots, setup),
        cmocka_unit_test_setup(every_flipped_byte_of_the_package_at_rest_still_boots, setup),
        cmocka_unit_test_setup(any_lost_sector_still_boots, setup),
        cmocka_unit_test_setup(copy_of_the_envelope_vouches_for_nothing_else, setup),
        cmocka_unit_test_setup(update_that_fails_at_last_does_not_halt_where_damage_does, setup),
        cmocka_unit_test_setup(newer_package_that_replaces_a_damaged_one_is_on_trial, setup),
        cmocka_unit_test_setup(rejected_application_cannot_be_accepted_any_more, setup),
        cmocka_unit_test_setup(rejection_that_cannot_be_written_changes_nothing, setup),
        cmocka_unit_test_setup(damaged_way_back_keeps_the_one_on_trial, setup),
        cmocka_unit_test_setup(crashing_update_goes_back, setup),
        cmocka_unit_test_setup(halt_wipes_every_key, setup),
        cmocka_unit_test_setup(state_without_sense_is_refused, setup),
        cmocka_unit_test_setup(repair_erases_only_the_damaged_sector, setup),
        cmocka_unit_test_setup(installation_goes_on_where_it_was_cut, setup),
    };
    return cmocka_run_group_tests(tests, group_setup, NULL);
}
