/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_postgres: the ledger in a database of PostgreSQL, in its schema "windlass", shared by several appliances. A
 * transaction takes the table of events for itself, so that units are numbered and counted over all.
 */
#include "host/ledger/store.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHARED_LOCK "7379886" /* the same number in every appliance, for making the schema */
#define ARGUMENTS_MAX 20
#define PENDING_MAX 256 /* their answers must fit the socket */

struct server_store {
    PGconn *link;
    int pending_failed;
    unsigned pending;   /* statements without rows that were sent, and not answered yet */
    int in_transaction; /* a link that breaks in one is not mended before its end */
    enum ledger_access mode;
    char where[256]; /* for messages: no password */
};

static int link_fault(struct server_store *store, const char *doing, const char *detail, struct fault *fault)
{
    char line[256];
    (void)snprintf(line, sizeof line, "%s", detail == NULL || detail[0] == '\0' ? PQerrorMessage(store->link) : detail);
    line[strcspn(line, "\n")] = '\0';
    (void)fault_set(fault, "ledger %s: %s: %s", store->where, doing, line);
    if (PQstatus(store->link) != CONNECTION_OK) {
        return fault_hint(fault, "look whether the database server runs and can be reached; then try again");
    }
    return fault_hint(fault, "nothing was recorded by this step; look at the database server's log");
}

static int result_fault(struct server_store *store, const char *doing, const PGresult *result, struct fault *fault)
{
    const char *state = result == NULL ? NULL : PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *detail = result == NULL ? NULL : PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (state != NULL && strncmp(state, "55P03", 5) == 0) {
        (void)link_fault(store, doing, detail, &(struct fault){ { 0 }, { 0 } });
        (void)fault_set(fault, "ledger %s: %s: the database is locked", store->where, doing);
        return fault_hint(fault, "another program holds the ledger; wait for it to end and try again");
    }
    return link_fault(store, doing, detail, fault);
}

static int text_run(struct server_store *store, const char *sql, const char *doing, struct fault *fault)
{
    PGresult *result = PQexec(store->link, sql);
    ExecStatusType status = PQresultStatus(result);
    int failed =
        status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ? 0 : result_fault(store, doing, result, fault);
    PQclear(result);
    return failed;
}

/* The first column of the first row as text; empty when there is no row. */
static int text_ask(struct server_store *store, const char *sql, char *out, size_t out_len, struct fault *fault)
{
    PGresult *result = PQexec(store->link, sql);
    int failed = PQresultStatus(result) == PGRES_TUPLES_OK ? 0 : result_fault(store, "reading", result, fault);
    out[0] = '\0';
    if (failed == 0 && PQntuples(result) > 0) {
        (void)snprintf(out, out_len, "%s", PQgetvalue(result, 0, 0));
    }
    PQclear(result);
    return failed;
}

/* ---- opening ---- */

/* A server that acknowledges before the disk has it would lose what was released. */
static int durability_check(struct server_store *store, struct fault *fault)
{
    char fsync[8];
    if (text_run(store, "SET client_min_messages = warning", "opening", fault) != 0 ||
        text_run(store, "SET synchronous_commit = on", "opening", fault) != 0 ||
        text_run(store, "SET lock_timeout = '3s'", "opening", fault) != 0 ||
        text_run(store, "SET search_path = windlass", "opening", fault) != 0 ||
        text_ask(store, "SHOW fsync", fsync, sizeof fsync, fault) != 0) {
        return -1;
    }
    if (strcmp(fsync, "on") != 0) {
        (void)fault_set(fault, "ledger %s: the server runs with fsync off", store->where);
        return fault_hint(fault, "set fsync = on: a record must be on disk before anything is released");
    }
    return 0;
}

static int tables_make(struct server_store *store, struct fault *fault)
{
    char version[80];
    if (text_run(store, "CREATE SCHEMA IF NOT EXISTS windlass", "setting up", fault) != 0) {
        return -1;
    }
    for (const char *const *part = store_schema_postgres; *part != NULL; part++) {
        if (text_run(store, *part, "setting up", fault) != 0) {
            return -1;
        }
    }
    (void)snprintf(version, sizeof version, "INSERT INTO schema_version VALUES (%d)", STORE_SCHEMA_VERSION);
    return text_run(store, version, "setting up", fault);
}

