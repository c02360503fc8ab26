/* SPDX-License-Identifier: Apache-2.0 */
/* counter: numbers that never go back, whatever is cut, flipped or lost in one page, on every geometry. */
#include "tests/unit/test.h"

#include <string.h>

#include "boot/counter.h"
#include "ports/sim/sim.h"

static struct sim machine;
static struct sim saved;
static enum counter_kind kind;
static uint32_t value;
static uint32_t read_back[COUNTER_KINDS];
static status_t status;

static void advance_run(void)
{
    status = counter_advance(kind, value);
}

static void append_run(void)
{
    status = counter_append(kind, value);
}

static void heal_run(void)
{
    status = counter_heal(value);
}

static void read_run(void)
{
    for (unsigned k = 1; k < COUNTER_KINDS; k++) {
        read_back[k] = counter_read((enum counter_kind)k);
    }
}

static enum sim_end call(void (*code)(void), enum counter_kind with, uint32_t number)
{
    kind = with;
    value = number;
    return sim_run(&machine, code);
}

static void advance(enum counter_kind with, uint32_t number)
{
    assert_int_equal(call(advance_run, with, number), SIM_RETURNED);
    assert_int_equal(status, STATUS_OK);
}

static uint32_t read_kind(enum counter_kind with)
{
    assert_int_equal(sim_run(&machine, read_run), SIM_RETURNED);
    return read_back[with];
}

static uint8_t *page(unsigned which)
{
    return machine.flash + machine.map.counter[which].off;
}

static uint32_t page_len(void)
{
    return machine.map.counter[0].len;
}

static void machine_make(unsigned index)
{
    static const uint32_t sectors[] = { 512, 2048, 4096, 8192 };
    static const uint32_t granules[] = { 1, 8, 16, 32 };
    sim_make(&machine, sectors[index / 8 % 4], granules[index / 2 % 4], index % 2 == 0 ? 0xFF : 0x00);
}
#define GEOMETRIES 32

/* Every kind has a value of its own; both pages are full but for `room` records. */
static void pages_fill(uint32_t room)
{
    for (unsigned k = 2; k < COUNTER_KINDS; k++) {
        advance((enum counter_kind)k, 100 * k);
    }
    uint32_t records = page_len() / COUNTER_RECORD_LEN;
    for (uint32_t n = 1; n + COUNTER_KINDS - 2 + room <= records; n++) {
        advance(COUNTER_APP, n);
    }
}

static int setup(void **state)
{
    (void)state;
    machine_make(4); /* 512, 16, 0xFF */
    return 0;
}

static void blank_pages_read_as_zero(void **state)
{
    (void)state;
    for (unsigned i = 0; i < GEOMETRIES; i++) {
        machine_make(i);
        for (unsigned k = 1; k < COUNTER_KINDS; k++) {
            assert_int_equal(read_kind((enum counter_kind)k), 0);
        }
    }
}

static void each_kind_counts_for_itself_on_every_geometry(void **state)
{
    (void)state;
    for (unsigned i = 0; i < GEOMETRIES; i++) {
        machine_make(i);
        for (uint32_t n = 1; n <= 40; n++) {
            for (unsigned k = 1; k < COUNTER_KINDS; k++) {
                advance((enum counter_kind)k, n * k);
            }
        }
        (void)sim_run(&machine, read_run);
        for (unsigned k = 1; k < COUNTER_KINDS; k++) {
            assert_int_equal(read_back[k], 40 * k);
        }
    }
}

static void lower_or_equal_value_writes_nothing(void **state)
{
    (void)state;
    advance(COUNTER_APP, 7);
    uint32_t operations = machine.operations;
    for (uint32_t n = 0; n <= 7; n++) {
        advance(COUNTER_APP, n);
    }
    assert_int_equal(machine.operations, operations);
    assert_int_equal(read_kind(COUNTER_APP), 7);
}

static void highest_value_is_kept(void **state)
{
    (void)state;
    advance(COUNTER_SBM, UINT32_MAX);
    advance(COUNTER_SBM, 5);
    assert_int_equal(read_kind(COUNTER_SBM), UINT32_MAX);
}

