/* SPDX-License-Identifier: Apache-2.0 */
/* tally_tell: what has happened, as parts of a dashboard_line (tally.h). */
#include <stdlib.h>
#include <string.h>

#include "host/dashboard/tally_room.h"

static int by_value(const void *a, const void *b)
{
    uint32_t x;
    uint32_t y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

/* By station, then by name; a number in a name counts as one: S2 before S10. */
static int by_name(const void *a, const void *b)
{
    const struct dashboard_socket *x = a;
    const struct dashboard_socket *y = b;
    int order = strverscmp(x->station, y->station);
    return order != 0 ? order : strverscmp(x->socket, y->socket);
}

static void step_tell(const struct tally_step *from, struct dashboard_step *to)
{
    uint32_t sorted[TALLY_SAMPLES];
    size_t count = from->count < TALLY_SAMPLES ? (size_t)from->count : TALLY_SAMPLES;
    memcpy(sorted, from->samples_ms, count * sizeof sorted[0]);
    qsort(sorted, count, sizeof sorted[0], by_value);
    memcpy(to->step, from->step, sizeof to->step);
    to->count = from->count;
    to->median_ms = sorted[(count - 1) / 2];
    to->slow_ms = sorted[(count * 95 + 99) / 100 - 1];
}

static void sockets_tell(const struct tally *tally, struct dashboard_line *line)
{
    line->socket_count = 0;
    line->sockets_total = 0;
    line->stations = 0;
    for (size_t i = 0; i < tally->place_end; i++) {
        if (tally->places[i].taken) {
            line->sockets_total++;
        }
        if (tally->places[i].taken && line->socket_count < DASHBOARD_SOCKETS_MAX) {
            line->sockets[line->socket_count++] = tally->places[i].socket;
        }
    }
    qsort(line->sockets, line->socket_count, sizeof line->sockets[0], by_name);
    for (size_t i = 0; i < line->socket_count; i++) {
        line->stations += i == 0 || strcmp(line->sockets[i].station, line->sockets[i - 1].station) != 0;
    }
}

void tally_tell(struct tally *tally, struct dashboard_line *line)
{
    (void)pthread_mutex_lock(&tally->lock);
    tally_minutes_move(tally, tally->now_ms());
    line->tried = tally->tried;
    line->good = tally->good;
    memcpy(line->minutes, tally->minutes, sizeof line->minutes);
    line->failure_count = tally->failure_count;
    memcpy(line->failures, tally->failures, sizeof line->failures);
    line->step_count = tally->step_count;
    for (size_t i = 0; i < tally->step_count; i++) {
        step_tell(&tally->steps[i], &line->steps[i]);
    }
    sockets_tell(tally, line);
    (void)pthread_mutex_unlock(&tally->lock);
}
