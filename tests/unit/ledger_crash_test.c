/* SPDX-License-Identifier: Apache-2.0 */
/* Bad days of a ledger: a killed appliance, a server that goes, an HSM that refuses, a full disk, two appliances at one
 * order. After each the ledger is sound and the next unit is made. */
#include "tests/unit/test.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/ledger_fraud.h"
#include "tests/unit/postgres_server.h"

static struct maker maker;

static int reserve(struct ledger *ledger, uint32_t name, uint64_t package, struct ledger_unit *unit,
                   struct fault *fault)
{
    struct made chip;
    maker_chip_new(name, &chip);
    const struct ledger_claim claim = { chip.uid, chip.identity_key, chip.update_key, package };
    int result = ledger_unit_reserve(ledger, &claim, unit, fault);
    made_free(&chip);
    return result;
}

/* ---- killed ---- */

/* Records as fast as it can with eight callers, and tells through the pipe what became durable, until it is killed. */
struct caller {
    struct ledger *ledger;
    uint32_t name;
    int pipe;
};

static void *caller_run(void *context)
{
    struct caller *caller = context;
    for (;;) {
        struct ledger_unit unit;
        struct fault fault = FAULT_NONE;
        if (reserve(caller->ledger, caller->name, 1, &unit, &fault) != 0 ||
            write(caller->pipe, &unit.number, sizeof unit.number) != (ssize_t)sizeof unit.number) {
            return NULL;
        }
        caller->name += 16;
    }
}

static void appliance_run(int pipe, uint32_t round)
{
    struct caller callers[8];
    pthread_t threads[8];
    struct ledger *ledger = maker_ledger_open(&maker, ledger_place());
    for (uint32_t i = 0; i < 8; i++) {
        callers[i] = (struct caller){ ledger, round << 24 | (i + 1), pipe };
        (void)pthread_create(&threads[i], NULL, caller_run, &callers[i]);
    }
    for (;;) {
        (void)pause();
    }
}

/* Starts one, kills it after so many units were told, and gives the highest. */
static uint64_t appliance_kill(uint32_t round, unsigned after)
{
    int ends[2];
    uint64_t number = 0;
    uint64_t highest = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)close(ends[0]);
        appliance_run(ends[1], round);
        _exit(1);
    }
    (void)close(ends[1]);
    for (unsigned i = 0; i < after; i++) {
        assert_int_equal(read(ends[0], &number, sizeof number), sizeof number);
        highest = number > highest ? number : highest;
    }
    (void)kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    while (read(ends[0], &number, sizeof number) == (ssize_t)sizeof number) {
        highest = number > highest ? number : highest;
    }
    (void)close(ends[0]);
    return highest;
}

static void killed_appliance_loses_nothing_that_it_told(void **state)
{
    struct ledger_unit unit;
    (void)state;
    maker_open(&maker, 1000000, 0, 1);
    for (uint32_t round = 1; round <= 6; round++) {
        struct fault fault = FAULT_NONE;
        uint64_t told = appliance_kill(round, 5 * round + round % 3);
        struct ledger *ledger = maker_ledger_open(&maker, ledger_place());
        support_check(reserve(ledger, round << 24, 1, &unit, &fault), &fault);
        assert_true(unit.number > told);
        ledger_close(ledger);
        struct audit_config config = audit_config_of(&maker);
        config.head = support_path(LEDGER_HEAD_FILE);
        audit_expect_with(&config, NULL);
    }
    maker_close(&maker);
}

/* ---- the signer ---- */

static int signer_broken;

static int breaking_sign(void *context, const uint8_t digest[32], uint8_t signature[64], struct fault *fault)
{
    if (signer_broken) {
        return fault_set(fault, "the token was removed");
    }
    maker_sign(((struct maker *)context)->keys[MAKER_RECORDS], digest, signature);
    return 0;
}

static void nothing_is_recorded_while_the_hsm_does_not_sign(void **state)
{
    struct ledger_unit unit;
    struct fault fault = FAULT_NONE;
    (void)state;
    maker_open(&maker, 9, 0, 1);
    maker.signer.sign = breaking_sign;
    struct ledger *ledger = maker_ledger_open(&maker, ledger_place());
    support_check(reserve(ledger, 1, 1, &unit, &fault), &fault);
    signer_broken = 1;
    support_check_refused(reserve(ledger, 2, 1, &unit, &fault), &fault, "the token was removed");
    signer_broken = 0;
    fault = FAULT_NONE;
    support_check(reserve(ledger, 3, 1, &unit, &fault), &fault);
    assert_int_equal(unit.number, 2);
    ledger_close(ledger);
    audit_expect_clean(&maker);
    maker_close(&maker);
}

