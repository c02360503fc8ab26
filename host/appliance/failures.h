/* SPDX-License-Identifier: Apache-2.0 */
/*
 * failures: how many failures of one station go into the ledger: what is more is counted and told in one event, so that
 * a station that fails as fast as it can does not fill the books. Thread-safe.
 */
#ifndef HOST_APPLIANCE_FAILURES_H
#define HOST_APPLIANCE_FAILURES_H

#include <pthread.h>

#include "host/ledger/ledger.h"

#define FAILURES_A_MINUTE 60  /* of one station, in the ledger */
#define FAILURES_STATIONS 256 /* that are remembered; the one that failed last the longest ago goes first */
#define FAILURES_STATION_MAX 64

struct failures_station {
    char name[FAILURES_STATION_MAX]; /* empty: free */
    int64_t minute;
    uint64_t recorded; /* in that minute */
    uint64_t left_out;
};

struct failures {
    pthread_mutex_t lock;
    struct ledger *ledger;
    uint64_t recorded; /* in all */
    uint64_t left_out;
    struct failures_station stations[FAILURES_STATIONS];
};

void failures_init(struct failures *failures, struct ledger *ledger);
void failures_close(struct failures *failures);
/* Records a failure of a station, or counts it. `minute` never goes back. One that cannot be recorded is counted as
 * left out. */
void failures_take(struct failures *failures, const char *station, int64_t minute,
                   const struct ledger_failure *failure);
/* Records what was only counted so far. */
void failures_settle(struct failures *failures);

#endif
