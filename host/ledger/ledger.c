/* SPDX-License-Identifier: Apache-2.0 */
/* ledger: the file: opening, schema, what went wrong. Units are in ledger_unit.c. */
#include "host/ledger/ledger_room.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define APPLICATION_ID 0x576C6467 /* "Wldg" */
#define SCHEMA_VERSION 1
#define BUSY_MS 3000

static const char schema[] =
    "CREATE TABLE units ("
    " number INTEGER PRIMARY KEY AUTOINCREMENT,"
    " uid BLOB NOT NULL UNIQUE CHECK (length(uid) = 16),"
    " identity_key BLOB NOT NULL UNIQUE CHECK (length(identity_key) = 64),"
    " update_key BLOB NOT NULL UNIQUE CHECK (length(update_key) = 64),"
    " state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 4),"
    " package_sequence INTEGER NOT NULL DEFAULT 0 CHECK (package_sequence >= 0),"
    " device_cert BLOB, update_cert BLOB,"
    " receipt BLOB CHECK (receipt IS NULL OR length(receipt) = 32),"
    " reserved_at TEXT NOT NULL, checked_at TEXT, done_at TEXT, quarantined_at TEXT) STRICT;"
    "CREATE TABLE conflicts ("
    " uid BLOB NOT NULL CHECK (length(uid) = 16),"
    " identity_key BLOB NOT NULL CHECK (length(identity_key) = 64),"
    " update_key BLOB NOT NULL CHECK (length(update_key) = 64),"
    " seen_at TEXT NOT NULL) STRICT;"
    "CREATE TRIGGER units_stay BEFORE DELETE ON units BEGIN SELECT RAISE(ABORT, 'units are never deleted'); END;"
    "CREATE TRIGGER conflicts_stay BEFORE DELETE ON conflicts BEGIN SELECT RAISE(ABORT, 'conflicts are never "
    "deleted'); END;";

static void fault_hint_set(int result, struct fault *fault)
{
    switch (result) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        (void)fault_hint(fault, "another program holds the ledger; wait for it to end and try again");
        break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        (void)fault_hint(fault, "the file is damaged or not a ledger: keep it as it is, and restore the newest copy");
        break;
    case SQLITE_FULL:
    case SQLITE_IOERR:
        (void)fault_hint(fault, "look at the disk: it is full or failing; nothing was recorded by this step");
        break;
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
        (void)fault_hint(
            fault,
            "be allowed to write the ledger's file and folder; to read only, copy ledger.db* to a folder of your own");
        break;
    default:
        break;
    }
}

int ledger_fault(struct ledger *ledger, const char *doing, int result, struct fault *fault)
{
    const char *detail = ledger->db != NULL ? sqlite3_errmsg(ledger->db) : sqlite3_errstr(result);
    (void)fault_set(fault, "ledger %s: %s: %s", ledger->path, doing, detail);
    fault_hint_set(result & 0xFF, fault);
    return -1;
}

int ledger_run(struct ledger *ledger, const char *sql, const char *doing, struct fault *fault)
{
    int result = sqlite3_exec(ledger->db, sql, NULL, NULL, NULL);
    return result == SQLITE_OK ? 0 : ledger_fault(ledger, doing, result, fault);
}

int ledger_prepare(struct ledger *ledger, const char *sql, sqlite3_stmt **out, struct fault *fault)
{
    int result = sqlite3_prepare_v2(ledger->db, sql, -1, out, NULL);
    return result == SQLITE_OK ? 0 : ledger_fault(ledger, "preparing", result, fault);
}

int ledger_step_done(struct ledger *ledger, sqlite3_stmt *statement, int *changes, struct fault *fault)
{
    int result = sqlite3_step(statement);
    int failed = result == SQLITE_DONE ? 0 : ledger_fault(ledger, "writing", result, fault);
    (void)sqlite3_finalize(statement);
    if (changes != NULL) {
        *changes = sqlite3_changes(ledger->db);
    }
    return failed;
}

/* A pragma's number. */
static int pragma_read(struct ledger *ledger, const char *sql, int64_t *out, struct fault *fault)
{
    sqlite3_stmt *statement = NULL;
    if (ledger_prepare(ledger, sql, &statement, fault) != 0) {
        return -1;
    }
    int result = sqlite3_step(statement);
    *out = result == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    int failed = result == SQLITE_ROW ? 0 : ledger_fault(ledger, "reading", result, fault);
    (void)sqlite3_finalize(statement);
    return failed;
}

static int schema_make(struct ledger *ledger, struct fault *fault)
{
    char numbers[96];
    (void)snprintf(numbers, sizeof numbers, "PRAGMA application_id = %d; PRAGMA user_version = %d;", APPLICATION_ID,
                   SCHEMA_VERSION);
    if (ledger_run(ledger, "PRAGMA journal_mode = WAL", "setting up", fault) != 0 ||
        ledger_run(ledger, "BEGIN IMMEDIATE", "setting up", fault) != 0) {
        return -1;
    }
    int64_t version = 0;
    int made = pragma_read(ledger, "PRAGMA user_version", &version, fault);
    if (made == 0 && version == 0) { /* nobody else made it while we waited */
        made = ledger_run(ledger, schema, "setting up", fault) != 0 ? -1
                                                                    : ledger_run(ledger, numbers, "setting up", fault);
    }
    if (made == 0) {
        return ledger_run(ledger, "COMMIT", "setting up", fault);
    }
    (void)sqlite3_exec(ledger->db, "ROLLBACK", NULL, NULL, NULL);
    return -1;
}

