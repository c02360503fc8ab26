/* SPDX-License-Identifier: Apache-2.0 */
/* retirement of keys: BL1 and SBM together on a simulated board: what a retired key signs is not taken any more, and no
 * valid command takes from a device what it needs. */
#include "tests/unit/test.h"

#include <string.h>

#include "boot/verify.h"
#include "ports/sim/sim_board.h"
#include "tests/unit/boot_maker.h"
#include "tests/unit/boot_rig.h"
#include "wire/command.h"

_Noreturn void bl1_stage_main(void);

#define APP_LEN 1200u
#define SBM_LEN 700u
#define FUSE_FIRMWARE 4 /* fuse words of retired keys */
#define FUSE_MASTERING 5

static struct maker maker;
static struct maker stranger;
static struct sim old;     /* everything comes from the first keys */
static struct sim rotated; /* everything comes from the next keys, nothing is retired */
static struct sim machine;
static uint8_t package[8192];
static uint8_t order_bytes[COMMAND_MAX];
static struct bytes order;
static psa_status_t said;

/* ---- commands ---- */

struct order_spec {
    uint64_t set;
    const struct maker_key *retire;
    const struct maker_key *signer;
    const char *aad;
    const struct maker *of; /* whose vendor and class */
};

static void order_make(const struct order_spec *spec)
{
    uint8_t payload[COMMAND_MAX];
    uint8_t structure[COMMAND_MAX];
    uint8_t digest[32];
    uint8_t signature[64];
    uint8_t kid[8];
    verify_key_id(bytes_of(spec->retire->open, 64), kid);
    const struct command command = { spec->set, bytes_of(kid, sizeof kid), bytes_of(spec->of->vendor, 16),
                                     bytes_of(spec->of->class_id, 16) };
    struct cbor_writer p = cbor_writer_of(payload, sizeof payload);
    struct cbor_writer s = cbor_writer_of(structure, sizeof structure);
    struct cbor_writer w = cbor_writer_of(order_bytes, sizeof order_bytes);
    command_build(&command, &p);
    cose_sig_structure_build(bytes_of(spec->aad, strlen(spec->aad)), cbor_written(&p), &s);
    crypto_sha256(cbor_written(&s), digest);
    assert_int_equal(crypto_p256_sign(spec->signer->secret, digest, signature), STATUS_OK);
    uint8_t signer[8];
    verify_key_id(bytes_of(spec->signer->open, 64), signer);
    const struct cose_sign1 sign1 = { .kid = bytes_of(signer, sizeof signer),
                                      .payload = cbor_written(&p),
                                      .signature = bytes_of(signature, sizeof signature) };
    cose_sign1_build(&sign1, &w);
    order = cbor_written(&w);
    assert_true(order.len > 0);
}

static struct order_spec right(uint64_t set, const struct maker_key *retire)
{
    return (struct order_spec){ set, retire, &maker.firmware_next, COMMAND_AAD, &maker };
}

static void order_run(void)
{
    said = service_command(order);
}

/* Sends what order_make made; gives the status of the refusal, or OK. */
static status_t send(void)
{
    device.state.now.refused = 0;
    assert_int_equal(sim_run(&machine, order_run), SIM_RETURNED);
    return said == PSA_SUCCESS ? STATUS_OK : device.state.now.refused;
}

static status_t send_made(struct order_spec spec)
{
    order_make(&spec);
    return send();
}

static status_t retire_firmware(void)
{
    return send_made(right(COMMAND_FIRMWARE_KEYS, &maker.firmware));
}

/* ---- the device ---- */

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

static void assert_nothing_retired(void)
{
    assert_int_equal(machine.fuses[FUSE_FIRMWARE], 0);
    assert_int_equal(machine.fuses[FUSE_MASTERING], 0);
}

static size_t package_make(uint64_t sequence, const struct maker_key *signer, const struct maker_key *block_signer)
{
    size_t block_len;
    struct maker_package spec = maker_package_right(&maker, sequence, APP_LEN);
    spec.signer = signer;
    spec.block_signer = block_signer;
    return maker_package_write(&spec, package, sizeof package, &block_len);
}

