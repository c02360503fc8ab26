/* SPDX-License-Identifier: Apache-2.0 */
/* dashboard_tally_test: what happened at the sockets is what is told. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/dashboard/tally.h"
#include "tests/unit/host_support.h"
#include "tests/unit/test.h"

#define UID "00112233445566778899aabbccddeeff"

static struct tally *tally;
static struct dashboard_line line;
static uint64_t clock_ms;

static uint64_t now_ms(void)
{
    return clock_ms;
}

static int begin(void **state)
{
    struct fault fault = FAULT_NONE;
    (void)state;
    clock_ms = 1800000000000u;
    support_check(tally_make(now_ms, &tally, &fault), &fault);
    return 0;
}

static int end(void **state)
{
    (void)state;
    tally_free(tally);
    return 0;
}

static void tell(void)
{
    memset(&line, 0xA5, sizeof line); /* all that is told must be written */
    tally_tell(tally, &line);
}

static void unit_make(size_t place, uint64_t step_ms)
{
    tally_begin(tally, place, "S1");
    tally_step(tally, place, "Writing", "");
    clock_ms += step_ms;
    tally_step(tally, place, "Locking", UID);
    clock_ms += 10;
    tally_done(tally, place);
}

static void steps_that_came_in_one_letter_share_the_time_as_the_station_says(void **state)
{
    (void)state;
    size_t place = tally_enter(tally, "east");
    tally_begin(tally, place, "A1");
    tally_step(tally, place, "Storing", UID);
    clock_ms += 1000;
    tally_step_after(tally, place, "Writing", UID, 300);
    tally_step_after(tally, place, "Checking", UID, 500);
    tally_step(tally, place, "Locking", UID);          /* the rest was Checking's */
    tally_step_after(tally, place, "Seeing", UID, 77); /* no time has passed: so much cannot be */
    tally_done(tally, place);
    tell();
    static const struct {
        const char *step;
        uint32_t ms;
    } all[] = { { "Storing", 300 }, { "Writing", 500 }, { "Checking", 200 }, { "Locking", 0 }, { "Seeing", 0 } };
    assert_int_equal(line.step_count, sizeof all / sizeof all[0]);
    for (size_t i = 0; i < line.step_count; i++) {
        assert_string_equal(line.steps[i].step, all[i].step);
        assert_int_equal(line.steps[i].median_ms, all[i].ms);
    }
    tally_step_after(tally, 0, "x", "", 1);
}

static void socket_shows_each_state_in_turn(void **state)
{
    (void)state;
    size_t place = tally_enter(tally, "east");
    tell();
    assert_int_equal(line.sockets_total, 1);
    assert_int_equal(line.stations, 1);
    assert_int_equal(line.sockets[0].state, DASHBOARD_SOCKET_IDLE);
    tally_begin(tally, place, "A1");
    tally_step(tally, place, "Writing", "");
    clock_ms += 5000;
    tally_step(tally, place, "Writing", UID); /* the same step goes on */
    tell();
    assert_int_equal(line.sockets[0].state, DASHBOARD_SOCKET_WORKING);
    assert_string_equal(line.sockets[0].socket, "A1");
    assert_string_equal(line.sockets[0].uid, UID);
    assert_int_equal(line.sockets[0].since, 1800000000u);
    tally_done(tally, place);
    tell();
    assert_int_equal(line.sockets[0].state, DASHBOARD_SOCKET_DONE);
    assert_int_equal(line.good, 1);
    tally_leave(tally, place);
    tell();
    assert_int_equal(line.sockets_total, 0);
    assert_int_equal(line.failure_count, 0);
}

static void failures_of_one_reason_are_one_row_newest_first(void **state)
{
    (void)state;
    size_t place = tally_enter(tally, "east");
    tally_begin(tally, place, "A1");
    tally_fail(tally, place, "chip " UID ": quarantined", "keep it", 1);
    tally_fail(tally, place, "the port is closed", "look", 0);
    clock_ms += 1000;
    tally_begin(tally, place, "A2");
    tally_step(tally, place, "Writing", UID);
    tally_fail(tally, place, "chip ffeeddccbbaa99887766554433221100: quarantined", "keep it", 1);
    tell();
    assert_int_equal(line.failure_count, 2);
    assert_string_equal(line.failures[0].reason, "chip \xe2\x80\xa6: quarantined");
    assert_int_equal(line.failures[0].count, 2);
    assert_int_equal(line.failures[0].last, 1800000001u);
    assert_int_equal(line.failures[0].alarm, 1);
    assert_string_equal(line.failures[0].socket, "A2");
    assert_string_equal(line.failures[0].uid, UID);
    assert_string_equal(line.failures[1].reason, "the port is closed");
    assert_int_equal(line.tried, 3);
    assert_int_equal(line.good, 0);
    assert_int_equal(line.sockets[0].state, DASHBOARD_SOCKET_FAILED);
}

