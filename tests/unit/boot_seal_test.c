/* SPDX-License-Identifier: Apache-2.0 */
/* seal: the sealed policy on a simulated board: what a seal lets through, what falls back to the full check, and that
 * no damage, replay or cut runs anything else than a right image. */
#include "tests/unit/test.h"

#include "boot/seal.h"
#include "boot/stage.h"
#include "tests/unit/boot_maker.h"
#include "tests/unit/boot_rig.h"
#include "wire/layout.h"

#define IMAGE_LEN 1603u /* no multiple of 16 */

static struct maker maker;
static struct sim good; /* application 1, sealed at its first boot */
static struct sim machine;
static uint8_t package[8192];
static size_t package_len;
static struct seal seal;
static struct gate_seal evidence;
static status_t checked;

static void update(uint64_t sequence)
{
    size_t block_len;
    const struct maker_package spec = maker_package_right(&maker, sequence, IMAGE_LEN);
    package_len = maker_package_write(&spec, package, sizeof package, &block_len);
    rig_update_set(bytes_of(package, package_len));
    (void)sim_run(&machine, rig_update_run);
    assert_int_equal(rig_result, PSA_SUCCESS_REBOOT);
}

/* Boots; 1 when the seal alone decided. */
static int boot_was_sealed(uint64_t sequence)
{
    assert_int_equal(rig_boot(&machine), SIM_STARTED_APPLICATION);
    assert_true(rig_runs(&machine, sequence, IMAGE_LEN));
    return strstr(machine.log, "application sealed") != NULL;
}

static void check_run(void)
{
    assert_int_equal(state_open(&device.state), STATUS_OK);
    checked = seal_check(&device.state, &seal, &evidence);
}

static int group_setup(void **state)
{
    (void)state;
    size_t block_len;
    maker_start(&maker);
    maker.boot = POLICY_BOOT_SEALED;
    sim_make(&machine, 512, 16, 0xFF);
    maker_geometry(&machine);
    const struct maker_package spec = maker_package_right(&maker, 1, IMAGE_LEN);
    package_len = maker_package_write(&spec, package, sizeof package, &block_len);
    maker_provision(&maker, &machine, package, package_len);
    assert_false(boot_was_sealed(1)); /* the first boot verifies in full and seals */
    good = machine;
    return 0;
}

static int setup(void **state)
{
    (void)state;
    machine = good;
    return 0;
}

static void sealed_image_boots_by_its_seal_alone(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        assert_true(boot_was_sealed(1));
    }
    /* Neither package nor copy of its statement is needed. */
    memset(machine.flash + machine.map.package[0].off, 0xFF, machine.map.package[0].len);
    assert_true(boot_was_sealed(1));
    assert_int_equal(device.running_sequence, 1);
}

static void every_flipped_byte_of_the_image_falls_back_to_the_full_check(void **state)
{
    (void)state;
    for (uint32_t at = 0; at < IMAGE_LEN; at += at < 64 || at > IMAGE_LEN - 64 ? 1 : 37) {
        machine = good;
        machine.flash[machine.map.primary.off + at] ^= (uint8_t)(1u << at % 8);
        assert_false(boot_was_sealed(1));
        assert_int_equal(device.state.now.reason, STATE_REASON_REINSTALLED);
        assert_true(boot_was_sealed(1)); /* sealed anew */
    }
}

static void every_flipped_bit_of_the_seal_falls_back_and_is_sealed_anew(void **state)
{
    (void)state;
    struct bytes record;
    struct sim *sim = &machine;
    (void)sim_run(sim, check_run);
    assert_int_equal(checked, STATUS_OK);
    assert_int_equal(journal_read(&device.state.journal, STATE_SEAL, &record), STATUS_OK);
    const uint32_t len = (uint32_t)record.len;
    uint8_t copy[256];
    memcpy(copy, record.data, len);
    for (uint32_t bit = 0; bit < len * 8; bit += 5) {
        machine = good;
        for (uint32_t at = machine.map.state[0].off; at < machine.map.state[1].off + machine.map.state[1].len; at++) {
            if (at + len <= sim->flash_len && memcmp(machine.flash + at, copy, len) == 0) {
                machine.flash[at + bit / 8] ^= (uint8_t)(1u << bit % 8); /* in both mirrors alike */
            }
        }
        assert_false(boot_was_sealed(1));
        assert_true(boot_was_sealed(1));
    }
}

static void update_is_verified_in_full_and_then_sealed(void **state)
{
    (void)state;
    assert_true(boot_was_sealed(1));
    update(2);
    assert_false(boot_was_sealed(2));
    assert_true(boot_was_sealed(2));
    (void)sim_run(&machine, rig_accept_run);
    assert_int_equal(rig_result, PSA_SUCCESS);
    assert_true(boot_was_sealed(2));
}

static void seal_that_is_not_confirmed_in_time_goes_back(void **state)
{
    (void)state;
    assert_true(boot_was_sealed(1));
    update(2);
    assert_false(boot_was_sealed(2));
    for (unsigned i = 0; i < 3; i++) {
        assert_true(boot_was_sealed(2));
    }
    assert_false(boot_was_sealed(1));
    assert_true(boot_was_sealed(1));
}

