/* SPDX-License-Identifier: Apache-2.0 */
/* failures: see failures.h. */
#include "host/appliance/failures.h"

#include <stdio.h>
#include <string.h>

void failures_init(struct failures *f, struct ledger *ledger)
{
    memset(f, 0, sizeof *f);
    (void)pthread_mutex_init(&f->lock, NULL);
    f->ledger = ledger;
}

void failures_close(struct failures *f)
{
    (void)pthread_mutex_destroy(&f->lock);
}

/* ---- with the lock held ---- */

/* The place of a station; a new one takes a free place, or that of who failed last the longest ago. */
static struct failures_station *station_at(struct failures *f, const char *name)
{
    struct failures_station *oldest = &f->stations[0];
    for (size_t i = 0; i < FAILURES_STATIONS; i++) {
        struct failures_station *s = &f->stations[i];
        if (s->name[0] == '\0' || strncmp(s->name, name, sizeof s->name - 1) == 0) {
            return s;
        }
        oldest = s->minute < oldest->minute ? s : oldest;
    }
    return oldest;
}

/* ---- */

/* One event for all that was left out. */
static void rest_record(struct failures *f, const struct failures_station *rest)
{
    char text[LEDGER_TEXT_MAX];
    struct fault ignored = FAULT_NONE;
    const struct ledger_failure failure = { .socket = "", .step = "", .text = text };
    if (rest->left_out == 0) {
        return;
    }
    (void)snprintf(text, sizeof text, "station %s: %llu more failures in one minute, not recorded one by one",
                   rest->name, (unsigned long long)rest->left_out);
    (void)ledger_failure_record(f->ledger, &failure, &ignored);
}

/* 1 when this failure is to be recorded; *rest is what an earlier minute left. */
static int admit(struct failures *f, const char *station, int64_t minute, struct failures_station *rest)
{
    (void)pthread_mutex_lock(&f->lock);
    struct failures_station *s = station_at(f, station);
    memset(rest, 0, sizeof *rest);
    if (s->minute != minute || strncmp(s->name, station, sizeof s->name - 1) != 0) {
        *rest = *s;
        memset(s, 0, sizeof *s);
        (void)snprintf(s->name, sizeof s->name, "%s", station);
        s->minute = minute;
    }
    int admitted = s->recorded < FAILURES_A_MINUTE;
    s->recorded += (uint64_t)admitted;
    s->left_out += (uint64_t)!admitted;
    f->recorded += (uint64_t)admitted;
    f->left_out += (uint64_t)!admitted;
    (void)pthread_mutex_unlock(&f->lock);
    return admitted;
}

void failures_take(struct failures *f, const char *station, int64_t minute, const struct ledger_failure *failure)
{
    struct failures_station rest;
    struct fault ignored = FAULT_NONE;
    int admitted = admit(f, station[0] == '\0' ? "?" : station, minute, &rest);
    rest_record(f, &rest);
    if (admitted && ledger_failure_record(f->ledger, failure, &ignored) != 0) {
        (void)pthread_mutex_lock(&f->lock);
        f->recorded--;
        f->left_out++;
        (void)pthread_mutex_unlock(&f->lock);
    }
}

void failures_settle(struct failures *f)
{
    for (size_t i = 0; i < FAILURES_STATIONS; i++) {
        (void)pthread_mutex_lock(&f->lock);
        struct failures_station rest = f->stations[i];
        f->stations[i].left_out = 0;
        (void)pthread_mutex_unlock(&f->lock);
        rest_record(f, &rest);
    }
}