static void number_of_a_unit_makes_no_reason_of_its_own(void **state)
{
    (void)state;
    size_t place = tally_enter(tally, "st");
    tally_fail(tally, place, "unit 3: this unique ID came before", "keep it", 1);
    tally_fail(tally, place, "unit 12: this unique ID came before", "keep it", 1);
    tally_fail(tally, place, "package 1: its quota of 4 units is used up", "ask", 0);
    tell();
    assert_int_equal(line.failure_count, 2);
    assert_int_equal(line.failures[1].count, 2);
    assert_string_equal(line.failures[1].reason, "unit \xe2\x80\xa6: this unique ID came before");
    assert_string_equal(line.failures[0].reason, "package 1: its quota of 4 units is used up");
}

static void more_reasons_than_rows_push_out_the_oldest(void **state)
{
    char reason[32];
    (void)state;
    size_t place = tally_enter(tally, "east");
    for (int i = 0; i <= DASHBOARD_FAILURES_MAX; i++) {
        (void)snprintf(reason, sizeof reason, "reason %d", i);
        tally_fail(tally, place, reason, "", 0);
    }
    tell();
    assert_int_equal(line.failure_count, DASHBOARD_FAILURES_MAX);
    assert_string_equal(line.failures[0].reason, "reason 32");
    assert_string_equal(line.failures[DASHBOARD_FAILURES_MAX - 1].reason, "reason 1");
}

static void alarm_is_not_pushed_out(void **state)
{
    char reason[64];
    (void)state;
    size_t place = tally_enter(tally, "st");
    tally_fail(tally, place, "a copied chip", "keep it", 1);
    for (int i = 0; i < 2 * DASHBOARD_FAILURES_MAX; i++) {
        (void)snprintf(reason, sizeof reason, "reason %d", i);
        tally_fail(tally, place, reason, "", 0);
    }
    tell();
    assert_int_equal(line.failure_count, DASHBOARD_FAILURES_MAX);
    assert_string_equal(line.failures[0].reason, "reason 63");
    assert_string_equal(line.failures[DASHBOARD_FAILURES_MAX - 1].reason, "a copied chip");
}

static void station_that_goes_away_with_a_chip_is_a_failure(void **state)
{
    (void)state;
    size_t place = tally_enter(tally, "east");
    tally_begin(tally, place, "A1");
    tally_step(tally, place, "Locking", UID);
    tally_leave(tally, place);
    tell();
    assert_int_equal(line.failure_count, 1);
    assert_non_null(strstr(line.failures[0].reason, "went away in the middle: Locking"));
    assert_int_equal(line.sockets_total, 0);
}

static void times_of_steps_are_those_of_the_clock(void **state)
{
    (void)state;
    size_t place = tally_enter(tally, "east");
    for (uint64_t i = 1; i <= 100; i++) {
        unit_make(place, 10 * i);
    }
    tell();
    assert_int_equal(line.step_count, 2);
    assert_string_equal(line.steps[0].step, "Writing");
    assert_int_equal(line.steps[0].count, 100);
    assert_int_equal(line.steps[0].median_ms, 500);
    assert_int_equal(line.steps[0].slow_ms, 950);
    assert_int_equal(line.steps[1].median_ms, 10);
    clock_ms -= 3600000; /* set back */
    unit_make(place, 7);
    tell();
    assert_int_equal(line.steps[0].count, 101);
}

static void newest_samples_count(void **state)
{
    (void)state;
    size_t place = tally_enter(tally, "east");
    for (int i = 0; i < 2 * TALLY_SAMPLES; i++) {
        unit_make(place, i < TALLY_SAMPLES ? 9000 : 20);
    }
    tell();
    assert_int_equal(line.steps[0].slow_ms, 20);
}

static void rate_moves_with_the_minutes(void **state)
{
    (void)state;
    size_t place = tally_enter(tally, "east");
    unit_make(place, 1);
    unit_make(place, 1);
    clock_ms += 3 * 60000;
    unit_make(place, 1);
    tell();
    assert_int_equal(line.minutes[DASHBOARD_MINUTES - 1], 1);
    assert_int_equal(line.minutes[DASHBOARD_MINUTES - 4], 2);
    clock_ms += 57 * 60000;
    tell();
    assert_int_equal(line.minutes[DASHBOARD_MINUTES - 58], 1);
    clock_ms += 1000u * 60000u;
    tell();
    for (size_t i = 0; i < DASHBOARD_MINUTES; i++) {
        assert_int_equal(line.minutes[i], 0);
    }
    assert_int_equal(line.good, 3);
}