static void full_pages_are_compacted_one_at_a_time(void **state)
{
    (void)state;
    for (unsigned i = 0; i < GEOMETRIES; i++) {
        machine_make(i);
        pages_fill(0);
        uint32_t erases = machine.erases;
        advance(COUNTER_APP, 5000);
        assert_int_equal(machine.erases, erases + 2);
        (void)sim_run(&machine, read_run);
        assert_int_equal(read_back[COUNTER_APP], 5000);
        for (unsigned k = 2; k < COUNTER_KINDS; k++) {
            assert_int_equal(read_back[k], 100 * k);
        }
    }
}

static void append_alone_never_erases_and_says_when_a_page_is_full(void **state)
{
    (void)state;
    pages_fill(0);
    uint32_t erases = machine.erases;
    uint32_t before = read_kind(COUNTER_APP);
    assert_int_equal(call(append_run, COUNTER_APP, before + 1), SIM_RETURNED);
    assert_int_equal(status, STATUS_NO_SPACE);
    assert_int_equal(machine.erases, erases);
    assert_int_equal(read_kind(COUNTER_APP), before);
}

static void heal_makes_the_room_that_is_asked_for(void **state)
{
    (void)state;
    pages_fill(1);
    uint32_t before = read_kind(COUNTER_APP);
    assert_int_equal(call(heal_run, COUNTER_APP, 4), SIM_RETURNED);
    assert_int_equal(status, STATUS_OK);
    uint32_t erases = machine.erases;
    for (uint32_t n = 1; n <= 4; n++) {
        assert_int_equal(call(append_run, COUNTER_APP, before + n), SIM_RETURNED);
        assert_int_equal(status, STATUS_OK);
    }
    assert_int_equal(machine.erases, erases);
    assert_int_equal(read_kind(COUNTER_APP), before + 4);
}

static void one_lost_page_loses_nothing_and_is_written_anew(void **state)
{
    static const uint8_t fills[] = { 0x00, 0x5A, 0xFF };
    (void)state;
    pages_fill(3);
    saved = machine;
    (void)sim_run(&machine, read_run);
    uint32_t app = read_back[COUNTER_APP];
    for (unsigned n = 0; n < 2 * sizeof fills; n++) {
        machine = saved;
        memset(page(n % 2), fills[n / 2], page_len());
        assert_int_equal(read_kind(COUNTER_APP), app);
        assert_int_equal(call(heal_run, COUNTER_APP, 1), SIM_RETURNED);
        memset(page(1 - n % 2), fills[n / 2], page_len());
        (void)sim_run(&machine, read_run);
        assert_int_equal(read_back[COUNTER_APP], app);
        assert_int_equal(read_back[COUNTER_SBM], 200);
    }
}

/* Both pages are full, and one of them lacks the newest record: the other one is not erased before it has a twin. */
static void value_that_one_full_page_alone_knows_is_kept(void **state)
{
    (void)state;
    for (unsigned which = 0; which < 2; which++) {
        (void)setup(state);
        pages_fill(0);
        uint32_t app = read_kind(COUNTER_APP);
        memset(page(1 - which) + page_len() - COUNTER_RECORD_LEN, 0, COUNTER_RECORD_LEN);
        assert_int_equal(call(heal_run, COUNTER_APP, 4), SIM_RETURNED);
        assert_int_equal(status, STATUS_OK);
        (void)sim_run(&machine, read_run);
        assert_int_equal(read_back[COUNTER_APP], app);
        for (unsigned k = 2; k < COUNTER_KINDS; k++) {
            assert_int_equal(read_back[k], 100 * k);
        }
    }
}

static void no_flipped_bit_changes_a_value(void **state)
{
    (void)state;
    for (unsigned k = 1; k < COUNTER_KINDS; k++) {
        advance((enum counter_kind)k, 0x01010101u * k);
    }
    saved = machine;
    for (uint32_t bit = 0; bit < 2 * page_len() * 8; bit++) {
        uint8_t *at = page(bit / 8 / page_len()) + bit / 8 % page_len();
        *at ^= (uint8_t)(1u << bit % 8);
        (void)sim_run(&machine, read_run);
        for (unsigned k = 1; k < COUNTER_KINDS; k++) {
            assert_int_equal(read_back[k], 0x01010101u * k);
        }
        *at ^= (uint8_t)(1u << bit % 8);
    }
}

