/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store: what the ledger asks of a database: one schema, one list of statements, two databases that run them. Rules and
 * bytes are elsewhere: here a row is numbers and byte strings. One store is used by one thread at a time.
 */
#ifndef HOST_LEDGER_STORE_H
#define HOST_LEDGER_STORE_H

#include "base/bytes.h"
#include "host/ledger/ledger.h"

#define STORE_SCHEMA_VERSION 3
#define STORE_COLUMNS_MAX 20

/* Arguments are $1, $2, ... in the order of their first use; columns as named. */
enum store_statement {
    STORE_EVENT_ADD,        /* position, chain, seq, time, kind, body, link */
    STORE_EVENT_LAST,       /* -> position, time */
    STORE_EVENT_AT,         /* position -> chain, seq, time, kind, body */
    STORE_EVENT_LINK,       /* chain, seq -> link */
    STORE_EVENTS_AFTER,     /* position, limit -> position, chain, seq, time, kind, body, link */
    STORE_CHAIN_FIRST,      /* -> chain */
    STORE_CHAIN_LAST,       /* chain -> seq, link */
    STORE_CHECKPOINT_ADD,   /* chain, seq, body */
    STORE_CHECKPOINT_LAST,  /* chain -> seq, body */
    STORE_CHECKPOINTS_FROM, /* chain, least seq, limit -> seq, body */
    STORE_UNIT_ADD,         /* the columns of a unit */
    STORE_UNIT_SET,         /* the same; found by number */
    STORE_UNIT_BY_UID,      /* uid -> unit */
    STORE_UNIT_BY_KEYS,     /* identity key, update key -> unit that holds one of them in any place */
    STORE_UNIT_BY_INSTANCE, /* instance -> unit */
    STORE_UNIT_LAST,        /* -> number */
    STORE_UNITS_AFTER,      /* number, limit -> units */
    STORE_UNITS_BETWEEN,    /* two uids, limit -> units by uid */
    STORE_UNITS_BETWEEN_N,  /* two uids -> how many */
    STORE_UNITS_STATE_N,    /* state -> how many */
    STORE_PACKAGE_ADD,      /* number, quota, block, reserved, done */
    STORE_PACKAGE_SET,      /* the same; found by number */
    STORE_PACKAGE_FIND,     /* number -> package */
    STORE_PACKAGES,         /* -> packages by number */
    STORE_LOAD_ADD,         /* chain, number, position */
    STORE_LOADS,            /* -> chain, number, position */
    STORE_LOAD_LAST,        /* chain -> number, position */
    STORE_LOAD_FIND,        /* number -> position of its first event, chain */
    STORE_LOAD_OWN,         /* chain, number -> position */
    STORE_COUNT_LAST,       /* chain -> highest TPM count of a unit, or NULL */
    STORE_SPENT_LAST,       /* chain -> body of the newest SPENT event */
    STORE_SPENT,            /* chain -> bodies of its SPENT events */
    STORE_COUNTS,           /* chain -> TPM counts of its units */
    STORE_COUNT_FIND,       /* chain, TPM count -> number of a unit */
    STORE_STATEMENTS
};

enum store_kind { STORE_NULL, STORE_NUMBER, STORE_BYTES };

struct store_value {
    enum store_kind kind;
    int64_t number;
    struct bytes bytes; /* in a row: valid until the callback returns */
};

static inline struct store_value store_number(uint64_t number)
{
    return (struct store_value){ STORE_NUMBER, (int64_t)number, { NULL, 0 } };
}

static inline struct store_value store_bytes(const uint8_t *data, size_t len)
{
    return (struct store_value){ STORE_BYTES, 0, { data, len } };
}

/* A row of the result; anything but 0 ends the walk and is given back. */
typedef int (*store_row)(void *context, const struct store_value *columns);

struct store_query {
    enum store_statement statement;
    const struct store_value *arguments;
    size_t count;
    store_row each; /* NULL: rows are not wanted */
    void *context;
};

struct store_backend {
    /* Opens, makes the schema when there is none (LEDGER_WRITE), checks its version. */
    int (*open)(const char *place, enum ledger_access mode, void **out, struct fault *fault);
    void (*close)(void *db);
    /* LEDGER_WRITE: begin takes the right to write from all others; commit is durable when it returns. LEDGER_READ:
     * from begin on all is read as it was at the first statement, whoever writes meanwhile. */
    int (*begin)(void *db, struct fault *fault);
    int (*commit)(void *db, struct fault *fault);
    void (*rollback)(void *db);
    /* 0; -1 on a fault; or what `each` gave. */
    int (*run)(void *db, const struct store_query *query, struct fault *fault);
};

extern const struct store_backend store_sqlite;
extern const struct store_backend store_postgres;

struct store {
    const struct store_backend *backend;
    void *db;
    int failed; /* the database gave a fault since the transaction began: it cannot be committed */
};

/* The text and the number of result columns of a statement. */
const char *store_sql(enum store_statement statement);
unsigned store_columns(enum store_statement statement);
/* The text of a schema, in parts; NULL ends it. */
extern const char *const store_schema_sqlite[];
extern const char *const store_schema_postgres[];

/* 1 when a place is a database of PostgreSQL. */
int store_place_is_url(const char *place);
int store_open(const char *place, enum ledger_access mode, struct store *out, struct fault *fault);
/* Safe on a store that is all zero. */
void store_close(struct store *store);
int store_begin(struct store *store, struct fault *fault);
int store_commit(struct store *store, struct fault *fault);
void store_rollback(struct store *store);
int store_run(struct store *store, const struct store_query *query, struct fault *fault);
/* A statement without rows. */
int store_write(struct store *store, enum store_statement statement, const struct store_value *arguments, size_t count,
                struct fault *fault);

#endif
