/* SPDX-License-Identifier: Apache-2.0 */
/* journal: values survive torn writes, flipped bits and compaction, on every geometry. */
#include "tests/unit/test.h"

#include "boot/journal.h"
#include "tests/unit/boot_maker.h"

static struct sim machine;
static struct sim saved;
static struct journal journal;
static uint8_t payload[64];
static uint8_t append_type;
static size_t append_len;
static status_t append_status;

static void open_run(void)
{
    journal_open(&journal, port_flash()->state);
}

static void append_run(void)
{
    journal_open(&journal, port_flash()->state);
    append_status = journal_append(&journal, append_type, bytes_of(payload, append_len));
}

static void append(uint8_t type, uint8_t value, size_t len)
{
    append_type = type;
    append_len = len;
    memset(payload, value, sizeof payload);
    assert_int_equal(sim_run(&machine, append_run), SIM_RETURNED);
    assert_int_equal(append_status, STATUS_OK);
}

/* Value of the record of `type`, or -1. */
static int value_of(uint8_t type)
{
    struct bytes got;
    (void)sim_run(&machine, open_run);
    return journal_read(&journal, type, &got) == STATUS_OK && got.len > 0 ? got.data[0] : -1;
}

static const struct {
    uint32_t sector_len;
    uint32_t granule_len;
    uint8_t erased;
} geometries[] = { { 512, 1, 0xFF },   { 512, 16, 0x00 },  { 2048, 8, 0xFF },
                   { 4096, 16, 0xFF }, { 4096, 32, 0x00 }, { 8192, 32, 0xFF } };

static void machine_make(size_t i)
{
    sim_make(&machine, geometries[i].sector_len, geometries[i].granule_len, geometries[i].erased);
}

static void newest_value_wins_through_compactions(void **state)
{
    (void)state;
    for (size_t g = 0; g < sizeof geometries / sizeof geometries[0]; g++) {
        machine_make(g);
        append(3, 0x33, 20);
        for (unsigned i = 0; i < 300; i++) {
            append(1, (uint8_t)i, 40 + i % 20);
            assert_int_equal(value_of(1), (int)(uint8_t)i);
        }
        assert_int_equal(value_of(3), 0x33);
        assert_int_equal(value_of(2), -1);
        assert_true(machine.erases > 0);
    }
}

static void torn_record_keeps_previous_or_new_value(void **state)
{
    (void)state;
    for (size_t g = 0; g < sizeof geometries / sizeof geometries[0]; g++) {
        machine_make(g);
        append(2, 0x22, 30);
        for (unsigned i = 0; i < 40; i++) {
            append(1, (uint8_t)i, 60);
            saved = machine;
            for (uint32_t op = 1; op < 12; op++) {
                for (uint32_t torn = 0; torn < 80; torn += 9) {
                    machine = saved;
                    machine.cut_at = machine.operations + op;
                    machine.cut_mode = SIM_CUT_TORN;
                    machine.cut_len = torn;
                    memset(payload, (int)i + 1, sizeof payload);
                    append_type = 1;
                    append_len = 60;
                    if (sim_run(&machine, append_run) == SIM_RETURNED) {
                        break;
                    }
                    machine.cut_at = 0;
                    int value = value_of(1);
                    assert_true(value == (int)i || value == (int)i + 1);
                    assert_int_equal(value_of(2), 0x22);
                    append(1, 0x77, 60);
                    assert_int_equal(value_of(1), 0x77);
                }
            }
            machine = saved;
        }
    }
}

static void any_flipped_bit_leaves_every_value(void **state)
{
    (void)state;
    machine_make(3);
    append(1, 0x11, 50);
    append(2, 0x22, 50);
    append(1, 0x12, 50);
    saved = machine;
    for (unsigned mirror = 0; mirror < 2; mirror++) {
        for (uint32_t bit = 0; bit < 4 * 80 * 8; bit++) {
            machine = saved;
            machine.flash[machine.map.state[mirror].off + bit / 8] ^= (uint8_t)(1u << (bit % 8));
            assert_int_equal(value_of(1), 0x12);
            assert_int_equal(value_of(2), 0x22);
        }
    }
}

static void heal_run(void)
{
    journal_open(&journal, port_flash()->state);
    append_status = journal_heal(&journal, 1) ? STATUS_OK : STATUS_NOT_FOUND;
}