/* ---- the disk ---- */

static void full_disk_is_said_and_survived(void **state)
{
    struct ledger_unit unit;
    struct fault fault = FAULT_NONE;
    struct rlimit before;
    struct rlimit little;
    uint32_t name = 1;
    (void)state;
    maker_open(&maker, 10000, 0, 1);
    struct ledger *ledger = maker_ledger_open(&maker, ledger_place());
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    little = before;
    little.rlim_cur = 262144; /* no file may grow beyond: to SQLite a full disk */
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
    while (reserve(ledger, name, 1, &unit, &fault) == 0 && name < 5000) {
        name++;
    }
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    support_check_refused(-1, &fault, "disk");
    fault = FAULT_NONE;
    support_check(reserve(ledger, 9999, 1, &unit, &fault), &fault);
    assert_int_equal(unit.number, name);
    ledger_close(ledger);
    audit_expect_clean(&maker);
    maker_close(&maker);
}

/* ---- the server ---- */

static void server_that_goes_is_said_and_found_again(void **state)
{
    struct ledger_unit unit;
    struct fault fault = FAULT_NONE;
    (void)state;
    maker_open(&maker, 9, 0, 1);
    struct ledger *ledger = maker_ledger_open(&maker, ledger_place());
    support_check(reserve(ledger, 1, 1, &unit, &fault), &fault);
    postgres_crash();
    support_check_refused(reserve(ledger, 2, 1, &unit, &fault), &fault, "database server");
    fault = FAULT_NONE;
    assert_int_equal(ledger_unit_find(ledger, unit.uid, &unit, &fault), -1);
    postgres_start_again();
    fault = FAULT_NONE;
    support_check(reserve(ledger, 3, 1, &unit, &fault), &fault);
    assert_int_equal(unit.number, 2);
    ledger_close(ledger);
    audit_expect_clean(&maker);
    maker_close(&maker);
}

/* Its last words still lie in the links that broke. */
static void server_that_went_and_came_while_nobody_asked_is_not_noticed(void **state)
{
    struct ledger_unit unit;
    struct fault fault = FAULT_NONE;
    (void)state;
    maker_open(&maker, 9, 0, 1);
    struct ledger *ledger = maker_ledger_open(&maker, ledger_place());
    support_check(reserve(ledger, 1, 1, &unit, &fault), &fault);
    for (uint32_t name = 2; name <= 3; name++) {
        postgres_crash();
        postgres_start_again();
        assert_int_equal(ledger_unit_find(ledger, unit.uid, &unit, &fault), 1);
        support_check(reserve(ledger, name, 1, &unit, &fault), &fault);
        assert_int_equal(unit.number, name);
    }
    ledger_close(ledger);
    maker_close(&maker);
}

static void server_without_flushes_is_refused(void **state)
{
    struct ledger *ledger = NULL;
    struct fault fault = FAULT_NONE;
    (void)state;
    postgres_sql("ALTER SYSTEM SET fsync = off", 1);
    postgres_sql("SELECT pg_reload_conf()", 1);
    for (unsigned tries = 0; tries < 100; tries++) {
        const struct timespec pause = { 0, 20000000 };
        fault = FAULT_NONE;
        if (ledger_open_at(ledger_place(), LEDGER_WRITE, &ledger, &fault) != 0) {
            break;
        }
        ledger_close(ledger);
        (void)nanosleep(&pause, NULL);
    }
    postgres_sql("ALTER SYSTEM RESET fsync", 1);
    postgres_sql("SELECT pg_reload_conf()", 1);
    support_check_refused(-1, &fault, "fsync off");
}

/* ---- two appliances ---- */

static struct maker second;

/* The second appliance: of the same maker, with records key and chain of its own. */
static void second_open(void)
{
    second = maker;
    second.keys[MAKER_RECORDS] = maker_key_new(second.points[MAKER_RECORDS]);
    maker_cert_make(&maker, CERT_SIGNING, "records", second.points[MAKER_RECORDS], &second.records);
    second.package.digest[0] ^= 1; /* the same order, encrypted to another appliance */
    maker.given[1] = maker.given[0];
    maker.given[1].digest[0] ^= 1;
    memcpy(maker.given[1].records_key, second.points[MAKER_RECORDS], 64);
    maker.trust.given_count = 2;
    second.signer.context = &second;
    second.signer.cert = &second.records;
}

