/* SPDX-License-Identifier: Apache-2.0 */
/* ledger_room: what the files of this room share. Not for others. */
#ifndef HOST_LEDGER_LEDGER_ROOM_H
#define HOST_LEDGER_LEDGER_ROOM_H

#include <pthread.h>
#include <semaphore.h>
#include <time.h>

#include "host/ledger/state_store.h"

#define LEDGER_PLACE_MAX 600

/* The end of the chain, as of the transaction under way. */
struct tail {
    uint64_t position; /* over all chains */
    uint64_t time;
    uint64_t seq;
    uint8_t link[EVENT_LINK_LEN];
    int has_checkpoint;
    uint64_t checkpoint_seq;
    uint8_t checkpoint_digest[32];
    uint64_t written; /* events in this transaction */
};

/* One caller's wish, on its own stack while it waits. */
struct ask {
    int (*work)(struct ledger *ledger, void *input, struct fault *fault);
    void *input;
    struct fault *fault;
    int result;
    sem_t done;
    struct ask *next;
};

struct ledger {
    struct store writer; /* only the committer's */
    struct store reader;
    struct state_tables tables;         /* of the writer, with what its transaction has seen */
    struct state_tables reading_tables; /* of the reader */
    pthread_mutex_t reading;            /* holds `reader` */
    uint8_t chain[EVENT_CHAIN_LEN];
    struct ledger_signer signer; /* sign == NULL: none */
    struct cert signer_cert;
    char head[LEDGER_PLACE_MAX]; /* empty: none */
    int head_stale;              /* the last checkpoint is not in it yet */
    struct tail tail;
    int64_t newcomer_minute; /* in which `newcomers` of units in quarantine were recorded */
    unsigned newcomers;
    uint8_t checkpoint[CHECKPOINT_MAX]; /* the newest */
    size_t checkpoint_len;
    pthread_mutex_t lock;  /* holds all below */
    pthread_cond_t wake;   /* somebody asks */
    pthread_cond_t enough; /* so many that the commit is worth it */
    pthread_t committer;
    int running;
    int stopping;
    struct ask *first;
    struct ask *last;
    unsigned asked;        /* in the queue */
    unsigned together;     /* in the last transaction */
    struct timespec begun; /* when it began; monotonic */
};

/* Starts the thread that commits; ledger_commit_stop ends it after what is asked. */
int ledger_commit_start(struct ledger *ledger, struct fault *fault);
void ledger_commit_stop(struct ledger *ledger);
/* Asks for work, input and fault of `ask` to be run in a transaction, with others, and in the order of asking; *ask
 * stays until ledger_ask_end, which must be called when this gives 0. */
int ledger_ask_begin(struct ledger *ledger, struct ask *ask, struct fault *fault);
/* Waits until it is durable. Its result; then its fault is set. */
int ledger_ask_end(struct ask *ask);
/* Both. */
int ledger_ask(struct ledger *ledger, int (*work)(struct ledger *, void *, struct fault *), void *input,
               struct fault *fault);
/* For a `work`: one event, checked against the rules, into the chain. */
int ledger_event_write(struct ledger *ledger, unsigned kind, const struct event_body *body, struct fault *fault);

/* The head: a file with the newest checkpoint. Absent or unreadable is no fault; one that this ledger does not hold
 * is. */
int ledger_head_check(struct ledger *ledger, struct fault *fault);
int ledger_head_write(struct ledger *ledger, struct fault *fault);

/* A unit with what its events hold. */
int ledger_unit_fill(struct store *store, const struct state_unit *state, struct ledger_unit *out, struct fault *fault);

/* An event out of the tables; `storage` (EVENT_BODY_MAX) holds what *body looks into. 1, 0 (not there) or -1. */
struct stored_event {
    uint64_t seq;
    uint64_t time;
    uint64_t kind;
    struct event_body body;
    uint8_t storage[EVENT_BODY_MAX];
};
/* The number in the first column of a statement's first row; 1, 0 (no row: *out is left) or -1. */
int ledger_position_find(struct store *store, enum store_statement statement, const struct store_value *arguments,
                         size_t count, uint64_t *out, struct fault *fault);
int ledger_event_load(struct store *store, uint64_t position, struct stored_event *out, struct fault *fault);

#endif
