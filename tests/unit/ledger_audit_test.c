/* SPDX-License-Identifier: Apache-2.0 */
/* The auditor finds each fraud that somebody who owns the database could plant, and nothing in an honest ledger. The
 * same tests run on SQLite and on a real server of PostgreSQL. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "host/lib/file.h"
#include "tests/unit/ledger_fraud.h"

#define UNITS 3

static struct maker maker;
static struct fraud fraud;
static struct made made[UNITS];

/* A ledger of three units that are done. */
static void factory_run(int tpm, uint64_t block)
{
    struct fault fault = FAULT_NONE;
    maker_open(&maker, 5, tpm, block);
    struct ledger *ledger = maker_ledger_open(&maker, ledger_place());
    support_check(ledger_start_record(ledger, "1.0", &fault), &fault);
    for (uint32_t i = 0; i < UNITS; i++) {
        maker_unit_make(&maker, ledger, i + 1, MAKE_CLOSE, &made[i]);
    }
    support_check(ledger_stop_record(ledger, &fault), &fault);
    ledger_close(ledger);
}

static void factory_end(void)
{
    for (unsigned i = 0; i < UNITS; i++) {
        made_free(&made[i]);
    }
    maker_close(&maker);
}

static void honest_ledger_has_no_finding(void **state)
{
    (void)state;
    factory_run(1, 1);
    struct audit_config config = audit_config_of(&maker);
    config.head = support_path(LEDGER_HEAD_FILE);
    config.has_count = 1;
    config.count = UNITS;
    config.final = 1;
    audit_expect_with(&config, NULL);
    factory_end();
}

static void honest_ledger_without_tpm_has_no_finding(void **state)
{
    (void)state;
    factory_run(0, 1);
    audit_expect_clean(&maker);
    factory_end();
}

static void honest_ledger_with_blocks_has_no_finding(void **state)
{
    (void)state;
    factory_run(1, 2);
    assert_int_equal(maker.tpm_count, 2);
    audit_expect_clean(&maker);
    factory_end();
}

static void recorded_loss_of_the_tpm_is_no_finding_and_an_unrecorded_one_is(void **state)
{
    struct fault fault = FAULT_NONE;
    (void)state;
    factory_run(1, 1);
    maker.tpm_count = 5;
    struct ledger *ledger = maker_ledger_open(&maker, ledger_place());
    support_check(ledger_spent_record(ledger, 3, 4, "the power went", &fault), &fault);
    ledger_close(ledger);
    audit_expect(&maker, "the TPM counted 5 to 5");
    ledger = maker_ledger_open(&maker, ledger_place());
    support_check(ledger_spent_record(ledger, 4, 5, "the power went", &fault), &fault);
    ledger_close(ledger);
    audit_expect_clean(&maker);
    factory_end();
}

/* ---- the chain ---- */

static void dropped_record_is_found(void **state)
{
    (void)state;
    factory_run(1, 1);
    fraud_load(&fraud);
    fraud_remove(&fraud, fraud_find(&fraud, EVENT_CHECKED, 1));
    fraud_store(&fraud, 0);
    audit_expect(&maker, "dropped");
    factory_end();
}

static void dropped_record_is_found_though_the_chain_was_made_to_fit(void **state)
{
    (void)state;
    factory_run(1, 1);
    fraud_load(&fraud);
    fraud_remove(&fraud, fraud_find(&fraud, EVENT_STARTED, 0));
    fraud_store(&fraud, 1);
    audit_expect(&maker, "signed over another chain");
    factory_end();
}

/* Every event alone, from the second to the last, with the later chain made to fit. */
static void each_dropped_record_is_found(void **state)
{
    static struct fraud all;
    (void)state;
    factory_run(1, 1);
    fraud_load(&all);
    for (size_t i = 1; i < all.count; i++) {
        fraud = all;
        fraud_remove(&fraud, i);
        fraud_store(&fraud, 1);
        audit_expect(&maker, "");
    }
    factory_end();
}

static void reordered_records_are_found(void **state)
{
    struct fraud_row row;
    (void)state;
    factory_run(1, 1);
    fraud_load(&fraud);
    size_t a = fraud_find(&fraud, EVENT_STARTED, 0);
    row = fraud.rows[a];
    fraud.rows[a] = fraud.rows[a + 1];
    fraud.rows[a + 1] = row;
    fraud_store(&fraud, 0);
    audit_expect(&maker, "moved");
    factory_end();
}

static void reordered_records_are_found_though_the_chain_was_made_to_fit(void **state)
{
    struct fraud_row row;
    (void)state;
    factory_run(1, 1);
    fraud_load(&fraud);
    size_t a = fraud_find(&fraud, EVENT_STARTED, 0);
    row = fraud.rows[a];
    fraud.rows[a] = fraud.rows[a + 1];
    fraud.rows[a + 1] = row;
    fraud_store(&fraud, 1);
    audit_expect(&maker, "signed over another chain");
    factory_end();
}

