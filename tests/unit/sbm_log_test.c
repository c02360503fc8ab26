/* SPDX-License-Identifier: Apache-2.0 */
/* log: the event log over resets, power cuts, flipped bits and flashes of every kind. */
#include "tests/unit/test.h"

#include <stdlib.h>

#include "ports/sim/sim.h"
#include "sbm/device.h"
#include "sbm/log.h"

static struct sim machine;
static uint64_t first;
static unsigned appended;
static struct log_entry newest;
static uint32_t count;

/* Appends `appended` records whose values count on from `first`, each in a boot of its own. */
static void append_run(void)
{
    for (unsigned i = 0; i < appended; i++) {
        log_open();
        (void)log_append(LOG_REFUSED, STATUS_SUIT_ROLLBACK, first + i);
    }
}

static void read_run(void)
{
    log_open();
    count = log_count();
    memset(&newest, 0, sizeof newest);
    (void)log_read(0, &newest);
}

static enum sim_end append(uint64_t from, unsigned number)
{
    first = from;
    appended = number;
    return sim_run(&machine, append_run);
}

static void make(uint32_t sector_len, uint32_t granule_len, uint8_t erased)
{
    memset(&device, 0, sizeof device);
    sim_make(&machine, sector_len, granule_len, erased);
}

static void records_survive_a_reset_newest_first(void **state)
{
    struct log_entry entry;
    (void)state;
    make(512, 16, 0xFF);
    device.state.now.boots = 7;
    assert_int_equal(append(100, 3), SIM_RETURNED);
    assert_int_equal(sim_run(&machine, read_run), SIM_RETURNED);
    assert_int_equal(count, 3);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(log_read(i, &entry), STATUS_OK);
        assert_int_equal(entry.value, 102 - i);
        assert_int_equal(entry.sequence, 3 - i);
        assert_int_equal(entry.kind, LOG_REFUSED);
        assert_int_equal(entry.status, STATUS_SUIT_ROLLBACK);
        assert_int_equal(entry.boot, 7);
    }
    assert_int_equal(log_read(3, &entry), STATUS_NOT_FOUND);
    assert_int_equal(log_read(UINT32_MAX, &entry), STATUS_NOT_FOUND);
}

static void full_ring_loses_the_oldest_sector_on_every_kind_of_flash(void **state)
{
    static const uint32_t sectors[] = { 512, 4096, 8192 };
    static const uint32_t granules[] = { 1, 8, 16, 32 };
    (void)state;
    for (unsigned s = 0; s < 3; s++) {
        for (unsigned g = 0; g < 4; g++) {
            unsigned places = sectors[s] / LOG_RECORD_LEN;
            make(sectors[s], granules[g], g % 2 == 0 ? 0xFF : 0x00);
            assert_int_equal(append(1, 5 * places + 1), SIM_RETURNED);
            assert_int_equal(machine.erases, 4);
            assert_int_equal(sim_run(&machine, read_run), SIM_RETURNED);
            assert_int_equal(count, places + 1);
            assert_int_equal(newest.value, 5 * places + 1);
        }
    }
}

/* At every flash operation of a run that fills a sector and erases the next. */
static void cut_leaves_every_record_before_it_and_the_log_goes_on(void **state)
{
    static const enum sim_cut_mode modes[] = { SIM_CUT_BEFORE, SIM_CUT_TORN, SIM_CUT_AFTER };
    static struct sim full;
    unsigned places = 512 / LOG_RECORD_LEN;
    (void)state;
    make(512, 16, 0xFF);
    assert_int_equal(append(1, 2 * places - 2), SIM_RETURNED);
    full = machine;
    for (unsigned at = 1; at <= 6; at++) {
        for (unsigned m = 0; m < 3; m++) {
            for (uint32_t len = 0; len < (modes[m] == SIM_CUT_TORN ? 32u : 1u); len++) {
                machine = full;
                machine.operations = 0;
                machine.cut_at = at;
                machine.cut_mode = modes[m];
                machine.cut_len = len;
                assert_int_equal(append(1000, 6), SIM_POWER_CUT);
                machine.cut_at = 0;
                assert_int_equal(sim_run(&machine, read_run), SIM_RETURNED);
                assert_true(newest.value == 2 * places - 2 || (newest.value >= 1000 && newest.value < 1006));
                assert_true(count >= places - 1);
                uint32_t before = newest.sequence;
                assert_int_equal(append(2000, 2), SIM_RETURNED);
                assert_int_equal(sim_run(&machine, read_run), SIM_RETURNED);
                assert_int_equal(newest.value, 2001);
                assert_int_equal(newest.sequence, before + 2);
            }
        }
    }
}

