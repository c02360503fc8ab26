/* SPDX-License-Identifier: Apache-2.0 */
/* engine_watch: see engine_watch.h. */
#include "host/daemon/engine_watch.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "host/daemon/log.h"
#include "host/lib/cert.h"

/* What was found in one period. */
struct finding {
    enum dashboard_health health;
    const char *event; /* of the log */
    struct fault fault;
};

static void text_put(char *out, size_t out_len, const char *text)
{
    (void)snprintf(out, out_len, "%.*s", (int)out_len - 1, text);
}

/* Told once, not with each period that finds it again. With the lock. */
static void finding_keep(struct watch *w, const struct finding *f)
{
    if (w->damaged) {
        return;
    }
    int is_new = f->health != DASHBOARD_SOUND && strcmp(w->is.text, f->fault.what) != 0;
    w->damaged = f->health == DASHBOARD_DAMAGED;
    w->is.health = f->health;
    text_put(w->is.text, sizeof w->is.text, f->fault.what);
    text_put(w->is.hint, sizeof w->is.hint, f->fault.hint);
    if (is_new && f->event != NULL) {
        log_say(f->health == DASHBOARD_DAMAGED ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING, f->event, "what", f->fault.what,
                "hint", f->fault.hint, NULL);
    }
}

static void ledger_look(struct watch *w, struct finding *f)
{
    if (w->period % WATCH_AGAIN == 0) {
        memset(&w->place, 0, sizeof w->place);
    }
    int step = ledger_watch_step(w->ledger, &w->place, WATCH_EVENTS, w->records, &f->fault);
    if (step == LEDGER_WATCH_DAMAGED) {
        f->health = DASHBOARD_DAMAGED;
        f->event = "ledger_damaged";
    } else if (step < 0) {
        f->health = DASHBOARD_WATCH;
        f->event = "ledger_unreadable";
    }
}

/* The ledger first: what it holds, the TPM counted before. */
static int counts_read(struct watch *w, uint64_t *ledger_count, uint64_t *tpm_count, struct fault *fault)
{
    uint64_t time = 0;
    struct quota_facts facts;
    if (ledger_latest(w->ledger, ledger_count, &time, fault) != 0 || quota_facts(w->quota, &facts, fault) != 0) {
        return -1;
    }
    *tpm_count = facts.count;
    return 0;
}

static void tpm_look(struct watch *w, struct finding *f)
{
    uint64_t ledger_count = 0;
    uint64_t tpm_count = 0;
    if (counts_read(w, &ledger_count, &tpm_count, &f->fault) != 0) {
        f->health = DASHBOARD_WATCH;
        f->event = "tpm_silent";
    } else if (tpm_count < ledger_count) {
        f->health = DASHBOARD_DAMAGED;
        f->event = "tpm_below_ledger";
        (void)fault_set(&f->fault, "the TPM has counted %llu, and the ledger holds a grant with count %llu",
                        (unsigned long long)tpm_count, (unsigned long long)ledger_count);
        (void)fault_hint(&f->fault, "stop the line: the TPM was cleared or exchanged, or records were added; have the "
                                    "OEM verify the ledger");
    }
}

static uint64_t now_seconds(void)
{
    time_t now = time(NULL);
    return now > 0 ? (uint64_t)now : 0;
}

/* What is known of the TPM from one question stays until the next one. */
static void period_run(struct watch *w, struct finding *tpm)
{
    struct finding f = { DASHBOARD_SOUND, NULL, FAULT_NONE };
    if (w->quota != NULL && w->period % WATCH_TPM_PERIODS == 0) {
        *tpm = f;
        tpm_look(w, tpm);
    }
    ledger_look(w, &f);
    (void)pthread_mutex_lock(&w->lock);
    w->heard = now_seconds();
    w->is.events = w->place.events;
    w->is.checkpoint = w->place.time;
    if (f.health == DASHBOARD_DAMAGED) {
        w->is.chain = 0;
    }
    if (f.health == DASHBOARD_SOUND && w->place.time > w->heard + 60) {
        f.health = DASHBOARD_WATCH;
        f.event = "clock_behind_ledger";
        (void)fault_set(&f.fault, "this machine's clock is behind the ledger's latest event");
        (void)fault_hint(&f.fault, "set this machine's clock; until then no package is loaded");
    }
    finding_keep(w, f.health == DASHBOARD_SOUND ? tpm : &f);
    (void)pthread_mutex_unlock(&w->lock);
    w->period++;
}

/* 1 to go on. */
static int period_wait(struct watch *w)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += WATCH_PERIOD_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    (void)pthread_mutex_lock(&w->lock);
    while (!w->stopping && pthread_cond_timedwait(&w->wake, &w->lock, &until) == 0) {
    }
    int going = !w->stopping;
    (void)pthread_mutex_unlock(&w->lock);
    return going;
}

static void *watch_run(void *context)
{
    struct watch *w = context;
    struct finding tpm = { DASHBOARD_SOUND, NULL, FAULT_NONE };
    do {
        period_run(w, &tpm);
        log_stations_settle(0);
    } while (period_wait(w));
    return NULL;
}

int watch_start(struct watch *w, struct ledger *ledger, struct quota *quota, const struct cert *records,
                struct fault *fault)
{
    sigset_t all;
    sigset_t before;
    pthread_condattr_t monotonic;
    memset(w, 0, sizeof *w);
    if (cert_public_key(records, w->records, fault) != 0) {
        return -1;
    }
    w->ledger = ledger;
    w->quota = quota;
    w->heard = now_seconds();
    w->is.chain = 1;
    (void)pthread_mutex_init(&w->lock, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&w->wake, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    (void)sigfillset(&all); /* signals are for the daemon's main thread */
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    w->running = pthread_create(&w->thread, NULL, watch_run, w) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return w->running ? 0 : fault_set(fault, "the thread that looks after the ledger cannot be started");
}

void watch_stop(struct watch *w)
{
    if (w->running) {
        (void)pthread_mutex_lock(&w->lock);
        w->stopping = 1;
        (void)pthread_cond_signal(&w->wake);
        (void)pthread_mutex_unlock(&w->lock);
        (void)pthread_join(w->thread, NULL);
        (void)pthread_cond_destroy(&w->wake);
        (void)pthread_mutex_destroy(&w->lock);
        w->running = 0;
    }
}

void watch_tell(struct watch *w, struct dashboard_ledger *out)
{
    if (!w->running) {
        return;
    }
    (void)pthread_mutex_lock(&w->lock);
    *out = w->is;
    int silent = now_seconds() > w->heard + WATCH_SILENT_S;
    (void)pthread_mutex_unlock(&w->lock);
    if (silent && out->health != DASHBOARD_DAMAGED) {
        out->health = DASHBOARD_WATCH;
        text_put(out->text, sizeof out->text, "the TPM or the ledger's database does not answer");
        text_put(out->hint, sizeof out->hint, "look whether both are there; then start the appliance anew");
    }
}
