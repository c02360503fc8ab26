/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commit: the thread that writes. What callers asked for while the last commit was under way becomes one transaction,
 * with one checkpoint and one flush of the disk. A database that fails fails them all; a refusal only its own caller.
 */
#include "host/ledger/ledger_room.h"

#include <signal.h>
#include <string.h>
#include <time.h>

#include "host/lib/p256.h"

#define BATCH_MAX 512
/* A commit costs as much as a device's other work. While several ask at once, one begins so long after the one before,
 * or when so many wait; who asks alone waits for nobody. */
#define PACE_MS 8
#define PACE_FROM 3
#define PACE_ENOUGH 32

static int event_last_row(void *context, const struct store_value *columns)
{
    struct tail *tail = context;
    tail->position = (uint64_t)columns[0].number;
    tail->time = (uint64_t)columns[1].number;
    return 0;
}

static int chain_last_row(void *context, const struct store_value *columns)
{
    struct tail *tail = context;
    tail->seq = (uint64_t)columns[0].number;
    if (columns[1].bytes.len != sizeof tail->link) {
        return -1;
    }
    memcpy(tail->link, columns[1].bytes.data, sizeof tail->link);
    return 0;
}

static int checkpoint_last_row(void *context, const struct store_value *columns)
{
    struct tail *tail = context;
    tail->has_checkpoint = 1;
    tail->checkpoint_seq = (uint64_t)columns[0].number;
    p256_sha256(columns[1].bytes, tail->checkpoint_digest);
    return 0;
}

/* Read anew in each transaction: other appliances, or other programs, may have written since. */
static int tail_load(struct ledger *ledger, struct fault *fault)
{
    struct tail *tail = &ledger->tail;
    const struct store_value chain[] = { store_bytes(ledger->chain, sizeof ledger->chain) };
    const struct store_query queries[] = { { STORE_EVENT_LAST, NULL, 0, event_last_row, tail },
                                           { STORE_CHAIN_LAST, chain, 1, chain_last_row, tail },
                                           { STORE_CHECKPOINT_LAST, chain, 1, checkpoint_last_row, tail } };
    memset(tail, 0, sizeof *tail);
    state_tables_forget(&ledger->tables);
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        if (store_run(&ledger->writer, &queries[i], fault) != 0) {
            return -1;
        }
    }
    return 0;
}

/* The chain's time never goes back, whatever the clock does. */
static uint64_t time_next(const struct tail *tail)
{
    time_t now = time(NULL);
    return now > 0 && (uint64_t)now > tail->time ? (uint64_t)now : tail->time;
}

int ledger_event_write(struct ledger *ledger, unsigned kind, const struct event_body *body, struct fault *fault)
{
    struct tail *tail = &ledger->tail;
    uint8_t encoded[EVENT_BODY_MAX];
    uint8_t link[EVENT_LINK_LEN];
    struct event_body checked;
    struct cbor_writer w = cbor_writer_of(encoded, sizeof encoded);
    event_body_build(kind, body, &w);
    status_t status = w.status != STATUS_OK ? w.status : event_body_parse(kind, cbor_written(&w), &checked);
    if (status != STATUS_OK) {
        (void)fault_status(fault, "ledger: what is to be recorded", status);
        return -1;
    }
    const struct state_view view = state_tables_view(&ledger->tables);
    const struct state_event event = { ledger->chain, tail->position + 1, tail->seq + 1, kind, &checked };
    if (state_event_apply(&view, &event, fault) != 0) {
        return -1;
    }
    const struct event chained = { tail->seq + 1, time_next(tail), kind, cbor_written(&w) };
    event_link(tail->link, &chained, link);
    const struct store_value values[] = { store_number(tail->position + 1),
                                          store_bytes(ledger->chain, sizeof ledger->chain),
                                          store_number(chained.seq),
                                          store_number(chained.time),
                                          store_number(kind),
                                          store_bytes(chained.body.data, chained.body.len),
                                          store_bytes(link, sizeof link) };
    if (store_write(&ledger->writer, STORE_EVENT_ADD, values, sizeof values / sizeof values[0], fault) != 0) {
        return -1;
    }
    tail->position++;
    tail->seq++;
    tail->time = chained.time;
    tail->written++;
    memcpy(tail->link, link, sizeof tail->link);
    return 0;
}

