/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server_accept: new connections. Who floods loses his own first: an address has a burst and a rate; where too many
 * have shown no certificate, the oldest of the address that has most of them goes.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "host/daemon/log.h"
#include "host/daemon/server_room.h"

#define BATCH 64
#define CROWD_MAX 1024 /* connections that are looked at when one must go */

/* A peer that is gone without a word is noticed after two minutes. */
static void socket_prepare(int fd)
{
    const int one = 1;
    const int idle = 60;
    const int interval = 15;
    const int count = 4;
    const unsigned unanswered_ms = 60000;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unanswered_ms, sizeof unanswered_ms);
}

/* `source` names whom a connection is counted for: an IPv4 address, or the 64 bits of an IPv6 network. */
static void source_of(const struct sockaddr_storage *peer, uint8_t source[16], char text[SERVER_ADDRESS_MAX])
{
    char address[INET6_ADDRSTRLEN] = "?";
    memset(source, 0, 16);
    if (peer->ss_family == AF_INET6) {
        const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)peer;
        memcpy(source, &six->sin6_addr, 8);
        (void)inet_ntop(AF_INET6, &six->sin6_addr, address, sizeof address);
        (void)snprintf(text, SERVER_ADDRESS_MAX, "[%s]:%u", address, ntohs(six->sin6_port));
    } else {
        const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)peer;
        source[10] = 0xFF;
        source[11] = 0xFF;
        memcpy(source + 12, &four->sin_addr, 4);
        (void)inet_ntop(AF_INET, &four->sin_addr, address, sizeof address);
        (void)snprintf(text, SERVER_ADDRESS_MAX, "%s:%u", address, ntohs(four->sin_port));
    }
}

/* 1 when this address may have one more now. Two addresses that share a bucket take turns with it. */
static int bucket_take(struct server *s, const uint8_t source[16], int64_t now)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < 16; i++) {
        hash = (hash ^ source[i]) * 16777619u;
    }
    struct bucket *b = &s->buckets[hash % SERVER_BUCKETS];
    uint64_t full = (uint64_t)s->limits.burst * 1000;
    if (b->since == 0 || memcmp(b->source, source, sizeof b->source) != 0) {
        memcpy(b->source, source, sizeof b->source);
        b->tokens = full;
    } else {
        b->tokens += (uint64_t)(now - b->since) * s->limits.rate;
        b->tokens = b->tokens > full ? full : b->tokens;
    }
    b->since = now;
    if (b->tokens < 1000) {
        return 0;
    }
    b->tokens -= 1000;
    return 1;
}

/* With the lock held: connections that could be crowded out, at most `max`. */
static size_t pending_list(struct server *s, struct conn **list, size_t max)
{
    size_t count = 0;
    for (size_t i = 0; i < s->place_count && count < max; i++) {
        struct conn *c = &s->places[i];
        if (c->tls != NULL && !c->known && atomic_load(&c->cut) == END_NONE) {
            list[count++] = c;
        }
    }
    return count;
}

static unsigned pending_of(struct conn *const *list, size_t count, const uint8_t source[16])
{
    unsigned same = 0;
    for (size_t i = 0; i < count; i++) {
        same += memcmp(list[i]->source, source, sizeof list[i]->source) == 0;
    }
    return same;
}

/* With the lock held: cuts the oldest connection of the address that has most pending ones. */
static void crowd_out(struct server *s)
{
    struct conn *list[CROWD_MAX];
    struct conn *victim = NULL;
    size_t count = pending_list(s, list, CROWD_MAX);
    unsigned most = 0;
    for (size_t i = 0; i < count; i++) {
        struct conn *c = list[i];
        int same = victim != NULL && memcmp(c->source, victim->source, sizeof c->source) == 0;
        unsigned many = same ? most : pending_of(list, count, c->source);
        if (victim == NULL || many > most || (many == most && c->since < victim->since)) {
            victim = c;
            most = many;
        }
    }
    if (victim != NULL) {
        server_cut(victim, END_CROWDED);
    }
}

/* With the lock held: a free place, zeroed but for the server. */
static struct conn *place_find(struct server *s)
{
    for (size_t i = 0; i < s->place_count && s->used < s->place_count; i++) {
        struct conn *c = &s->places[i];
        if (c->tls == NULL) {
            memset(c, 0, sizeof *c);
            c->server = s;
            return c;
        }
    }
    return NULL;
}

static struct conn *place_take(struct server *s, struct tls_conn *tls, unsigned trust, const uint8_t source[16],
                               const char *address)
{
    int64_t now = server_now_ms();
    (void)pthread_mutex_lock(&s->lock);
    if (s->pending >= s->limits.pending) {
        crowd_out(s);
    }
    struct conn *c = place_find(s);
    if (c != NULL) {
        c->since = now;
        c->stage = CONN_SHAKING;
        memcpy(c->source, source, sizeof c->source);
        (void)snprintf(c->address, sizeof c->address, "%s", address);
        atomic_store(&c->deadline, now + s->limits.handshake_ms);
        c->tls = tls;
        c->trust = trust;
        s->used++;
        s->pending++;
        metrics_add(s->metrics, METRIC_PENDING, 1);
    }
    (void)pthread_mutex_unlock(&s->lock);
    return c;
}

static void refuse(struct server *s, enum server_end why, const char *address)
{
    metrics_add(s->metrics, METRIC_END_BYE - 1 + (enum metric)why, 1);
    log_say_stranger(LOG_LEVEL_WARNING, "connection_refused", "peer", address, "reason", server_end_name(why), NULL);
}

static void take_one(struct server *s, int fd, const struct sockaddr_storage *peer)
{
    uint8_t source[16];
    char address[SERVER_ADDRESS_MAX];
    struct tls_conn *tls = NULL;
    struct fault fault = FAULT_NONE;
    const unsigned trust = tls_generation(s->tls); /* before its handshake: what is loaded meanwhile is looked at */
    source_of(peer, source, address);
    metrics_add(s->metrics, METRIC_ACCEPTED, 1);
    if (!bucket_take(s, source, server_now_ms())) {
        (void)close(fd);
        refuse(s, END_FLOOD, address);
        return;
    }
    socket_prepare(fd);
    if (tls_conn_accept(s->tls, fd, &tls, &fault) != 0) {
        (void)close(fd);
        refuse(s, END_FULL, address);
        return;
    }
    struct conn *c = place_take(s, tls, trust, source, address);
    if (c == NULL) {
        tls_conn_close(tls);
        refuse(s, END_FULL, address);
    } else if (server_arm(c, EPOLLIN, 1) != 0) {
        server_end_conn(c, END_FULL, NULL);
    }
}

void server_accept(struct server *server, int listener)
{
    for (unsigned i = 0; i < BATCH; i++) {
        struct sockaddr_storage peer = { 0 };
        socklen_t peer_len = sizeof peer;
        int fd = accept4(listener, (struct sockaddr *)&peer, &peer_len, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            take_one(server, fd, &peer);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
            const struct timespec pause = { 0, 50000000 };
            log_say_stranger(LOG_LEVEL_ERROR, "accept_failed", "reason", strerror(errno), NULL);
            (void)nanosleep(&pause, NULL);
        }
        if (errno != EINTR && errno != ECONNABORTED) {
            return;
        }
    }
}