static void flipped_bit_hides_its_record_and_no_other(void **state)
{
    (void)state;
    make(512, 16, 0xFF);
    assert_int_equal(append(1, 5), SIM_RETURNED);
    for (uint32_t bit = 0; bit < 5 * LOG_RECORD_LEN * 8; bit++) {
        uint8_t *byte = &machine.flash[machine.map.log.off + bit / 8];
        *byte ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(sim_run(&machine, read_run), SIM_RETURNED);
        assert_int_equal(count, 4);
        assert_int_equal(newest.value, bit / 8 / LOG_RECORD_LEN == 4 ? 4 : 5);
        *byte ^= (uint8_t)(1u << bit % 8);
    }
}

static void region_of_noise_is_read_as_empty_and_written_anew(void **state)
{
    (void)state;
    srandom(1);
    for (unsigned round = 0; round < 50; round++) {
        make(512, 16, 0xFF);
        for (uint32_t i = 0; i < machine.map.log.len; i++) {
            machine.flash[machine.map.log.off + i] = (uint8_t)random();
        }
        assert_int_equal(sim_run(&machine, read_run), SIM_RETURNED);
        assert_int_equal(count, 0);
        assert_int_equal(append(9, 1), SIM_RETURNED);
        assert_int_equal(sim_run(&machine, read_run), SIM_RETURNED);
        assert_int_equal(newest.value, 9);
    }
}

static void flood_run(void)
{
    log_open();
    assert_int_equal(log_append(LOG_LOCKED, STATUS_OK, 0), STATUS_OK);
    for (unsigned i = 1; i < LOG_BOOT_MAX; i++) {
        assert_int_equal(log_append(LOG_REFUSED, STATUS_SUIT_ROLLBACK, i), STATUS_OK);
    }
    assert_int_equal(log_append(LOG_REFUSED, STATUS_SUIT_ROLLBACK, 0), STATUS_NO_SPACE);
    assert_int_equal(log_append(LOG_HALT, STATUS_BOOT_NO_IMAGE, 1), STATUS_OK);
    assert_int_equal(log_append(LOG_FAULT, STATUS_BOOT_FAULT, 1), STATUS_OK);
}

static void one_boot_cannot_push_the_past_out(void **state)
{
    (void)state;
    make(4096, 16, 0xFF);
    assert_int_equal(sim_run(&machine, flood_run), SIM_RETURNED);
    assert_int_equal(sim_run(&machine, read_run), SIM_RETURNED);
    assert_int_equal(count, LOG_BOOT_MAX + 2);
    assert_int_equal(append(1, 1), SIM_RETURNED);
}

/* The longest trial that a policy can ask for: sixteen boots that fault, then one that halts; again and again. */
static void faults_run(void)
{
    log_open();
    for (unsigned row = 0; row < 15; row++) {
        for (unsigned i = 0; i < 16; i++) {
            device.state.now.boots++;
            assert_int_equal(log_append(LOG_FAULT, STATUS_BOOT_APPLICATION_FAULT, 0), STATUS_OK);
        }
        device.state.now.boots++;
        assert_int_equal(log_append(LOG_HALT, STATUS_BOOT_APPLICATION_FAULT, 2), STATUS_OK);
    }
    assert_true(log_halts() >= 15);
    device.state.now.boots += 2; /* one boot ended well */
    assert_int_equal(log_halts(), 0);
}

static void row_of_halts_is_known_even_where_the_ring_has_forgotten_it(void **state)
{
    (void)state;
    for (unsigned before = 0; before < 256; before += 17) {
        make(4096, 16, 0xFF);
        assert_int_equal(append(1, before), SIM_RETURNED);
        device.state.now.boots = 1000;
        assert_int_equal(sim_run(&machine, faults_run), SIM_RETURNED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_survive_a_reset_newest_first),
        cmocka_unit_test(full_ring_loses_the_oldest_sector_on_every_kind_of_flash),
        cmocka_unit_test(cut_leaves_every_record_before_it_and_the_log_goes_on),
        cmocka_unit_test(flipped_bit_hides_its_record_and_no_other),
        cmocka_unit_test(region_of_noise_is_read_as_empty_and_written_anew),
        cmocka_unit_test(one_boot_cannot_push_the_past_out),
        cmocka_unit_test(row_of_halts_is_known_even_where_the_ring_has_forgotten_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