/* Sends an update; gives the status of its refusal, or OK. */
static status_t update(uint64_t sequence, const struct maker_key *signer, const struct maker_key *block_signer)
{
    rig_update_set(bytes_of(package, package_make(sequence, signer, block_signer)));
    device.state.now.refused = 0;
    (void)sim_run(&machine, rig_update_run);
    return rig_result == PSA_SUCCESS_REBOOT ? STATUS_OK : device.state.now.refused;
}

static void factory(struct sim *sim, const struct maker_key *firmware, const struct maker_key *mastering)
{
    sim_make(sim, 512, 16, 0xFF);
    maker_geometry(sim);
    maker_anchor(&maker, sim, 1);
    for (unsigned slot = 0; slot < 2; slot++) {
        (void)maker_sbm(&maker, firmware, sim, slot, 1, SBM_LEN);
    }
    maker_provision(&maker, sim, package, package_make(1, firmware, mastering));
}

static int group_setup(void **state)
{
    (void)state;
    maker_start(&maker);
    maker_start(&stranger);
    factory(&old, &maker.firmware, &maker.mastering);
    factory(&rotated, &maker.firmware_next, &maker.mastering_next);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    machine = rotated;
    assert_runs(1);
    return 0;
}

/* ---- what retirement does ---- */

static void nothing_of_a_retired_firmware_key_is_taken(void **state)
{
    (void)state;
    assert_int_equal(update(2, &maker.firmware, &maker.mastering_next), STATUS_OK);
    machine = rotated;
    assert_runs(1);
    assert_int_equal(retire_firmware(), STATUS_OK);
    assert_int_equal(machine.fuses[FUSE_MASTERING], 0);
    assert_int_equal(update(2, &maker.firmware, &maker.mastering_next), STATUS_SUIT_KEY_RETIRED);
    assert_runs(1);
    assert_int_equal(update(2, &maker.firmware_next, &maker.mastering_next), STATUS_OK);
    assert_runs(2);
}

static void bl1_starts_no_sbm_of_a_retired_key(void **state)
{
    (void)state;
    assert_int_equal(retire_firmware(), STATUS_OK);
    (void)maker_sbm(&maker, &maker.firmware, &machine, 0, 9, SBM_LEN);
    assert_int_equal(sim_run(&machine, bl1_run), SIM_STARTED_SBM);
    assert_int_equal(machine.started_addr, machine.map.sbm[1].off + machine.map.sbm_image_off);
    assert_non_null(strstr(machine.log, "slot A refused: status 077"));
    (void)maker_sbm(&maker, &maker.firmware, &machine, 1, 9, SBM_LEN);
    assert_int_equal(sim_run(&machine, bl1_run), SIM_ASLEEP);
}

static void key_block_of_a_retired_mastering_key_is_refused(void **state)
{
    (void)state;
    assert_int_equal(send_made(right(COMMAND_MASTERING_KEYS, &maker.mastering)), STATUS_OK);
    assert_int_equal(machine.fuses[FUSE_FIRMWARE], 0);
    assert_int_not_equal(update(2, &maker.firmware_next, &maker.mastering), STATUS_OK);
    assert_int_equal(update(2, &maker.firmware_next, &maker.mastering_next), STATUS_OK);
    assert_runs(2);
}

static void repeated_command_changes_nothing(void **state)
{
    (void)state;
    assert_int_equal(retire_firmware(), STATUS_OK);
    const uint32_t fuse = machine.fuses[FUSE_FIRMWARE];
    const uint32_t operations = machine.operations;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(send(), STATUS_OK);
        assert_int_equal(machine.fuses[FUSE_FIRMWARE], fuse);
        assert_int_equal(machine.operations, operations);
    }
}

/* ---- what is refused ---- */

