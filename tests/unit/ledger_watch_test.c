/* SPDX-License-Identifier: Apache-2.0 */
/* A ledger that is looked through while it is used, and units found by the beginning of their unique ID. The same tests
 * run on SQLite and on a real server of PostgreSQL. */
#include "tests/unit/test.h"

#include <string.h>

#include "host/lib/text.h"
#include "tests/unit/ledger_maker.h"
#include "tests/unit/ledger_support.h"

#define UNITS 5

static struct maker maker;
static struct made made[UNITS];
static struct ledger *ledger;
static struct ledger_watch watch;

static void scene_begin(void)
{
    maker_open(&maker, UNITS, 1, 1);
    ledger = maker_ledger_open(&maker, ledger_place());
    for (uint32_t i = 0; i < UNITS; i++) {
        maker_unit_make(&maker, ledger, i, MAKE_CLOSE, &made[i]);
    }
    memset(&watch, 0, sizeof watch);
}

static void scene_end(void)
{
    ledger_close(ledger);
    for (size_t i = 0; i < UNITS; i++) {
        made_free(&made[i]);
    }
    maker_close(&maker);
}

static int step(size_t max, struct fault *fault)
{
    *fault = (struct fault)FAULT_NONE;
    return ledger_watch_step(ledger, &watch, max, maker.points[MAKER_RECORDS], fault);
}

/* Looks until the end, or until something is found. */
static int look(struct fault *fault)
{
    int result = LEDGER_WATCH_MORE;
    for (unsigned i = 0; i < 100 && result == LEDGER_WATCH_MORE; i++) {
        result = step(4, fault);
    }
    return result;
}

static void sound_ledger_is_looked_through_and_followed(void **state)
{
    struct fault fault = FAULT_NONE;
    (void)state;
    scene_begin();
    assert_int_equal(step(4, &fault), LEDGER_WATCH_MORE);
    assert_int_equal(watch.seq, 4);
    assert_int_equal(look(&fault), LEDGER_WATCH_END);
    assert_true(watch.seq == 2 + 5 * UNITS && watch.events == watch.seq && watch.checkpoint == watch.seq);
    assert_true(watch.time > 1700000000);
    support_check(ledger_start_record(ledger, "again", &fault), &fault);
    assert_int_equal(step(4, &fault), LEDGER_WATCH_END);
    assert_int_equal(watch.seq, 3 + 5 * UNITS);
    scene_end();
}

static void damage_check(const char *sql, const char *said)
{
    struct fault fault = FAULT_NONE;
    scene_begin();
    assert_int_equal(look(&fault), LEDGER_WATCH_END);
    ledger_guards_drop();
    ledger_sql(sql, 1);
    if (strstr(sql, "checkpoints") == NULL) {
        memset(&watch, 0, sizeof watch); /* what was looked at before is looked at again, but not at once */
    }
    assert_int_equal(look(&fault), LEDGER_WATCH_DAMAGED);
    support_check_refused(-1, &fault, said);
    scene_end();
}

static void changed_event_is_found(void **state)
{
    (void)state;
    damage_check("UPDATE events SET time = time + 1 WHERE seq = 9", "event 9 is not linked");
}

static void dropped_event_is_found(void **state)
{
    (void)state;
    damage_check("DELETE FROM events WHERE seq = 7", "event 7 is not linked");
}

static void dropped_checkpoint_is_found_at_once(void **state)
{
    (void)state;
    damage_check("DELETE FROM checkpoints WHERE seq = (SELECT max(seq) FROM checkpoints)", "no checkpoint covers");
}

static void older_checkpoint_in_the_place_of_the_newest_is_found(void **state)
{
    (void)state;
    damage_check("UPDATE checkpoints SET body = (SELECT body FROM checkpoints WHERE seq = 5)"
                 " WHERE seq = (SELECT max(seq) FROM checkpoints)",
                 "the newest checkpoint is not one of this ledger");
}

static void checkpoints_of_another_key_are_found(void **state)
{
    struct fault fault = FAULT_NONE;
    (void)state;
    scene_begin();
    assert_int_equal(ledger_watch_step(ledger, &watch, 512, maker.points[MAKER_GRANT], &fault), LEDGER_WATCH_DAMAGED);
    support_check_refused(-1, &fault, "by this appliance's records key");
    scene_end();
}

/* ---- search ---- */

struct found {
    size_t count;
    struct ledger_unit units[UNITS];
};

static int unit_keep(void *context, const struct ledger_unit *unit)
{
    struct found *found = context;
    assert_true(found->count < UNITS);
    found->units[found->count++] = *unit;
    return 0;
}

static struct found found;

static uint64_t search(const char *prefix, size_t max)
{
    uint64_t total = 0;
    struct fault fault = FAULT_NONE;
    found.count = 0;
    support_check(ledger_unit_search(ledger, prefix, max, unit_keep, &found, &total, &fault), &fault);
    return total;
}

static void units_are_found_by_the_beginning_of_their_unique_id(void **state)
{
    char uid[33];
    char other[33];
    uint64_t count = 0;
    size_t all = 0;
    struct fault fault = FAULT_NONE;
    (void)state;
    scene_begin();
    text_hex(made[3].uid, 16, uid);
    assert_int_equal(search(uid, 20), 1);
    assert_int_equal(found.count, 1);
    assert_int_equal(found.units[0].number, made[3].unit.number);
    assert_true(found.units[0].device_cert.len > 0 && found.units[0].has_token);
    uid[31] = uid[31] == '0' ? '1' : '0';
    assert_int_equal(search(uid, 20), 0);
    for (char digit = '0'; digit <= 'f'; digit = digit == '9' ? 'a' : (char)(digit + 1)) {
        const char prefix[2] = { digit, '\0' };
        uint64_t total = search(prefix, 2);
        all += total;
        assert_int_equal(found.count, total < 2 ? total : 2);
        for (size_t i = 0; i < found.count; i++) {
            text_hex(found.units[i].uid, 16, other);
            assert_int_equal(other[0], digit);
        }
    }
    assert_int_equal(all, UNITS);
    support_check(ledger_unit_count(ledger, LEDGER_DONE, &count, &fault), &fault);
    assert_int_equal(count, UNITS);
    support_check(ledger_unit_count(ledger, LEDGER_QUARANTINED, &count, &fault), &fault);
    assert_int_equal(count, 0);
    scene_end();
}

#define BOTH                                                                                                           \
    LEDGER_TEST(sound_ledger_is_looked_through_and_followed), LEDGER_TEST(changed_event_is_found),                     \
        LEDGER_TEST(dropped_event_is_found), LEDGER_TEST(dropped_checkpoint_is_found_at_once),                         \
        LEDGER_TEST(older_checkpoint_in_the_place_of_the_newest_is_found),                                             \
        LEDGER_TEST(checkpoints_of_another_key_are_found),                                                             \
        LEDGER_TEST(units_are_found_by_the_beginning_of_their_unique_id)

int main(void)
{
    const struct CMUnitTest file[] = { BOTH };
    const struct CMUnitTest server[] = { BOTH };
    int failed = cmocka_run_group_tests_name("sqlite", file, NULL, NULL);
    return failed + cmocka_run_group_tests_name("postgresql", server, ledger_server_setup, ledger_server_teardown);
}
