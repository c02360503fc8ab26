/* SPDX-License-Identifier: Apache-2.0 */
/* worn counters: a counter page that takes no more writes, and a counter that is once read wrong. */
#include "tests/unit/test.h"

#include "boot/counter.h"
#include "ports/sim/sim_board.h"
#include "tests/unit/boot_maker.h"
#include "tests/unit/boot_rig.h"

_Noreturn void bl1_stage_main(void);
status_t __real_port_flash_program(uint32_t off, const uint8_t *data, uint32_t len);
status_t __wrap_port_flash_program(uint32_t off, const uint8_t *data, uint32_t len);
status_t __real_port_flash_erase(uint32_t off);
status_t __wrap_port_flash_erase(uint32_t off);
uint32_t __real_counter_read(enum counter_kind kind);
uint32_t __wrap_counter_read(enum counter_kind kind);

#define APP_LEN 1200u
#define SBM_LEN 1300u
#define PAGE(n) (1u << (n))

static struct maker maker;
static struct sim good[3]; /* by boot policy: application 1 and SBM 1, booted once */
static struct sim machine;
static unsigned dead;     /* counter pages that refuse, a bit each */
static unsigned readings; /* of counters since the run began */
static unsigned wrong;    /* number of the reading that gives 0; 0: none */
static uint8_t package[8192];

static int is_dead(uint32_t off)
{
    for (unsigned i = 0; i < 2; i++) {
        const struct port_region *page = &port_flash()->counter[i];
        if ((dead & PAGE(i)) != 0 && off - page->off < page->len) {
            return 1;
        }
    }
    return 0;
}

status_t __wrap_port_flash_program(uint32_t off, const uint8_t *data, uint32_t len)
{
    return is_dead(off) ? STATUS_FLASH_IO : __real_port_flash_program(off, data, len);
}

status_t __wrap_port_flash_erase(uint32_t off)
{
    return is_dead(off) ? STATUS_FLASH_IO : __real_port_flash_erase(off);
}

uint32_t __wrap_counter_read(enum counter_kind kind)
{
    readings++;
    return readings == wrong ? 0 : __real_counter_read(kind);
}

static void bl1_run(void)
{
    bl1_stage_main();
}

static struct bytes package_make(uint64_t sequence)
{
    const struct maker_package spec = maker_package_right(&maker, sequence, APP_LEN);
    size_t block_len;
    return bytes_of(package, maker_package_write(&spec, package, sizeof package, &block_len));
}

static void sbm_put(struct sim *sim, unsigned slot, uint64_t sequence)
{
    const struct port_region *region = &sim->map.sbm[slot];
    memset(sim->flash + region->off, sim->map.erased, region->len);
    (void)maker_sbm(&maker, &maker.firmware, sim, slot, sequence, SBM_LEN);
}

static int group_setup(void **state)
{
    (void)state;
    maker_start(&maker);
    for (unsigned policy = POLICY_BOOT_SIGNATURE; policy <= POLICY_BOOT_SEALED; policy++) {
        struct sim *sim = &good[policy];
        maker.boot = (enum policy_boot)policy;
        sim_make(sim, 512, 16, 0xFF);
        maker_geometry(sim);
        struct bytes first = package_make(1);
        maker_anchor(&maker, sim, 1);
        sbm_put(sim, 0, 1);
        sbm_put(sim, 1, 1);
        maker_provision(&maker, sim, first.data, first.len);
        assert_int_equal(rig_boot(sim), SIM_STARTED_APPLICATION);
    }
    return 0;
}

static int setup(void **state)
{
    (void)state;
    machine = good[POLICY_BOOT_SIGNATURE];
    memset(&sim_board, 0, sizeof sim_board);
    dead = 0;
    wrong = 0;
    return 0;
}

static status_t advanced;

static void advance_run(void)
{
    advanced = counter_advance(COUNTER_APP, 7);
}

static void either_page_alone_carries_a_counter_on(void **state)
{
    (void)state;
    for (unsigned page = 0; page < 2; page++) {
        (void)setup(state);
        dead = PAGE(page);
        (void)sim_run(&machine, advance_run);
        assert_int_equal(advanced, STATUS_OK);
        assert_int_equal(counter_read(COUNTER_APP), 7);
        dead = 0; /* it was but for a while: what it lacks comes back to it */
        (void)sim_run(&machine, advance_run);
        memset(machine.flash + machine.map.counter[1 - page].off, 0, machine.map.counter[0].len);
        assert_int_equal(counter_read(COUNTER_APP), 7);
    }
    (void)setup(state);
    dead = PAGE(0) | PAGE(1);
    (void)sim_run(&machine, advance_run);
    assert_int_equal(advanced, STATUS_FLASH_IO);
    assert_int_equal(counter_read(COUNTER_APP), 1);
}

