/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger's counting: packages and their quota, what is recorded once, many callers at once. The same tests run on
 * SQLite and on a real server of PostgreSQL. */
#include "tests/unit/test.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "host/ledger/ledger.h"
#include "tests/unit/ledger_support.h"

static int unit_count(void *context, const struct ledger_unit *unit)
{
    size_t *count = context;
    (*count)++;
    assert_int_equal(unit->number, *count);
    return 0;
}

/* ---- packages and their quota ---- */

static struct ledger_package package_of(uint64_t number, uint64_t quota)
{
    struct ledger_package p = { .number = number, .quota = quota, .block = 1, .not_after = 4000000000 };
    memset(p.digest, (int)number, sizeof p.digest);
    return p;
}

static void quota_of_a_package_is_kept(void **state)
{
    struct ledger *ledger = ledger_new();
    const struct ledger_package package = package_of(7, 2);
    struct ledger_package found;
    struct ledger_unit unit;
    struct fault fault = FAULT_NONE;
    (void)state;
    support_check(ledger_package_load(ledger, &package, &fault), &fault);
    for (uint8_t i = 1; i <= 4; i++) {
        struct ledger_keys k = ledger_keys_of((uint8_t)(i > 2 ? 3 : i), (uint8_t)(i > 2 ? 3 : i));
        const struct ledger_claim claim = { k.uid, k.identity, k.update, 7 };
        fault = FAULT_NONE;
        int result = ledger_unit_reserve(ledger, &claim, &unit, &fault);
        if (i <= 2) {
            support_check(result, &fault);
            support_check(ledger_unit_reserve(ledger, &claim, &unit, &fault), &fault); /* again: uncounted */
        } else {
            support_check_refused(result, &fault, "quota");
        }
    }
    fault = FAULT_NONE;
    assert_int_equal(ledger_package_find(ledger, 0, &found, &fault), 1);
    assert_int_equal(found.number, 7);
    assert_int_equal(found.reserved, 2);
    assert_int_equal(found.quota, 2);
    assert_memory_equal(found.digest, package.digest, 32);
    ledger_close(ledger);
}

static void scrapped_unit_makes_room_for_one_more(void **state)
{
    struct ledger *ledger = ledger_new();
    const struct ledger_package package = package_of(1, 1);
    struct ledger_keys k[2] = { ledger_keys_of(1, 1), ledger_keys_of(2, 2) };
    const struct ledger_claim first = { k[0].uid, k[0].identity, k[0].update, 1 };
    const struct ledger_claim second = { k[1].uid, k[1].identity, k[1].update, 1 };
    const struct bytes order = bytes_of("order", 5);
    struct ledger_unit unit;
    struct fault fault = FAULT_NONE;
    (void)state;
    support_check(ledger_package_load(ledger, &package, &fault), &fault);
    support_check(ledger_unit_reserve(ledger, &first, &unit, &fault), &fault);
    support_check_refused(ledger_unit_reserve(ledger, &second, &unit, &fault), &fault, "quota");
    fault = FAULT_NONE;
    support_check(ledger_unit_scrap(ledger, k[0].uid, order, &fault), &fault);
    support_check(ledger_unit_scrap(ledger, k[0].uid, order, &fault), &fault); /* credited once */
    support_check(ledger_unit_reserve(ledger, &second, &unit, &fault), &fault);
    assert_int_equal(unit.number, 2);
    support_check_refused(ledger_unit_reserve(ledger, &first, &unit, &fault), &fault, "scrapped");
    ledger_close(ledger);
}

static void older_package_is_refused_and_the_same_is_resumed(void **state)
{
    struct ledger *ledger = ledger_new();
    const struct ledger_package two = package_of(2, 5);
    const struct ledger_package one = package_of(1, 5);
    struct ledger_package other = two;
    struct fault fault = FAULT_NONE;
    (void)state;
    other.digest[0] ^= 1;
    support_check(ledger_package_load(ledger, &two, &fault), &fault);
    support_check(ledger_package_load(ledger, &two, &fault), &fault);
    support_check_refused(ledger_package_load(ledger, &one, &fault), &fault, "package 2 already");
    fault = FAULT_NONE;
    support_check_refused(ledger_package_load(ledger, &other, &fault), &fault, "package 2 already");
    ledger_close(ledger);
}

