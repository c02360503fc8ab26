/* SPDX-License-Identifier: Apache-2.0 */
/* its_cuts: the power goes at every flash operation of a call, before, torn and after it: the entry is as before or as
 * asked for, and no other one changes. */
#include "tests/unit/test.h"

#include "tests/unit/its_rig.h"

#define APP STORE_ITS_APPLICATION
#define OTHERS 4u

static struct sim before;
static unsigned cuts;

/* One call under test: entry 1 from one version to another (0: none). */
struct step {
    unsigned from;
    unsigned to;
    size_t from_len;
    size_t to_len;
};

static const struct {
    enum sim_cut_mode mode;
    uint32_t len;
} ways[] = { { SIM_CUT_BEFORE, 0 }, { SIM_CUT_TORN, 1 }, { SIM_CUT_TORN, 12 }, { SIM_CUT_TORN, 40 },
             { SIM_CUT_TORN, 100 }, { SIM_CUT_HALF, 0 }, { SIM_CUT_LAST, 0 },  { SIM_CUT_RANDOM, 1 },
             { SIM_CUT_RANDOM, 2 }, { SIM_CUT_AFTER, 0 } };
#define WAYS (sizeof ways / sizeof ways[0])

static void others_set(void)
{
    for (unsigned i = 2; i < 2 + OTHERS; i++) {
        assert_int_equal(its_set(i % 3 + 1, i, its_pattern(i, 9, 20 * i), 0), PSA_SUCCESS);
    }
}

static void others_hold(void)
{
    for (unsigned i = 2; i < 2 + OTHERS; i++) {
        assert_true(its_holds(i % 3 + 1, i, 9, 20 * i));
    }
}

static psa_status_t step_run(const struct step *step)
{
    return step->to == 0 ? its_remove(APP, 1) : its_set(APP, 1, its_pattern(1, step->to, step->to_len), 0);
}

static int is_version(unsigned version, size_t len)
{
    return version == 0 ? its_get(APP, 1, 0, 1) == PSA_ERROR_DOES_NOT_EXIST : its_holds(APP, 1, version, len);
}

static void power_on(void)
{
    its_machine.cut_at = 0;
    its_restart();
}

static void old_or_new(const struct step *step)
{
    assert_true(is_version(step->from, step->from_len) || is_version(step->to, step->to_len));
    others_hold();
}

static void cut_set(size_t way, uint32_t operation)
{
    its_machine.cut_at = its_machine.operations + operation;
    its_machine.cut_mode = ways[way].mode;
    its_machine.cut_len = ways[way].len;
    its_machine.cut_seed = ways[way].len + operation;
}

/* What the cut left in flash stays harmless when later records cover it. */
static void later_writes_hold(const struct step *step, unsigned version)
{
    assert_int_equal(its_set(APP, 77, its_pattern(77, version, 30), 0), PSA_SUCCESS);
    its_restart();
    assert_true(its_holds(APP, 77, version, 30));
    old_or_new(step);
    assert_int_equal(its_set(APP, 1, its_pattern(1, 99, 50), 0), PSA_SUCCESS);
    its_restart();
    assert_true(its_holds(APP, 77, version, 30) && its_holds(APP, 1, 99, 50));
    others_hold();
}

/* Cuts the step at each operation in each way. After it, and after two more writes, all is as it should be. */
static void step_cut(const struct step *step)
{
    int returned = 0;
    sim_copy(&before, &its_machine);
    for (uint32_t operation = 1; !returned; operation++) {
        for (size_t way = 0; way < WAYS && !returned; way++) {
            sim_copy(&its_machine, &before);
            its_restart();
            cut_set(way, operation);
            (void)step_run(step);
            returned = its_end == SIM_RETURNED;
            power_on();
            old_or_new(step);
            later_writes_hold(step, operation);
            cuts++;
        }
    }
    sim_copy(&its_machine, &before);
    its_restart();
}

static void set_overwrite_and_remove(void **state)
{
    (void)state;
    static const struct step steps[] = { { 0, 1, 0, 60 }, { 1, 2, 60, 300 }, { 2, 3, 300, 5 }, { 3, 0, 5, 0 } };
    for (size_t g = 0; g < ITS_GEOMETRIES; g++) {
        its_make(&its_geometries[g]);
        others_set();
        for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
            step_cut(&steps[i]);
            assert_int_equal(step_run(&steps[i]), PSA_SUCCESS);
        }
    }
    print_message("%u cuts\n", cuts);
}