static int tables_exist(struct server_store *store, int *out, struct fault *fault)
{
    char there[80];
    int failed = text_ask(store, "SELECT to_regclass('windlass.schema_version')", there, sizeof there, fault);
    *out = there[0] != '\0';
    return failed;
}

static int schema_make(struct server_store *store, struct fault *fault)
{
    int there = 0;
    if (text_run(store, "BEGIN", "setting up", fault) != 0) {
        return -1;
    }
    int made = text_run(store, "SELECT pg_advisory_xact_lock(" SHARED_LOCK ")", "setting up", fault);
    if (made == 0) {
        made = tables_exist(store, &there, fault);
    }
    if (made == 0 && !there) { /* nobody else made it while we waited */
        made = tables_make(store, fault);
    }
    if (made == 0) {
        return text_run(store, "COMMIT", "setting up", fault);
    }
    PQclear(PQexec(store->link, "ROLLBACK"));
    return -1;
}

static int schema_check(struct server_store *store, struct fault *fault)
{
    int there = 0;
    char version[24];
    char known[24];
    if (tables_exist(store, &there, fault) != 0 ||
        (!there && store->mode == LEDGER_WRITE && schema_make(store, fault) != 0)) {
        return -1;
    }
    if (!there && store->mode == LEDGER_READ) {
        (void)fault_set(fault, "ledger %s: not a ledger of Windlass", store->where);
        return fault_hint(fault, "name the database in which an appliance keeps its ledger");
    }
    (void)snprintf(known, sizeof known, "%d", STORE_SCHEMA_VERSION);
    if (text_ask(store, "SELECT version FROM schema_version", version, sizeof version, fault) != 0) {
        return -1;
    }
    if (strcmp(version, known) != 0) {
        (void)fault_set(fault, "ledger %s: version %s of the schema; this program knows version %s", store->where,
                        version, known);
        return fault_hint(fault, "use the version of windlass that wrote it");
    }
    return 0;
}

static void statement_name(enum store_statement statement, char name[8])
{
    (void)snprintf(name, 8, "s%u", (unsigned)statement);
}

static int statements_prepare(struct server_store *store, struct fault *fault)
{
    int failed = 0;
    for (enum store_statement i = 0; i < STORE_STATEMENTS && failed == 0; i++) {
        char name[8];
        statement_name(i, name);
        PGresult *result = PQprepare(store->link, name, store_sql(i), 0, NULL);
        failed = PQresultStatus(result) == PGRES_COMMAND_OK ? 0 : result_fault(store, "preparing", result, fault);
        PQclear(result);
    }
    return failed;
}

static void server_close(void *db)
{
    struct server_store *store = db;
    PQfinish(store->link);
    free(store);
}

static int server_open(const char *place, enum ledger_access mode, void **out, struct fault *fault)
{
    struct server_store *store = calloc(1, sizeof *store);
    *out = NULL;
    if (store == NULL) {
        return fault_set(fault, "no memory");
    }
    store->mode = mode;
    store->link = PQconnectdb(place);
    (void)snprintf(store->where, sizeof store->where, "%s at %s", PQdb(store->link) == NULL ? "?" : PQdb(store->link),
                   PQhost(store->link) == NULL ? "?" : PQhost(store->link));
    int failed = PQstatus(store->link) != CONNECTION_OK ? link_fault(store, "opening", NULL, fault)
                                                        : durability_check(store, fault);
    if (failed != 0 || schema_check(store, fault) != 0 || statements_prepare(store, fault) != 0) {
        server_close(store);
        return -1;
    }
    *out = store;
    return 0;
}

/* ---- running ---- */