static void erased_mirror_is_healed_from_the_other(void **state)
{
    (void)state;
    for (unsigned mirror = 0; mirror < 2; mirror++) {
        machine_make(3);
        append(1, 0x11, 50);
        memset(machine.flash + machine.map.state[mirror].off, 0xFF, machine.map.state[mirror].len);
        (void)sim_run(&machine, heal_run);
        assert_int_equal(append_status, STATUS_OK);
        memset(machine.flash + machine.map.state[1 - mirror].off, 0xFF, machine.map.state[1 - mirror].len);
        assert_int_equal(value_of(1), 0x11);
    }
}

/* Appends until mirror 0 has no room for one more record of type 1. */
static void mirrors_fill(void)
{
    uint32_t erases = machine.erases;
    do {
        saved = machine;
        append(1, 0x10, 60);
    } while (machine.erases == erases);
    machine = saved;
}

/* Flips a bit in the payload of the newest record of `type` in one mirror, found by its value. */
static void newest_damage(unsigned mirror, uint8_t value)
{
    uint8_t *at = machine.flash + machine.map.state[mirror].off;
    uint32_t last = 0;
    for (uint32_t i = 0; i + 4 < machine.map.state[mirror].len; i++) {
        if (at[i] == value && at[i + 1] == value && at[i + 2] == value && at[i + 3] == value) {
            last = i;
        }
    }
    assert_int_not_equal(last, 0);
    at[last] ^= 1;
}

static void compaction_keeps_what_only_one_mirror_holds(void **state)
{
    (void)state;
    for (size_t g = 0; g < sizeof geometries / sizeof geometries[0]; g++) {
        for (unsigned mirror = 0; mirror < 2; mirror++) {
            machine_make(g);
            append(2, 0x22, 30);
            append(2, 0x23, 30);
            mirrors_fill();
            newest_damage(mirror, 0x23);
            append(1, 0x77, 60);
            assert_int_equal(value_of(1), 0x77);
            assert_int_equal(value_of(2), 0x23);
        }
    }
}

static void healing_keeps_what_only_the_other_mirror_holds(void **state)
{
    (void)state;
    machine_make(3);
    append(2, 0x22, 30);
    mirrors_fill();
    newest_damage(0, 0x22);
    newest_damage(1, 0x10);
    (void)sim_run(&machine, heal_run);
    assert_int_equal(value_of(1), 0x10);
    assert_int_equal(value_of(2), 0x22);
}

/* The head's check is right; whether the tag is does not matter here. */
static void used_up_sequence_numbers_never_bring_an_old_value_back(void **state)
{
    (void)state;
    machine_make(3);
    append(1, 0x11, 20);
    uint8_t *head = machine.flash + machine.map.state[0].off + 64;
    const uint8_t last[] = { 0x57, 0x4A, 2, 1, 4, 0, 0xF9, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF };
    memcpy(head, last, sizeof last);
    append_type = 1;
    append_len = 20;
    memset(payload, 0x12, sizeof payload);
    (void)sim_run(&machine, append_run);
    assert_int_equal(append_status, STATUS_NO_SPACE);
    assert_int_equal(value_of(1), 0x11);
}

static void bad_arguments_and_full_regions_are_refused(void **state)
{
    (void)state;
    machine_make(0);
    append_type = 0;
    append_len = 10;
    (void)sim_run(&machine, append_run);
    assert_int_equal(append_status, STATUS_BAD_ARGUMENT);
    append_type = JOURNAL_TYPE_MAX + 1;
    (void)sim_run(&machine, append_run);
    assert_int_equal(append_status, STATUS_BAD_ARGUMENT);
    append_len = sizeof payload;
    append_status = STATUS_OK;
    for (append_type = 1; append_type <= JOURNAL_TYPE_MAX && append_status == STATUS_OK; append_type++) {
        (void)sim_run(&machine, append_run);
    }
    assert_int_equal(append_status, STATUS_NO_SPACE);
    assert_int_equal(value_of(1), payload[0]);
    const uint32_t operations = machine.operations;
    append_type--;
    (void)sim_run(&machine, append_run);
    assert_int_equal(append_status, STATUS_NO_SPACE);
    assert_int_equal(machine.operations, operations); /* nothing is erased for what has no place */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(newest_value_wins_through_compactions),
        cmocka_unit_test(torn_record_keeps_previous_or_new_value),
        cmocka_unit_test(any_flipped_bit_leaves_every_value),
        cmocka_unit_test(erased_mirror_is_healed_from_the_other),
        cmocka_unit_test(compaction_keeps_what_only_one_mirror_holds),
        cmocka_unit_test(healing_keeps_what_only_the_other_mirror_holds),
        cmocka_unit_test(used_up_sequence_numbers_never_bring_an_old_value_back),
        cmocka_unit_test(bad_arguments_and_full_regions_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
