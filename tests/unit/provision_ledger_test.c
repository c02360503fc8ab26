/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger: what it records once, what it refuses, and what it says of files that are no ledger. The same tests run
 * on SQLite and on a real server of PostgreSQL. */
#include "tests/unit/test.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/ledger/ledger.h"
#include "host/lib/p256.h"
#include "tests/unit/ledger_support.h"

static void same_chip_with_the_same_key_is_counted_once(void **state)
{
    struct ledger *ledger = ledger_new();
    struct ledger_keys a = ledger_keys_of(1, 1);
    struct ledger_keys b = ledger_keys_of(2, 2);
    struct ledger_unit unit;
    struct fault fault = FAULT_NONE;
    (void)state;
    support_check(ledger_keys_reserve(ledger, &a, &unit, &fault), &fault);
    assert_int_equal(unit.number, 1);
    assert_int_equal(unit.state, LEDGER_RESERVED);
    ledger_keys_certify(ledger, &a);
    support_check(ledger_keys_reserve(ledger, &a, &unit, &fault), &fault);
    assert_int_equal(unit.number, 1);
    assert_int_equal(unit.device_cert.len, 2);
    assert_int_equal(unit.update_cert.der[2], 3);
    support_check(ledger_keys_reserve(ledger, &b, &unit, &fault), &fault);
    assert_int_equal(unit.number, 2);
    ledger_close(ledger);
}

static void same_chip_with_another_key_is_quarantined_for_good(void **state)
{
    struct ledger *ledger = ledger_new();
    struct ledger_keys a = ledger_keys_of(1, 1);
    struct ledger_keys clone = ledger_keys_of(1, 9);
    struct ledger_unit unit;
    struct fault fault = FAULT_NONE;
    uint8_t receipt[32] = { 0 };
    (void)state;
    support_check(ledger_keys_reserve(ledger, &a, &unit, &fault), &fault);
    ledger_keys_certify(ledger, &a);
    support_check_refused(ledger_keys_reserve(ledger, &clone, &unit, &fault), &fault, "quarantined");
    fault = FAULT_NONE;
    support_check_refused(ledger_keys_reserve(ledger, &a, &unit, &fault), &fault, "quarantined");
    fault = FAULT_NONE;
    assert_int_equal(ledger_unit_check(ledger, a.uid, bytes_of(receipt, sizeof receipt), 1, &fault), -1);
    fault = FAULT_NONE;
    assert_int_equal(ledger_unit_close(ledger, a.uid, bytes_of(NULL, 0), bytes_of(NULL, 0), &fault), -1);
    fault = FAULT_NONE;
    assert_int_equal(ledger_unit_find(ledger, a.uid, &unit, &fault), 1);
    assert_int_equal(unit.state, LEDGER_QUARANTINED);
    assert_memory_equal(unit.identity_key, a.identity, 64);
    assert_int_equal(strlen(unit.quarantined_at), LEDGER_TIME_LEN - 1);
    ledger_close(ledger);
}

/* One key that differs is enough for a quarrel. */
static void same_chip_with_one_other_key_is_quarantined(void **state)
{
    struct ledger *ledger = ledger_new();
    (void)state;
    for (uint8_t which = 0; which < 2; which++) {
        struct ledger_keys a = ledger_keys_of((uint8_t)(1 + which), (uint8_t)(1 + which));
        struct ledger_keys clone = a;
        struct ledger_unit unit;
        struct fault fault = FAULT_NONE;
        (which == 0 ? clone.identity : clone.update)[5] ^= 1;
        support_check(ledger_keys_reserve(ledger, &a, &unit, &fault), &fault);
        support_check_refused(ledger_keys_reserve(ledger, &clone, &unit, &fault), &fault, "quarantined");
        fault = FAULT_NONE;
        support_check_refused(ledger_keys_reserve(ledger, &a, &unit, &fault), &fault, "quarantined");
    }
    ledger_close(ledger);
}

static void key_of_another_chip_is_refused(void **state)
{
    struct ledger *ledger = ledger_new();
    struct ledger_keys a = ledger_keys_of(1, 1);
    struct ledger_keys copy = ledger_keys_of(2, 1);
    struct ledger_unit unit;
    struct fault fault = FAULT_NONE;
    (void)state;
    support_check(ledger_keys_reserve(ledger, &a, &unit, &fault), &fault);
    for (unsigned which = 0; which < 3; which++) { /* both keys, the identity key, the update key */
        struct ledger_keys other = ledger_keys_of(2, 9);
        memcpy(other.identity, which < 2 ? copy.identity : other.identity, sizeof other.identity);
        memcpy(other.update, which != 1 ? copy.update : other.update, sizeof other.update);
        fault = FAULT_NONE;
        support_check_refused(ledger_keys_reserve(ledger, &other, &unit, &fault), &fault, "UNIQUE");
        fault = FAULT_NONE;
        assert_int_equal(ledger_unit_find(ledger, other.uid, &unit, &fault), 0);
    }
    ledger_close(ledger);
}