static void last_key_of_a_kind_stays(void **state)
{
    (void)state;
    assert_int_equal(retire_firmware(), STATUS_OK);
    struct order_spec spec = right(COMMAND_FIRMWARE_KEYS, &maker.firmware_next);
    assert_int_equal(send_made(spec), STATUS_RETIRE_KEY); /* it signs the command itself */
    spec.signer = &maker.firmware;
    assert_int_equal(send_made(spec), STATUS_SUIT_KEY_RETIRED);
    assert_int_equal(send_made(right(COMMAND_MASTERING_KEYS, &maker.mastering)), STATUS_OK);
    assert_int_equal(send_made(right(COMMAND_MASTERING_KEYS, &maker.mastering_next)), STATUS_RETIRE_LAST);
    assert_runs(1);
}

static void key_that_the_device_needs_stays(void **state)
{
    (void)state;
    machine = old;
    assert_runs(1);
    assert_int_equal(retire_firmware(), STATUS_RETIRE_IN_USE);
    assert_int_equal(said, PSA_ERROR_NOT_PERMITTED);
    assert_int_equal(send_made(right(COMMAND_MASTERING_KEYS, &maker.mastering)), STATUS_RETIRE_IN_USE);
    for (unsigned slot = 0; slot < 2; slot++) { /* the spare SBM, too */
        machine = rotated;
        (void)maker_sbm(&maker, &maker.firmware, &machine, slot, 1, SBM_LEN);
        assert_runs(1);
        assert_int_equal(retire_firmware(), STATUS_RETIRE_IN_USE);
        assert_nothing_retired();
    }
    machine = rotated;
    assert_runs(1);
    assert_int_equal(update(2, &maker.firmware, &maker.mastering_next), STATUS_OK);
    assert_runs(2);
    (void)sim_run(&machine, rig_accept_run);
    assert_int_equal(retire_firmware(), STATUS_RETIRE_IN_USE);
    assert_nothing_retired();
}

static void nothing_is_retired_while_an_update_is_under_way(void **state)
{
    (void)state;
    assert_int_equal(update(2, &maker.firmware_next, &maker.mastering_next), STATUS_OK);
    assert_int_equal(retire_firmware(), STATUS_BAD_STATE); /* pending */
    assert_runs(2);
    assert_int_equal(send(), STATUS_BAD_STATE); /* on trial */
    assert_nothing_retired();
    (void)sim_run(&machine, rig_accept_run);
    assert_int_equal(send(), STATUS_OK);
}

static size_t sbm_len;

static void sbm_update_run(void)
{
    rig_result = service_update_start(PSA_FWU_COMPONENT_SBM);
    for (size_t at = 0; at < sbm_len && rig_result == PSA_SUCCESS; at += 500) {
        const struct bytes piece = bytes_of(package + at, sbm_len - at < 500 ? sbm_len - at : 500);
        rig_result = service_update_write(PSA_FWU_COMPONENT_SBM, at, piece);
    }
    rig_result = rig_result == PSA_SUCCESS ? service_update_finish(PSA_FWU_COMPONENT_SBM) : rig_result;
    rig_result = rig_result == PSA_SUCCESS ? service_update_install() : rig_result;
}

static void nothing_is_retired_while_an_sbm_update_is_under_way(void **state)
{
    const struct maker_sbm_spec spec = { .signer = &maker.firmware_next, .sequence = 2, .image_len = SBM_LEN };
    (void)state;
    sbm_len = maker_sbm_package(&maker, &spec, package, sizeof package);
    (void)sim_run(&machine, sbm_update_run);
    assert_int_equal(rig_result, PSA_SUCCESS_REBOOT);
    assert_int_equal(retire_firmware(), STATUS_BAD_STATE); /* pending */
    assert_runs(1);
    assert_int_equal(device.sbm_sequence, 2);
    assert_int_equal(send(), STATUS_BAD_STATE); /* on trial */
    assert_nothing_retired();
    (void)sim_run(&machine, rig_accept_run);
    assert_int_equal(send(), STATUS_OK);
}

