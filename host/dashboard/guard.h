/* SPDX-License-Identifier: Apache-2.0 */
/* guard: cuts connections on which no request comes to its end within a time, however busy they look: slow clients. */
#ifndef HOST_DASHBOARD_GUARD_H
#define HOST_DASHBOARD_GUARD_H

#include <pthread.h>
#include <stdint.h>

#define GUARD_SECONDS 30
#define GUARD_PLACES 512

struct guard {
    pthread_mutex_t lock;
    struct {
        int fd; /* -1: free */
        int cut;
        uint64_t since_ms;
    } places[GUARD_PLACES];
};

void guard_open(struct guard *guard);
void guard_close(struct guard *guard);
/* A connection began: its place, 1 to GUARD_PLACES, or 0 when there is none left. */
uintptr_t guard_enter(struct guard *guard, int fd);
/* A request on it came to its end. Place 0 is allowed. */
void guard_renew(struct guard *guard, uintptr_t place);
/* It is about to be closed. */
void guard_leave(struct guard *guard, uintptr_t place);
/* Shuts down all that are over their time. */
void guard_sweep(struct guard *guard);

#endif