/* An empty file becomes a ledger; anything else must be one of this version. */
static int schema_check(struct ledger *ledger, enum ledger_access mode, struct fault *fault)
{
    int64_t id = 0;
    int64_t version = 0;
    int64_t tables = 0;
    if (pragma_read(ledger, "PRAGMA application_id", &id, fault) != 0 ||
        pragma_read(ledger, "PRAGMA user_version", &version, fault) != 0 ||
        pragma_read(ledger, "SELECT count(*) FROM sqlite_schema", &tables, fault) != 0) {
        return -1;
    }
    if (id == 0 && version == 0 && tables == 0 && mode == LEDGER_WRITE) {
        return schema_make(ledger, fault);
    }
    if (id != APPLICATION_ID) {
        (void)fault_set(fault, "ledger %s: not a ledger of Windlass", ledger->path);
        return fault_hint(fault, "move the file away, or restore the ledger from a copy");
    }
    if (version != SCHEMA_VERSION) {
        (void)fault_set(fault, "ledger %s: version %lld of the schema; this program knows version %d", ledger->path,
                        (long long)version, SCHEMA_VERSION);
        return fault_hint(fault, "use the version of windlass that wrote it");
    }
    return 0;
}

/* So that the file is 0600 from its first byte; SQLite gives its side files the same mode. */
static int file_make(const char *path, struct fault *fault)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        return fault_errno(fault, "ledger %s", path);
    }
    (void)close(fd);
    return 0;
}

static int file_exists_check(const char *path, struct fault *fault)
{
    if (access(path, F_OK) == 0) {
        return 0;
    }
    (void)fault_errno(fault, "ledger %s", path);
    return fault_hint(fault, "the ledger begins with the first 'windlass provision' of the project");
}

/* SQLite's side files stand beside the ledger, also when it is only read. */
static int folder_is_writable(const char *path)
{
    char folder[LEDGER_PATH_MAX];
    (void)snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash != NULL) {
        slash[slash == folder] = '\0';
    }
    return access(slash != NULL ? folder : ".", W_OK) == 0 && access(path, W_OK) == 0;
}

static int live_open(struct ledger *ledger)
{
    return sqlite3_open_v2(ledger->path, &ledger->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX, NULL);
}

/*
 * A ledger that lies where this user cannot write, such as an auditor's copy. With its log beside it, it may be in use,
 * and SQLite needs to see both; without one it lies still.
 */
static int still_open(struct ledger *ledger)
{
    char uri[3 * LEDGER_PATH_MAX + 32] = "file:";
    char log[LEDGER_PATH_MAX + 8];
    size_t used = strlen(uri);
    for (const char *at = ledger->path; *at != '\0'; at++) {
        int plain = isalnum((unsigned char)*at) || strchr("/._-", *at) != NULL;
        used += (size_t)snprintf(uri + used, sizeof uri - used, plain ? "%c" : "%%%02X", (unsigned char)*at);
    }
    (void)snprintf(log, sizeof log, "%s-wal", ledger->path);
    (void)snprintf(uri + used, sizeof uri - used, "?mode=ro%s", access(log, F_OK) == 0 ? "" : "&immutable=1");
    return sqlite3_open_v2(uri, &ledger->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_FULLMUTEX, NULL);
}

static int db_open(struct ledger *ledger, enum ledger_access mode, struct fault *fault)
{
    if (mode == LEDGER_WRITE && file_make(ledger->path, fault) != 0) {
        return -1;
    }
    if (mode == LEDGER_READ && file_exists_check(ledger->path, fault) != 0) {
        return -1;
    }
    int result = mode == LEDGER_READ && !folder_is_writable(ledger->path) ? still_open(ledger) : live_open(ledger);
    if (result != SQLITE_OK) {
        return ledger_fault(ledger, "opening", result, fault);
    }
    (void)sqlite3_busy_timeout(ledger->db, BUSY_MS);
    if (ledger_run(ledger, "PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF;", "opening", fault) != 0) {
        return -1;
    }
    return schema_check(ledger, mode, fault);
}

int ledger_open(const char *path, enum ledger_access mode, struct ledger **out, struct fault *fault)
{
    struct ledger *ledger = calloc(1, sizeof *ledger);
    *out = NULL;
    if (ledger == NULL || strlen(path) >= sizeof ledger->path) {
        free(ledger);
        return fault_set(fault, "ledger: its path is too long");
    }
    memcpy(ledger->path, path, strlen(path) + 1);
    if (db_open(ledger, mode, fault) != 0) {
        ledger_close(ledger);
        return -1;
    }
    *out = ledger;
    return 0;
}

void ledger_close(struct ledger *ledger)
{
    if (ledger != NULL) {
        (void)sqlite3_close(ledger->db);
        free(ledger);
    }
}
