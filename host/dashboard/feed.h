/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feed: asks the source for the line, four times a second, on a thread of its own, and keeps the newest as one response
 * that all who watch share: many watchers cost the source nothing. Those who wait for news are resumed.
 */
#ifndef HOST_DASHBOARD_FEED_H
#define HOST_DASHBOARD_FEED_H

#include <pthread.h>
#include <stdint.h>

#include <microhttpd.h>

#include "host/dashboard/dashboard.h"

#define FEED_PERIOD_MS 250
#define FEED_LATEST_MS 2000 /* news are told at the latest after this long, also when nothing changed */
#define FEED_LISTENERS_MAX 200

struct feed {
    const struct dashboard_source *source;
    void (*tick)(void *context); /* called once a period */
    void *tick_context;
    struct dashboard_line *line;
    pthread_t thread;
    int running;
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t wake;
    int stopping;
    uint64_t version;  /* of the newest, 1, 2, 3, ... */
    uint64_t told_ms;  /* when it was told, monotonic */
    uint64_t asked_ms; /* when the source last answered */
    char *body;        /* the newest without its head, to see a change */
    struct MHD_Response *response;
    size_t listener_count;
    struct MHD_Connection *listeners[FEED_LISTENERS_MAX];
};

/* Asks once and starts the thread. The source stays the caller's. */
int feed_start(struct feed *feed, const struct dashboard_source *source, void (*tick)(void *), void *tick_context,
               struct fault *fault);
/* Resumes who waits and ends the thread. */
void feed_stop(struct feed *feed);
void feed_free(struct feed *feed);

/* Suspends `connection` until there is something newer than version `seen`, and gives 1. 0: there is already, or too
 * many wait; nothing was done. */
int feed_listen(struct feed *feed, struct MHD_Connection *connection, uint64_t seen);
/* Queues the newest. */
enum MHD_Result feed_send(struct feed *feed, struct MHD_Connection *connection);
/* 1 when the source answered in the last ten seconds. */
int feed_alive(struct feed *feed);

/* Milliseconds of the monotonic clock. */
uint64_t feed_clock_ms(void);

#endif