/* A record says each thing twice: the same flip in both pages may lose it, but raises nothing. */
static void flips_in_both_pages_never_raise_a_value(void **state)
{
    (void)state;
    advance(COUNTER_SBM, 6);
    advance(COUNTER_APP, 9);
    saved = machine;
    for (uint32_t bit = 0; bit < 2 * COUNTER_RECORD_LEN * 8; bit++) {
        for (unsigned which = 0; which < 2; which++) {
            page(which)[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        (void)sim_run(&machine, read_run);
        assert_true(read_back[COUNTER_APP] <= 9 && read_back[COUNTER_SBM] <= 6);
        for (unsigned k = COUNTER_STORE; k < COUNTER_KINDS; k++) {
            assert_int_equal(read_back[k], 0);
        }
        machine = saved;
    }
}

/* Cuts `code` at each of its operations in every way: each kind has its old or its new value, `grows` alone moves; then
 * it advances again. Gives the cuts. */
static unsigned cut_everywhere(void (*code)(void), enum counter_kind grows, uint32_t number)
{
    static const enum sim_cut_mode ways[] = { SIM_CUT_BEFORE, SIM_CUT_HALF, SIM_CUT_LAST, SIM_CUT_RANDOM,
                                              SIM_CUT_AFTER };
    uint32_t before[COUNTER_KINDS];
    unsigned cuts = 0;
    (void)sim_run(&machine, read_run);
    memcpy(before, read_back, sizeof before);
    sim_copy(&saved, &machine);
    for (uint32_t operation = 1;; operation++) {
        for (unsigned way = 0; way < sizeof ways / sizeof ways[0]; way++) {
            sim_copy(&machine, &saved);
            machine.cut_at = machine.operations + operation;
            machine.cut_mode = ways[way];
            machine.cut_seed = operation * 5 + way;
            if (call(code, grows, number) != SIM_POWER_CUT) {
                return cuts;
            }
            machine.cut_at = 0;
            cuts++;
            (void)sim_run(&machine, read_run);
            for (unsigned k = 1; k < COUNTER_KINDS; k++) {
                assert_true(read_back[k] == before[k] || (k == grows && read_back[k] == number));
            }
            advance(grows, number + 1);
            assert_int_equal(read_kind(grows), number + 1);
        }
    }
}

static void cut_at_any_operation_leaves_the_old_or_the_new_value(void **state)
{
    (void)state;
    for (unsigned i = 0; i < GEOMETRIES; i++) {
        machine_make(i);
        pages_fill(5);
        assert_true(cut_everywhere(advance_run, COUNTER_APP, 5000) >= 10);
        machine_make(i);
        pages_fill(0); /* both pages are erased and filled on the way */
        assert_true(cut_everywhere(advance_run, COUNTER_SBM, 5000) >= 10 * COUNTER_KINDS);
    }
}

static void cut_append_leaves_the_old_or_the_new_value(void **state)
{
    (void)state;
    pages_fill(5);
    assert_true(cut_everywhere(append_run, COUNTER_SBM_TRIES, 5000) >= 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(blank_pages_read_as_zero, setup),
        cmocka_unit_test_setup(each_kind_counts_for_itself_on_every_geometry, setup),
        cmocka_unit_test_setup(lower_or_equal_value_writes_nothing, setup),
        cmocka_unit_test_setup(highest_value_is_kept, setup),
        cmocka_unit_test_setup(full_pages_are_compacted_one_at_a_time, setup),
        cmocka_unit_test_setup(append_alone_never_erases_and_says_when_a_page_is_full, setup),
        cmocka_unit_test_setup(heal_makes_the_room_that_is_asked_for, setup),
        cmocka_unit_test_setup(one_lost_page_loses_nothing_and_is_written_anew, setup),
        cmocka_unit_test_setup(value_that_one_full_page_alone_knows_is_kept, setup),
        cmocka_unit_test_setup(no_flipped_bit_changes_a_value, setup),
        cmocka_unit_test_setup(flips_in_both_pages_never_raise_a_value, setup),
        cmocka_unit_test_setup(cut_at_any_operation_leaves_the_old_or_the_new_value, setup),
        cmocka_unit_test_setup(cut_append_leaves_the_old_or_the_new_value, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
