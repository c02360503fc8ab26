/* SPDX-License-Identifier: Apache-2.0 */
/* store_sqlite: the ledger in a file. Write-ahead log, synchronous FULL: a commit is on disk when it returns. */
#include "host/ledger/store.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define APPLICATION_ID 0x576C6467 /* "Wldg" */
#define BUSY_MS 3000
#define PATH_MAX_LEN 600

struct file_place {
    dev_t device;
    ino_t inode; /* 0: not known yet */
};

struct file_store {
    sqlite3 *db;
    sqlite3_stmt *statements[STORE_STATEMENTS];
    char path[PATH_MAX_LEN];
    struct file_place place;
    struct file_place log; /* SQLite's write-ahead log */
    enum ledger_access mode;
};

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

static int db_fault(const struct file_store *store, const char *doing, int result, struct fault *fault)
{
    const char *detail = store->db != NULL ? sqlite3_errmsg(store->db) : sqlite3_errstr(result);
    (void)fault_set(fault, "ledger %s: %s: %s", store->path, doing, detail);
    fault_hint_set(result & 0xFF, fault);
    return -1;
}

static int text_run(struct file_store *store, const char *sql, const char *doing, struct fault *fault)
{
    int result = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
    return result == SQLITE_OK ? 0 : db_fault(store, doing, result, fault);
}

/* ---- opening ---- */

/* A pragma's number. */
static int pragma_read(struct file_store *store, const char *sql, int64_t *out, struct fault *fault)
{
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
    if (result != SQLITE_OK) {
        return db_fault(store, "reading", result, fault);
    }
    result = sqlite3_step(statement);
    *out = result == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    int failed = result == SQLITE_ROW ? 0 : db_fault(store, "reading", result, fault);
    (void)sqlite3_finalize(statement);
    return failed;
}

static int tables_make(struct file_store *store, struct fault *fault)
{
    char numbers[96];
    (void)snprintf(numbers, sizeof numbers, "PRAGMA application_id = %d; PRAGMA user_version = %d;", APPLICATION_ID,
                   STORE_SCHEMA_VERSION);
    for (const char *const *part = store_schema_sqlite; *part != NULL; part++) {
        if (text_run(store, *part, "setting up", fault) != 0) {
            return -1;
        }
    }
    return text_run(store, numbers, "setting up", fault);
}

static int schema_make(struct file_store *store, struct fault *fault)
{
    if (text_run(store, "PRAGMA journal_mode = WAL", "setting up", fault) != 0 ||
        text_run(store, "BEGIN IMMEDIATE", "setting up", fault) != 0) {
        return -1;
    }
    int64_t version = 0;
    int made = pragma_read(store, "PRAGMA user_version", &version, fault);
    if (made == 0 && version == 0) { /* nobody else made it while we waited */
        made = tables_make(store, fault);
    }
    if (made == 0) {
        return text_run(store, "COMMIT", "setting up", fault);
    }
    (void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return -1;
}

/* An empty file becomes a ledger; anything else must be one of this version. */
static int schema_check(struct file_store *store, enum ledger_access mode, struct fault *fault)
{
    int64_t id = 0;
    int64_t version = 0;
    int64_t tables = 0;
    if (pragma_read(store, "PRAGMA application_id", &id, fault) != 0 ||
        pragma_read(store, "PRAGMA user_version", &version, fault) != 0 ||
        pragma_read(store, "SELECT count(*) FROM sqlite_schema", &tables, fault) != 0) {
        return -1;
    }
    if (id == 0 && version == 0 && tables == 0 && mode == LEDGER_WRITE) {
        return schema_make(store, fault);
    }
    if (id != APPLICATION_ID) {
        (void)fault_set(fault, "ledger %s: not a ledger of Windlass", store->path);
        return fault_hint(fault, "move the file away, or restore the ledger from a copy");
    }
    if (version != STORE_SCHEMA_VERSION) {
        (void)fault_set(fault, "ledger %s: version %lld of the schema; this program knows version %d", store->path,
                        (long long)version, STORE_SCHEMA_VERSION);
        return fault_hint(fault, "use the version of windlass that wrote it");
    }
    return 0;
}

/* So that the file is 0600 from its first byte; SQLite gives its side files the same mode. */
static int file_make(const char *path, struct fault *fault)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        (void)fault_errno(fault, "ledger %s", path);
        return fault_hint(fault,
                          "the user who runs this must be allowed to write the ledger's file and folder: look at "
                          "their owner and mode, and at the disk");
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
    char folder[PATH_MAX_LEN];
    (void)snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash != NULL) {
        slash[slash == folder] = '\0';
    }
    return access(slash != NULL ? folder : ".", W_OK) == 0 && access(path, W_OK) == 0;
}

