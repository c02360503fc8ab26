/* SPDX-License-Identifier: Apache-2.0 */
/* bl1: the bootloader's own code on a simulated board: which SBM it starts, and when it stops. */
#include "tests/unit/test.h"

#include "tests/unit/boot_maker.h"

_Noreturn void bl1_stage_main(void);

#define IMAGE_LEN 900u

static struct maker maker;
static struct maker stranger;
static struct sim good;
static struct sim machine;
static size_t envelope_len;

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
    (void)maker_sbm(&maker, &maker.firmware, &machine, 0, 1, IMAGE_LEN);
    assert_starts_slot(1);
    (void)maker_sbm(&maker, &maker.firmware, &machine, 0, 2, IMAGE_LEN);
    assert_starts_slot(0);
}

static void image_that_claims_to_be_larger_than_its_slot_is_not_started(void **state)
{
    (void)state;
    (void)maker_sbm(&maker, &maker.firmware, &machine, 0, 3, 4 * 512);
    assert_starts_slot(1);
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
        cmocka_unit_test_setup(image_that_claims_to_be_larger_than_its_slot_is_not_started, setup),
    };
    return cmocka_run_group_tests(tests, group_setup, NULL);
}