static void command_for_another_product_or_by_another_key_is_refused(void **state)
{
    (void)state;
    struct maker other = maker;
    struct order_spec spec = right(COMMAND_FIRMWARE_KEYS, &maker.firmware);
    spec.of = &other;
    other.vendor[3] ^= 1;
    assert_int_equal(send_made(spec), STATUS_SUIT_VENDOR);
    other = maker;
    other.class_id[3] ^= 1;
    assert_int_equal(send_made(spec), STATUS_SUIT_CLASS);
    spec = right(COMMAND_FIRMWARE_KEYS, &maker.firmware);
    spec.signer = &stranger.firmware;
    assert_int_equal(send_made(spec), STATUS_SUIT_KEY_UNKNOWN);
    assert_int_equal(said, PSA_ERROR_INVALID_SIGNATURE);
    spec.signer = &maker.mastering_next; /* it signs orders to one device, and no retirement */
    assert_int_equal(send_made(spec), STATUS_UNSUPPORTED);
    spec.signer = &maker.firmware_next;
    spec.aad = "";
    assert_int_equal(send_made(spec), STATUS_CRYPTO_SIGNATURE);
    assert_int_equal(send_made(right(COMMAND_FIRMWARE_KEYS, &stranger.firmware)), STATUS_RETIRE_KEY);
    assert_int_equal(send_made(right(COMMAND_MASTERING_KEYS, &maker.firmware)), STATUS_RETIRE_KEY);
    assert_nothing_retired();
}

static void damaged_command_is_refused(void **state)
{
    (void)state;
    struct order_spec spec = right(COMMAND_FIRMWARE_KEYS, &maker.firmware);
    order_make(&spec);
    const struct bytes whole = order;
    for (size_t i = 0; i < whole.len; i++) {
        order_bytes[i] ^= (uint8_t)(1u << (i % 8));
        assert_int_not_equal(send(), STATUS_OK);
        order_bytes[i] ^= (uint8_t)(1u << (i % 8));
        order = bytes_of(whole.data, i);
        assert_int_not_equal(send(), STATUS_OK);
        order = whole;
    }
    assert_nothing_retired();
    assert_int_equal(send(), STATUS_OK);
}

static void cut_at_any_operation_leaves_a_device_that_takes_the_command_again(void **state)
{
    (void)state;
    const struct sim before = machine;
    struct order_spec spec = right(COMMAND_FIRMWARE_KEYS, &maker.firmware);
    order_make(&spec);
    unsigned cuts = 0;
    for (uint32_t op = 1;; op++) {
        for (unsigned way = 0; way < 4; way++) {
            machine = before;
            assert_runs(1);
            machine.cut_at = machine.operations + op;
            machine.cut_mode = way == 0 ? SIM_CUT_BEFORE : way == 1 ? SIM_CUT_AFTER : SIM_CUT_TORN;
            machine.cut_len = way == 2 ? 1 : 0;
            if (sim_run(&machine, order_run) != SIM_POWER_CUT) {
                print_message("%u cuts\n", cuts);
                assert_true(cuts > 0);
                return;
            }
            machine.cut_at = 0;
            cuts++;
            assert_runs(1);
            assert_int_equal(send(), STATUS_OK);
            assert_int_equal(update(2, &maker.firmware, &maker.mastering_next), STATUS_SUIT_KEY_RETIRED);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nothing_of_a_retired_firmware_key_is_taken, setup),
        cmocka_unit_test_setup(bl1_starts_no_sbm_of_a_retired_key, setup),
        cmocka_unit_test_setup(key_block_of_a_retired_mastering_key_is_refused, setup),
        cmocka_unit_test_setup(repeated_command_changes_nothing, setup),
        cmocka_unit_test_setup(last_key_of_a_kind_stays, setup),
        cmocka_unit_test_setup(key_that_the_device_needs_stays, setup),
        cmocka_unit_test_setup(nothing_is_retired_while_an_update_is_under_way, setup),
        cmocka_unit_test_setup(nothing_is_retired_while_an_sbm_update_is_under_way, setup),
        cmocka_unit_test_setup(command_for_another_product_or_by_another_key_is_refused, setup),
        cmocka_unit_test_setup(damaged_command_is_refused, setup),
        cmocka_unit_test_setup(cut_at_any_operation_leaves_a_device_that_takes_the_command_again, setup),
    };
    return cmocka_run_group_tests(tests, group_setup, NULL);
}