/*
 * A ledger that lies where this user cannot write, such as an auditor's copy. With its log beside it, it may be in use,
 * and SQLite needs to see both; without one it lies still.
 */
static int still_open(struct file_store *store)
{
    char uri[3 * PATH_MAX_LEN + 32] = "file:";
    char log[PATH_MAX_LEN + 8];
    size_t used = strlen(uri);
    for (const char *at = store->path; *at != '\0'; at++) {
        int plain = isalnum((unsigned char)*at) || strchr("/._-", *at) != NULL;
        used += (size_t)snprintf(uri + used, sizeof uri - used, plain ? "%c" : "%%%02X", (unsigned char)*at);
    }
    (void)snprintf(log, sizeof log, "%s-wal", store->path);
    (void)snprintf(uri + used, sizeof uri - used, "?mode=ro%s", access(log, F_OK) == 0 ? "" : "&immutable=1");
    return sqlite3_open_v2(uri, &store->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_FULLMUTEX, NULL);
}

static int db_open(struct file_store *store, enum ledger_access mode, struct fault *fault)
{
    if (mode == LEDGER_WRITE && file_make(store->path, fault) != 0) {
        return -1;
    }
    if (mode == LEDGER_READ && file_exists_check(store->path, fault) != 0) {
        return -1;
    }
    int result = mode == LEDGER_READ && !folder_is_writable(store->path)
                     ? still_open(store)
                     : sqlite3_open_v2(store->path, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX, NULL);
    if (result != SQLITE_OK) {
        return db_fault(store, "opening", result, fault);
    }
    (void)sqlite3_busy_timeout(store->db, BUSY_MS);
    if (text_run(store, "PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF; PRAGMA wal_autocheckpoint = 4000;",
                 "opening", fault) != 0) {
        return -1;
    }
    return schema_check(store, mode, fault);
}

static void file_close(void *db)
{
    struct file_store *store = db;
    for (size_t i = 0; i < STORE_STATEMENTS; i++) {
        (void)sqlite3_finalize(store->statements[i]);
    }
    (void)sqlite3_close(store->db);
    free(store);
}

static int file_open(const char *place, enum ledger_access mode, void **out, struct fault *fault)
{
    struct file_store *store = calloc(1, sizeof *store);
    *out = NULL;
    if (store == NULL || strlen(place) >= sizeof store->path) {
        free(store);
        return fault_set(fault, "ledger: its path is too long");
    }
    memcpy(store->path, place, strlen(place) + 1);
    store->mode = mode;
    if (db_open(store, mode, fault) != 0) {
        file_close(store);
        return -1;
    }
    *out = store;
    return 0;
}

/* ---- running ---- */

/* 1 when this name no longer leads to this file; a file that is not known yet is known from now on. */
static int is_moved(const char *path, struct file_place *place)
{
    struct stat now;
    if (stat(path, &now) != 0) {
        return place->inode != 0;
    }
    if (place->inode == 0) {
        *place = (struct file_place){ now.st_dev, now.st_ino };
    }
    return now.st_dev != place->device || now.st_ino != place->inode;
}

