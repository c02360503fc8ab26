/* SPDX-License-Identifier: Apache-2.0 */
/* recovery: SBM serves the data link of a simulated device whose application is lost. */
#include "tests/unit/test.h"

#include "ports/sim/sim_board.h"
#include "sbm/log.h"
#include "tests/unit/boot_maker.h"
#include "tests/unit/boot_rig.h"
#include "tests/unit/smp_client.h"

#define IMAGE_LEN 3000u
#define ANSWERS_MAX 64u

static struct maker maker;
static struct maker stranger;
static struct sim good;
static struct sim machine;
static uint8_t package[16384];
static size_t package_len;
static size_t block_len;
static struct bytes bodies[ANSWERS_MAX];

static struct bytes package_make(uint64_t sequence, const struct maker_key *signer)
{
    struct maker_package spec = maker_package_right(&maker, sequence, IMAGE_LEN);
    spec.signer = signer;
    package_len = maker_package_write(&spec, package, sizeof package, &block_len);
    return bytes_of(package, package_len);
}

static int group_setup(void **state)
{
    (void)state;
    maker_start(&maker);
    maker_start(&stranger);
    maker.on_halt = POLICY_HALT_RECOVERY;
    maker.outputs_mask = 6;
    maker.outputs_level = 2;
    sim_make(&good, 512, 16, 0xFF);
    maker_geometry(&good);
    struct bytes first = package_make(1, &maker.firmware);
    maker_provision(&maker, &good, first.data, first.len);
    return 0;
}

static void region_spoil(const struct port_region *region)
{
    memset(machine.flash + region->off, 0, 256);
}

/* In recovery, nothing installed. */
static int setup(void **state)
{
    (void)state;
    machine = good;
    memset(&sim_board, 0, sizeof sim_board);
    region_spoil(&machine.map.primary);
    region_spoil(&machine.map.package[0]);
    client_clear();
    return sim_run(&machine, rig_boot_run) == SIM_RESET ? 0 : -1;
}

/* Boots into recovery with the client's line connected; gives the number of answers. */
static unsigned recover(enum sim_end end)
{
    sim_board.line_in = client_line();
    sim_board.line_out_len = 0;
    assert_int_equal(sim_run(&machine, rig_boot_run), end);
    client_clear();
    return client_answers(bytes_of(sim_board.line_out, sim_board.line_out_len), bodies, ANSWERS_MAX);
}

static void reset_add(void)
{
    client_add(SMP_GROUP_OS, 5, bytes_of("\xA0", 1));
}

static void lost_application_comes_back_by_an_upload_and_a_reset(void **state)
{
    (void)state;
    client_add_upload(package_make(2, &maker.firmware), 1500);
    reset_add();
    unsigned count = recover(SIM_RESET);
    assert_true(count > 2);
    assert_int_equal(client_number(bodies[count - 2], "off"), package_len);
    assert_int_equal(rig_boot(&machine), SIM_STARTED_APPLICATION);
    assert_true(rig_runs(&machine, 2, IMAGE_LEN));
    assert_int_equal(device.state.now.trial, 1);
}

static void status_and_log_tell_what_happened(void **state)
{
    (void)state;
    client_add(SMP_GROUP_WINDLASS, 0, bytes_of("\xA0", 1));
    client_add(SMP_GROUP_WINDLASS, 4, bytes_of("\xA1\x65index\x00", 8));
    client_add(SMP_GROUP_WINDLASS, 4, bytes_of("\xA1\x65index\x01", 8));
    client_add(SMP_GROUP_WINDLASS, 4, bytes_of("\xA1\x65index\x19\xFF\xFF", 10));
    client_add(SMP_GROUP_WINDLASS, 4, bytes_of("\xA1\x65Index\x00", 8));
    client_add(SMP_GROUP_WINDLASS, 1, bytes_of("\xA0", 1));
    assert_int_equal(recover(SIM_ASLEEP), 6);
    assert_int_equal(client_number(bodies[0], "halt"), STATUS_BOOT_NO_IMAGE);
    assert_int_equal(client_number(bodies[0], "app"), 0);
    assert_int_equal(client_number(bodies[1], "kind"), LOG_RECOVERY);
    assert_int_equal(client_number(bodies[2], "kind"), LOG_HALT);
    assert_int_equal(client_number(bodies[2], "status"), STATUS_BOOT_NO_IMAGE);
    assert_int_equal(client_number(bodies[3], "rc"), 5);
    assert_int_equal(client_number(bodies[4], "rc"), 3);
    assert_int_equal(client_number(bodies[5], "rc"), 8);
    assert_int_equal(device.recovering, 1);
    assert_int_equal(sim_board.feeds, 6); /* each request begins the time of BL1's watchdog anew */
}