static void update_is_confirmed_with_one_page_dead(void **state)
{
    (void)state;
    for (unsigned page = 0; page < 2; page++) {
        (void)setup(state);
        dead = PAGE(page);
        assert_int_equal(rig_boot(&machine), SIM_STARTED_APPLICATION);
        rig_update_set(package_make(2));
        (void)sim_run(&machine, rig_update_run);
        assert_int_equal(rig_boot(&machine), SIM_STARTED_APPLICATION);
        (void)sim_run(&machine, rig_accept_run);
        assert_int_equal(rig_result, PSA_SUCCESS);
        assert_int_equal(rig_boot(&machine), SIM_STARTED_APPLICATION);
        assert_true(rig_runs(&machine, 2, APP_LEN));
    }
}

static void limit_run(void)
{
    assert_int_equal(counter_advance(COUNTER_SBM_TRIES_LIMIT, 3), STATUS_OK);
}

/* An SBM on trial whose start cannot be counted does not start; the confirmed one is not hurried by its watchdog. */
static void trial_that_cannot_be_counted_is_not_started(void **state)
{
    (void)state;
    sbm_put(&machine, 1, 2);
    (void)sim_run(&machine, limit_run);
    dead = PAGE(0) | PAGE(1);
    assert_int_equal(sim_run(&machine, bl1_run), SIM_STARTED_SBM);
    assert_int_equal(machine.sbm_slot, 0);
    assert_int_equal(sim_board.watchdog_seconds, 0);
}

static void sbm_counter_run(void)
{
    assert_int_equal(counter_advance(COUNTER_SBM, 2), STATUS_OK);
}

/* HARD: one reading of a counter goes wrong, each in its turn. */
static void one_wrong_reading_starts_no_older_sbm(void **state)
{
    (void)state;
    (void)sim_run(&machine, sbm_counter_run);
    for (wrong = 1, readings = wrong; readings >= wrong; wrong++) {
        readings = 0;
        assert_int_not_equal(sim_run(&machine, bl1_run), SIM_STARTED_SBM);
    }
    assert_true(wrong > 4);
}

/* Image, state and package of version 1 are put back, whole, after version 2 was confirmed. */
static void one_wrong_reading_starts_no_older_application(void **state)
{
    static struct sim replayed;
    (void)state;
    for (unsigned policy = POLICY_BOOT_SIGNATURE; policy <= POLICY_BOOT_SEALED; policy++) {
        const struct sim *old = &good[policy];
        machine = *old;
        assert_int_equal(rig_boot(&machine), SIM_STARTED_APPLICATION);
        rig_update_set(package_make(2));
        (void)sim_run(&machine, rig_update_run);
        assert_int_equal(rig_boot(&machine), SIM_STARTED_APPLICATION);
        (void)sim_run(&machine, rig_accept_run);
        replayed = *old;
        for (unsigned i = 0; i < 2; i++) {
            uint32_t at = replayed.map.counter[i].off;
            memcpy(replayed.flash + at, machine.flash + at, replayed.map.counter[i].len);
            at = replayed.map.store[i].off;
            memcpy(replayed.flash + at, machine.flash + at, replayed.map.store[i].len);
        }
        for (wrong = 1, readings = wrong; readings >= wrong; wrong++) {
            machine = replayed;
            readings = 0;
            assert_int_not_equal(sim_run(&machine, rig_boot_run), SIM_STARTED_APPLICATION);
        }
        assert_true(wrong > 3);
    }
}

/* All records of `kind` are programmed over: for that no erase is needed. */
static void records_void(enum counter_kind kind)
{
    for (unsigned i = 0; i < 2; i++) {
        uint8_t *page = machine.flash + machine.map.counter[i].off;
        for (uint32_t off = 0; off < machine.map.counter[i].len; off += COUNTER_RECORD_LEN) {
            if (page[off + 2] == kind) {
                memset(page + off, 0, COUNTER_RECORD_LEN);
            }
        }
    }
}

static void lost_security_counter_ends_in_halt(void **state)
{
    static const enum counter_kind kinds[] = { COUNTER_APP, COUNTER_SBM };
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        (void)setup(state);
        records_void(kinds[i]);
        assert_int_equal(sim_run(&machine, rig_boot_run), SIM_ASLEEP);
        assert_non_null(strstr(machine.log, status_text(STATUS_BOOT_STATE_DAMAGED)));
    }
    (void)setup(state);
    for (unsigned i = 0; i < 2; i++) {
        memset(machine.flash + machine.map.counter[i].off, machine.map.erased, machine.map.counter[i].len);
    }
    assert_int_equal(sim_run(&machine, rig_boot_run), SIM_ASLEEP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(either_page_alone_carries_a_counter_on, setup),
        cmocka_unit_test_setup(update_is_confirmed_with_one_page_dead, setup),
        cmocka_unit_test_setup(trial_that_cannot_be_counted_is_not_started, setup),
        cmocka_unit_test_setup(one_wrong_reading_starts_no_older_sbm, setup),
        cmocka_unit_test_setup(one_wrong_reading_starts_no_older_application, setup),
        cmocka_unit_test_setup(lost_security_counter_ends_in_halt, setup),
    };
    return cmocka_run_group_tests(tests, group_setup, NULL);
}
