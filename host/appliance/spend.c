/* SPDX-License-Identifier: Apache-2.0 */
/* spend: see spend.h. */
#include "host/appliance/spend.h"

#include <signal.h>
#include <string.h>
#include <time.h>

static const char nobody[] = "counted by the TPM, and nobody got a grant";

/* ---- with the lock held ---- */

static int lost_record(struct spend *s, struct fault *fault)
{
    while (s->lost_count > 0) {
        uint64_t count = s->lost[s->lost_count - 1];
        if (ledger_spent_record(s->ledger, count - 1, count, "its grant could not be recorded", fault) != 0) {
            return -1;
        }
        s->lost_count--;
    }
    return 0;
}

/* A TPM that was set back, or is another one, would sign with counts that units have already. */
static int behind(const struct spend *s, uint64_t count, struct fault *fault)
{
    (void)fault_set(fault, "the TPM has counted %llu, and the ledger holds a grant with count %llu",
                    (unsigned long long)count, (unsigned long long)s->last);
    return fault_hint(fault, "stop the line: the TPM was cleared or exchanged, or records were added; have the OEM "
                             "verify the ledger");
}

/* Records what the TPM has counted since, and why nobody got a grant for it. */
static int count_settle(struct spend *s, const char *why, struct fault *fault)
{
    struct quota_facts facts;
    if (quota_facts(s->quota, &facts, fault) != 0 || (facts.count < s->last && behind(s, facts.count, fault) != 0) ||
        (facts.count > s->last && ledger_spent_record(s->ledger, s->last, facts.count, why, fault) != 0)) {
        return -1;
    }
    s->last = facts.count > s->last ? facts.count : s->last;
    return 0;
}

static int doubt_settle(struct spend *s, struct fault *fault)
{
    if (s->unsure && count_settle(s, nobody, fault) != 0) {
        return -1;
    }
    s->unsure = 0;
    return 0;
}

/* ---- */

struct gap_settling {
    struct ledger *ledger;
    struct fault *fault;
};

/* A later unit's grant was recorded, this one's was not any more. */
static int gap_record(void *context, uint64_t from, uint64_t to)
{
    const struct gap_settling *settling = context;
    return ledger_spent_record(settling->ledger, from, to, nobody, settling->fault);
}

static uint64_t now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* With the lock held. */
static int tpm_ask(struct spend *s, const struct spend_ask *ask, uint32_t *counted)
{
    uint64_t begun = now_us();
    int result = quota_sign(s->quota, ask->digest, ask->signature, counted, ask->fault);
    s->busy_us += now_us() - begun;
    s->signatures += result == 0;
    return result;
}

static int unit_sign(struct spend *s, const struct spend_ask *ask)
{
    uint32_t counted = 0;
    (void)pthread_mutex_lock(&s->lock);
    int result = lost_record(s, ask->fault) != 0 || doubt_settle(s, ask->fault) != 0 ? -1 : tpm_ask(s, ask, &counted);
    if (result == 0 && counted <= s->last) {
        result = behind(s, counted, ask->fault);
    }
    if (result == 0) {
        s->last = counted;
        *ask->count = counted;
    } else if (result < 0) {
        s->unsure = 1;
    }
    (void)pthread_mutex_unlock(&s->lock);
    return result;
}

/* ---- the thread that asks the TPM ---- */

/* The next that is asked; NULL: the end. */
static struct spend_ask *ask_take(struct spend *s)
{
    (void)pthread_mutex_lock(&s->queue);
    while (s->first == NULL && !s->stopping) {
        (void)pthread_cond_wait(&s->wake, &s->queue);
    }
    struct spend_ask *ask = s->first;
    if (ask != NULL) {
        s->first = ask->next;
        s->end = s->first == NULL ? NULL : s->end;
    }
    (void)pthread_mutex_unlock(&s->queue);
    return ask;
}

/* Once an ask is done its owner may go: nothing of it is touched after. */
static void *signer_run(void *context)
{
    struct spend *s = context;
    for (struct spend_ask *ask = ask_take(s); ask != NULL; ask = ask_take(s)) {
        ask->result = unit_sign(s, ask);
        (void)sem_post(&ask->done);
    }
    return NULL;
}

static int signer_start(struct spend *s, struct fault *fault)
{
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all); /* signals are for the program's own threads */
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    s->running = pthread_create(&s->signer, NULL, signer_run, s) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return s->running ? 0 : fault_set(fault, "no thread can be started for the TPM");
}

/* ---- */

int spend_init(struct spend *s, struct quota *quota, struct ledger *ledger, struct fault *fault)
{
    memset(s, 0, sizeof *s);
    (void)pthread_mutex_init(&s->lock, NULL);
    (void)pthread_mutex_init(&s->queue, NULL);
    (void)pthread_cond_init(&s->wake, NULL);
    s->quota = quota;
    s->ledger = ledger;
    s->unsure = 1;
    const struct gap_settling settling = { ledger, fault };
    return ledger_gap_walk(ledger, gap_record, (void *)(uintptr_t)&settling, &s->last, fault) != 0 ||
                   doubt_settle(s, fault) != 0
               ? -1
               : signer_start(s, fault);
}

void spend_close(struct spend *s)
{
    if (s->running) {
        (void)pthread_mutex_lock(&s->queue);
        s->stopping = 1;
        (void)pthread_cond_signal(&s->wake);
        (void)pthread_mutex_unlock(&s->queue);
        (void)pthread_join(s->signer, NULL);
        s->running = 0;
    }
    (void)pthread_cond_destroy(&s->wake);
    (void)pthread_mutex_destroy(&s->queue);
    (void)pthread_mutex_destroy(&s->lock);
}

int spend_sign(struct spend *s, const uint8_t digest[32], uint8_t signature[64], uint64_t *count, struct fault *fault)
{
    struct spend_ask ask = { .digest = digest, .signature = signature, .count = count, .fault = fault };
    if (!s->running || sem_init(&ask.done, 0, 0) != 0) {
        return fault_set(fault, "nobody asks the TPM");
    }
    (void)pthread_mutex_lock(&s->queue);
    if (s->end != NULL) {
        s->end->next = &ask;
    } else {
        s->first = &ask;
    }
    s->end = &ask;
    (void)pthread_cond_signal(&s->wake);
    (void)pthread_mutex_unlock(&s->queue);
    while (sem_wait(&ask.done) != 0) {
        /* A signal came between. */
    }
    (void)sem_destroy(&ask.done);
    return ask.result;
}

void spend_busy(struct spend *s, uint64_t *signatures, uint64_t *busy_us)
{
    (void)pthread_mutex_lock(&s->lock);
    *signatures = s->signatures;
    *busy_us = s->busy_us;
    (void)pthread_mutex_unlock(&s->lock);
}

int spend_refill(struct spend *s, struct bytes refill, struct fault *fault)
{
    (void)pthread_mutex_lock(&s->lock);
    int result = lost_record(s, fault) != 0 || doubt_settle(s, fault) != 0 ? -1 : quota_refill(s->quota, refill, fault);
    if (result == 0) {
        s->unsure = 1;
        result = count_settle(s, "void: left over when the next package was loaded", fault);
        s->unsure = result != 0;
    }
    (void)pthread_mutex_unlock(&s->lock);
    return result;
}

void spend_lose(struct spend *s, uint64_t count)
{
    (void)pthread_mutex_lock(&s->lock);
    if (s->lost_count < SPEND_LOST_MAX) {
        s->lost[s->lost_count++] = count;
    }
    (void)pthread_mutex_unlock(&s->lock);
}
