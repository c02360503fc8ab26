/* SPDX-License-Identifier: Apache-2.0 */
/* bl1: the bootloader's own code on a simulated board: which SBM it starts, and when it stops. */
#include "tests/unit/test.h"

#include "tests/unit/boot_maker.h"

#include "boot/counter.h"

_Noreturn void bl1_stage_main(void);

#define IMAGE_LEN 900u

static struct maker maker;
static struct maker stranger;
static struct sim good;
static struct sim machine;
static size_t envelope_len;

static enum counter_kind counting;
static uint32_t counted;

static void counter_run(void)
{
    assert_int_equal(counter_advance(counting, counted), STATUS_OK);
}

static void bl1_run(void)
{
    bl1_stage_main();
}

static enum sim_end boot(void)
{
    machine.started_addr = 0;
    return sim_run(&machine, bl1_run);
}

static void assert_starts_slot(unsigned slot)
{
    assert_int_equal(boot(), SIM_STARTED_SBM);
    assert_int_equal(machine.started_addr, machine.map.sbm[slot].off + machine.map.sbm_image_off);
}

static int group_setup(void **state)
{
    (void)state;
    maker_start(&maker);
    maker_start(&stranger);
    sim_make(&good, 512, 16, 0xFF);
    maker_anchor(&maker, &good, 2);
    for (unsigned slot = 0; slot < 2; slot++) {
        envelope_len = maker_sbm(&maker, &maker.firmware, &good, slot, 3, IMAGE_LEN);
    }
    return 0;
}

static int setup(void **state)
{
    (void)state;
    machine = good;
    return 0;
}

static void first_slot_is_started(void **state)
{
    (void)state;
    assert_starts_slot(0);
}

static void every_flipped_byte_of_slot_a_starts_slot_b(void **state)
{
    (void)state;
    uint32_t envelope = machine.map.sbm[0].off;
    uint32_t image = envelope + machine.map.sbm_image_off;
    for (uint32_t at = 0; at < envelope_len; at++) {
        machine = good;
        machine.flash[envelope + at] ^= 0x20;
        assert_starts_slot(1);
    }
    for (uint32_t bit = 0; bit < IMAGE_LEN * 8; bit += 61) {
        machine = good;
        machine.flash[image + bit / 8] ^= (uint8_t)(1u << (bit % 8));
        assert_starts_slot(1);
    }
}

static void either_anchor_page_is_enough(void **state)
{
    (void)state;
    for (unsigned page = 0; page < 2; page++) {
        for (uint32_t at = 0; at < 180; at++) {
            machine = good;
            machine.flash[machine.map.anchor[page].off + at] ^= 0x04;
            assert_starts_slot(0);
        }
    }
}

static void no_anchor_ends_in_halt(void **state)
{
    (void)state;
    machine.flash[machine.map.anchor[0].off + 50] ^= 1;
    machine.flash[machine.map.anchor[1].off + 90] ^= 1;
    assert_int_equal(boot(), SIM_ASLEEP);
    assert_int_equal(machine.sealed, 1);
}

static void blank_slots_end_in_halt(void **state)
{
    (void)state;
    for (unsigned slot = 0; slot < 2; slot++) {
        memset(machine.flash + machine.map.sbm[slot].off, 0xFF, machine.map.sbm[slot].len);
    }
    assert_int_equal(boot(), SIM_ASLEEP);
    assert_non_null(strstr(machine.log, "SBM slot B refused"));
}

static void sbm_of_another_maker_is_not_started(void **state)
{
    (void)state;
    (void)maker_sbm(&maker, &stranger.firmware, &machine, 0, 3, IMAGE_LEN);
    assert_starts_slot(1);
    (void)maker_sbm(&maker, &maker.mastering, &machine, 1, 3, IMAGE_LEN);
    assert_int_equal(boot(), SIM_ASLEEP);
}

static void sbm_older_than_the_anchor_allows_is_not_started(void **state)
{
    (void)state;
    for (unsigned slot = 0; slot < 2; slot++) {
        (void)maker_sbm(&maker, &maker.firmware, &machine, slot, 1, IMAGE_LEN);
    }
    assert_int_equal(boot(), SIM_ASLEEP);
    (void)maker_sbm(&maker, &maker.firmware, &machine, 1, 2, IMAGE_LEN);
    assert_starts_slot(1);
}

static void image_that_claims_to_be_larger_than_its_slot_is_not_started(void **state)
{
    (void)state;
    const uint32_t len = machine.map.sbm[0].len;
    const uint32_t image = machine.map.sbm[0].off + machine.map.sbm_image_off;
    (void)maker_sbm(&maker, &maker.firmware, &machine, 0, 3, len);
    for (uint32_t at = len - machine.map.sbm_image_off; at < len; at++) { /* all of it is there, behind the slot */
        machine.flash[image + at] = maker_sbm_byte(3, 0, at);
    }
    assert_starts_slot(1);
}

static void counter_set(enum counter_kind kind, uint32_t value)
{
    counting = kind;
    counted = value;
    assert_int_equal(sim_run(&machine, counter_run), SIM_RETURNED);
}

