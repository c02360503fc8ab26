/* SPDX-License-Identifier: Apache-2.0 */
/* tally: see tally.h. What happens. */
#include "host/dashboard/tally.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/dashboard/tally_room.h"

#define LONG_NUMBER 12 /* hexadecimal digits in a row */

static uint64_t system_now_ms(void)
{
    struct timespec now = { 0, 0 };
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

int tally_make(uint64_t (*now_ms)(void), struct tally **out, struct fault *fault)
{
    *out = calloc(1, sizeof **out);
    if (*out == NULL) {
        return fault_set(fault, "the dashboard has no memory");
    }
    (void)pthread_mutex_init(&(*out)->lock, NULL);
    (*out)->now_ms = now_ms == NULL ? system_now_ms : now_ms;
    (*out)->minute = (*out)->now_ms() / 60000u;
    return 0;
}

void tally_free(struct tally *tally)
{
    if (tally != NULL) {
        (void)pthread_mutex_destroy(&tally->lock);
        free(tally);
    }
}

static void put(char *out, size_t capacity, const char *text)
{
    size_t len = strnlen(text, capacity - 1);
    memcpy(out, text, len);
    out[len] = '\0';
}

#define PUT(field, text) put(field, sizeof(field), text)

/* The place under the lock, or NULL for none; place_give lets go. */
static struct tally_place *place_take(struct tally *tally, size_t place)
{
    if (place == 0 || place > TALLY_PLACES) {
        return NULL;
    }
    (void)pthread_mutex_lock(&tally->lock);
    return &tally->places[place - 1];
}

static void place_give(struct tally *tally)
{
    (void)pthread_mutex_unlock(&tally->lock);
}

static void state_set(struct tally *tally, struct tally_place *p, enum dashboard_socket_state state, const char *step)
{
    p->socket.state = state;
    PUT(p->socket.step, step);
    p->since_ms = tally->now_ms();
    p->socket.since = p->since_ms / 1000u;
}

size_t tally_enter(struct tally *tally, const char *station)
{
    (void)pthread_mutex_lock(&tally->lock);
    size_t at = 0;
    while (at < TALLY_PLACES && tally->places[at].taken) {
        at++;
    }
    if (at < TALLY_PLACES) {
        struct tally_place *p = &tally->places[at];
        memset(p, 0, sizeof *p);
        p->taken = 1;
        PUT(p->socket.station, station);
        state_set(tally, p, DASHBOARD_SOCKET_IDLE, "");
        tally->place_end = at >= tally->place_end ? at + 1 : tally->place_end;
    }
    (void)pthread_mutex_unlock(&tally->lock);
    return at < TALLY_PLACES ? at + 1 : 0;
}

void tally_begin(struct tally *tally, size_t place, const char *socket)
{
    struct tally_place *p = place_take(tally, place);
    if (p != NULL) {
        PUT(p->socket.socket, socket);
        p->socket.uid[0] = '\0';
        state_set(tally, p, DASHBOARD_SOCKET_WORKING, "");
        place_give(tally);
    }
}

/* The step that a socket was at has ended well, at `now` (ms): its time counts. */
static void step_end(struct tally *tally, const struct tally_place *p, uint64_t now)
{
    size_t at = 0;
    while (at < tally->step_count && strcmp(tally->steps[at].step, p->socket.step) != 0) {
        at++;
    }
    if (p->socket.state != DASHBOARD_SOCKET_WORKING || p->socket.step[0] == '\0' || at == DASHBOARD_STEPS_MAX) {
        return;
    }
    struct tally_step *step = &tally->steps[at];
    if (at == tally->step_count) {
        tally->step_count++;
        PUT(step->step, p->socket.step);
    }
    uint64_t took = now > p->since_ms ? now - p->since_ms : 0; /* the clock may have been set back */
    step->samples_ms[step->count++ % TALLY_SAMPLES] = took > UINT32_MAX ? UINT32_MAX : (uint32_t)took;
}

void tally_step(struct tally *tally, size_t place, const char *step, const char *uid)
{
    struct tally_place *p = place_take(tally, place);
    if (p == NULL) {
        return;
    }
    PUT(p->socket.uid, uid);
    if (p->socket.state != DASHBOARD_SOCKET_WORKING || strcmp(p->socket.step, step) != 0) {
        step_end(tally, p, tally->now_ms());
        state_set(tally, p, DASHBOARD_SOCKET_WORKING, step);
    }
    place_give(tally);
}

void tally_step_after(struct tally *tally, size_t place, const char *step, const char *uid, uint64_t took_ms)
{
    struct tally_place *p = place_take(tally, place);
    if (p == NULL) {
        return;
    }
    const uint64_t now = tally->now_ms();
    const uint64_t most = now > p->since_ms ? now - p->since_ms : 0;
    const uint64_t began = p->since_ms + (took_ms < most ? took_ms : most);
    PUT(p->socket.uid, uid);
    step_end(tally, p, began);
    state_set(tally, p, DASHBOARD_SOCKET_WORKING, step);
    p->since_ms = began;
    p->socket.since = began / 1000u;
    place_give(tally);
}

void tally_minutes_move(struct tally *tally, uint64_t now_ms)
{
    uint64_t minute = now_ms / 60000u;
    uint64_t gone = minute > tally->minute ? minute - tally->minute : 0;
    if (gone >= DASHBOARD_MINUTES) {
        memset(tally->minutes, 0, sizeof tally->minutes);
    } else if (gone > 0) {
        memmove(tally->minutes, tally->minutes + gone, (DASHBOARD_MINUTES - gone) * sizeof tally->minutes[0]);
        memset(tally->minutes + DASHBOARD_MINUTES - gone, 0, gone * sizeof tally->minutes[0]);
    }
    tally->minute += gone;
}

void tally_done(struct tally *tally, size_t place)
{
    struct tally_place *p = place_take(tally, place);
    if (p == NULL) {
        return;
    }
    step_end(tally, p, tally->now_ms());
    state_set(tally, p, DASHBOARD_SOCKET_DONE, "Done: take it out");
    tally_minutes_move(tally, tally->now_ms());
    tally->minutes[DASHBOARD_MINUTES - 1]++;
    tally->tried++;
    tally->good++;
    place_give(tally);
}

/* Copies with "…" for each long number, and for the number of a unit: they name one thing, not a reason. */
static void reason_shorten(const char *text, char *out, size_t capacity)
{
    static const char dots[] = "\xe2\x80\xa6";
    static const char unit[] = "unit ";
    const char *begin = text;
    size_t len = 0;
    while (*text != '\0') {
        size_t digits = strspn(text, "0123456789abcdefABCDEF");
        int is_unit = (size_t)(text - begin) >= sizeof unit - 1 && isdigit((unsigned char)*text) &&
                      strncmp(text - (sizeof unit - 1), unit, sizeof unit - 1) == 0;
        int is_long = digits >= LONG_NUMBER || is_unit;
        size_t take = digits == 0 ? 1 : digits;
        size_t add = is_long ? sizeof dots - 1 : take;
        if (len + add + 1 > capacity) {
            break;
        }
        memcpy(out + len, is_long ? dots : text, add);
        len += add;
        text += take;
    }
    out[len] = '\0';
}

/* The row that a new reason takes when there is none free: the oldest one that is no alarm. */
static size_t failure_oldest(const struct tally *tally)
{
    size_t at = DASHBOARD_FAILURES_MAX;
    while (at > 0 && tally->failures[at - 1].alarm) {
        at--;
    }
    return at > 0 ? at - 1 : DASHBOARD_FAILURES_MAX - 1;
}

/* Moves the row of this reason to the front: the one there is, a free one, or one that must give way. */
static struct dashboard_failure *failure_row(struct tally *tally, const char *reason)
{
    size_t at = 0;
    while (at < tally->failure_count && strcmp(tally->failures[at].reason, reason) != 0) {
        at++;
    }
    int is_new = at == tally->failure_count;
    if (is_new && tally->failure_count < DASHBOARD_FAILURES_MAX) {
        tally->failure_count++;
    } else if (is_new) {
        at = failure_oldest(tally);
    }
    struct dashboard_failure row = tally->failures[at];
    if (is_new) {
        memset(&row, 0, sizeof row);
        PUT(row.reason, reason);
    }
    memmove(&tally->failures[1], &tally->failures[0], at * sizeof tally->failures[0]);
    tally->failures[0] = row;
    return &tally->failures[0];
}

/* Under the lock. */
static void failure_count(struct tally *tally, struct tally_place *p, const char *text, const char *hint, int alarm)
{
    char reason[DASHBOARD_TEXT_MAX];
    reason_shorten(text, reason, sizeof reason);
    struct dashboard_failure *row = failure_row(tally, reason);
    PUT(row->hint, hint);
    PUT(row->station, p->socket.station);
    PUT(row->socket, p->socket.socket);
    PUT(row->uid, p->socket.uid);
    row->count++;
    row->alarm = alarm;
    row->last = tally->now_ms() / 1000u;
    tally->tried++;
    state_set(tally, p, DASHBOARD_SOCKET_FAILED, reason);
}

void tally_fail(struct tally *tally, size_t place, const char *reason, const char *hint, int alarm)
{
    struct tally_place *p = place_take(tally, place);
    if (p != NULL) {
        failure_count(tally, p, reason, hint, alarm);
        place_give(tally);
    }
}

void tally_leave(struct tally *tally, size_t place)
{
    struct tally_place *p = place_take(tally, place);
    if (p == NULL) {
        return;
    }
    if (p->socket.state == DASHBOARD_SOCKET_WORKING) {
        char reason[DASHBOARD_TEXT_MAX];
        (void)snprintf(reason, sizeof reason, "the station went away in the middle: %.180s", p->socket.step);
        failure_count(tally, p, reason, "Start the chip again: it goes on where it was.", 0);
    }
    p->taken = 0;
    place_give(tally);
}

void tally_reset(struct tally *tally)
{
    (void)pthread_mutex_lock(&tally->lock);
    tally->tried = 0;
    tally->good = 0;
    tally->failure_count = 0;
    tally->step_count = 0;
    memset(tally->steps, 0, sizeof tally->steps);
    (void)pthread_mutex_unlock(&tally->lock);
}