static void forged_and_old_packages_are_refused_with_their_reason(void **state)
{
    (void)state;
    client_add_upload(package_make(2, &stranger.firmware), 1000);
    unsigned count = recover(SIM_ASLEEP);
    assert_int_equal(client_reason(bodies[count - 1]), STATUS_SUIT_KEY_UNKNOWN);
    assert_int_equal(device.state.now.pending, STATE_NONE);
    assert_int_equal(sim_run(&machine, rig_boot_run), SIM_RESET);
    client_add_upload(package_make(0, &maker.firmware), 1000);
    count = recover(SIM_ASLEEP);
    assert_int_equal(client_reason(bodies[count - 1]), STATUS_SUIT_ROLLBACK);
    assert_int_equal(device.state.now.pending, STATE_NONE);
}

/* Nothing of what would not fit is written, and no high bits are lost of what an upload is for. */
static void uploads_that_fit_nowhere_erase_nothing(void **state)
{
    uint8_t body[64];
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct cbor_writer w = cbor_writer_of(body, sizeof body);
        cbor_write_map(&w, 4);
        smp_pair_uint(&w, "len", i == 0 ? machine.map.package[0].len + 1 : 2);
        smp_pair_uint(&w, "off", 0);
        smp_pair_bytes(&w, "data", bytes_of("x", 1));
        smp_pair_uint(&w, "image", i == 0 ? 0 : i == 1 ? 256 : 2);
        client_add(SMP_GROUP_IMAGE, 1, cbor_written(&w));
    }
    uint32_t erases = machine.erases;
    assert_int_equal(recover(SIM_ASLEEP), 3);
    assert_int_equal(client_reason(bodies[0]), STATUS_SUIT_SIZE);
    assert_int_equal(client_reason(bodies[1]), STATUS_NOT_FOUND);
    assert_int_equal(client_reason(bodies[2]), STATUS_NOT_FOUND);
    assert_int_equal(machine.erases, erases);
}

/* Every byte of the update, in steps that are no divisor of anything. */
static void damaged_packages_are_never_pending(void **state)
{
    static struct sim recovering;
    struct bytes update = package_make(2, &maker.firmware);
    (void)state;
    recovering = machine;
    for (size_t at = 0; at < update.len; at += 97) {
        machine = recovering;
        package[at] ^= 4;
        client_add_upload(update, 1500);
        unsigned count = recover(SIM_ASLEEP);
        package[at] ^= 4;
        assert_int_not_equal(client_reason(bodies[count - 1]), STATUS_OK);
        assert_int_equal(device.state.now.pending, STATE_NONE);
    }
}

static void pending_package_is_listed_and_erased(void **state)
{
    (void)state;
    client_add(SMP_GROUP_IMAGE, 0, bytes_of("\xA0", 1));
    client_add_upload(package_make(2, &maker.firmware), 1500);
    client_add(SMP_GROUP_WINDLASS, 0, bytes_of("\xA0", 1));
    client_add(SMP_GROUP_IMAGE, 5, bytes_of("\xA0", 1));
    client_add(SMP_GROUP_WINDLASS, 0, bytes_of("\xA0", 1));
    unsigned count = recover(SIM_ASLEEP);
    assert_int_equal(client_number(bodies[count - 3], "pending"), 2);
    assert_int_equal(client_number(bodies[count - 2], "rc"), 0);
    assert_int_equal(client_number(bodies[count - 1], "pending"), UINT64_MAX);
    assert_int_equal(device.state.now.pending, STATE_NONE);
}