static void same_answer_recorded_twice_is_one_event(void **state)
{
    struct ledger *ledger = ledger_new();
    struct ledger_keys a = ledger_keys_of(1, 1);
    struct ledger_unit unit;
    struct fault fault = FAULT_NONE;
    const struct bytes grant = bytes_of("grant", 5);
    const struct bytes other = bytes_of("other", 5);
    (void)state;
    support_check(ledger_keys_reserve(ledger, &a, &unit, &fault), &fault);
    support_check(ledger_unit_grant(ledger, a.uid, 0, grant, &fault), &fault);
    support_check(ledger_unit_grant(ledger, a.uid, 0, grant, &fault), &fault);
    support_check_refused(ledger_unit_grant(ledger, a.uid, 0, other, &fault), &fault, "grant already");
    fault = FAULT_NONE;
    ledger_keys_certify(ledger, &a);
    ledger_keys_certify(ledger, &a);
    assert_int_equal(ledger_unit_find(ledger, a.uid, &unit, &fault), 1);
    assert_int_equal(unit.grant_len, 5);
    assert_memory_equal(unit.grant, "grant", 5);
    ledger_close(ledger);
    /* Opened, reserved, granted, certified: with another count the new row would lack its position. */
    ledger_sql("INSERT INTO loads SELECT chain, 9, CASE count(*) WHEN 4 THEN 1 END FROM events GROUP BY chain", 1);
}

/* ---- many at once ---- */

#define CALLERS 64
#define ROUNDS 8

struct caller {
    struct ledger *ledger;
    unsigned index;
    unsigned refused;
};

static void *caller_run(void *context)
{
    struct caller *caller = context;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct ledger_keys k = ledger_keys_of(0, 0);
        struct ledger_unit unit;
        struct fault fault = FAULT_NONE;
        uint32_t name = caller->index << 8 | round;
        memcpy(k.uid, &name, sizeof name);
        memcpy(k.identity, &name, sizeof name);
        memcpy(k.update, &name, sizeof name);
        const struct ledger_claim claim = { k.uid, k.identity, k.update, 1 };
        caller->refused += ledger_unit_reserve(caller->ledger, &claim, &unit, &fault) != 0;
    }
    return NULL;
}

/* Each is durable when it returns, none is lost, none too many, and numbers have no gap. */
static void many_callers_share_commits_and_the_quota_holds(void **state)
{
    struct ledger *ledger = ledger_new();
    const struct ledger_package package = package_of(1, CALLERS * ROUNDS - 10);
    struct caller callers[CALLERS];
    pthread_t threads[CALLERS];
    struct fault fault = FAULT_NONE;
    unsigned refused = 0;
    size_t count = 0;
    (void)state;
    support_check(ledger_package_load(ledger, &package, &fault), &fault);
    for (unsigned i = 0; i < CALLERS; i++) {
        callers[i] = (struct caller){ ledger, i + 1, 0 };
        assert_int_equal(pthread_create(&threads[i], NULL, caller_run, &callers[i]), 0);
    }
    for (unsigned i = 0; i < CALLERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        refused += callers[i].refused;
    }
    assert_int_equal(refused, 10);
    support_check(ledger_unit_walk(ledger, unit_count, &count, &fault), &fault);
    assert_int_equal(count, CALLERS * ROUNDS - 10);
    ledger_close(ledger);
}

/* ---- what the TPM counted ---- */

struct gaps {
    size_t count;
    uint64_t ends[8][2];
};

static int gap_note(void *context, uint64_t from, uint64_t to)
{
    struct gaps *gaps = context;
    assert_true(gaps->count < 8);
    gaps->ends[gaps->count][0] = from;
    gaps->ends[gaps->count++][1] = to;
    return 0;
}

/* Grants hold 2, twice as units of one block do, and 6; SPENT events 8 to 9, and 4, which came later. */
static void counts_that_nobody_holds_are_found(void **state)
{
    static const uint64_t granted[] = { 6, 2, 2 };
    struct ledger *ledger = ledger_new();
    struct fault fault = FAULT_NONE;
    struct ledger_unit unit;
    struct gaps gaps = { 0 };
    uint64_t highest = 0;
    (void)state;
    for (uint8_t i = 0; i < 3; i++) {
        const struct ledger_keys k = ledger_keys_of((uint8_t)(i + 1), (uint8_t)(i + 1));
        support_check(ledger_keys_reserve(ledger, &k, &unit, &fault), &fault);
        support_check(ledger_unit_grant(ledger, k.uid, granted[i], bytes_of("grant", 5), &fault), &fault);
    }
    support_check(ledger_spent_record(ledger, 7, 9, "test", &fault), &fault);
    support_check(ledger_spent_record(ledger, 3, 4, "test", &fault), &fault);
    support_check(ledger_gap_walk(ledger, gap_note, &gaps, &highest, &fault), &fault);
    const uint64_t expected[][2] = { { 0, 1 }, { 2, 3 }, { 4, 5 }, { 6, 7 } };
    assert_int_equal(highest, 9);
    assert_int_equal(gaps.count, 4);
    assert_memory_equal(gaps.ends, expected, sizeof expected);
    assert_int_equal(ledger_count_find(ledger, 6, &fault), 1);
    assert_int_equal(ledger_count_find(ledger, 4, &fault), 0);
    ledger_close(ledger);
}