/* Overwrites entry 1 until the next time erases at least `erases` sectors; gives its version then. */
static unsigned erases_wait(uint32_t erases, uint32_t below)
{
    for (unsigned version = 1;; version++) {
        uint32_t count = its_machine.erases;
        sim_copy(&before, &its_machine);
        assert_int_equal(its_set(APP, 1, its_pattern(1, version, 60), 0), PSA_SUCCESS);
        if (its_machine.erases - count >= erases && its_machine.erases - count < below) {
            sim_copy(&its_machine, &before);
            its_restart();
            return version;
        }
    }
}

static void compaction_of_the_vault(void **state)
{
    (void)state;
    for (size_t g = 0; g < ITS_GEOMETRIES; g++) {
        its_make(&its_geometries[g]);
        others_set();
        unsigned version = erases_wait(2 * its_machine.map.vault[0].len / its_machine.map.sector_len, UINT32_MAX);
        const struct step overwrite = { version - 1, version, 60, 60 };
        const struct step away = { version - 1, 0, 60, 0 };
        step_cut(&overwrite);
        if (g == 4) {
            step_cut(&away);
        }
    }
    print_message("%u cuts\n", cuts);
}

static void compaction_of_the_counter(void **state)
{
    (void)state;
    for (size_t g = 0; g < ITS_GEOMETRIES; g++) {
        its_make(&its_geometries[g]);
        others_set();
        unsigned version = erases_wait(1, 3);
        const struct step step = { version - 1, version, 60, 60 };
        step_cut(&step);
    }
    print_message("%u cuts\n", cuts);
}

/* The call is cut, then what mends it at the next start, then that again. */
static void cuts_while_a_cut_is_mended(void **state)
{
    (void)state;
    static struct sim torn;
    int returned = 0;
    its_make(&its_geometries[4]);
    others_set();
    unsigned version = erases_wait(2 * its_machine.map.vault[0].len / its_machine.map.sector_len, UINT32_MAX);
    const struct step step = { version - 1, version, 60, 60 };
    sim_copy(&before, &its_machine);
    for (uint32_t operation = 1; !returned; operation++) {
        sim_copy(&its_machine, &before);
        its_restart();
        cut_set(7, operation);
        (void)step_run(&step);
        returned = its_end == SIM_RETURNED;
        power_on();
        sim_copy(&torn, &its_machine);
        int mended = 0;
        for (uint32_t second = 1; !mended; second++) {
            sim_copy(&its_machine, &torn);
            its_restart();
            cut_set(second % WAYS, second);
            (void)its_get(APP, 1, 0, 1);
            mended = its_end == SIM_RETURNED;
            power_on();
            cut_set(8, 1 + second % 3);
            (void)its_get(APP, 1, 0, 1);
            power_on();
            old_or_new(&step);
            cuts++;
        }
    }
    print_message("%u cuts\n", cuts);
}

static void reset_of_a_lost_vault(void **state)
{
    (void)state;
    for (size_t g = 0; g < ITS_GEOMETRIES; g++) {
        its_make(&its_geometries[g]);
        others_set();
        memset(its_machine.flash + its_machine.map.vault[0].off, 0x5A, 600);
        memset(its_machine.flash + its_machine.map.vault[1].off, 0x5A, 600);
        its_restart();
        sim_copy(&before, &its_machine);
        int returned = 0;
        for (uint32_t operation = 1; !returned; operation++) {
            sim_copy(&its_machine, &before);
            its_restart();
            cut_set(operation % WAYS, operation);
            (void)its_reset();
            returned = its_end == SIM_RETURNED;
            power_on();
            psa_status_t again = its_reset();
            assert_true(again == PSA_SUCCESS || again == PSA_ERROR_BAD_STATE);
            assert_int_equal(its_get(3, 2, 0, 1), PSA_ERROR_DOES_NOT_EXIST);
            others_set();
            its_restart();
            others_hold();
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(set_overwrite_and_remove),  cmocka_unit_test(compaction_of_the_vault),
        cmocka_unit_test(compaction_of_the_counter), cmocka_unit_test(cuts_while_a_cut_is_mended),
        cmocka_unit_test(reset_of_a_lost_vault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