static void changed_record_is_found(void **state)
{
    (void)state;
    for (int cleverly = 0; cleverly < 2; cleverly++) {
        factory_run(1, 1);
        fraud_load(&fraud);
        struct fraud_row *row = &fraud.rows[fraud_find(&fraud, EVENT_CHECKED, 0)];
        row->body[row->len - 40] ^= 1; /* in the receipt's digests */
        fraud_store(&fraud, cleverly);
        audit_expect(&maker, cleverly ? "signed over another chain" : "the chain is broken");
        factory_end();
        (void)ledger_folder_teardown(NULL);
        (void)ledger_folder_setup(NULL);
    }
}

static void checkpoint_by_another_key_is_found(void **state)
{
    uint8_t other[64];
    (void)state;
    factory_run(1, 1);
    EVP_PKEY *own = maker.keys[MAKER_RECORDS];
    maker.keys[MAKER_RECORDS] = maker_key_new(other);
    struct fault fault = FAULT_NONE;
    struct ledger *ledger = maker_ledger_open(&maker, ledger_place());
    support_check(ledger_start_record(ledger, "1.0", &fault), &fault);
    ledger_close(ledger);
    EVP_PKEY_free(own);
    audit_expect(&maker, "the signature of its checkpoint is wrong");
    factory_end();
}

static void dropped_checkpoint_is_found(void **state)
{
    (void)state;
    factory_run(1, 1);
    ledger_guards_drop();
    ledger_sql("DELETE FROM checkpoints WHERE seq = 7", 1);
    audit_expect(&maker, "does not follow the checkpoint before");
    factory_end();
}

/* ---- an older copy ---- */

/* The last unit vanishes, with all its events, checkpoints and rows, as in a copy that was made before it. */
static void last_unit_forget(void)
{
    char sql[128];
    fraud_load(&fraud);
    size_t from = fraud_find(&fraud, EVENT_RESERVED, UNITS - 1);
    fraud.count = from;
    fraud_store(&fraud, 0);
    (void)snprintf(sql, sizeof sql, "DELETE FROM checkpoints WHERE seq > %zu", from);
    ledger_sql(sql, 1);
    ledger_sql("DELETE FROM units WHERE number = 3", 1);
    ledger_sql("UPDATE packages SET reserved = 2, done = 2", 1);
}

static void restored_old_database_is_found_by_its_head(void **state)
{
    (void)state;
    factory_run(0, 1);
    last_unit_forget();
    audit_expect_clean(&maker); /* it is a sound ledger, of yesterday */
    struct audit_config config = audit_config_of(&maker);
    config.head = support_path(LEDGER_HEAD_FILE);
    audit_expect_with(&config, "older copy");
    factory_end();
}

static void restored_old_database_is_found_by_the_count_of_the_tpm(void **state)
{
    (void)state;
    factory_run(1, 1);
    last_unit_forget();
    struct audit_config config = audit_config_of(&maker);
    config.has_count = 1;
    config.count = 3;
    audit_expect_with(&config, "older copy");
    factory_end();
}

static void restored_old_database_is_refused_by_the_appliance(void **state)
{
    struct ledger *ledger = NULL;
    struct fault fault = FAULT_NONE;
    (void)state;
    factory_run(1, 1);
    last_unit_forget();
    const struct ledger_config config = { ledger_place(), LEDGER_WRITE, &maker.signer, support_path(LEDGER_HEAD_FILE) };
    support_check_refused(ledger_open(&config, &ledger, &fault), &fault, "older copy");
    factory_end();
}

/* ---- a line that goes on ---- */

struct line {
    struct ledger *ledger;
    struct made made;
    unsigned findings;
};

/* While the auditor tells what he found at the first event, a unit is made. */
static void unit_make_meanwhile(void *context, const struct audit_finding *finding)
{
    struct line *line = context;
    assert_int_equal(finding->seq, 1);
    assert_non_null(strstr(finding->what, "no appliance of this maker"));
    maker_unit_make(&maker, line->ledger, 9, MAKE_CERTIFY, &line->made);
    line->findings++;
}

static void ledger_that_grows_is_read_as_it_was(void **state)
{
    static struct line line;
    struct audit_result result;
    struct fault fault = FAULT_NONE;
    (void)state;
    factory_run(1, 1);
    memset(&line, 0, sizeof line);
    line.ledger = maker_ledger_open(&maker, ledger_place());
    struct audit_trust trust = maker.trust;
    struct audit_config config = audit_config_of(&maker);
    trust.records_count = 0;
    config.trust = &trust;
    config.head = support_path(LEDGER_HEAD_FILE);
    config.final = 1;
    config.finding = unit_make_meanwhile;
    config.context = &line;
    support_check(ledger_audit(&config, &result, &fault), &fault);
    assert_int_equal(line.findings, 1);
    assert_int_equal(result.findings, 1);
    assert_int_equal(result.units, UNITS);
    audit_result_free(&result);
    ledger_close(line.ledger);
    made_free(&line.made);
    factory_end();
}

/* ---- units ---- */