static void second_certificate_for_one_chip_is_refused(void **state)
{
    struct ledger *ledger = ledger_new();
    struct ledger_keys a = ledger_keys_of(1, 1);
    struct cert other = { { 0x30, 9 }, 2 };
    struct ledger_unit unit;
    struct fault fault = FAULT_NONE;
    (void)state;
    support_check(ledger_keys_reserve(ledger, &a, &unit, &fault), &fault);
    ledger_keys_certify(ledger, &a);
    support_check_refused(ledger_unit_certify(ledger, a.uid, &other, &other, &fault), &fault, "already");
    ledger_close(ledger);
}

static void record_closes_only_after_the_check(void **state)
{
    struct ledger *ledger = ledger_new();
    struct ledger_keys a = ledger_keys_of(1, 1);
    struct ledger_unit unit;
    struct fault fault = FAULT_NONE;
    uint8_t receipt[32];
    uint8_t digest[32];
    (void)state;
    memset(receipt, 7, sizeof receipt);
    support_check(ledger_keys_reserve(ledger, &a, &unit, &fault), &fault);
    assert_int_equal(ledger_unit_check(ledger, a.uid, bytes_of(receipt, sizeof receipt), 4, &fault),
                     -1); /* no certificates yet */
    fault = FAULT_NONE;
    ledger_keys_certify(ledger, &a);
    assert_int_equal(ledger_unit_close(ledger, a.uid, bytes_of(NULL, 0), bytes_of(NULL, 0), &fault), -1);
    fault = FAULT_NONE;
    support_check(ledger_unit_check(ledger, a.uid, bytes_of(receipt, sizeof receipt), 4, &fault), &fault);
    support_check(ledger_unit_close(ledger, a.uid, bytes_of(NULL, 0), bytes_of(NULL, 0), &fault), &fault);
    support_check(ledger_unit_close(ledger, a.uid, bytes_of(NULL, 0), bytes_of(NULL, 0), &fault),
                  &fault); /* done stays done */
    assert_int_equal(ledger_unit_find(ledger, a.uid, &unit, &fault), 1);
    assert_int_equal(unit.state, LEDGER_DONE);
    assert_int_equal(unit.package_sequence, 4);
    assert_int_equal(unit.has_receipt, 1);
    p256_sha256(bytes_of(receipt, sizeof receipt), digest);
    assert_memory_equal(unit.receipt, digest, 32);
    assert_int_equal(strlen(unit.done_at), LEDGER_TIME_LEN - 1);
    ledger_close(ledger);
}

static int unit_count(void *context, const struct ledger_unit *unit)
{
    size_t *count = context;
    (*count)++;
    assert_int_equal(unit->number, *count);
    return 0;
}

