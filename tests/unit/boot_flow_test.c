/* SPDX-License-Identifier: Apache-2.0 */
/* boot flow: the manager's own code on a simulated board: boot, update, confirm, revert, refuse, heal, halt. */
#include "tests/unit/test.h"

#include "boot/stage.h"
#include "sbm/device.h"
#include "sbm/service.h"
#include "tests/unit/boot_maker.h"
#include "tests/unit/boot_rig.h"

#define IMAGE_LEN 3000u
#define PACKAGE_MAX 16384u

static struct maker maker;
static struct maker stranger;
static struct sim provisioned_machine;
static struct sim machine;
static uint8_t package[PACKAGE_MAX];
static size_t package_len;
static size_t block_len;

static void fault_run(void)
{
    stage_fault(STATUS_BOOT_SECURE_FAULT, 0x10000000);
}

/* Sends what `package` holds. */
static void update_send(void)
{
    rig_update_set(bytes_of(package, package_len));
    (void)sim_run(&machine, rig_update_run);
}

static void package_make(const struct maker_package *spec)
{
    package_len = maker_package_write(spec, package, sizeof package, &block_len);
}

static void package_make_right(uint64_t sequence)
{
    const struct maker_package spec = maker_package_right(&maker, sequence, IMAGE_LEN);
    package_make(&spec);
}

static void assert_boots(uint64_t sequence)
{
    assert_int_equal(rig_boot(&machine), SIM_STARTED_APPLICATION);
    assert_true(rig_runs(&machine, sequence, IMAGE_LEN));
}

static int group_setup(void **state)
{
    (void)state;
    maker_start(&maker);
    maker_start(&stranger);
    sim_make(&provisioned_machine, 512, 16, 0xFF);
    maker_geometry(&provisioned_machine);
    package_make_right(1);
    maker_provision(&maker, &provisioned_machine, package, package_len);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    machine = provisioned_machine;
    return 0;
}

static void provisioned_device_boots(void **state)
{
    (void)state;
    assert_boots(1);
    assert_boots(1);
    assert_int_equal(device.state.now.boots, 2);
}

static void update_is_installed_confirmed_and_stays(void **state)
{
    (void)state;
    assert_boots(1);
    package_make_right(2);
    update_send();
    assert_int_equal(rig_result, PSA_SUCCESS_REBOOT);
    assert_boots(2);
    assert_int_equal(device.state.now.reason, STATE_REASON_INSTALLED);
    assert_int_equal(device.state.now.trial, 1);
    assert_int_equal(device.state.now.counter, 1);
    (void)sim_run(&machine, rig_accept_run);
    assert_int_equal(rig_result, PSA_SUCCESS);
    assert_int_equal(device.state.now.counter, 2);
    for (int i = 0; i < 6; i++) {
        assert_boots(2);
    }
}

static void unconfirmed_update_goes_back_after_the_trial_boots(void **state)
{
    (void)state;
    assert_boots(1);
    package_make_right(2);
    update_send();
    for (int i = 0; i < 4; i++) { /* the boot that installs and three trial boots */
        assert_boots(2);
    }
    assert_boots(1);
    assert_int_equal(device.state.now.reason, STATE_REASON_REVERTED);
    assert_int_equal(device.state.now.refused, STATUS_BOOT_NOT_CONFIRMED);
    assert_int_equal(device.state.now.refused_sequence, 2);
    assert_boots(1);
    assert_int_equal(device.state.now.trial, 0);
}

static void rejected_update_goes_back_at_once(void **state)
{
    (void)state;
    assert_boots(1);
    package_make_right(2);
    update_send();
    assert_boots(2);
    (void)sim_run(&machine, rig_reject_run);
    assert_int_equal(rig_result, PSA_SUCCESS_REBOOT);
    assert_boots(1);
}

