/* SPDX-License-Identifier: Apache-2.0 */
/* guard: see guard.h. */
#include "host/dashboard/guard.h"

#include <sys/socket.h>

#include "host/dashboard/feed.h"

void guard_open(struct guard *guard)
{
    (void)pthread_mutex_init(&guard->lock, NULL);
    for (size_t i = 0; i < GUARD_PLACES; i++) {
        guard->places[i].fd = -1;
    }
}

void guard_close(struct guard *guard)
{
    (void)pthread_mutex_destroy(&guard->lock);
}

uintptr_t guard_enter(struct guard *guard, int fd)
{
    uintptr_t place = 0;
    (void)pthread_mutex_lock(&guard->lock);
    for (size_t i = 0; i < GUARD_PLACES && place == 0; i++) {
        if (guard->places[i].fd < 0) {
            guard->places[i].fd = fd;
            guard->places[i].cut = 0;
            guard->places[i].since_ms = feed_clock_ms();
            place = i + 1;
        }
    }
    (void)pthread_mutex_unlock(&guard->lock);
    return place;
}

void guard_renew(struct guard *guard, uintptr_t place)
{
    if (place != 0) {
        (void)pthread_mutex_lock(&guard->lock);
        guard->places[place - 1].since_ms = feed_clock_ms();
        (void)pthread_mutex_unlock(&guard->lock);
    }
}

void guard_leave(struct guard *guard, uintptr_t place)
{
    if (place != 0) {
        (void)pthread_mutex_lock(&guard->lock);
        guard->places[place - 1].fd = -1;
        (void)pthread_mutex_unlock(&guard->lock);
    }
}

void guard_sweep(struct guard *guard)
{
    uint64_t now = feed_clock_ms();
    (void)pthread_mutex_lock(&guard->lock);
    for (size_t i = 0; i < GUARD_PLACES; i++) {
        if (guard->places[i].fd >= 0 && !guard->places[i].cut &&
            now - guard->places[i].since_ms > GUARD_SECONDS * 1000u) {
            guard->places[i].cut = 1;
            (void)shutdown(guard->places[i].fd, SHUT_RDWR);
        }
    }
    (void)pthread_mutex_unlock(&guard->lock);
}