/* An appliance that did not hear of a commit asks again, and is told by nobody what was committed. */
static void count_is_held_once_however_often_it_is_asked_for(void **state)
{
    const struct ledger_keys k = ledger_keys_of(1, 1);
    struct ledger *ledger = ledger_new();
    struct fault fault = FAULT_NONE;
    struct ledger_unit unit;
    (void)state;
    support_check(ledger_keys_reserve(ledger, &k, &unit, &fault), &fault);
    support_check(ledger_unit_grant(ledger, k.uid, 7, bytes_of("grant", 5), &fault), &fault);
    support_check(ledger_spent_record(ledger, 6, 7, "its grant is on record", &fault), &fault);
    support_check(ledger_spent_record(ledger, 7, 9, "test", &fault), &fault);
    support_check(ledger_spent_record(ledger, 7, 9, "in other words", &fault), &fault);
    ledger_sql("CREATE UNIQUE INDEX one ON events (kind) WHERE kind = 9", 1); /* SPENT */
    support_check_refused(ledger_spent_record(ledger, 9, 10, "test", &fault), &fault, "ledger");
    ledger_close(ledger);
}

/* Asked for together: the order stays, and a certificate does not come before its grant. */
static void certificate_without_its_grant_is_refused(void **state)
{
    struct ledger *ledger = ledger_new();
    const struct ledger_keys known = ledger_keys_of(1, 1);
    const struct ledger_keys unknown = ledger_keys_of(2, 2);
    const struct cert cert = { { 0x30, 1 }, 2 };
    const struct bytes item = bytes_of("grant", 5);
    struct fault fault = FAULT_NONE;
    struct fault other = FAULT_NONE;
    struct ledger_unit unit;
    (void)state;
    support_check(ledger_keys_reserve(ledger, &known, &unit, &fault), &fault);
    struct ledger_pending *grant = ledger_unit_grant_begin(ledger, unknown.uid, 0, item, &fault);
    struct ledger_pending *certs = ledger_unit_certify_begin(ledger, known.uid, &cert, &cert, grant, &fault);
    support_check_refused(ledger_pending_end(certs, &fault), &fault, "what comes before");
    support_check_refused(ledger_pending_end(grant, &other), &other, "");
    assert_int_equal(ledger_unit_find(ledger, known.uid, &unit, &fault), 1);
    assert_int_equal(unit.device_cert.len, 0);
    fault = FAULT_NONE;
    grant = ledger_unit_grant_begin(ledger, known.uid, 0, item, &fault);
    certs = ledger_unit_certify_begin(ledger, known.uid, &cert, &cert, grant, &fault);
    support_check(ledger_pending_end(certs, &fault), &fault);
    support_check(ledger_pending_end(grant, &fault), &fault);
    assert_int_equal(ledger_unit_find(ledger, known.uid, &unit, &fault), 1);
    assert_int_equal(unit.device_cert.len, 2);
    assert_int_equal(unit.grant_len, 5);
    ledger_close(ledger);
}

#define BOTH                                                                                                           \
    LEDGER_TEST(quota_of_a_package_is_kept), LEDGER_TEST(scrapped_unit_makes_room_for_one_more),                       \
        LEDGER_TEST(older_package_is_refused_and_the_same_is_resumed),                                                 \
        LEDGER_TEST(same_answer_recorded_twice_is_one_event), LEDGER_TEST(counts_that_nobody_holds_are_found),         \
        LEDGER_TEST(count_is_held_once_however_often_it_is_asked_for),                                                 \
        LEDGER_TEST(certificate_without_its_grant_is_refused),                                                         \
        LEDGER_TEST(many_callers_share_commits_and_the_quota_holds)

int main(void)
{
    const struct CMUnitTest file[] = { BOTH };
    const struct CMUnitTest server[] = { BOTH };
    int failed = cmocka_run_group_tests_name("sqlite", file, NULL, NULL);
    return failed + cmocka_run_group_tests_name("postgresql", server, ledger_server_setup, ledger_server_teardown);
}