/* Sends `package`, expects the refusal `why`, and that the device runs `sequence` afterwards, also after a reset. */
static void assert_refused(status_t why, uint64_t sequence)
{
    update_send();
    assert_true(rig_result < 0);
    assert_int_equal(device.state.now.refused, why);
    assert_int_equal(device.state.now.pending, STATE_NONE);
    assert_boots(sequence);
    assert_int_equal(device.state.now.refused, why);
}

static void older_version_is_refused(void **state)
{
    (void)state;
    assert_boots(1);
    package_make_right(5);
    update_send();
    assert_boots(5);
    (void)sim_run(&machine, rig_accept_run);
    package_make_right(4);
    assert_refused(STATUS_SUIT_ROLLBACK, 5);
    assert_int_equal(device.state.now.refused_sequence, 4);
}

static void wrong_makers_products_and_recipients_are_refused(void **state)
{
    (void)state;
    struct {
        struct maker_package spec;
        status_t why;
    } cases[] = {
        { maker_package_right(&maker, 2, IMAGE_LEN), STATUS_SUIT_KEY_UNKNOWN },
        { maker_package_right(&maker, 2, IMAGE_LEN), STATUS_SUIT_BLOCK_KEY },
        { maker_package_right(&maker, 2, IMAGE_LEN), STATUS_SUIT_BLOCK_KEY },
        { maker_package_right(&maker, 2, IMAGE_LEN), STATUS_SUIT_RECIPIENT },
        { maker_package_right(&maker, 2, IMAGE_LEN), STATUS_SUIT_VENDOR },
        { maker_package_right(&maker, 2, IMAGE_LEN), STATUS_SUIT_CLASS },
    };
    cases[0].spec.signer = &stranger.firmware;
    cases[1].spec.block_signer = &stranger.mastering;
    cases[2].spec.block_signer = &maker.provisioner; /* good for what was provisioned, not for later packages */
    cases[3].spec.recipient = &stranger.update;
    cases[4].spec.vendor = stranger.identity.open;
    cases[5].spec.class_id = stranger.identity.open;
    assert_boots(1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        package_make(&cases[i].spec);
        assert_refused(cases[i].why, 1);
    }
}

static void mastering_key_may_not_sign_code(void **state)
{
    (void)state;
    struct maker_package spec = maker_package_right(&maker, 2, IMAGE_LEN);
    spec.signer = &maker.mastering;
    assert_boots(1);
    package_make(&spec);
    assert_refused(STATUS_SUIT_KEY_UNKNOWN, 1);
}

static void every_flipped_byte_of_an_update_is_refused(void **state)
{
    (void)state;
    assert_boots(1);
    package_make_right(2);
    for (size_t at = 0; at < package_len; at += at < 1100 ? 7 : 401) {
        package[at] ^= 0x10;
        update_send();
        assert_true(rig_result < 0);
        package[at] ^= 0x10;
    }
    package[package_len - 1] ^= 1;
    assert_refused(STATUS_SUIT_PAYLOAD_MISMATCH, 1);
    package[package_len - 1] ^= 1;
    update_send();
    assert_int_equal(rig_result, PSA_SUCCESS_REBOOT);
}

static void truncated_update_is_refused(void **state)
{
    (void)state;
    assert_boots(1);
    package_make_right(2);
    size_t whole = package_len;
    for (package_len = 0; package_len < whole; package_len += package_len < 1100 ? 13 : 509) {
        update_send();
        assert_true(rig_result < 0);
    }
    package_len = whole - 1;
    assert_refused(STATUS_TRUNCATED, 1);
}

static void key_block_of_another_package_is_refused(void **state)
{
    static uint8_t mixed[PACKAGE_MAX];
    (void)state;
    assert_boots(1);
    package_make_right(2);
    memcpy(mixed, package, block_len);
    size_t mixed_len = block_len;
    package_make_right(2); /* the same sequence, another session key */
    memcpy(mixed + mixed_len, package + block_len, package_len - block_len);
    mixed_len += package_len - block_len;
    memcpy(package, mixed, mixed_len);
    package_len = mixed_len;
    assert_refused(STATUS_SUIT_DEPENDENCY, 1);
}

