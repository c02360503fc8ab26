/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_watch: a thread that looks after the ledger and the TPM while the daemon runs: every event is linked to the
 * one before, the newest checkpoint is ours, the TPM has not counted less than the ledger holds. Logs what it finds.
 */
#ifndef HOST_DAEMON_ENGINE_WATCH_H
#define HOST_DAEMON_ENGINE_WATCH_H

#include <pthread.h>

#include "host/dashboard/dashboard.h"
#include "host/ledger/ledger.h"
#include "host/quota/quota.h"

#define WATCH_PERIOD_MS 250
#define WATCH_EVENTS 128     /* looked at in each period */
#define WATCH_TPM_PERIODS 60 /* between two questions to the TPM */
#define WATCH_AGAIN 14400    /* periods after which all is looked through anew: an hour */
#define WATCH_SILENT_S 60    /* without a word from this thread, something holds it */

struct watch {
    struct ledger *ledger;
    struct quota *quota; /* NULL: no TPM */
    uint8_t records[64]; /* key of the checkpoints */
    pthread_t thread;
    int running;
    struct ledger_watch place; /* the thread's own, as is `period` */
    uint64_t period;
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t wake;
    int stopping;
    uint64_t heard;             /* unix seconds: when the thread was last here */
    int damaged;                /* stays until the daemon starts anew */
    struct dashboard_ledger is; /* as it was found */
};

int watch_start(struct watch *watch, struct ledger *ledger, struct quota *quota, const struct cert *records,
                struct fault *fault);
/* Before ledger and quota are closed. All zero is allowed. */
void watch_stop(struct watch *watch);
/* What is known now. */
void watch_tell(struct watch *watch, struct dashboard_ledger *out);

#endif
