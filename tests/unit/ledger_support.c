/* SPDX-License-Identifier: Apache-2.0 */
/* ledger_support: see ledger_support.h. */
#include "tests/unit/ledger_support.h"

#include "tests/unit/test.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/postgres_server.h"

int ledger_on_server;

int ledger_folder_setup(void **state)
{
    (void)state;
    (void)support_folder_make();
    if (ledger_on_server) {
        postgres_sql("DROP SCHEMA IF EXISTS windlass CASCADE", 1);
    }
    return 0;
}

int ledger_folder_teardown(void **state)
{
    (void)state;
    support_folder_remove();
    return 0;
}

int ledger_server_setup(void **state)
{
    (void)state;
    ledger_on_server = 1;
    postgres_start();
    return 0;
}

int ledger_server_teardown(void **state)
{
    (void)state;
    postgres_stop();
    ledger_on_server = 0;
    return 0;
}

const char *ledger_place(void)
{
    return ledger_on_server ? postgres_url() : support_path("ledger.db");
}

int ledger_open_at(const char *place, enum ledger_access mode, struct ledger **out, struct fault *fault)
{
    const struct ledger_config config = { .place = place, .mode = mode };
    return ledger_open(&config, out, fault);
}

struct ledger *ledger_new(void)
{
    struct ledger *ledger = NULL;
    struct fault fault = FAULT_NONE;
    support_check(ledger_open_at(ledger_place(), LEDGER_WRITE, &ledger, &fault), &fault);
    return ledger;
}

struct ledger_keys ledger_keys_of(uint8_t chip, uint8_t key)
{
    struct ledger_keys k;
    memset(k.uid, chip, sizeof k.uid);
    memset(k.identity, key, sizeof k.identity);
    memset(k.update, key ^ 0x80, sizeof k.update);
    return k;
}

int ledger_keys_reserve(struct ledger *ledger, const struct ledger_keys *k, struct ledger_unit *unit,
                        struct fault *fault)
{
    const struct ledger_claim claim = { k->uid, k->identity, k->update, 0 };
    return ledger_unit_reserve(ledger, &claim, unit, fault);
}

void ledger_keys_certify(struct ledger *ledger, const struct ledger_keys *k)
{
    struct fault fault = FAULT_NONE;
    struct cert device = { { 0x30, 1 }, 2 };
    struct cert update = { { 0x30, 2, 3 }, 3 };
    support_check(ledger_unit_certify(ledger, k->uid, &device, &update, &fault), &fault);
}

void ledger_sql(const char *sql, int should_succeed)
{
    static char text[20000];
    sqlite3 *db = NULL;
    if (ledger_on_server) {
        (void)snprintf(text, sizeof text, "SET search_path = windlass; %s", sql);
        postgres_sql(text, should_succeed);
        return;
    }
    assert_int_equal(sqlite3_open(ledger_place(), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, should_succeed);
    (void)sqlite3_close(db);
}

void ledger_guards_drop(void)
{
    if (ledger_on_server) {
        ledger_sql("DROP FUNCTION IF EXISTS stays CASCADE", 1);
    } else {
        ledger_sql("DROP TRIGGER IF EXISTS events_DELETE; DROP TRIGGER IF EXISTS events_UPDATE; DROP TRIGGER IF EXISTS "
                   "checkpoints_DELETE; "
                   "DROP TRIGGER IF EXISTS checkpoints_UPDATE; DROP TRIGGER IF EXISTS units_DELETE; DROP TRIGGER IF "
                   "EXISTS packages_DELETE; DROP TRIGGER IF EXISTS loads_DELETE",
                   1);
    }
}