/* Changes one byte of the key block's manifest, `at` behind the only place of `bytes`, and signs it anew. */
static void block_resign(const struct maker_key *signer, struct bytes bytes, size_t at, uint8_t value)
{
    static uint8_t changed[PACKAGE_MAX];
    static const struct suit_payload none[2];
    struct suit_envelope block;
    uint8_t manifest[SUIT_MANIFEST_MAX];
    uint8_t digest[32];
    package_make_right(2);
    assert_int_equal(suit_envelope_parse(bytes_of(package, package_len), &block), STATUS_OK);
    memcpy(manifest, block.manifest.data, block.manifest.len);
    uint8_t *place = memmem(manifest, block.manifest.len, bytes.data, bytes.len);
    assert_non_null(place);
    assert_int_not_equal(place[at], value);
    place[at] = value;
    struct cbor_writer w = cbor_writer_of(changed, sizeof changed);
    maker_envelope_write(bytes_of(manifest, block.manifest.len), signer, none, &w, digest);
    cbor_write_raw(&w, bytes_of(package + block_len, package_len - block_len));
    assert_int_equal(w.status, STATUS_OK);
    package_len = w.len;
    memcpy(package, changed, package_len);
}

/* The provisioner's key is good for number 1 only: not for a later package under that number. */
static void key_block_that_lies_about_its_package_is_refused(void **state)
{
    (void)state;
    assert_boots(1);
    block_resign(&maker.provisioner, bytes_of("\x01\x01\x02\x02", 4), 3, 1);
    assert_refused(STATUS_SUIT_DEPENDENCY, 1);
    block_resign(&maker.mastering, bytes_of("\x01\x01\x02\x02", 4), 3, 3);
    assert_refused(STATUS_SUIT_DEPENDENCY, 1);
    block_resign(&maker.mastering, bytes_of("\x0E\x19", 2), 2, 0x7F);
    assert_refused(STATUS_SUIT_DEPENDENCY, 1);
}

static void image_larger_than_its_slot_is_refused(void **state)
{
    static uint8_t large[20000];
    (void)state;
    struct maker_package spec = maker_package_right(&maker, 2, 24 * 512 + 1);
    assert_boots(1);
    package_len = maker_package_write(&spec, large, sizeof large, &block_len);
    assert_true(package_len <= sizeof package);
    memcpy(package, large, package_len);
    update_send();
    assert_true(rig_result < 0);
    assert_boots(1);
}

static void damaged_application_is_installed_again(void **state)
{
    (void)state;
    assert_boots(1);
    for (uint32_t bit = 0; bit < IMAGE_LEN * 8; bit += 997) {
        machine.flash[machine.map.primary.off + bit / 8] ^= (uint8_t)(1u << (bit % 8));
        assert_boots(1);
        assert_int_equal(device.state.now.reason, STATE_REASON_REINSTALLED);
        assert_int_equal(device.state.now.refused, STATUS_BOOT_IMAGE_DAMAGED);
    }
}

static void damaged_application_halts_where_the_policy_says_so(void **state)
{
    (void)state;
    maker.on_damage = POLICY_DAMAGE_HALT;
    sim_make(&machine, 512, 16, 0xFF);
    package_make_right(1);
    maker_provision(&maker, &machine, package, package_len);
    maker.on_damage = POLICY_DAMAGE_REINSTALL;
    machine.flash[machine.map.primary.off + 100] ^= 1;
    assert_int_equal(rig_boot(&machine), SIM_ASLEEP);
    assert_non_null(strstr(machine.log, status_text(STATUS_BOOT_IMAGE_DAMAGED)));
    assert_int_equal(machine.sealed, 1);
}

