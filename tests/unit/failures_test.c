/* SPDX-License-Identifier: Apache-2.0 */
/* A station that fails as fast as it can does not fill the ledger, and hides nobody else's failures. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <string.h>

#include "host/appliance/failures.h"
#include "host/ledger/events.h"
#include "host/ledger/store.h"
#include "tests/unit/host_support.h"

static struct failures failures;
static struct ledger *ledger;

static int setup(void **state)
{
    struct fault fault = FAULT_NONE;
    (void)state;
    (void)support_folder_make();
    const struct ledger_config config = { .place = support_path("ledger.db"), .mode = LEDGER_WRITE };
    support_check(ledger_open(&config, &ledger, &fault), &fault);
    failures_init(&failures, ledger);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    failures_close(&failures);
    ledger_close(ledger);
    support_folder_remove();
    return 0;
}

static void fail_often(const char *station, int64_t minute, unsigned count)
{
    const struct ledger_failure failure = { .socket = "A1", .step = "step", .code = 3, .text = "it broke" };
    for (unsigned i = 0; i < count; i++) {
        failures_take(&failures, station, minute, &failure);
    }
}

struct look {
    unsigned plain;
    unsigned sums;
    unsigned newcomers;
    char last[LEDGER_TEXT_MAX]; /* of the sums */
};

static int row_look(void *context, const struct store_value *c)
{
    struct look *look = context;
    struct event_body body;
    look->newcomers += c[4].number == EVENT_QUARANTINED;
    if (c[4].number != EVENT_FAILED) {
        return 0;
    }
    assert_int_equal(event_body_parse(EVENT_FAILED, c[5].bytes, &body), STATUS_OK);
    int sum = body.step.len == 0;
    look->sums += (unsigned)sum;
    look->plain += (unsigned)!sum;
    if (sum) {
        (void)snprintf(look->last, sizeof look->last, "%.*s", (int)body.text.len, (const char *)body.text.data);
    }
    return 0;
}

static struct look ledger_look(void)
{
    struct store store = { 0 };
    struct look look = { 0, 0, 0, "" };
    struct fault fault = FAULT_NONE;
    const struct store_value arguments[] = { store_number(0), store_number(100000) };
    const struct store_query query = { STORE_EVENTS_AFTER, arguments, 2, row_look, &look };
    support_check(store_open(support_path("ledger.db"), LEDGER_READ, &store, &fault), &fault);
    support_check(store_run(&store, &query, &fault), &fault);
    store_close(&store);
    return look;
}

static void one_station_fills_no_more_than_its_minute(void **state)
{
    (void)state;
    fail_often("line-1", 7, FAILURES_A_MINUTE + 500);
    struct look look = ledger_look();
    assert_int_equal(look.plain, FAILURES_A_MINUTE);
    assert_int_equal(look.sums, 0);
    fail_often("line-1", 8, 1);
    look = ledger_look();
    assert_int_equal(look.plain, FAILURES_A_MINUTE + 1);
    assert_int_equal(look.sums, 1);
    assert_string_equal(look.last, "station line-1: 500 more failures in one minute, not recorded one by one");
    assert_int_equal(failures.recorded, FAILURES_A_MINUTE + 1);
    assert_int_equal(failures.left_out, 500);
}

static void others_are_recorded_meanwhile(void **state)
{
    (void)state;
    fail_often("line-1", 7, 1000);
    fail_often("line-2", 7, 3);
    assert_int_equal(ledger_look().plain, FAILURES_A_MINUTE + 3);
}

static void what_was_only_counted_is_recorded_at_the_end_once(void **state)
{
    (void)state;
    fail_often("line-1", 7, FAILURES_A_MINUTE + 2);
    fail_often("line-2", 7, FAILURES_A_MINUTE);
    failures_settle(&failures);
    failures_settle(&failures);
    struct look look = ledger_look();
    assert_int_equal(look.sums, 1);
    assert_non_null(strstr(look.last, "line-1: 2 more"));
}

static void many_stations_push_out_the_oldest_and_lose_no_count(void **state)
{
    char name[32];
    (void)state;
    fail_often("first", 1, FAILURES_A_MINUTE + 9);
    for (unsigned i = 0; i < FAILURES_STATIONS; i++) {
        (void)snprintf(name, sizeof name, "line-%u", i);
        fail_often(name, 2, 1);
    }
    struct look look = ledger_look();
    assert_int_equal(look.sums, 1);
    assert_non_null(strstr(look.last, "first: 9 more"));
}

/* A chip with this unique ID comes, with keys of this number. */
static int chip_come(uint8_t uid, uint32_t key)
{
    struct fault fault = FAULT_NONE;
    struct ledger_unit unit;
    uint8_t id[16] = { uid };
    uint8_t identity[64] = { 1, uid };
    uint8_t update[64] = { 2, uid };
    const struct ledger_claim claim = { id, identity, update, 0 };
    memcpy(identity + 2, &key, sizeof key);
    memcpy(update + 2, &key, sizeof key);
    return ledger_unit_reserve(ledger, &claim, &unit, &fault);
}

static void newcomers_beside_a_unit_in_quarantine_are_bounded(void **state)
{
    (void)state;
    assert_int_equal(chip_come(1, 0), 0);
    for (uint32_t key = 1; key <= 300; key++) {
        assert_int_equal(chip_come(1, key), -1);
    }
    assert_in_range(ledger_look().newcomers, 61, 122); /* a minute may end meanwhile */
    unsigned before = ledger_look().newcomers;
    assert_int_equal(chip_come(2, 0), 0);
    assert_int_equal(chip_come(2, 1), -1); /* the first of another unit always counts */
    assert_int_equal(chip_come(2, 0), -1);
    assert_int_equal(ledger_look().newcomers, before + 1);
}

#define FAILURES_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FAILURES_TEST(one_station_fills_no_more_than_its_minute),
        FAILURES_TEST(others_are_recorded_meanwhile),
        FAILURES_TEST(what_was_only_counted_is_recorded_at_the_end_once),
        FAILURES_TEST(newcomers_beside_a_unit_in_quarantine_are_bounded),
        FAILURES_TEST(many_stations_push_out_the_oldest_and_lose_no_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
