/* SPDX-License-Identifier: Apache-2.0 */
/* store: the schema and the statements, once for both databases, and the way to the one that a place names. */
#include "host/ledger/store.h"

#include <string.h>

#define EVENT "chain, seq, time, kind, body"
#define UNIT                                                                                                           \
    "number, uid, identity_key, update_key, state, package, sequence, chain, tpm_count, "                              \
    "reserved, granted, certified, checked, done, quarantined, ended, debugged, instance"
#define PACKAGE "number, quota, block, reserved, done"

/*
 * BLOB and INT are the database's types, END what closes a table. Columns of a unit from `reserved` on are the
 * positions of its events, 0 when there is none.
 */
#define TABLES(BLOB, INT, END)                                                                                         \
    "CREATE TABLE events ("                                                                                            \
    " position " INT " PRIMARY KEY, chain " BLOB " NOT NULL CHECK (length(chain) = 16), seq " INT " NOT NULL,"         \
    " time " INT " NOT NULL, kind " INT " NOT NULL, body " BLOB " NOT NULL,"                                           \
    " link " BLOB " NOT NULL CHECK (length(link) = 32), UNIQUE (chain, seq))" END,                                     \
        "CREATE TABLE checkpoints ("                                                                                   \
        " chain " BLOB " NOT NULL, seq " INT " NOT NULL, body " BLOB " NOT NULL, PRIMARY KEY (chain, seq))" END,       \
        "CREATE TABLE units ("                                                                                         \
        " number " INT " PRIMARY KEY, uid " BLOB " NOT NULL UNIQUE CHECK (length(uid) = 16),"                          \
        " identity_key " BLOB " NOT NULL UNIQUE CHECK (length(identity_key) = 64),"                                    \
        " update_key " BLOB " NOT NULL UNIQUE CHECK (length(update_key) = 64),"                                        \
        " state " INT " NOT NULL CHECK (state BETWEEN 1 AND 6), package " INT " NOT NULL, sequence " INT               \
        " NOT NULL, chain " BLOB " NOT NULL, tpm_count " INT " NOT NULL, reserved " INT " NOT NULL, granted " INT      \
        " NOT NULL, certified " INT " NOT NULL, checked " INT " NOT NULL, done " INT " NOT NULL, quarantined " INT     \
        " NOT NULL, ended " INT " NOT NULL, debugged " INT " NOT NULL,"                                                \
        " instance " BLOB " NOT NULL UNIQUE CHECK (length(instance) = 32))" END,                                       \
        "CREATE TABLE packages ("                                                                                      \
        " number " INT " PRIMARY KEY, quota " INT " NOT NULL, block " INT " NOT NULL,"                                 \
        " reserved " INT " NOT NULL, done " INT " NOT NULL, CHECK (reserved BETWEEN 0 AND quota))" END,                \
        "CREATE TABLE loads ("                                                                                         \
        " chain " BLOB " NOT NULL, number " INT " NOT NULL, position " INT                                             \
        " NOT NULL, PRIMARY KEY (chain, number))" END

#define STAYS(TABLE, VERB)                                                                                             \
    "CREATE TRIGGER " TABLE "_" VERB " BEFORE " VERB " ON " TABLE " BEGIN SELECT RAISE(ABORT, '" TABLE                 \
    " are append-only'); END"
#define STAYS_PG(TABLE, VERBS)                                                                                         \
    "CREATE TRIGGER " TABLE "_stay BEFORE " VERBS " ON " TABLE " FOR EACH STATEMENT EXECUTE FUNCTION stays()"

const char *const store_schema_sqlite[] = {
    TABLES("BLOB", "INTEGER", " STRICT"), STAYS("events", "DELETE"),      STAYS("events", "UPDATE"),
    STAYS("checkpoints", "DELETE"),       STAYS("checkpoints", "UPDATE"), STAYS("units", "DELETE"),
    STAYS("packages", "DELETE"),          STAYS("loads", "DELETE"),       NULL
};