static void two_appliances_share_one_order(void **state)
{
    struct ledger *ledgers[2] = { NULL, NULL };
    struct ledger_unit unit;
    struct fault fault = FAULT_NONE;
    struct made chip;
    struct cert records[2];
    (void)state;
    maker_open(&maker, 3, 0, 1);
    second_open();
    ledgers[0] = maker_ledger_open(&maker, ledger_place());
    const struct ledger_config config = { ledger_place(), LEDGER_WRITE, &second.signer, support_path("second.head") };
    support_check(ledger_open(&config, &ledgers[1], &fault), &fault);
    support_check(ledger_package_load(ledgers[1], &second.package, &fault), &fault);
    for (uint32_t i = 1; i <= 3; i++) {
        support_check(reserve(ledgers[i % 2], i, 1, &unit, &fault), &fault);
        assert_int_equal(unit.number, i);
    }
    for (unsigned i = 0; i < 2; i++) {
        fault = FAULT_NONE;
        support_check_refused(reserve(ledgers[i], 9, 1, &unit, &fault), &fault, "quota");
    }
    fault = FAULT_NONE;
    maker_chip_new(1, &chip); /* the same unique ID at the other one, with other keys */
    const struct ledger_claim claim = { chip.uid, chip.identity_key, chip.update_key, 1 };
    support_check_refused(ledger_unit_reserve(ledgers[0], &claim, &unit, &fault), &fault, "quarantined");
    made_free(&chip);
    ledger_close(ledgers[0]);
    ledger_close(ledgers[1]);
    records[0] = maker.records;
    records[1] = second.records;
    maker.trust.records = records;
    maker.trust.records_count = 2;
    audit_expect_clean(&maker);
    EVP_PKEY_free(second.keys[MAKER_RECORDS]);
    maker_close(&maker);
}

static void unit_is_finished_where_it_was_begun(void **state)
{
    struct ledger *ledger = NULL;
    struct ledger_unit unit;
    struct fault fault = FAULT_NONE;
    struct made chip;
    (void)state;
    maker_open(&maker, 3, 0, 1);
    second_open();
    struct ledger *first = maker_ledger_open(&maker, ledger_place());
    maker_unit_make(&maker, first, 1, MAKE_CERTIFY, &chip);
    ledger_close(first);
    const struct ledger_config config = { ledger_place(), LEDGER_WRITE, &second.signer, support_path("second.head") };
    support_check(ledger_open(&config, &ledger, &fault), &fault);
    support_check(ledger_package_load(ledger, &second.package, &fault), &fault);
    const struct ledger_claim claim = { chip.uid, chip.identity_key, chip.update_key, 1 };
    support_check_refused(ledger_unit_reserve(ledger, &claim, &unit, &fault), &fault, "another appliance");
    fault = FAULT_NONE;
    support_check_refused(ledger_unit_check(ledger, chip.uid, bytes_of("x", 1), 1, &fault), &fault,
                          "another appliance");
    ledger_close(ledger);
    made_free(&chip);
    EVP_PKEY_free(second.keys[MAKER_RECORDS]);
    maker_close(&maker);
}

#define BOTH                                                                                                           \
    LEDGER_TEST(killed_appliance_loses_nothing_that_it_told),                                                          \
        LEDGER_TEST(nothing_is_recorded_while_the_hsm_does_not_sign), LEDGER_TEST(two_appliances_share_one_order),     \
        LEDGER_TEST(unit_is_finished_where_it_was_begun)

int main(void)
{
    const struct CMUnitTest file[] = { BOTH, LEDGER_TEST(full_disk_is_said_and_survived) };
    const struct CMUnitTest server[] = { BOTH, LEDGER_TEST(server_that_goes_is_said_and_found_again),
                                         LEDGER_TEST(server_that_went_and_came_while_nobody_asked_is_not_noticed),
                                         LEDGER_TEST(server_without_flushes_is_refused) };
    int failed = cmocka_run_group_tests_name("sqlite", file, NULL, NULL);
    return failed + cmocka_run_group_tests_name("postgresql", server, ledger_server_setup, ledger_server_teardown);
}