static void newest_sbm_is_started_first(void **state)
{
    (void)state;
    (void)maker_sbm(&maker, &maker.firmware, &machine, 1, 4, IMAGE_LEN);
    assert_starts_slot(1);
    machine.flash[machine.map.sbm[1].off + machine.map.sbm_image_off + 5] ^= 1;
    assert_starts_slot(0);
}

static void sbm_below_its_counter_is_not_started(void **state)
{
    (void)state;
    counter_set(COUNTER_SBM, 4);
    assert_int_equal(boot(), SIM_ASLEEP);
    (void)maker_sbm(&maker, &maker.firmware, &machine, 1, 4, IMAGE_LEN);
    assert_starts_slot(1);
}

/* Version 3 is confirmed, version 4 in slot B may be tried twice. */
static void sbm_on_trial_is_started_as_often_as_allowed(void **state)
{
    (void)state;
    counter_set(COUNTER_SBM, 3);
    counter_set(COUNTER_SBM_TRIES_LIMIT, 2);
    (void)maker_sbm(&maker, &maker.firmware, &machine, 1, 4, IMAGE_LEN);
    assert_starts_slot(1);
    assert_starts_slot(1);
    assert_starts_slot(0);
    assert_non_null(strstr(machine.log, "slot B refused: status 095"));
    assert_starts_slot(0);
    counter_set(COUNTER_SBM, 4);
    assert_starts_slot(1);
}

static void sbm_that_was_never_confirmed_is_better_than_none(void **state)
{
    (void)state;
    counter_set(COUNTER_SBM, 3);
    (void)maker_sbm(&maker, &maker.firmware, &machine, 1, 4, IMAGE_LEN);
    assert_starts_slot(0);
    machine.flash[machine.map.sbm[0].off + 40] ^= 1;
    assert_starts_slot(1);
}

static void bl1_erases_nothing_and_full_counter_pages_only_end_the_trial(void **state)
{
    (void)state;
    counter_set(COUNTER_SBM, 3);
    counter_set(COUNTER_SBM_TRIES_LIMIT, 100000);
    (void)maker_sbm(&maker, &maker.firmware, &machine, 1, 4, IMAGE_LEN);
    uint32_t erases = machine.erases;
    for (unsigned i = 0; i < 40; i++) {
        assert_int_equal(boot(), SIM_STARTED_SBM);
    }
    assert_int_equal(machine.erases, erases);
    assert_starts_slot(0);
}

static void cut_while_a_try_is_counted_starts_a_right_sbm_at_the_next_boot(void **state)
{
    (void)state;
    counter_set(COUNTER_SBM, 3);
    counter_set(COUNTER_SBM_TRIES_LIMIT, 3);
    (void)maker_sbm(&maker, &maker.firmware, &machine, 1, 4, IMAGE_LEN);
    const struct sim before = machine;
    for (uint32_t op = 1; op <= 2; op++) {
        for (uint32_t len = 0; len < 32; len++) {
            machine = before;
            machine.cut_at = machine.operations + op;
            machine.cut_mode = SIM_CUT_TORN;
            machine.cut_len = len;
            assert_int_equal(boot(), SIM_POWER_CUT);
            machine.cut_at = 0;
            assert_starts_slot(1);
        }
    }
}

static void retired_key_starts_no_sbm(void **state)
{
    (void)state;
    machine.fuses[4] = 0x000000FFu;
    assert_int_equal(boot(), SIM_ASLEEP);
    assert_non_null(strstr(machine.log, "status 077"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(first_slot_is_started, setup),
        cmocka_unit_test_setup(every_flipped_byte_of_slot_a_starts_slot_b, setup),
        cmocka_unit_test_setup(either_anchor_page_is_enough, setup),
        cmocka_unit_test_setup(no_anchor_ends_in_halt, setup),
        cmocka_unit_test_setup(blank_slots_end_in_halt, setup),
        cmocka_unit_test_setup(sbm_of_another_maker_is_not_started, setup),
        cmocka_unit_test_setup(sbm_older_than_the_anchor_allows_is_not_started, setup),
        cmocka_unit_test_setup(newest_sbm_is_started_first, setup),
        cmocka_unit_test_setup(sbm_below_its_counter_is_not_started, setup),
        cmocka_unit_test_setup(sbm_on_trial_is_started_as_often_as_allowed, setup),
        cmocka_unit_test_setup(sbm_that_was_never_confirmed_is_better_than_none, setup),
        cmocka_unit_test_setup(bl1_erases_nothing_and_full_counter_pages_only_end_the_trial, setup),
        cmocka_unit_test_setup(cut_while_a_try_is_counted_starts_a_right_sbm_at_the_next_boot, setup),
        cmocka_unit_test_setup(retired_key_starts_no_sbm, setup),
        cmocka_unit_test_setup(image_that_claims_to_be_larger_than_its_slot_is_not_started, setup),
    };
    return cmocka_run_group_tests(tests, group_setup, NULL);
}
