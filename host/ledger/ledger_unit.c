/* SPDX-License-Identifier: Apache-2.0 */
/* ledger_unit: the rows. See ledger.h. */
#include "host/ledger/ledger_room.h"

#include <string.h>
#include <time.h>

#define COLUMNS                                                                                                        \
    "number, uid, identity_key, update_key, state, package_sequence, device_cert, update_cert, receipt, "              \
    "reserved_at, checked_at, done_at, quarantined_at"

const char *ledger_state_name(enum ledger_state state)
{
    switch (state) {
    case LEDGER_RESERVED:
        return "reserved";
    case LEDGER_CHECKED:
        return "checked";
    case LEDGER_DONE:
        return "done";
    case LEDGER_QUARANTINED:
        return "quarantined";
    }
    return "unknown";
}

static void time_now(char out[LEDGER_TIME_LEN])
{
    time_t now = time(NULL);
    struct tm utc;
    (void)gmtime_r(&now, &utc);
    (void)strftime(out, LEDGER_TIME_LEN, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

/* ---- reading a row ---- */

/* 0 when the column is a blob of exactly `len` bytes. */
static int blob_get(sqlite3_stmt *s, int column, uint8_t *out, size_t len)
{
    const void *blob = sqlite3_column_blob(s, column);
    if (blob == NULL || (size_t)sqlite3_column_bytes(s, column) != len) {
        return -1;
    }
    memcpy(out, blob, len);
    return 0;
}

static int cert_get(sqlite3_stmt *s, int column, struct cert *out)
{
    size_t len = (size_t)sqlite3_column_bytes(s, column);
    out->len = 0;
    if (sqlite3_column_type(s, column) == SQLITE_NULL) {
        return 0;
    }
    if (len > sizeof out->der || blob_get(s, column, out->der, len) != 0) {
        return -1;
    }
    out->len = len;
    return 0;
}

static int time_get(sqlite3_stmt *s, int column, char out[LEDGER_TIME_LEN])
{
    const unsigned char *text = sqlite3_column_text(s, column);
    out[0] = '\0';
    if (text == NULL) {
        return 0;
    }
    if (sqlite3_column_bytes(s, column) != LEDGER_TIME_LEN - 1) {
        return -1;
    }
    memcpy(out, text, LEDGER_TIME_LEN);
    return 0;
}

static int row_get(struct ledger *ledger, sqlite3_stmt *s, struct ledger_unit *u, struct fault *fault)
{
    int64_t state = sqlite3_column_int64(s, 4);
    memset(u, 0, sizeof *u);
    u->number = (uint64_t)sqlite3_column_int64(s, 0);
    u->package_sequence = (uint64_t)sqlite3_column_int64(s, 5);
    u->has_receipt = sqlite3_column_type(s, 8) != SQLITE_NULL;
    if (state < LEDGER_RESERVED || state > LEDGER_QUARANTINED || blob_get(s, 1, u->uid, sizeof u->uid) != 0 ||
        blob_get(s, 2, u->identity_key, sizeof u->identity_key) != 0 ||
        blob_get(s, 3, u->update_key, sizeof u->update_key) != 0 || cert_get(s, 6, &u->device_cert) != 0 ||
        cert_get(s, 7, &u->update_cert) != 0 ||
        (u->has_receipt && blob_get(s, 8, u->receipt, sizeof u->receipt) != 0) || time_get(s, 9, u->reserved_at) != 0 ||
        time_get(s, 10, u->checked_at) != 0 || time_get(s, 11, u->done_at) != 0 ||
        time_get(s, 12, u->quarantined_at) != 0) {
        return ledger_fault(ledger, "reading a unit", SQLITE_CORRUPT, fault);
    }
    u->state = (enum ledger_state)state;
    return 0;
}

int ledger_unit_find(struct ledger *ledger, const uint8_t uid[16], struct ledger_unit *out, struct fault *fault)
{
    sqlite3_stmt *s = NULL;
    if (ledger_prepare(ledger, "SELECT " COLUMNS " FROM units WHERE uid = ?1", &s, fault) != 0) {
        return -1;
    }
    (void)sqlite3_bind_blob(s, 1, uid, 16, SQLITE_TRANSIENT);
    int result = sqlite3_step(s);
    int found = 0;
    if (result == SQLITE_ROW) {
        found = row_get(ledger, s, out, fault) == 0 ? 1 : -1;
    } else if (result != SQLITE_DONE) {
        found = ledger_fault(ledger, "reading", result, fault);
    }
    (void)sqlite3_finalize(s);
    return found;
}

int ledger_unit_walk(struct ledger *ledger, int (*each)(void *context, const struct ledger_unit *unit), void *context,
                     struct fault *fault)
{
    sqlite3_stmt *s = NULL;
    struct ledger_unit unit;
    if (ledger_prepare(ledger, "SELECT " COLUMNS " FROM units ORDER BY number", &s, fault) != 0) {
        return -1;
    }
    int result = sqlite3_step(s);
    int failed = 0;
    while (result == SQLITE_ROW && failed == 0) {
        failed = row_get(ledger, s, &unit, fault);
        if (failed == 0 && each(context, &unit) != 0) {
            break;
        }
        result = sqlite3_step(s);
    }
    if (failed == 0 && result != SQLITE_DONE && result != SQLITE_ROW) {
        failed = ledger_fault(ledger, "reading", result, fault);
    }
    (void)sqlite3_finalize(s);
    return failed;
}

/* ---- writing ---- */

/* Ends a transaction: commits when `failed` is 0, else rolls back. */
static int transaction_end(struct ledger *ledger, int failed, struct fault *fault)
{
    if (failed == 0 && ledger_run(ledger, "COMMIT", "committing", fault) == 0) {
        return 0;
    }
    (void)sqlite3_exec(ledger->db, "ROLLBACK", NULL, NULL, NULL);
    return -1;
}

/* INSERT of (uid, identity key, update key, time). */
static int keys_insert(struct ledger *ledger, const char *sql, const uint8_t uid[16], const uint8_t *identity_key,
                       const uint8_t *update_key, struct fault *fault)
{
    sqlite3_stmt *s = NULL;
    char now[LEDGER_TIME_LEN];
    if (ledger_prepare(ledger, sql, &s, fault) != 0) {
        return -1;
    }
    time_now(now);
    (void)sqlite3_bind_blob(s, 1, uid, 16, SQLITE_TRANSIENT);
    (void)sqlite3_bind_blob(s, 2, identity_key, 64, SQLITE_TRANSIENT);
    (void)sqlite3_bind_blob(s, 3, update_key, 64, SQLITE_TRANSIENT);
    (void)sqlite3_bind_text(s, 4, now, -1, SQLITE_TRANSIENT);
    return ledger_step_done(ledger, s, NULL, fault);
}

/* UPDATE with uid as ?1 and the time as ?2. */
static int uid_update(struct ledger *ledger, const char *sql, const uint8_t uid[16], int *changes, struct fault *fault)
{
    sqlite3_stmt *s = NULL;
    char now[LEDGER_TIME_LEN];
    if (ledger_prepare(ledger, sql, &s, fault) != 0) {
        return -1;
    }
    time_now(now);
    (void)sqlite3_bind_blob(s, 1, uid, 16, SQLITE_TRANSIENT);
    (void)sqlite3_bind_text(s, 2, now, -1, SQLITE_TRANSIENT);
    return ledger_step_done(ledger, s, changes, fault);
}

/* What a chip brings. */
struct newcomer {
    const uint8_t *uid;
    const uint8_t *identity_key;
    const uint8_t *update_key;
};

static int unit_insert(struct ledger *ledger, const struct newcomer *n, struct ledger_unit *out, struct fault *fault)
{
    if (keys_insert(ledger,
                    "INSERT INTO units (uid, identity_key, update_key, state, reserved_at) VALUES (?1, ?2, ?3, 1, ?4)",
                    n->uid, n->identity_key, n->update_key, fault) != 0) {
        return fault_hint(fault, "a key that another unit holds already is refused: look for a copied chip");
    }
    return ledger_unit_find(ledger, n->uid, out, fault) == 1 ? 0
                                                             : fault_set(fault, "ledger: the new unit is not there");
}

static int unit_quarantine(struct ledger *ledger, const struct newcomer *n, struct fault *fault)
{
    if (keys_insert(ledger, "INSERT INTO conflicts (uid, identity_key, update_key, seen_at) VALUES (?1, ?2, ?3, ?4)",
                    n->uid, n->identity_key, n->update_key, fault) != 0) {
        return -1;
    }
    return uid_update(ledger,
                      "UPDATE units SET state = 4, quarantined_at = coalesce(quarantined_at, ?2) WHERE uid = ?1",
                      n->uid, NULL, fault);
}

int ledger_unit_reserve(struct ledger *ledger, const uint8_t uid[16], const uint8_t identity_key[64],
                        const uint8_t update_key[64], struct ledger_unit *out, struct fault *fault)
{
    const struct newcomer n = { uid, identity_key, update_key };
    int conflict = 0;
    if (ledger_run(ledger, "BEGIN IMMEDIATE", "reserving", fault) != 0) {
        return -1;
    }
    int found = ledger_unit_find(ledger, uid, out, fault);
    int failed = found < 0 ? -1 : 0;
    if (found == 0) {
        failed = unit_insert(ledger, &n, out, fault);
    } else if (found == 1) {
        conflict = memcmp(out->identity_key, identity_key, 64) != 0 || memcmp(out->update_key, update_key, 64) != 0;
        failed = conflict ? unit_quarantine(ledger, &n, fault) : 0;
    }
    if (transaction_end(ledger, failed, fault) != 0) {
        return -1;
    }
    if (conflict || out->state == LEDGER_QUARANTINED) {
        (void)fault_set(fault, "unit %llu: %s; the unit is quarantined", (unsigned long long)out->number,
                        conflict ? "this unique ID came before with another key" : "its unique ID was used twice");
        return fault_hint(fault, "put the chip aside and find out which one is genuine");
    }
    return 0;
}

int ledger_unit_certify(struct ledger *ledger, const uint8_t uid[16], const struct cert *device,
                        const struct cert *update, struct fault *fault)
{
    sqlite3_stmt *s = NULL;
    int changes = 0;
    if (ledger_prepare(ledger,
                       "UPDATE units SET device_cert = ?2, update_cert = ?3 "
                       "WHERE uid = ?1 AND state = 1 AND device_cert IS NULL",
                       &s, fault) != 0) {
        return -1;
    }
    (void)sqlite3_bind_blob(s, 1, uid, 16, SQLITE_TRANSIENT);
    (void)sqlite3_bind_blob(s, 2, device->der, (int)device->len, SQLITE_TRANSIENT);
    (void)sqlite3_bind_blob(s, 3, update->der, (int)update->len, SQLITE_TRANSIENT);
    if (ledger_step_done(ledger, s, &changes, fault) != 0) {
        return -1;
    }
    return changes == 1 ? 0 : fault_set(fault, "ledger: the unit is not reserved, or has its certificates already");
}

int ledger_unit_check(struct ledger *ledger, const uint8_t uid[16], const uint8_t receipt[32],
                      uint64_t package_sequence, struct fault *fault)
{
    sqlite3_stmt *s = NULL;
    int changes = 0;
    char now[LEDGER_TIME_LEN];
    if (package_sequence > INT64_MAX) {
        return fault_set(fault, "ledger: a sequence number beyond 63 bits");
    }
    if (ledger_prepare(ledger,
                       "UPDATE units SET state = max(state, 2), receipt = ?2, package_sequence = ?3, checked_at = ?4 "
                       "WHERE uid = ?1 AND state IN (1, 2, 3) AND device_cert IS NOT NULL",
                       &s, fault) != 0) {
        return -1;
    }
    time_now(now);
    (void)sqlite3_bind_blob(s, 1, uid, 16, SQLITE_TRANSIENT);
    (void)sqlite3_bind_blob(s, 2, receipt, 32, SQLITE_TRANSIENT);
    (void)sqlite3_bind_int64(s, 3, (sqlite3_int64)package_sequence);
    (void)sqlite3_bind_text(s, 4, now, -1, SQLITE_TRANSIENT);
    if (ledger_step_done(ledger, s, &changes, fault) != 0) {
        return -1;
    }
    return changes == 1 ? 0 : fault_set(fault, "ledger: the unit has no certificates or is quarantined");
}

int ledger_unit_close(struct ledger *ledger, const uint8_t uid[16], struct fault *fault)
{
    int changes = 0;
    if (uid_update(ledger,
                   "UPDATE units SET state = 3, done_at = coalesce(done_at, ?2) WHERE uid = ?1 AND state IN (2, 3)",
                   uid, &changes, fault) != 0) {
        return -1;
    }
    return changes == 1 ? 0 : fault_set(fault, "ledger: the unit was not checked, or is quarantined");
}