/* Takes the answers that were not waited for; the first that is a fault is told. */
static int pending_finish(struct server_store *store, struct fault *fault)
{
    int failed = 0;
    if (store->pending == 0) {
        return 0;
    }
    if (PQpipelineSync(store->link) != 1) {
        failed = link_fault(store, "writing", NULL, fault);
    }
    for (int synced = 0; failed == 0 && !synced;) {
        PGresult *result = PQgetResult(store->link);
        ExecStatusType status = PQresultStatus(result);
        synced = status == PGRES_PIPELINE_SYNC;
        if (result == NULL && PQstatus(store->link) != CONNECTION_OK) {
            failed = link_fault(store, "writing", NULL, fault);
        } else if (result != NULL && !synced && status != PGRES_COMMAND_OK && status != PGRES_PIPELINE_ABORTED) {
            store->pending_failed |= result_fault(store, "writing", result, fault) != 0;
        }
        PQclear(result);
    }
    failed |= store->pending_failed != 0;
    store->pending_failed = 0;
    store->pending = 0;
    (void)PQexitPipelineMode(store->link);
    return failed ? -1 : 0;
}

/* libpq holds a link for sound that took nothing, while the server's last words are still to be read from it. Such a
 * fault is not the server's: it has no state. */
static int link_broke(const struct server_store *store, const PGresult *result)
{
    return PQstatus(store->link) != CONNECTION_OK ||
           (PQresultStatus(result) == PGRES_FATAL_ERROR && PQresultErrorField(result, PG_DIAG_SQLSTATE) == NULL);
}

static int link_renew(struct server_store *store, struct fault *fault)
{
    PQreset(store->link);
    store->pending = 0;
    return PQstatus(store->link) != CONNECTION_OK ? link_fault(store, "opening", NULL, fault)
           : durability_check(store, fault) != 0  ? -1
                                                  : statements_prepare(store, fault);
}

/* A link that broke is made anew. */
static int link_mend(struct server_store *store, struct fault *fault)
{
    return PQstatus(store->link) == CONNECTION_OK ? 0 : link_renew(store, fault);
}

static int server_begin(void *db, struct fault *fault)
{
    struct server_store *store = db;
    const char *text = store->mode == LEDGER_READ ? "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
                                                  : "BEGIN; LOCK TABLE windlass.events IN EXCLUSIVE MODE";
    const char *doing = store->mode == LEDGER_READ ? "reading" : "writing";
    if (link_mend(store, fault) != 0) {
        return -1;
    }
    PGresult *result = PQexec(store->link, text);
    int ok = PQresultStatus(result) == PGRES_COMMAND_OK;
    if (!ok && link_broke(store, result)) { /* it broke while it lay idle: once more */
        ok = link_renew(store, fault) == 0 && text_run(store, text, doing, fault) == 0;
    } else if (!ok) {
        (void)result_fault(store, doing, result, fault);
        PQclear(PQexec(store->link, "ROLLBACK"));
    }
    PQclear(result);
    store->in_transaction = ok;
    return ok ? 0 : -1;
}

static int server_commit(void *db, struct fault *fault)
{
    struct server_store *store = db;
    if (pending_finish(store, fault) != 0) {
        return -1; /* the caller rolls back */
    }
    PGresult *result = PQexec(store->link, "COMMIT");
    store->in_transaction = 0;
    /* A transaction that failed is rolled back by COMMIT, without an error. */
    int ok = PQresultStatus(result) == PGRES_COMMAND_OK && strcmp(PQcmdStatus(result), "COMMIT") == 0;
    int failed = ok ? 0 : result_fault(store, "committing", result, fault);
    PQclear(result);
    return failed;
}

static void server_rollback(void *db)
{
    struct server_store *store = db;
    struct fault ignored = FAULT_NONE;
    (void)pending_finish(store, &ignored);
    store->in_transaction = 0;
    PQclear(PQexec(store->link, "ROLLBACK"));
}

static void number_pack(int64_t number, uint8_t out[8])
{
    for (unsigned i = 0; i < 8; i++) {
        out[i] = (uint8_t)((uint64_t)number >> (56 - 8 * i));
    }
}

static int64_t number_unpack(const uint8_t in[8])
{
    uint64_t number = 0;
    for (unsigned i = 0; i < 8; i++) {
        number = number << 8 | in[i];
    }
    return (int64_t)number;
}

