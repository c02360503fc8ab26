/* SPDX-License-Identifier: Apache-2.0 */
/* feed: see feed.h. */
#include "host/dashboard/feed.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/dashboard/dashboard_room.h"
#include "host/dashboard/render.h"

uint64_t feed_clock_ms(void)
{
    struct timespec now = { 0, 0 };
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

/* The line's members, or the fault's, as text; NULL without memory. */
static char *source_ask(struct feed *feed)
{
    struct fault fault = FAULT_NONE;
    memset(feed->line, 0, sizeof *feed->line);
    int result = feed->source->line(feed->source->context, feed->line, &fault);
    return render_line(feed->line, result == 0 ? NULL : &fault);
}

/* Puts version and time before the members. */
static struct MHD_Response *response_build(uint64_t version, const char *body)
{
    char *text = NULL;
    int len = asprintf(&text, "{\"version\":%" PRIu64 ",\"time\":%lld,%s", version, (long long)time(NULL), body + 1);
    return len < 0 ? NULL : answer_build_owned("application/json", text, (size_t)len);
}

/* Takes `body` over. Under the lock. */
static void news_tell(struct feed *feed, char *body, uint64_t now)
{
    struct MHD_Response *response = response_build(feed->version + 1, body);
    if (response == NULL) {
        free(body);
        return; /* no memory: the old one stands until there is some */
    }
    if (feed->response != NULL) {
        MHD_destroy_response(feed->response);
    }
    free(feed->body);
    feed->response = response;
    feed->body = body;
    feed->version++;
    feed->told_ms = now;
    for (size_t i = 0; i < feed->listener_count; i++) {
        MHD_resume_connection(feed->listeners[i]);
    }
    feed->listener_count = 0;
}

static void period_run(struct feed *feed)
{
    char *body = source_ask(feed);
    (void)pthread_mutex_lock(&feed->lock);
    uint64_t now = feed_clock_ms();
    feed->asked_ms = now;
    int changed = body != NULL && (feed->body == NULL || strcmp(body, feed->body) != 0);
    if (changed || (body != NULL && now - feed->told_ms >= FEED_LATEST_MS)) {
        news_tell(feed, body, now);
    } else {
        free(body);
    }
    (void)pthread_mutex_unlock(&feed->lock);
}

/* Waits for a period, or until feed_stop; gives 1 when to go on. */
static int period_wait(struct feed *feed)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += FEED_PERIOD_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    (void)pthread_mutex_lock(&feed->lock);
    while (!feed->stopping && pthread_cond_timedwait(&feed->wake, &feed->lock, &until) == 0) {
    }
    int going = !feed->stopping;
    (void)pthread_mutex_unlock(&feed->lock);
    return going;
}

static void *feed_run(void *context)
{
    struct feed *feed = context;
    while (period_wait(feed)) {
        period_run(feed);
        feed->tick(feed->tick_context);
    }
    return NULL;
}

int feed_start(struct feed *feed, const struct dashboard_source *source, void (*tick)(void *), void *tick_context,
               struct fault *fault)
{
    pthread_condattr_t monotonic;
    (void)pthread_mutex_init(&feed->lock, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&feed->wake, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    feed->source = source;
    feed->tick = tick;
    feed->tick_context = tick_context;
    feed->line = malloc(sizeof *feed->line);
    if (feed->line == NULL) {
        return fault_set(fault, "the dashboard has no memory");
    }
    period_run(feed);
    if (feed->response == NULL || pthread_create(&feed->thread, NULL, feed_run, feed) != 0) {
        return fault_set(fault, "the dashboard cannot start its thread");
    }
    feed->running = 1;
    return 0;
}

void feed_stop(struct feed *feed)
{
    (void)pthread_mutex_lock(&feed->lock);
    feed->stopping = 1;
    (void)pthread_cond_signal(&feed->wake);
    for (size_t i = 0; i < feed->listener_count; i++) {
        MHD_resume_connection(feed->listeners[i]);
    }
    feed->listener_count = 0;
    (void)pthread_mutex_unlock(&feed->lock);
    if (feed->running) {
        (void)pthread_join(feed->thread, NULL);
        feed->running = 0;
    }
}

void feed_free(struct feed *feed)
{
    if (feed->response != NULL) {
        MHD_destroy_response(feed->response);
    }
    free(feed->body);
    free(feed->line);
    (void)pthread_cond_destroy(&feed->wake);
    (void)pthread_mutex_destroy(&feed->lock);
}

int feed_listen(struct feed *feed, struct MHD_Connection *connection, uint64_t seen)
{
    (void)pthread_mutex_lock(&feed->lock);
    int waits = seen == feed->version && !feed->stopping && feed->listener_count < FEED_LISTENERS_MAX;
    if (waits) {
        feed->listeners[feed->listener_count++] = connection;
        MHD_suspend_connection(connection);
    }
    (void)pthread_mutex_unlock(&feed->lock);
    return waits;
}

enum MHD_Result feed_send(struct feed *feed, struct MHD_Connection *connection)
{
    (void)pthread_mutex_lock(&feed->lock);
    enum MHD_Result result = MHD_queue_response(connection, MHD_HTTP_OK, feed->response);
    (void)pthread_mutex_unlock(&feed->lock);
    return result;
}

int feed_alive(struct feed *feed)
{
    (void)pthread_mutex_lock(&feed->lock);
    int alive = feed_clock_ms() - feed->asked_ms < 10000u;
    (void)pthread_mutex_unlock(&feed->lock);
    return alive;
}