const char *const store_schema_postgres[] = { TABLES("BYTEA", "BIGINT", ""),
                                              "CREATE TABLE schema_version (version BIGINT NOT NULL)",
                                              "CREATE FUNCTION stays() RETURNS trigger LANGUAGE plpgsql AS "
                                              "'BEGIN RAISE EXCEPTION ''% are append-only'', TG_TABLE_NAME; END'",
                                              STAYS_PG("events", "DELETE OR UPDATE OR TRUNCATE"),
                                              STAYS_PG("checkpoints", "DELETE OR UPDATE OR TRUNCATE"),
                                              STAYS_PG("units", "DELETE OR TRUNCATE"),
                                              STAYS_PG("packages", "DELETE OR TRUNCATE"),
                                              STAYS_PG("loads", "DELETE OR TRUNCATE"),
                                              NULL };

static const struct {
    const char *text;
    unsigned columns;
} statements[STORE_STATEMENTS] = {
    [STORE_EVENT_ADD] = { "INSERT INTO events (position, " EVENT ", link) VALUES ($1, $2, $3, $4, $5, $6, $7)", 0 },
    [STORE_EVENT_LAST] = { "SELECT position, time FROM events ORDER BY position DESC LIMIT 1", 2 },
    [STORE_EVENT_AT] = { "SELECT " EVENT " FROM events WHERE position = $1", 5 },
    [STORE_EVENT_LINK] = { "SELECT link FROM events WHERE chain = $1 AND seq = $2", 1 },
    [STORE_EVENTS_AFTER] = { "SELECT position, " EVENT ", link FROM events WHERE position > $1 "
                             "ORDER BY position LIMIT $2",
                             7 },
    [STORE_CHAIN_FIRST] = { "SELECT chain FROM events ORDER BY position LIMIT 1", 1 },
    [STORE_CHAIN_LAST] = { "SELECT seq, link FROM events WHERE chain = $1 ORDER BY seq DESC LIMIT 1", 2 },
    [STORE_CHECKPOINT_ADD] = { "INSERT INTO checkpoints (chain, seq, body) VALUES ($1, $2, $3)", 0 },
    [STORE_CHECKPOINT_LAST] = { "SELECT seq, body FROM checkpoints WHERE chain = $1 ORDER BY seq DESC LIMIT 1", 2 },
    [STORE_CHECKPOINTS_FROM] = { "SELECT seq, body FROM checkpoints WHERE chain = $1 AND seq >= $2 "
                                 "ORDER BY seq LIMIT $3",
                                 2 },
    [STORE_UNIT_ADD] = { "INSERT INTO units (" UNIT ") VALUES "
                         "($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
                         0 },
    [STORE_UNIT_SET] = { "UPDATE units SET state = $1, package = $2, sequence = $3, tpm_count = $4, granted = $5, "
                         "certified = $6, checked = $7, done = $8, quarantined = $9, ended = $10, debugged = $11 "
                         "WHERE number = $12",
                         0 },
    [STORE_UNIT_BY_UID] = { "SELECT " UNIT " FROM units WHERE uid = $1", 18 },
    [STORE_UNIT_BY_KEYS] = { "SELECT " UNIT " FROM units WHERE identity_key = $1 OR update_key = $1 "
                             "OR identity_key = $2 OR update_key = $2 LIMIT 1",
                             18 },
    [STORE_UNIT_BY_INSTANCE] = { "SELECT " UNIT " FROM units WHERE instance = $1", 18 },
    [STORE_UNIT_LAST] = { "SELECT number FROM units ORDER BY number DESC LIMIT 1", 1 },
    [STORE_UNITS_AFTER] = { "SELECT " UNIT " FROM units WHERE number > $1 ORDER BY number LIMIT $2", 18 },
    [STORE_UNITS_BETWEEN] = { "SELECT " UNIT " FROM units WHERE uid >= $1 AND uid <= $2 ORDER BY uid LIMIT $3", 18 },
    [STORE_UNITS_BETWEEN_N] = { "SELECT count(*) FROM units WHERE uid >= $1 AND uid <= $2", 1 },
    [STORE_UNITS_STATE_N] = { "SELECT count(*) FROM units WHERE state = $1", 1 },
    [STORE_PACKAGE_ADD] = { "INSERT INTO packages (" PACKAGE ") VALUES ($1, $2, $3, $4, $5)", 0 },
    [STORE_PACKAGE_SET] = { "UPDATE packages SET reserved = $1, done = $2 WHERE number = $3", 0 },
    [STORE_PACKAGE_FIND] = { "SELECT " PACKAGE " FROM packages WHERE number = $1", 5 },
    [STORE_PACKAGES] = { "SELECT " PACKAGE " FROM packages ORDER BY number", 5 },
    [STORE_LOAD_ADD] = { "INSERT INTO loads (chain, number, position) VALUES ($1, $2, $3)", 0 },
    [STORE_LOADS] = { "SELECT chain, number, position FROM loads ORDER BY position", 3 },
    [STORE_LOAD_LAST] = { "SELECT number, position FROM loads WHERE chain = $1 ORDER BY number DESC LIMIT 1", 2 },
    [STORE_LOAD_FIND] = { "SELECT position, chain FROM loads WHERE number = $1 ORDER BY position LIMIT 1", 2 },
    [STORE_COUNT_LAST] = { "SELECT max(tpm_count) FROM units WHERE chain = $1", 1 },
    [STORE_SPENT_LAST] = { "SELECT body FROM events WHERE chain = $1 AND kind = 9 ORDER BY seq DESC LIMIT 1", 1 },
    [STORE_SPENT] = { "SELECT body FROM events WHERE chain = $1 AND kind = 9", 1 },
    [STORE_COUNTS] = { "SELECT DISTINCT tpm_count FROM units WHERE chain = $1 AND tpm_count > 0", 1 },
    [STORE_COUNT_FIND] = { "SELECT number FROM units WHERE chain = $1 AND tpm_count = $2 LIMIT 1", 1 },
    [STORE_LOAD_OWN] = { "SELECT position FROM loads WHERE chain = $1 AND number = $2", 1 },
};