/* Whoever can write flash puts back image and seal of version 1, whole, after version 2 was confirmed. */
static void older_image_with_its_own_seal_is_not_started(void **state)
{
    (void)state;
    assert_true(boot_was_sealed(1));
    update(2);
    assert_false(boot_was_sealed(2));
    (void)sim_run(&machine, rig_accept_run);
    memcpy(machine.flash + machine.map.primary.off, good.flash + good.map.primary.off, good.map.primary.len);
    for (unsigned i = 0; i < 2; i++) {
        memcpy(machine.flash + machine.map.state[i].off, good.flash + good.map.state[i].off, good.map.state[i].len);
    }
    assert_int_equal(rig_boot(&machine), SIM_STARTED_APPLICATION);
    assert_true(rig_runs(&machine, 2, IMAGE_LEN));
}

static uint32_t stated_size;
static size_t changed_at;

/* A record with a right journal tag: whoever can write the flash can make one. */
static void byte_forge_run(void)
{
    struct bytes record;
    uint8_t forged[sizeof seal];
    assert_int_equal(state_open(&device.state), STATUS_OK);
    assert_int_equal(journal_read(&device.state.journal, STATE_SEAL, &record), STATUS_OK);
    assert_int_equal(record.len, sizeof forged);
    memcpy(forged, record.data, sizeof forged);
    forged[changed_at] ^= 1;
    assert_int_equal(journal_append(&device.state.journal, STATE_SEAL, bytes_of(forged, sizeof forged)), STATUS_OK);
}

/* Number, size, digest, key, nonce and tag: each byte counts. */
static void changed_seal_in_a_right_record_is_worth_nothing(void **state)
{
    (void)state;
    for (changed_at = 0; changed_at < sizeof seal; changed_at++) {
        machine = good;
        assert_int_equal(sim_run(&machine, byte_forge_run), SIM_RETURNED);
        (void)sim_run(&machine, check_run);
        assert_int_not_equal(checked, STATUS_OK);
        assert_false(boot_was_sealed(1));
    }
    assert_true(boot_was_sealed(1)); /* sealed anew */
}

static void size_forge_run(void)
{
    struct bytes record;
    assert_int_equal(state_open(&device.state), STATUS_OK);
    assert_int_equal(journal_read(&device.state.journal, STATE_SEAL, &record), STATUS_OK);
    memcpy(&seal, record.data, sizeof seal);
    bytes_write_le32(seal.statement + SEAL_SIZE_OFF, stated_size);
    assert_int_equal(journal_append(&device.state.journal, STATE_SEAL, bytes_of(&seal, sizeof seal)), STATUS_OK);
}

static void seal_over_more_than_the_slot_is_not_even_computed(void **state)
{
    static const uint32_t beyond[] = { 1, 0x7FFFFFFF, 0xFFFFFF00 };
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        machine = good;
        stated_size = i == 0 ? machine.map.primary.len + beyond[i] : beyond[i];
        assert_int_equal(sim_run(&machine, size_forge_run), SIM_RETURNED);
        (void)sim_run(&machine, check_run);
        assert_int_equal(checked, STATUS_SUIT_SIZE);
        assert_false(boot_was_sealed(1));
        assert_true(boot_was_sealed(1)); /* sealed anew */
    }
}

static void seal_of_another_chip_is_worth_nothing(void **state)
{
    (void)state;
    machine.root_key[7] ^= 1;
    (void)sim_run(&machine, check_run);
    assert_int_equal(checked, STATUS_CRYPTO_TAG);
}

static void key_is_used_once(void **state)
{
    (void)state;
    uint8_t nonce[SEAL_NONCE_LEN];
    (void)sim_run(&machine, check_run);
    memcpy(nonce, seal.nonce, sizeof nonce);
    machine.flash[machine.map.primary.off + 99] ^= 1;
    assert_false(boot_was_sealed(1));
    (void)sim_run(&machine, check_run);
    assert_int_equal(checked, STATUS_OK);
    assert_memory_not_equal(seal.nonce, nonce, sizeof nonce);
}

/* The gate compares for itself: evidence that disagrees is a halt, whatever its caller thinks. */
static void gate_run(void)
{
    gate_start_sealed(&evidence, machine.map.primary.off);
}

static void gate_starts_only_what_both_tags_and_the_counter_allow(void **state)
{
    (void)state;
    memset(&evidence, 0x5A, sizeof evidence);
    evidence.sequence = evidence.counter = 4;
    assert_int_equal(sim_run(&machine, gate_run), SIM_STARTED_APPLICATION);
    for (unsigned bit = 0; bit < 128; bit++) {
        evidence.computed[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_not_equal(sim_run(&machine, gate_run), SIM_STARTED_APPLICATION);
        evidence.computed[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    evidence.counter = 5;
    assert_int_not_equal(sim_run(&machine, gate_run), SIM_STARTED_APPLICATION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(sealed_image_boots_by_its_seal_alone, setup),
        cmocka_unit_test_setup(every_flipped_byte_of_the_image_falls_back_to_the_full_check, setup),
        cmocka_unit_test_setup(every_flipped_bit_of_the_seal_falls_back_and_is_sealed_anew, setup),
        cmocka_unit_test_setup(update_is_verified_in_full_and_then_sealed, setup),
        cmocka_unit_test_setup(seal_that_is_not_confirmed_in_time_goes_back, setup),
        cmocka_unit_test_setup(older_image_with_its_own_seal_is_not_started, setup),
        cmocka_unit_test_setup(changed_seal_in_a_right_record_is_worth_nothing, setup),
        cmocka_unit_test_setup(seal_over_more_than_the_slot_is_not_even_computed, setup),
        cmocka_unit_test_setup(seal_of_another_chip_is_worth_nothing, setup),
        cmocka_unit_test_setup(key_is_used_once, setup),
        cmocka_unit_test_setup(gate_starts_only_what_both_tags_and_the_counter_allow, setup),
    };
    return cmocka_run_group_tests(tests, group_setup, NULL);
}