/* A trial keeps the other slot as its way back; when both are lost there is none to keep. */
static void lost_trial_does_not_stand_in_the_way(void **state)
{
    (void)state;
    machine = good;
    assert_int_equal(rig_boot(&machine), SIM_STARTED_APPLICATION);
    rig_update_set(package_make(2, &maker.firmware));
    assert_int_equal(sim_run(&machine, rig_update_run), SIM_RETURNED);
    assert_int_equal(rig_boot(&machine), SIM_STARTED_APPLICATION);
    assert_int_equal(device.state.now.trial, 1);
    region_spoil(&machine.map.primary);
    region_spoil(&machine.map.package[0]);
    region_spoil(&machine.map.package[1]);
    assert_int_equal(sim_run(&machine, rig_boot_run), SIM_RESET);
    client_add_upload(package_make(3, &maker.firmware), 1500);
    reset_add();
    (void)recover(SIM_RESET);
    assert_int_equal(rig_boot(&machine), SIM_STARTED_APPLICATION);
    assert_true(rig_runs(&machine, 3, IMAGE_LEN));
}

static psa_status_t asked;

static void ask_run(void)
{
    asked = service_recovery_request();
}

/* With a sound application: an update on trial keeps its way back, also in recovery. */
static void application_asks_for_recovery_once_and_a_sound_trial_is_kept(void **state)
{
    static const uint8_t none[32];
    (void)state;
    machine = good;
    assert_int_equal(rig_boot(&machine), SIM_STARTED_APPLICATION);
    rig_update_set(package_make(2, &maker.firmware));
    assert_int_equal(sim_run(&machine, rig_update_run), SIM_RETURNED);
    assert_int_equal(rig_boot(&machine), SIM_STARTED_APPLICATION);
    assert_int_equal(sim_run(&machine, ask_run), SIM_RESET);
    assert_true(bytes_equal(bytes_of(device.provisioned.identity, 32), bytes_of(none, 32)));
    client_add(SMP_GROUP_IMAGE, 0,
               bytes_of("\xA1\x67"
                        "confirm\xF5",
                        10));
    client_add_upload(package_make(3, &maker.firmware), 1500);
    reset_add();
    sim_board.outputs = 5;
    unsigned count = recover(SIM_RESET);
    assert_int_equal(client_reason(bodies[0]), STATUS_BAD_STATE); /* it does not run: nobody confirms it */
    assert_int_equal(client_reason(bodies[count - 2]), STATUS_BAD_STATE);
    assert_int_equal(sim_board.outputs, 3);
    assert_true(bytes_equal(bytes_of(device.provisioned.identity, 32), bytes_of(none, 32)));
    assert_true(bytes_equal(bytes_of(device.provisioned.update, 32), bytes_of(none, 32)));
    assert_int_equal(rig_boot(&machine), SIM_STARTED_APPLICATION);
    assert_true(rig_runs(&machine, 2, IMAGE_LEN));
    assert_int_equal(device.state.now.trial, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(lost_application_comes_back_by_an_upload_and_a_reset, setup),
        cmocka_unit_test_setup(status_and_log_tell_what_happened, setup),
        cmocka_unit_test_setup(forged_and_old_packages_are_refused_with_their_reason, setup),
        cmocka_unit_test_setup(uploads_that_fit_nowhere_erase_nothing, setup),
        cmocka_unit_test_setup(damaged_packages_are_never_pending, setup),
        cmocka_unit_test_setup(pending_package_is_listed_and_erased, setup),
        cmocka_unit_test_setup(lost_trial_does_not_stand_in_the_way, setup),
        cmocka_unit_test_setup(application_asks_for_recovery_once_and_a_sound_trial_is_kept, setup),
    };
    return cmocka_run_group_tests(tests, group_setup, NULL);
}