static void sockets_keep_their_order_as_people_count(void **state)
{
    static const char *const names[] = { "S10", "S2", "S1" };
    (void)state;
    for (size_t i = 0; i < 6; i++) {
        tally_begin(tally, tally_enter(tally, i < 3 ? "west" : "east"), names[i % 3]);
    }
    tell();
    assert_int_equal(line.stations, 2);
    assert_string_equal(line.sockets[0].station, "east");
    assert_string_equal(line.sockets[0].socket, "S1");
    assert_string_equal(line.sockets[1].socket, "S2");
    assert_string_equal(line.sockets[2].socket, "S10");
    assert_string_equal(line.sockets[3].station, "west");
}

static void all_places_taken_is_no_harm(void **state)
{
    (void)state;
    size_t last = 0;
    for (size_t i = 0; i < TALLY_PLACES; i++) {
        last = tally_enter(tally, "east");
        assert_int_equal(last, i + 1);
    }
    assert_int_equal(tally_enter(tally, "east"), 0);
    tally_begin(tally, 0, "A1");
    tally_step(tally, 0, "x", "");
    tally_done(tally, 0);
    tally_fail(tally, 0, "x", "", 0);
    tally_leave(tally, 0);
    tell();
    assert_int_equal(line.sockets_total, TALLY_PLACES);
    assert_int_equal(line.socket_count, DASHBOARD_SOCKETS_MAX);
    assert_int_equal(line.tried, 0);
    tally_leave(tally, last);
    assert_int_equal(tally_enter(tally, "west"), last);
}

static void new_package_begins_anew(void **state)
{
    (void)state;
    size_t place = tally_enter(tally, "east");
    unit_make(place, 5);
    tally_fail(tally, place, "x", "", 0);
    tally_reset(tally);
    tell();
    assert_int_equal(line.tried, 0);
    assert_int_equal(line.failure_count, 0);
    assert_int_equal(line.step_count, 0);
    assert_int_equal(line.minutes[DASHBOARD_MINUTES - 1], 1); /* the rate is the line's, not the package's */
    assert_int_equal(line.sockets_total, 1);
}

static void *many_make(void *context)
{
    size_t place = tally_enter(tally, context);
    for (int i = 0; i < 500; i++) {
        tally_begin(tally, place, "S1");
        tally_step(tally, place, "Writing", "");
        tally_done(tally, place);
        tally_fail(tally, place, "x", "", 0);
    }
    return NULL;
}

static void many_threads_lose_no_unit(void **state)
{
    pthread_t threads[8];
    (void)state;
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, many_make, i % 2 == 0 ? "east" : "west"), 0);
    }
    for (size_t i = 0; i < 8; i++) {
        tell();
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    tell();
    assert_int_equal(line.good, 4000);
    assert_int_equal(line.tried, 8000);
    assert_int_equal(line.failures[0].count, 4000);
    assert_int_equal(line.minutes[DASHBOARD_MINUTES - 1], 4000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(socket_shows_each_state_in_turn, begin, end),
        cmocka_unit_test_setup_teardown(steps_that_came_in_one_letter_share_the_time_as_the_station_says, begin, end),
        cmocka_unit_test_setup_teardown(failures_of_one_reason_are_one_row_newest_first, begin, end),
        cmocka_unit_test_setup_teardown(number_of_a_unit_makes_no_reason_of_its_own, begin, end),
        cmocka_unit_test_setup_teardown(more_reasons_than_rows_push_out_the_oldest, begin, end),
        cmocka_unit_test_setup_teardown(alarm_is_not_pushed_out, begin, end),
        cmocka_unit_test_setup_teardown(station_that_goes_away_with_a_chip_is_a_failure, begin, end),
        cmocka_unit_test_setup_teardown(times_of_steps_are_those_of_the_clock, begin, end),
        cmocka_unit_test_setup_teardown(newest_samples_count, begin, end),
        cmocka_unit_test_setup_teardown(rate_moves_with_the_minutes, begin, end),
        cmocka_unit_test_setup_teardown(sockets_keep_their_order_as_people_count, begin, end),
        cmocka_unit_test_setup_teardown(all_places_taken_is_no_harm, begin, end),
        cmocka_unit_test_setup_teardown(new_package_begins_anew, begin, end),
        cmocka_unit_test_setup_teardown(many_threads_lose_no_unit, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