static void nothing_left_to_boot_ends_in_halt(void **state)
{
    (void)state;
    memset(machine.flash + machine.map.package[0].off, 0x55, 1024);
    machine.flash[machine.map.primary.off + 100] ^= 1;
    assert_int_equal(rig_boot(&machine), SIM_ASLEEP);
    assert_int_equal(machine.sealed, 1);
}

static void missing_provisioned_item_ends_in_halt(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        memset(machine.flash + machine.map.store[i].off, 0xFF, machine.map.store[i].len);
    }
    assert_int_equal(rig_boot(&machine), SIM_ASLEEP);
    assert_non_null(strstr(machine.log, status_text(STATUS_BOOT_NOT_PROVISIONED)));
}

static void one_erased_mirror_is_healed(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        machine = provisioned_machine;
        memset(machine.flash + machine.map.store[i].off, 0xFF, machine.map.store[i].len);
        memset(machine.flash + machine.map.state[i].off, 0xFF, machine.map.state[i].len);
        assert_boots(1);
        memset(machine.flash + machine.map.store[1 - i].off, 0xFF, machine.map.store[1 - i].len);
        memset(machine.flash + machine.map.state[1 - i].off, 0xFF, machine.map.state[1 - i].len);
        assert_boots(1);
    }
}

static void fault_of_the_application_is_kept_and_the_device_boots_again(void **state)
{
    static const uint8_t none[32];
    (void)state;
    assert_boots(1);
    assert_int_equal(sim_run(&machine, fault_run), SIM_RESET);
    assert_true(bytes_equal(bytes_of(device.provisioned.identity, 32), bytes_of(none, 32)));
    assert_boots(1);
    assert_int_equal(device.state.now.fault, STATUS_BOOT_SECURE_FAULT);
    assert_int_equal(device.state.now.reason, STATE_REASON_AFTER_FAULT);
    assert_boots(1);
    assert_int_equal(device.state.now.reason, STATE_REASON_NORMAL);
}

static void decommissioned_device_starts_nothing(void **state)
{
    (void)state;
    assert_boots(1);
    machine.fuses[0] = 0xFFFFFF;
    assert_int_equal(sim_run(&machine, rig_boot_run), SIM_ASLEEP);
    assert_non_null(strstr(machine.log, status_text(STATUS_LIFECYCLE)));
}

static void application_that_only_faults_is_stopped(void **state)
{
    (void)state;
    enum sim_end end = SIM_STARTED_APPLICATION;
    unsigned boots = 0;
    while (end == SIM_STARTED_APPLICATION && boots < 20) {
        end = sim_run(&machine, rig_boot_run);
        boots++;
        if (end == SIM_STARTED_APPLICATION) {
            assert_int_equal(sim_run(&machine, fault_run), SIM_RESET);
        }
    }
    assert_int_equal(end, SIM_ASLEEP);
    assert_true(boots > 2);
    assert_boots(1); /* the reset pin gives it another chance */
}

static void calls_in_the_wrong_state_are_refused(void **state)
{
    (void)state;
    assert_boots(1);
    assert_int_equal(service_update_start(PSA_FWU_COMPONENTS), PSA_ERROR_DOES_NOT_EXIST);
    assert_int_equal(service_update_write(0, 0, bytes_of(package, 1)), PSA_ERROR_BAD_STATE);
    assert_int_equal(service_update_finish(0), PSA_ERROR_BAD_STATE);
    assert_int_equal(service_update_install(), PSA_ERROR_BAD_STATE);
    assert_int_equal(service_update_accept(), PSA_ERROR_BAD_STATE);
    assert_int_equal(service_update_reject(PSA_SUCCESS), PSA_ERROR_BAD_STATE);
    assert_int_equal(service_update_start(0), PSA_SUCCESS);
    assert_int_equal(service_update_start(0), PSA_ERROR_BAD_STATE);
    assert_int_equal(service_update_write(0, 5, bytes_of(package, 1)), PSA_ERROR_INVALID_ARGUMENT);
    assert_int_equal(service_update_cancel(0), PSA_SUCCESS);
    assert_int_equal(service_update_clean(0), PSA_SUCCESS);
}

