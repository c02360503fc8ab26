/* SPDX-License-Identifier: Apache-2.0 */
/* audit_room: what the files of the auditor share. Not for others. */
#ifndef HOST_LEDGER_AUDIT_ROOM_H
#define HOST_LEDGER_AUDIT_ROOM_H

#include "host/ledger/audit.h"
#include "host/ledger/audit_cert.h"
#include "host/ledger/state_store.h"

#define AUDIT_CHAINS_MAX 256
#define AUDIT_BATCH 4096
#define AUDIT_TEXT_MAX 200

/* ---- memory: the state, derived ---- */

struct audit_memory {
    struct state_unit *units; /* unit n at n - 1 */
    size_t unit_count;
    size_t unit_room;
    uint32_t *by_uid; /* open addressing: place in units + 1; 0: free */
    uint32_t *by_key;
    size_t slots; /* a power of two, of each */
    uint64_t seed;
    struct state_package *packages;
    size_t package_count;
    struct load {
        uint8_t chain[EVENT_CHAIN_LEN];
        uint64_t number;
        uint64_t position;
        uint64_t tpm;
        uint64_t not_after;
        uint64_t without_token; /* units that were closed without one */
        uint64_t moved;         /* units whose reservation went into a later package */
        int met;                /* its row in the database was seen */
        uint8_t grant_key[64];
        uint8_t issuing[32];
    } * loads;
    size_t load_count;
};

struct state_view audit_memory_view(struct audit_memory *memory);
void audit_memory_free(struct audit_memory *memory);
/* The load of a package by a chain: its place in loads + 1; 0 when there is none. */
size_t audit_load_find(const struct audit_memory *memory, const uint8_t *chain, uint64_t number);
/* Makes room for units that are missing, so that `number` can follow. -1: too many. */
int audit_units_skip(struct audit_memory *memory, uint64_t number, struct fault *fault);

/* ---- a chain under way ---- */

struct audit_chain {
    uint8_t id[EVENT_CHAIN_LEN];
    uint64_t seq;
    uint64_t time;
    uint8_t link[EVENT_LINK_LEN];
    int has_key; /* of its records certificate */
    uint8_t key[64];
    uint64_t revoked;        /* when its appliance was, unix seconds; 0: it was not */
    uint64_t checkpoint_seq; /* the newest that was met; 0: none */
    int has_checkpoint;
    uint8_t checkpoint_digest[32];
    int has_count;
    uint64_t checkpoint_count;
    struct checkpoint next; /* the checkpoint that comes next; has_next 0: no more */
    int has_next;
    size_t next_len;
    uint8_t next_bytes[CHECKPOINT_MAX];
};

/* A TPM operation that the ledger names. */
struct audit_count {
    size_t chain;
    uint64_t from; /* the operations from + 1 .. to */
    uint64_t to;
    uint64_t seq;
    int has_block;
    uint8_t block[32]; /* SHA-256 of the block that it signed */
};

/* ---- signatures, checked by many threads ---- */

enum job_kind { JOB_CHECKPOINT, JOB_GRANT, JOB_CERTS, JOB_RECEIPT, JOB_TOKEN, JOB_SCRAP, JOB_DECOMMISSION, JOB_DEBUG };

struct job {
    enum job_kind kind;
    size_t chain;
    uint64_t seq;
    struct state_unit unit;
    struct event_body body;
    struct bytes encoded; /* JOB_CHECKPOINT */
    uint64_t block;       /* of the unit's package */
    size_t load;          /* place in memory.loads + 1; 0: the unit is in no package */
    char what[AUDIT_TEXT_MAX];
};

struct issuer {
    struct audit_cert cert;
    uint8_t digest[32];
    uint8_t key[64];
};

struct audit {
    const struct audit_config *config;
    struct audit_result *result;
    struct store store;
    uint8_t *head; /* read before all else: a ledger that grows meanwhile stays ahead of it */
    size_t head_len;
    struct audit_memory memory;
    struct state_view view;
    struct audit_chain *chains;
    size_t chain_count;
    struct issuer *issuers;
    size_t issuer_count;
    struct audit_count *counts;
    size_t count_count;
    size_t count_room;
    uint8_t *arena; /* the bodies of the batch */
    size_t arena_used;
    uint64_t position; /* of the last event */
    struct job *jobs;
    size_t job_count;
    uint8_t (*found)[32]; /* digests of config->found */
    int *found_met;
    struct fault *fault;
    uint64_t table_at; /* rows of a table that were compared */
    int broken;        /* no memory, or the database failed */
};

void audit_tell(struct audit *audit, size_t chain, uint64_t seq, uint64_t unit, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
#define AUDIT_NO_CHAIN ((size_t)-1)

/* Keeps what an event says, and puts its signatures aside for the threads. */
void audit_event_note(struct audit *audit, size_t index, unsigned kind, const struct event_body *body);
/* The checkpoint that follows the last one, into chain->next. */
void audit_checkpoint_next(struct audit *audit, struct audit_chain *chain);
/* The link of an event: 1, 0 (no such event) or -1. */
int audit_link_find(struct audit *audit, const struct audit_chain *chain, uint64_t seq, uint8_t link[EVENT_LINK_LEN]);
/* Checks the issuing certificates to the root, once. */
int audit_issuers_open(struct audit *audit, struct fault *fault);
void audit_issuers_close(struct audit *audit);
/* Checks the jobs with all threads, and tells what they found, in order. */
void audit_jobs_run(struct audit *audit);
/* What can be said only at the end: counts, head, tables, open units. */
void audit_end(struct audit *audit);

#endif