const char *store_sql(enum store_statement statement)
{
    return statements[statement].text;
}

unsigned store_columns(enum store_statement statement)
{
    return statements[statement].columns;
}

int store_place_is_url(const char *place)
{
    return strncmp(place, "postgresql://", 13) == 0 || strncmp(place, "postgres://", 11) == 0;
}

int store_open(const char *place, enum ledger_access mode, struct store *out, struct fault *fault)
{
    out->backend = store_place_is_url(place) ? &store_postgres : &store_sqlite;
    out->failed = 0;
    return out->backend->open(place, mode, &out->db, fault);
}

void store_close(struct store *store)
{
    if (store->db != NULL) {
        store->backend->close(store->db);
        store->db = NULL;
    }
}

int store_begin(struct store *store, struct fault *fault)
{
    store->failed = 0;
    return store->backend->begin(store->db, fault);
}

int store_commit(struct store *store, struct fault *fault)
{
    return store->backend->commit(store->db, fault);
}

void store_rollback(struct store *store)
{
    store->backend->rollback(store->db);
}

/* A callback that gives -1 says that a row cannot be right: that is a fault of the database, too. */
int store_run(struct store *store, const struct store_query *query, struct fault *fault)
{
    int result = store->backend->run(store->db, query, fault);
    store->failed |= result == -1;
    return result;
}

int store_write(struct store *store, enum store_statement statement, const struct store_value *arguments, size_t count,
                struct fault *fault)
{
    const struct store_query query = { statement, arguments, count, NULL, NULL };
    return store_run(store, &query, fault);
}