/* Sends a statement. `later`: its answer is not waited for. */
static PGresult *query_send(struct server_store *store, const struct store_query *query, int later)
{
    char name[8];
    uint8_t numbers[ARGUMENTS_MAX][8];
    const char *values[ARGUMENTS_MAX] = { NULL };
    int lengths[ARGUMENTS_MAX] = { 0 };
    int formats[ARGUMENTS_MAX];
    for (size_t i = 0; i < query->count && i < ARGUMENTS_MAX; i++) {
        const struct store_value *value = &query->arguments[i];
        formats[i] = 1;
        if (value->kind == STORE_NUMBER) {
            number_pack(value->number, numbers[i]);
            values[i] = (const char *)numbers[i];
            lengths[i] = 8;
        } else if (value->kind == STORE_BYTES) {
            values[i] = value->bytes.len > 0 ? (const char *)value->bytes.data : "";
            lengths[i] = (int)value->bytes.len;
        }
    }
    statement_name(query->statement, name);
    if (!later) {
        return PQexecPrepared(store->link, name, (int)query->count, values, lengths, formats, 1);
    }
    store->pending += PQsendQueryPrepared(store->link, name, (int)query->count, values, lengths, formats, 1) == 1;
    return NULL;
}

static struct store_value column(const PGresult *result, int row, int at)
{
    const uint8_t *data = (const uint8_t *)PQgetvalue(result, row, at);
    int len = PQgetlength(result, row, at);
    if (PQgetisnull(result, row, at)) {
        return (struct store_value){ STORE_NULL, 0, { NULL, 0 } };
    }
    if (PQftype(result, at) == 20 && len == 8) { /* the type INT8 */
        return (struct store_value){ STORE_NUMBER, number_unpack(data), { NULL, 0 } };
    }
    return store_bytes(data, (size_t)len);
}

static int rows_give(struct server_store *store, const PGresult *result, const struct store_query *query,
                     struct fault *fault)
{
    struct store_value columns[STORE_COLUMNS_MAX];
    unsigned count = store_columns(query->statement);
    for (int row = 0; row < PQntuples(result) && query->each != NULL; row++) {
        for (unsigned i = 0; i < count; i++) {
            columns[i] = column(result, row, (int)i);
        }
        int given = query->each(query->context, columns);
        if (given != 0) {
            return given == -1 ? link_fault(store, "reading", "a row with impossible content", fault) : given;
        }
    }
    return 0;
}

/* A statement without rows is only sent: a transaction of many events would else wait most of its time. Its fault comes
 * with the next one that has rows, or with the commit. */
static int later_run(struct server_store *store, const struct store_query *query, struct fault *fault)
{
    unsigned before = store->pending;
    if (before == 0 && PQenterPipelineMode(store->link) != 1) {
        return link_fault(store, "writing", NULL, fault);
    }
    (void)query_send(store, query, 1);
    if (store->pending == before) {
        return link_fault(store, "writing", NULL, fault);
    }
    return store->pending < PENDING_MAX ? 0 : pending_finish(store, fault);
}

static int server_run(void *db, const struct store_query *query, struct fault *fault)
{
    struct server_store *store = db;
    if (store->in_transaction && store_columns(query->statement) == 0) {
        return later_run(store, query, fault);
    }
    if ((!store->in_transaction && link_mend(store, fault) != 0) || pending_finish(store, fault) != 0) {
        return -1;
    }
    PGresult *result = query_send(store, query, 0);
    if (!store->in_transaction && store_columns(query->statement) > 0 && link_broke(store, result)) {
        PQclear(result); /* to read once more changes nothing */
        if (link_renew(store, fault) != 0) {
            return -1;
        }
        result = query_send(store, query, 0);
    }
    ExecStatusType status = PQresultStatus(result);
    int failed = status == PGRES_COMMAND_OK  ? 0
                 : status == PGRES_TUPLES_OK ? rows_give(store, result, query, fault)
                                             : result_fault(store, "running", result, fault);
    PQclear(result);
    return failed;
}

const struct store_backend store_postgres = { server_open,   server_close,    server_begin,
                                              server_commit, server_rollback, server_run };