static void records_survive_closing_and_keep_their_order(void **state)
{
    struct ledger_unit unit;
    struct fault fault = FAULT_NONE;
    struct stat st;
    size_t count = 0;
    (void)state;
    for (uint8_t i = 1; i <= 5; i++) {
        struct ledger *ledger = ledger_new();
        struct ledger_keys k = ledger_keys_of((uint8_t)(50 - i), i);
        support_check(ledger_keys_reserve(ledger, &k, &unit, &fault), &fault);
        ledger_close(ledger);
    }
    struct ledger *ledger = NULL;
    support_check(ledger_open_at(ledger_place(), LEDGER_READ, &ledger, &fault), &fault);
    support_check(ledger_unit_walk(ledger, unit_count, &count, &fault), &fault);
    assert_int_equal(count, 5);
    if (!ledger_on_server) {
        assert_int_equal(stat(ledger_place(), &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
    ledger_close(ledger);
}

static void rows_cannot_be_deleted(void **state)
{
    static const char *const attempts[] = { "DELETE FROM units",          "DELETE FROM events",
                                            "UPDATE events SET time = 1", "DELETE FROM packages",
                                            "DELETE FROM checkpoints",    "DELETE FROM loads" };
    struct ledger_keys a = ledger_keys_of(1, 1);
    struct ledger_keys clone = ledger_keys_of(1, 9);
    struct ledger_unit unit;
    struct fault fault = FAULT_NONE;
    struct ledger *ledger = ledger_new();
    (void)state;
    support_check(ledger_keys_reserve(ledger, &a, &unit, &fault), &fault);
    support_check_refused(ledger_keys_reserve(ledger, &clone, &unit, &fault), &fault, "quarantined");
    ledger_close(ledger);
    for (size_t i = 0; i < (ledger_on_server ? 6 : 3); i++) { /* SQLite's triggers fire for rows, and there are none */
        ledger_sql(attempts[i], 0);
    }
}

static void file_that_is_no_ledger_is_refused_and_left_alone(void **state)
{
    struct ledger *ledger = NULL;
    struct fault fault = FAULT_NONE;
    char text[64] = { 0 };
    (void)state;
    support_write("ledger.db", "this is a letter to my grandmother, and no ledger at all", 0600);
    support_check_refused(ledger_open_at(support_path("ledger.db"), LEDGER_WRITE, &ledger, &fault), &fault, "damaged");
    assert_null(ledger);
    FILE *file = fopen(support_path("ledger.db"), "r");
    assert_non_null(fgets(text, sizeof text, file));
    (void)fclose(file);
    assert_string_equal(text, "this is a letter to my grandmother, and no ledger at all");
}

static void other_database_and_other_version_are_refused(void **state)
{
    struct ledger *ledger = NULL;
    struct fault fault = FAULT_NONE;
    sqlite3 *db = NULL;
    (void)state;
    assert_int_equal(sqlite3_open(support_path("other.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "CREATE TABLE t (a)", NULL, NULL, NULL), SQLITE_OK);
    (void)sqlite3_close(db);
    support_check_refused(ledger_open_at(support_path("other.db"), LEDGER_WRITE, &ledger, &fault), &fault,
                          "not a ledger");
    ledger_close(ledger_new());
    assert_int_equal(sqlite3_open(support_path("ledger.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 7", NULL, NULL, NULL), SQLITE_OK);
    (void)sqlite3_close(db);
    fault = FAULT_NONE;
    support_check_refused(ledger_open_at(support_path("ledger.db"), LEDGER_WRITE, &ledger, &fault), &fault,
                          "version 7");
}

static void missing_ledger_is_not_made_by_reading(void **state)
{
    struct ledger *ledger = NULL;
    struct fault fault = FAULT_NONE;
    (void)state;
    support_check_refused(ledger_open_at(support_path("none.db"), LEDGER_READ, &ledger, &fault), &fault,
                          "windlass provision");
    assert_int_not_equal(access(support_path("none.db"), F_OK), 0);
}

static void ledger_held_by_another_program_is_said(void **state)
{
    struct ledger_keys a = ledger_keys_of(1, 1);
    struct ledger_unit unit;
    struct fault fault = FAULT_NONE;
    sqlite3 *db = NULL;
    struct ledger *ledger = ledger_new();
    (void)state;
    assert_int_equal(sqlite3_open(support_path("ledger.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    support_check_refused(ledger_keys_reserve(ledger, &a, &unit, &fault), &fault, "another program");
    (void)sqlite3_close(db);
    ledger_close(ledger);
}

static void row_with_impossible_content_is_a_fault(void **state)
{
    struct ledger_keys a = ledger_keys_of(1, 1);
    struct ledger_unit unit;
    struct fault fault = FAULT_NONE;
    struct ledger *ledger = ledger_new();
    (void)state;
    support_check(ledger_keys_reserve(ledger, &a, &unit, &fault), &fault);
    ledger_sql("UPDATE units SET certified = 1", 1); /* the event that opened the ledger */
    assert_int_equal(ledger_unit_find(ledger, a.uid, &unit, &fault), -1);
    assert_string_not_equal(fault.what, "");
    ledger_close(ledger);
}

#define BOTH                                                                                                           \
    LEDGER_TEST(same_chip_with_the_same_key_is_counted_once),                                                          \
        LEDGER_TEST(same_chip_with_another_key_is_quarantined_for_good),                                               \
        LEDGER_TEST(same_chip_with_one_other_key_is_quarantined), LEDGER_TEST(key_of_another_chip_is_refused),         \
        LEDGER_TEST(second_certificate_for_one_chip_is_refused), LEDGER_TEST(record_closes_only_after_the_check),      \
        LEDGER_TEST(records_survive_closing_and_keep_their_order), LEDGER_TEST(rows_cannot_be_deleted),                \
        LEDGER_TEST(row_with_impossible_content_is_a_fault)

int main(void)
{
    const struct CMUnitTest file[] = {
        BOTH,
        LEDGER_TEST(file_that_is_no_ledger_is_refused_and_left_alone),
        LEDGER_TEST(other_database_and_other_version_are_refused),
        LEDGER_TEST(missing_ledger_is_not_made_by_reading),
        LEDGER_TEST(ledger_held_by_another_program_is_said),
    };
    const struct CMUnitTest server[] = { BOTH };
    int failed = cmocka_run_group_tests_name("sqlite", file, NULL, NULL);
    return failed + cmocka_run_group_tests_name("postgresql", server, ledger_server_setup, ledger_server_teardown);
}