static int checkpoint_write(struct ledger *ledger, struct fault *fault)
{
    const struct tail *tail = &ledger->tail;
    struct checkpoint checkpoint = { .seq = tail->seq, .time = tail->time, .has_previous = tail->has_checkpoint };
    struct cbor_writer w = cbor_writer_of(ledger->checkpoint, sizeof ledger->checkpoint);
    ledger->checkpoint_len = 0;
    memcpy(checkpoint.link, tail->link, sizeof checkpoint.link);
    memcpy(checkpoint.previous, tail->checkpoint_digest, sizeof checkpoint.previous);
    if (ledger->signer.count != NULL) {
        checkpoint.has_count = ledger->signer.count(ledger->signer.context, &checkpoint.count);
    }
    if (checkpoint_make(&checkpoint, &ledger->signer, &w, fault) != 0) {
        return -1;
    }
    ledger->checkpoint_len = w.len;
    const struct store_value values[] = { store_bytes(ledger->chain, sizeof ledger->chain), store_number(tail->seq),
                                          store_bytes(w.data, w.len) };
    return store_write(&ledger->writer, STORE_CHECKPOINT_ADD, values, 3, fault);
}

/* The head is behind the ledger by one commit at most, and never ahead. */
static int transaction_finish(struct ledger *ledger, struct fault *fault)
{
    int is_signed = ledger->signer.sign != NULL;
    if (ledger->tail.written == 0) {
        store_rollback(&ledger->writer);
        return 0;
    }
    if ((is_signed && checkpoint_write(ledger, fault) != 0) || store_commit(&ledger->writer, fault) != 0) {
        store_rollback(&ledger->writer);
        return -1;
    }
    if (is_signed && ledger->head[0] != '\0') {
        struct fault ignored = FAULT_NONE; /* what is committed stays: the next transaction waits for the head */
        ledger->head_stale = ledger_head_write(ledger, &ignored) != 0;
    }
    return 0;
}

static int batch_run(struct ledger *ledger, struct ask *batch, struct fault *fault)
{
    if (ledger->head_stale && ledger_head_write(ledger, fault) != 0) {
        return -1;
    }
    ledger->head_stale = 0;
    if (store_begin(&ledger->writer, fault) != 0) {
        return -1;
    }
    if (tail_load(ledger, fault) != 0) {
        store_rollback(&ledger->writer);
        return -1;
    }
    for (struct ask *ask = batch; ask != NULL; ask = ask->next) {
        ask->result = ask->work(ledger, ask->input, ask->fault);
        if (ledger->writer.failed) {
            (void)fault_set(fault, "%s", ask->fault->what);
            (void)fault_hint(fault, "%s", ask->fault->hint);
            store_rollback(&ledger->writer);
            return -1;
        }
    }
    return transaction_finish(ledger, fault);
}

/* Lets others join, with the lock held. */
static void batch_gather(struct ledger *ledger)
{
    struct timespec until = ledger->begun;
    until.tv_nsec += PACE_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    int waits = ledger->together >= PACE_FROM;
    while (waits && ledger->asked < PACE_ENOUGH && !ledger->stopping) {
        waits = pthread_cond_timedwait(&ledger->enough, &ledger->lock, &until) == 0;
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &ledger->begun);
}

