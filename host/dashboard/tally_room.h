/* SPDX-License-Identifier: Apache-2.0 */
/* tally_room: what tally.c and tally_tell.c share. */
#ifndef HOST_DASHBOARD_TALLY_ROOM_H
#define HOST_DASHBOARD_TALLY_ROOM_H

#include <pthread.h>

#include "host/dashboard/tally.h"

struct tally_place {
    int taken;
    struct dashboard_socket socket;
    uint64_t since_ms; /* when the step began */
};

struct tally_step {
    char step[DASHBOARD_TEXT_MAX];
    uint64_t count;
    uint32_t samples_ms[TALLY_SAMPLES]; /* a ring */
};

struct tally {
    pthread_mutex_t lock;
    uint64_t (*now_ms)(void);
    uint64_t tried;
    uint64_t good;
    uint64_t minute; /* of minutes[DASHBOARD_MINUTES - 1], since 1970 */
    uint64_t minutes[DASHBOARD_MINUTES];
    size_t failure_count;
    struct dashboard_failure failures[DASHBOARD_FAILURES_MAX];
    size_t step_count;
    struct tally_step steps[DASHBOARD_STEPS_MAX];
    size_t place_end; /* behind the last place that was ever taken */
    struct tally_place places[TALLY_PLACES];
};

/* Moves the minutes on to now. Under the lock. */
void tally_minutes_move(struct tally *tally, uint64_t now_ms);

#endif
