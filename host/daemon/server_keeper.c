/* SPDX-License-Identifier: Apache-2.0 */
/* server_keeper: the thread that takes new connections and minds the deadlines. */
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/daemon/server_room.h"

#define ROUND_MS 200
#define FORCE_MS 2000 /* after the grace of a stop: until connections that were cut must be gone */

void server_cut(struct conn *conn, enum server_end why)
{
    int none = END_NONE;
    if (atomic_compare_exchange_strong(&conn->cut, &none, (int)why)) {
        atomic_store(&conn->deadline, 0);
        (void)shutdown(tls_conn_fd(conn->tls), SHUT_RDWR);
    }
}

/* A station that was revoked is let go as soon as it has no letter in hand. With the server's lock held. */
static void peer_check(struct conn *c, unsigned trust)
{
    struct fault fault = FAULT_NONE;
    if (!c->known || c->trust == trust || atomic_load(&c->busy)) {
        return;
    }
    c->trust = trust;
    if (tls_conn_peer_stands(c->tls, &fault) != 0) {
        server_cut(c, END_CERTIFICATE);
    }
}

static enum server_end late_reason(const struct conn *c)
{
    if (!c->known) {
        return END_HANDSHAKE_LATE;
    }
    return atomic_load(&c->busy) ? END_LETTER_LATE : END_IDLE;
}

static void deadlines_mind(struct server *s)
{
    int stopping = atomic_load(&s->stopping);
    int64_t now = server_now_ms();
    unsigned trust = tls_generation(s->tls);
    int over = stopping && now >= atomic_load(&s->stop_deadline);
    (void)pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->place_count; i++) {
        struct conn *c = &s->places[i];
        if (c->tls == NULL) {
            continue;
        }
        int64_t deadline = atomic_load(&c->deadline);
        if (stopping && (over || !atomic_load(&c->busy))) {
            server_cut(c, END_STOPPED);
        } else if (deadline != 0 && now >= deadline) {
            server_cut(c, late_reason(c));
        } else {
            peer_check(c, trust);
        }
    }
    (void)pthread_mutex_unlock(&s->lock);
}

static unsigned used_count(struct server *s)
{
    (void)pthread_mutex_lock(&s->lock);
    unsigned used = s->used;
    (void)pthread_mutex_unlock(&s->lock);
    return used;
}

/* One round: at most ROUND_MS; returns at once for new connections. */
static void round_run(struct server *s, int timeout_ms)
{
    struct pollfd waiting[SERVER_LISTENERS + 1] = { { .fd = s->wake_keeper_fd, .events = POLLIN } };
    size_t listeners = atomic_load(&s->stopping) ? 0 : s->listener_count;
    for (size_t i = 0; i < listeners; i++) {
        waiting[i + 1] = (struct pollfd){ .fd = s->listeners[i], .events = POLLIN };
    }
    if (poll(waiting, (nfds_t)listeners + 1, timeout_ms) <= 0) {
        return;
    }
    if (waiting[0].revents != 0) {
        uint64_t count;
        (void)!read(s->wake_keeper_fd, &count, sizeof count);
    }
    for (size_t i = 0; i < listeners; i++) {
        if (waiting[i + 1].revents != 0) {
            server_accept(s, s->listeners[i]);
        }
    }
}

/* Signals are the main thread's. */
static void signals_leave(void)
{
    sigset_t all;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, NULL);
}

static void listeners_close(struct server *s)
{
    for (size_t i = 0; i < s->listener_count; i++) {
        (void)close(s->listeners[i]);
    }
    s->listener_count = 0;
}

void *server_keeper(void *server)
{
    struct server *s = server;
    int64_t next = 0;
    signals_leave();
    while (!atomic_load(&s->stopping)) {
        int64_t now = server_now_ms();
        if (now >= next) {
            deadlines_mind(s);
            next = now + ROUND_MS;
        }
        round_run(s, (int)(next - now));
    }
    listeners_close(s);
    while (used_count(s) > 0 && server_now_ms() < atomic_load(&s->stop_deadline) + FORCE_MS) {
        deadlines_mind(s);
        round_run(s, ROUND_MS / 10);
    }
    return NULL;
}