/* Takes what is asked, at most BATCH_MAX; NULL when the ledger is being closed. Called with the lock held. */
static struct ask *batch_take(struct ledger *ledger)
{
    while (ledger->first == NULL && !ledger->stopping) {
        (void)pthread_cond_wait(&ledger->wake, &ledger->lock);
    }
    batch_gather(ledger);
    struct ask *batch = ledger->first;
    struct ask *end = batch;
    ledger->together = end != NULL;
    while (end != NULL && end->next != NULL && ledger->together < BATCH_MAX) {
        end = end->next;
        ledger->together++;
    }
    ledger->asked -= ledger->together;
    ledger->first = end == NULL ? NULL : end->next;
    ledger->last = ledger->first == NULL ? NULL : ledger->last;
    if (end != NULL) {
        end->next = NULL;
    }
    return batch;
}

/* An ask's owner may go as soon as it is done: nothing of it is touched after. Each waits for itself alone, so that
 * none meets the others at the lock. */
static void batch_release(struct ask *batch, int failed, const struct fault *fault)
{
    while (batch != NULL) {
        struct ask *next = batch->next;
        if (failed) {
            (void)fault_set(batch->fault, "%s", fault->what);
            (void)fault_hint(batch->fault, "%s", fault->hint);
            batch->result = -1;
        }
        (void)sem_post(&batch->done);
        batch = next;
    }
}

static void *commit_run(void *context)
{
    struct ledger *ledger = context;
    (void)pthread_mutex_lock(&ledger->lock);
    for (struct ask *batch = batch_take(ledger); batch != NULL; batch = batch_take(ledger)) {
        struct fault fault = FAULT_NONE;
        (void)pthread_mutex_unlock(&ledger->lock);
        int failed = batch_run(ledger, batch, &fault);
        batch_release(batch, failed, &fault);
        (void)pthread_mutex_lock(&ledger->lock);
    }
    (void)pthread_mutex_unlock(&ledger->lock);
    return NULL;
}

int ledger_commit_start(struct ledger *ledger, struct fault *fault)
{
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all); /* signals are for the program's own threads */
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    ledger->running = pthread_create(&ledger->committer, NULL, commit_run, ledger) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return ledger->running ? 0 : fault_set(fault, "ledger: no thread can be started");
}

void ledger_commit_stop(struct ledger *ledger)
{
    if (ledger->running) {
        (void)pthread_mutex_lock(&ledger->lock);
        ledger->stopping = 1;
        (void)pthread_cond_signal(&ledger->wake);
        (void)pthread_cond_signal(&ledger->enough);
        (void)pthread_mutex_unlock(&ledger->lock);
        (void)pthread_join(ledger->committer, NULL);
        ledger->running = 0;
    }
}

int ledger_ask_begin(struct ledger *ledger, struct ask *ask, struct fault *fault)
{
    if (!ledger->running) {
        return fault_set(fault, "ledger: opened for reading only");
    }
    if (sem_init(&ask->done, 0, 0) != 0) {
        return fault_errno(fault, "ledger");
    }
    ask->next = NULL;
    (void)pthread_mutex_lock(&ledger->lock);
    if (ledger->last != NULL) {
        ledger->last->next = ask;
    } else {
        ledger->first = ask;
        (void)pthread_cond_signal(&ledger->wake);
    }
    ledger->last = ask;
    if (++ledger->asked == PACE_ENOUGH) {
        (void)pthread_cond_signal(&ledger->enough);
    }
    (void)pthread_mutex_unlock(&ledger->lock);
    return 0;
}

int ledger_ask_end(struct ask *ask)
{
    while (sem_wait(&ask->done) != 0) {
        /* A signal came between. */
    }
    (void)sem_destroy(&ask->done);
    return ask->result;
}

int ledger_ask(struct ledger *ledger, int (*work)(struct ledger *, void *, struct fault *), void *input,
               struct fault *fault)
{
    struct ask ask = { .work = work, .input = input, .fault = fault };
    return ledger_ask_begin(ledger, &ask, fault) != 0 ? -1 : ledger_ask_end(&ask);
}
