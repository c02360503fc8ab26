/* SPDX-License-Identifier: Apache-2.0 */
/* pollset: what the event loop waits for in one round. Also the loop's clock. */
#ifndef HOST_CHIP_POLLSET_H
#define HOST_CHIP_POLLSET_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define POLLSET_MAX 32

struct pollset {
    struct pollfd fds[POLLSET_MAX];
    size_t count;
    int64_t deadline; /* ms, of clock_ms; INT64_MAX: none */
};

/* Monotonic time in milliseconds. */
static inline int64_t clock_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static inline void pollset_begin(struct pollset *p)
{
    p->count = 0;
    p->deadline = INT64_MAX;
}

/* A negative descriptor is left out. */
static inline void pollset_add(struct pollset *p, int fd, short events)
{
    if (fd >= 0 && p->count < POLLSET_MAX) {
        p->fds[p->count++] = (struct pollfd){ .fd = fd, .events = events, .revents = 0 };
    }
}

/* The round ends at `when` at the latest. */
static inline void pollset_deadline(struct pollset *p, int64_t when)
{
    p->deadline = when < p->deadline ? when : p->deadline;
}

/* What happened at `fd` in this round; 0 for one that was not waited for. */
static inline short pollset_events(const struct pollset *p, int fd)
{
    for (size_t i = 0; fd >= 0 && i < p->count; i++) {
        if (p->fds[i].fd == fd) {
            return p->fds[i].revents;
        }
    }
    return 0;
}

static inline bool pollset_wait(struct pollset *p)
{
    int64_t left = p->deadline == INT64_MAX ? -1 : p->deadline - clock_ms();
    if (p->deadline != INT64_MAX && left < 0) {
        left = 0;
    }
    for (size_t i = 0; i < p->count; i++) {
        p->fds[i].revents = 0;
    }
    return poll(p->fds, (nfds_t)p->count, left > 60000 ? 60000 : (int)left) >= 0;
}

#endif
