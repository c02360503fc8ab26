/* SPDX-License-Identifier: Apache-2.0 */
/* log_rate: see log_rate.h. */
#include "host/daemon/log_rate.h"

#include <stdio.h>
#include <string.h>

static int is_of(const struct log_rate_place *p, const char *station, unsigned level)
{
    return p->level == level && strncmp(p->name, station, sizeof p->name - 1) == 0;
}

/* The place of a station and level; a new one takes a free place, or the one that began the longest ago. */
static struct log_rate_place *place_at(struct log_rate *rate, const char *station, unsigned level)
{
    struct log_rate_place *oldest = &rate->places[0];
    for (size_t i = 0; i < LOG_RATE_PLACES; i++) {
        struct log_rate_place *p = &rate->places[i];
        if (p->name[0] == '\0' || is_of(p, station, level)) {
            return p;
        }
        oldest = p->since < oldest->since ? p : oldest;
    }
    return oldest;
}

static int is_over(const struct log_rate_place *p, int64_t now)
{
    return now - p->since >= LOG_RATE_SECONDS;
}

int log_rate_take(struct log_rate *rate, const char *station, unsigned level, int64_t now, struct log_rate_place *rest)
{
    const char *name = station[0] == '\0' ? "?" : station;
    struct log_rate_place *p = place_at(rate, name, level);
    memset(rest, 0, sizeof *rest);
    if (p->name[0] == '\0' || !is_of(p, name, level) || is_over(p, now)) {
        *rest = *p;
        memset(p, 0, sizeof *p);
        (void)snprintf(p->name, sizeof p->name, "%s", name);
        p->level = level;
        p->since = now;
    }
    int may = p->said < (level == 0 ? LOG_RATE_ROUTINE : LOG_RATE_TROUBLE);
    p->said += (uint64_t)may;
    p->left_out += (uint64_t)!may;
    return may;
}

int log_rate_next(struct log_rate *rate, int64_t now, struct log_rate_place *rest)
{
    for (size_t i = 0; i < LOG_RATE_PLACES; i++) {
        struct log_rate_place *p = &rate->places[i];
        if (p->left_out > 0 && is_over(p, now)) {
            *rest = *p;
            p->left_out = 0;
            return 1;
        }
    }
    return 0;
}