static void state_record_reads_back_and_bad_ones_are_refused(void **state)
{
    uint8_t record[STATE_LEN];
    uint8_t rebuilt[STATE_LEN];
    struct boot_state parsed;
    const struct boot_state written = { .active = 1,
                                        .pending = STATE_NONE,
                                        .trial = 1,
                                        .attempts = 2,
                                        .refused = STATUS_SUIT_CLASS,
                                        .refused_sequence = 9,
                                        .boots = 77,
                                        .reason = 3,
                                        .fault = 85 };
    (void)state;
    state_build(&written, record);
    const struct bytes whole = bytes_of(record, sizeof record);
    assert_int_equal(state_parse(whole, &parsed), STATUS_OK);
    state_build(&parsed, rebuilt);
    assert_memory_equal(rebuilt, record, sizeof record);
    assert_int_equal(parsed.pending, STATE_NONE);
    assert_int_equal(parsed.refused, STATUS_SUIT_CLASS);
    assert_int_equal(parsed.boots, 77);
    for (size_t len = 0; len < sizeof record; len++) {
        assert_int_not_equal(state_parse(bytes_of(record, len), &parsed), STATUS_OK);
    }
    static const uint8_t bad[][2] = { { 0, 2 }, { 0, 4 }, { 1, 2 }, { 1, 0xFE },
                                      { 2, 1 }, { 2, 7 }, { 3, 4 }, { 3, 0x81 } };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint8_t kept = record[bad[i][0]];
        record[bad[i][0]] = bad[i][1];
        assert_int_not_equal(state_parse(whole, &parsed), STATUS_OK);
        record[bad[i][0]] = kept;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(provisioned_device_boots, setup),
        cmocka_unit_test_setup(update_is_installed_confirmed_and_stays, setup),
        cmocka_unit_test_setup(unconfirmed_update_goes_back_after_the_trial_boots, setup),
        cmocka_unit_test_setup(rejected_update_goes_back_at_once, setup),
        cmocka_unit_test_setup(older_version_is_refused, setup),
        cmocka_unit_test_setup(wrong_makers_products_and_recipients_are_refused, setup),
        cmocka_unit_test_setup(mastering_key_may_not_sign_code, setup),
        cmocka_unit_test_setup(every_flipped_byte_of_an_update_is_refused, setup),
        cmocka_unit_test_setup(truncated_update_is_refused, setup),
        cmocka_unit_test_setup(key_block_of_another_package_is_refused, setup),
        cmocka_unit_test_setup(key_block_that_lies_about_its_package_is_refused, setup),
        cmocka_unit_test_setup(image_larger_than_its_slot_is_refused, setup),
        cmocka_unit_test_setup(damaged_application_is_installed_again, setup),
        cmocka_unit_test_setup(damaged_application_halts_where_the_policy_says_so, setup),
        cmocka_unit_test_setup(nothing_left_to_boot_ends_in_halt, setup),
        cmocka_unit_test_setup(missing_provisioned_item_ends_in_halt, setup),
        cmocka_unit_test_setup(one_erased_mirror_is_healed, setup),
        cmocka_unit_test_setup(fault_of_the_application_is_kept_and_the_device_boots_again, setup),
        cmocka_unit_test_setup(decommissioned_device_starts_nothing, setup),
        cmocka_unit_test_setup(application_that_only_faults_is_stopped, setup),
        cmocka_unit_test_setup(calls_in_the_wrong_state_are_refused, setup),
        cmocka_unit_test_setup(state_record_reads_back_and_bad_ones_are_refused, setup),
    };
    return cmocka_run_group_tests(tests, group_setup, NULL);
}