static void certificate_without_a_record_is_found(void **state)
{
    struct made extra;
    struct cert device;
    struct cert update;
    (void)state;
    factory_run(1, 1);
    maker_chip_new(99, &extra);
    maker_certs_make(&maker, &extra, &device, &update);
    struct audit_config config = audit_config_of(&maker);
    config.found = &device;
    config.found_count = 1;
    audit_expect_with(&config, "a certificate without a record");
    made_free(&extra);
    factory_end();
}

static void certificate_that_is_recorded_is_no_finding(void **state)
{
    struct ledger *ledger = NULL;
    struct ledger_unit unit;
    struct fault fault = FAULT_NONE;
    (void)state;
    factory_run(1, 1);
    support_check(ledger_open_at(ledger_place(), LEDGER_READ, &ledger, &fault), &fault);
    assert_int_equal(ledger_unit_find(ledger, made[1].uid, &unit, &fault), 1);
    ledger_close(ledger);
    struct audit_config config = audit_config_of(&maker);
    config.found = &unit.update_cert;
    config.found_count = 1;
    audit_expect_with(&config, NULL);
    factory_end();
}

static void unit_certified_after_its_appliance_was_revoked_is_found(void **state)
{
    (void)state;
    factory_run(1, 1);
    uint64_t revoked = (uint64_t)time(NULL) + 3600;
    struct audit_trust trust = maker.trust;
    struct audit_config config = audit_config_of(&maker);
    trust.revoked = &revoked;
    config.trust = &trust;
    audit_expect_with(&config, NULL);
    revoked -= 7200;
    audit_expect_with(&config, "certified it after it was revoked");
    factory_end();
}

static void record_without_a_receipt_is_found(void **state)
{
    struct made last;
    (void)state;
    factory_run(1, 1);
    struct ledger *ledger = maker_ledger_open(&maker, ledger_place());
    maker_unit_make(&maker, ledger, 9, MAKE_CERTIFY, &last);
    ledger_close(ledger);
    audit_expect_clean(&maker); /* it may be under way */
    struct audit_config config = audit_config_of(&maker);
    config.final = 1;
    audit_expect_with(&config, "no receipt");
    made_free(&last);
    factory_end();
}

static void row_that_says_more_than_its_events_is_found(void **state)
{
    static const char *const frauds[][2] = {
        { "UPDATE units SET state = 5 WHERE number = 2", "not what its events say" },
        { "UPDATE packages SET reserved = 1", "package 1 is not what" },
        { "DELETE FROM units WHERE number = 3", "row is missing" },
        { "UPDATE units SET instance = (SELECT link FROM events WHERE seq = 1) WHERE number = 1",
          "not what its events say" },
        { "UPDATE loads SET position = 3", "as loaded points at another" },
        { "UPDATE loads SET number = 7", "package 7 has a row as loaded" },
        { "DELETE FROM loads", "package 1 as loaded is missing" },
        { "DELETE FROM packages", "row of a package is missing" }
    };
    (void)state;
    factory_run(1, 1);
    ledger_guards_drop();
    for (size_t i = 0; i < sizeof frauds / sizeof frauds[0]; i++) {
        ledger_sql(frauds[i][0], 1);
        audit_expect(&maker, frauds[i][1]);
    }
    factory_end();
}

#define ALL                                                                                                            \
    LEDGER_TEST(honest_ledger_has_no_finding), LEDGER_TEST(honest_ledger_without_tpm_has_no_finding),                  \
        LEDGER_TEST(honest_ledger_with_blocks_has_no_finding),                                                         \
        LEDGER_TEST(recorded_loss_of_the_tpm_is_no_finding_and_an_unrecorded_one_is),                                  \
        LEDGER_TEST(dropped_record_is_found), LEDGER_TEST(dropped_record_is_found_though_the_chain_was_made_to_fit),   \
        LEDGER_TEST(each_dropped_record_is_found), LEDGER_TEST(reordered_records_are_found),                           \
        LEDGER_TEST(reordered_records_are_found_though_the_chain_was_made_to_fit),                                     \
        LEDGER_TEST(changed_record_is_found), LEDGER_TEST(checkpoint_by_another_key_is_found),                         \
        LEDGER_TEST(dropped_checkpoint_is_found), LEDGER_TEST(restored_old_database_is_found_by_its_head),             \
        LEDGER_TEST(restored_old_database_is_found_by_the_count_of_the_tpm),                                           \
        LEDGER_TEST(restored_old_database_is_refused_by_the_appliance),                                                \
        LEDGER_TEST(ledger_that_grows_is_read_as_it_was),                                                              \
        LEDGER_TEST(unit_certified_after_its_appliance_was_revoked_is_found),                                          \
        LEDGER_TEST(certificate_without_a_record_is_found), LEDGER_TEST(certificate_that_is_recorded_is_no_finding),   \
        LEDGER_TEST(record_without_a_receipt_is_found), LEDGER_TEST(row_that_says_more_than_its_events_is_found)

int main(void)
{
    const struct CMUnitTest file[] = { ALL };
    const struct CMUnitTest server[] = { ALL };
    int failed = cmocka_run_group_tests_name("sqlite", file, NULL, NULL);
    return failed + cmocka_run_group_tests_name("postgresql", server, ledger_server_setup, ledger_server_teardown);
}