/* SQLite goes on writing into files that were deleted or moved, and all of it would be gone with the process. */
static int place_check(struct file_store *store, struct fault *fault)
{
    char log[PATH_MAX_LEN + 8];
    (void)snprintf(log, sizeof log, "%s-wal", store->path);
    if (!is_moved(store->path, &store->place) && !is_moved(log, &store->log)) {
        return 0;
    }
    (void)fault_set(fault, "ledger %s: the file, or its -wal, was deleted, moved or replaced while in use",
                    store->path);
    return fault_hint(fault,
                      "put back the very files that were there; if they are gone, stop windlassd and restore the "
                      "newest copy");
}

static void file_rollback(void *db)
{
    struct file_store *store = db;
    (void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
}

static int file_begin(void *db, struct fault *fault)
{
    struct file_store *store = db;
    if (store->mode == LEDGER_READ) {
        return text_run(store, "BEGIN", "reading", fault);
    }
    if (text_run(store, "BEGIN IMMEDIATE", "writing", fault) != 0) {
        return -1;
    }
    if (place_check(store, fault) != 0) {
        file_rollback(store);
        return -1;
    }
    return 0;
}

/* Whoever took the files away meanwhile is seen here: nothing is released then. */
static int file_commit(void *db, struct fault *fault)
{
    return text_run(db, "COMMIT", "committing", fault) != 0 ? -1 : place_check(db, fault);
}

static void bind(sqlite3_stmt *statement, int at, const struct store_value *value)
{
    static const uint8_t none[1];
    if (value->kind == STORE_NUMBER) {
        (void)sqlite3_bind_int64(statement, at, value->number);
    } else if (value->kind == STORE_BYTES) { /* a NULL pointer would be taken for NULL */
        (void)sqlite3_bind_blob(statement, at, value->bytes.len > 0 ? value->bytes.data : none, (int)value->bytes.len,
                                SQLITE_STATIC);
    } else {
        (void)sqlite3_bind_null(statement, at);
    }
}

static struct store_value column(sqlite3_stmt *statement, int at)
{
    switch (sqlite3_column_type(statement, at)) {
    case SQLITE_INTEGER:
        return (struct store_value){ STORE_NUMBER, sqlite3_column_int64(statement, at), { NULL, 0 } };
    case SQLITE_BLOB: {
        const uint8_t *data = sqlite3_column_blob(statement, at);
        return store_bytes(data, (size_t)sqlite3_column_bytes(statement, at));
    }
    default:
        return (struct store_value){ STORE_NULL, 0, { NULL, 0 } };
    }
}

static int rows_give(struct file_store *store, sqlite3_stmt *statement, const struct store_query *query,
                     struct fault *fault)
{
    struct store_value columns[STORE_COLUMNS_MAX];
    unsigned count = store_columns(query->statement);
    int result = sqlite3_step(statement);
    while (result == SQLITE_ROW) {
        for (unsigned i = 0; i < count; i++) {
            columns[i] = column(statement, (int)i);
        }
        int given = query->each == NULL ? 0 : query->each(query->context, columns);
        if (given != 0) {
            return given == -1 ? db_fault(store, "reading", SQLITE_CORRUPT, fault) : given;
        }
        result = sqlite3_step(statement);
    }
    return result == SQLITE_DONE ? 0 : db_fault(store, count > 0 ? "reading" : "writing", result, fault);
}

static int file_run(void *db, const struct store_query *query, struct fault *fault)
{
    struct file_store *store = db;
    sqlite3_stmt **statement = &store->statements[query->statement];
    if (*statement == NULL) {
        int result =
            sqlite3_prepare_v3(store->db, store_sql(query->statement), -1, SQLITE_PREPARE_PERSISTENT, statement, NULL);
        if (result != SQLITE_OK) {
            return db_fault(store, "preparing", result, fault);
        }
    }
    for (size_t i = 0; i < query->count; i++) {
        bind(*statement, (int)i + 1, &query->arguments[i]);
    }
    int result = rows_give(store, *statement, query, fault);
    (void)sqlite3_reset(*statement);
    (void)sqlite3_clear_bindings(*statement);
    return result;
}

const struct store_backend store_sqlite = { file_open, file_close, file_begin, file_commit, file_rollback, file_run };
