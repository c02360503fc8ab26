/* SPDX-License-Identifier: Apache-2.0 */
/* A unit that was reserved when its package ended, and a unit found by its instance ID: nothing is lost without trace.
 * The same tests run on SQLite and on a real server of PostgreSQL. */
#include "tests/unit/test.h"

#include <string.h>

#include "host/sign1/token.h"
#include "tests/unit/ledger_fraud.h"

static struct maker maker;
static struct fraud fraud;
static struct made early;
static struct made late;
static struct ledger *ledger;

/* Package 1 is left with one unit that got as far as this step; then package 2 is loaded. */
static void package_change(enum maker_step last, uint64_t quota)
{
    maker_open(&maker, 5, 1, 1);
    ledger = maker_ledger_open(&maker, ledger_place());
    maker_unit_make(&maker, ledger, 1, last, &early);
    maker_package_next(&maker, ledger, quota);
}

static void scene_end(void)
{
    ledger_close(ledger);
    made_free(&early);
    maker_close(&maker);
}

static struct ledger_package package_of(uint64_t number)
{
    struct ledger_package package;
    struct fault fault = FAULT_NONE;
    assert_int_equal(ledger_package_find(ledger, number, &package, &fault), 1);
    return package;
}

static struct audit_result audited;

static int finding_fail(void)
{
    struct fault fault = FAULT_NONE;
    struct audit_config config = audit_config_of(&maker);
    audit_expect_clean(&maker);
    support_check(ledger_audit(&config, &audited, &fault), &fault);
    return audited.package_count == 2 ? 0 : -1;
}

static void unit_without_a_grant_goes_on_in_the_next_package(void **state)
{
    (void)state;
    package_change(MAKE_RESERVE, 2);
    maker_unit_go_on(&maker, ledger, MAKE_RESERVE, MAKE_CLOSE, &early);
    assert_int_equal(early.unit.number, 1);
    assert_int_equal(early.unit.package, 2);
    assert_int_equal(package_of(1).reserved, 0);
    assert_int_equal(package_of(2).reserved, 1);
    assert_int_equal(package_of(2).done, 1);
    assert_int_equal(finding_fail(), 0);
    assert_int_equal(audited.packages[0].moved, 1);
    assert_int_equal(audited.packages[0].reserved, 0);
    assert_int_equal(audited.packages[1].moved, 0);
    assert_int_equal(audited.packages[1].reserved, 1);
    audit_result_free(&audited);
    scene_end();
}

static void asked_again_it_is_moved_once(void **state)
{
    (void)state;
    package_change(MAKE_RESERVE, 2);
    for (int i = 0; i < 3; i++) {
        maker_unit_go_on(&maker, ledger, MAKE_RESERVE, MAKE_RESERVE, &early);
    }
    fraud_load(&fraud);
    assert_int_equal(fraud_find(&fraud, EVENT_MOVED, 0), fraud.count - 1);
    assert_int_equal(package_of(2).reserved, 1);
    scene_end();
}

static void unit_with_a_grant_stays_in_its_package(void **state)
{
    (void)state;
    package_change(MAKE_GRANT, 2);
    maker_unit_go_on(&maker, ledger, MAKE_RESERVE, MAKE_RESERVE, &early);
    assert_int_equal(early.unit.package, 1);
    maker_unit_go_on(&maker, ledger, MAKE_CERTIFY, MAKE_CLOSE, &early);
    assert_int_equal(package_of(1).done, 1);
    assert_int_equal(package_of(2).reserved, 0);
    audit_expect_clean(&maker);
    scene_end();
}

static void it_counts_against_the_next_quota(void **state)
{
    struct fault fault = FAULT_NONE;
    (void)state;
    package_change(MAKE_RESERVE, 1);
    maker_unit_make(&maker, ledger, 2, MAKE_CLOSE, &late);
    const struct ledger_claim claim = { early.uid, early.identity_key, early.update_key, 2 };
    support_check_refused(ledger_unit_reserve(ledger, &claim, &early.unit, &fault), &fault, "quota of 1 units");
    assert_int_equal(package_of(1).reserved, 1); /* where everybody sees it */
    audit_expect_clean(&maker);
    struct audit_config config = audit_config_of(&maker);
    config.final = 1;
    audit_expect_with(&config, "no receipt");
    made_free(&late);
    scene_end();
}

/* Somebody who owns the database writes the event that he would like. */
static void move_plant(uint64_t from, uint64_t to)
{
    struct fraud_row row;
    fraud_load(&fraud);
    row = fraud.rows[fraud.count - 1];
    struct cbor_writer w = cbor_writer_of(row.body, sizeof row.body);
    const struct event_body body = { .uid = bytes_of(early.uid, 16), .package_from = from, .package = to };
    event_body_build(EVENT_MOVED, &body, &w);
    row.len = w.len;
    row.kind = EVENT_MOVED;
    fraud.rows[fraud.count++] = row;
    fraud_store(&fraud, 1);
}

static void move_of_a_granted_unit_is_found(void **state)
{
    (void)state;
    package_change(MAKE_CLOSE, 2);
    move_plant(1, 2);
    audit_expect(&maker, "MOVED breaks a rule: unit 1: it has its grant");
    scene_end();
}

static void move_into_a_package_that_is_not_the_last_is_found(void **state)
{
    (void)state;
    package_change(MAKE_RESERVE, 2);
    move_plant(1, 3);
    audit_expect(&maker, "not the one that this appliance loaded last");
    scene_end();
}

static void move_that_names_another_package_is_found(void **state)
{
    (void)state;
    package_change(MAKE_RESERVE, 2);
    move_plant(2, 2);
    audit_expect(&maker, "MOVED breaks a rule");
    scene_end();
}

static void unit_is_found_by_its_instance_id(void **state)
{
    struct fault fault = FAULT_NONE;
    struct ledger_unit unit;
    uint8_t instance[LEDGER_INSTANCE_LEN];
    (void)state;
    package_change(MAKE_GRANT, 2);
    maker_unit_make(&maker, ledger, 2, MAKE_CLOSE, &late);
    token_instance_id(late.identity_key, instance);
    assert_int_equal(ledger_unit_by_instance(ledger, instance, &unit, &fault), 1);
    assert_int_equal(unit.number, 2);
    assert_memory_equal(unit.uid, late.uid, 16);
    instance[0] = 0x02; /* an instance ID of another kind */
    assert_int_equal(ledger_unit_by_instance(ledger, instance, &unit, &fault), 0);
    token_instance_id(late.update_key, instance);
    assert_int_equal(ledger_unit_by_instance(ledger, instance, &unit, &fault), 0);
    made_free(&late);
    scene_end();
}

#define ALL                                                                                                            \
    LEDGER_TEST(unit_without_a_grant_goes_on_in_the_next_package), LEDGER_TEST(asked_again_it_is_moved_once),          \
        LEDGER_TEST(unit_with_a_grant_stays_in_its_package), LEDGER_TEST(it_counts_against_the_next_quota),            \
        LEDGER_TEST(move_of_a_granted_unit_is_found), LEDGER_TEST(move_into_a_package_that_is_not_the_last_is_found),  \
        LEDGER_TEST(move_that_names_another_package_is_found), LEDGER_TEST(unit_is_found_by_its_instance_id)

int main(void)
{
    const struct CMUnitTest file[] = { ALL };
    const struct CMUnitTest server[] = { ALL };
    int failed = cmocka_run_group_tests_name("sqlite", file, NULL, NULL);
    return failed + cmocka_run_group_tests_name("postgresql", server, ledger_server_setup, ledger_server_teardown);
}
