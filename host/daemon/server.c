/* SPDX-License-Identifier: Apache-2.0 */
/* server: opening, starting and stopping (server.h). */
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "host/daemon/log.h"
#include "host/daemon/server_room.h"

#define STACK_LEN (512u * 1024u)
#define BACKLOG 1024

int64_t server_now_ms(void)
{
    return (int64_t)(server_now_us() / 1000);
}

uint64_t server_now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

struct server_limits server_limits_usual(void)
{
    return (struct server_limits){ .connections = 2048,
                                   .per_station = 256,
                                   .pending = 256,
                                   .workers = 72,
                                   .rate = 200,
                                   .burst = 2048,
                                   .handshake_ms = 5000,
                                   .letter_ms = 10000,
                                   .idle_ms = 900000 };
}

const char *server_end_name(enum server_end why)
{
    static const char *const names[] = {
        [END_NONE] = "none",
        [END_BYE] = "bye",
        [END_BROKEN] = "broken",
        [END_HANDSHAKE] = "handshake_refused",
        [END_HANDSHAKE_LATE] = "handshake_late",
        [END_LETTER_LATE] = "letter_late",
        [END_IDLE] = "idle",
        [END_CROWDED] = "crowded_out",
        [END_STATION_LIMIT] = "station_limit",
        [END_FULL] = "full",
        [END_FLOOD] = "flood",
        [END_GARBAGE] = "garbage",
        [END_CERTIFICATE] = "certificate",
        [END_ENGINE] = "engine",
        [END_STOPPED] = "stopped",
    };
    return names[why];
}

int server_open(struct tls *tls, const struct server_engine *engine, const struct server_limits *limits,
                struct metrics *metrics, struct server **out, struct fault *fault)
{
    struct server *s = calloc(1, sizeof *s);
    *out = NULL;
    if (s == NULL) {
        return fault_set(fault, "no memory");
    }
    s->tls = tls;
    s->engine = *engine;
    s->limits = *limits;
    s->metrics = metrics;
    /* Twice the pending ones: those that are crowded out need their places until a worker has closed them. */
    s->place_count = limits->connections + 2u * limits->pending;
    s->places = calloc(s->place_count, sizeof *s->places);
    s->workers = calloc(limits->workers, sizeof *s->workers);
    s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    s->wake_keeper_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    s->wake_workers_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event wake = { .events = EPOLLIN, .data.ptr = NULL };
    if (pthread_mutex_init(&s->lock, NULL) != 0 || s->places == NULL || s->workers == NULL || s->epoll_fd < 0 ||
        s->wake_keeper_fd < 0 || s->wake_workers_fd < 0 ||
        epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, s->wake_workers_fd, &wake) != 0) {
        (void)fault_errno(fault, "the server cannot be set up");
        server_close(s);
        return -1;
    }
    *out = s;
    return 0;
}

/* ---- listening ---- */

static int listener_open(const struct addrinfo *at, unsigned *port)
{
    struct sockaddr_storage bound;
    socklen_t bound_len = sizeof bound;
    int one = 1;
    int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return -1;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (at->ai_family == AF_INET6) {
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
    }
    if (bind(fd, at->ai_addr, at->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0 ||
        getsockname(fd, (struct sockaddr *)&bound, &bound_len) != 0) {
        (void)close(fd);
        return -1;
    }
    *port = ntohs(bound.ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)(const void *)&bound)->sin6_port
                                              : ((const struct sockaddr_in *)(const void *)&bound)->sin_port);
    return fd;
}

int server_address_split(const char *address, char *host, size_t host_len, unsigned *port)
{
    const char *colon = strrchr(address, ':');
    size_t len = colon == NULL ? 0 : (size_t)(colon - address);
    const char *from = address;
    if (len >= 2 && from[0] == '[' && from[len - 1] == ']') {
        from++;
        len -= 2;
    }
    size_t digits = colon == NULL ? 0 : strlen(colon + 1);
    if (len == 0 || len >= host_len || digits == 0 || digits > 5 || strspn(colon + 1, "0123456789") != digits) {
        return -1;
    }
    memcpy(host, from, len);
    host[len] = '\0';
    *port = (unsigned)strtoul(colon + 1, NULL, 10);
    return *port <= 65535 ? 0 : -1;
}

/* Numbers only, so that no name service decides where we listen. */
static int listen_address(const char *address, struct addrinfo **found)
{
    char host[80];
    char digits[8];
    unsigned port = 0;
    const struct addrinfo wanted = { .ai_socktype = SOCK_STREAM,
                                     .ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV };
    if (server_address_split(address, host, sizeof host, &port) != 0) {
        return -1;
    }
    (void)snprintf(digits, sizeof digits, "%u", port);
    return getaddrinfo(host, digits, &wanted, found) == 0 ? 0 : -1;
}

int server_listen(struct server *server, const char *address, unsigned *port, struct fault *fault)
{
    struct addrinfo *found = NULL;
    if (server->listener_count == SERVER_LISTENERS) {
        return fault_set(fault, "%s: four addresses to listen at are enough", address);
    }
    if (listen_address(address, &found) != 0) {
        (void)fault_set(fault, "'%.100s' is not an address to listen at", address);
        return fault_hint(fault, "give ADDRESS:PORT with numbers, such as 0.0.0.0:4711 or [::]:4711");
    }
    int fd = listener_open(found, port);
    freeaddrinfo(found);
    if (fd < 0) {
        (void)fault_errno(fault, "%s: cannot listen there", address);
        return fault_hint(fault, "is another appliance running, or the port below 1024?");
    }
    server->listeners[server->listener_count++] = fd;
    return 0;
}

/* ---- threads ---- */

static int threads_start(struct server *s, const pthread_attr_t *attributes)
{
    while (s->worker_count < s->limits.workers) {
        if (pthread_create(&s->workers[s->worker_count], attributes, server_worker, s) != 0) {
            return -1;
        }
        s->worker_count++;
    }
    s->keeper_started = pthread_create(&s->keeper, attributes, server_keeper, s) == 0;
    return s->keeper_started ? 0 : -1;
}

int server_start(struct server *server, struct fault *fault)
{
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0) {
        return fault_set(fault, "no memory");
    }
    (void)pthread_attr_setstacksize(&attributes, STACK_LEN);
    int result = threads_start(server, &attributes);
    (void)pthread_attr_destroy(&attributes);
    if (result != 0) {
        server_stop(server, 0);
        return fault_set(fault, "the server's threads cannot be started");
    }
    return 0;
}

static void wake(int fd)
{
    const uint64_t one = 1;
    (void)!write(fd, &one, sizeof one);
}

void server_stop(struct server *server, int grace_ms)
{
    atomic_store(&server->stop_deadline, server_now_ms() + grace_ms);
    atomic_store(&server->stopping, 1);
    if (server->keeper_started) {
        wake(server->wake_keeper_fd);
        (void)pthread_join(server->keeper, NULL);
        server->keeper_started = 0;
    }
    atomic_store(&server->ended, 1);
    wake(server->wake_workers_fd);
    while (server->worker_count > 0) {
        (void)pthread_join(server->workers[--server->worker_count], NULL);
    }
}

static void descriptor_close(int fd)
{
    if (fd > 0) {
        (void)close(fd);
    }
}

void server_close(struct server *server)
{
    if (server == NULL) {
        return;
    }
    for (size_t i = 0; server->places != NULL && i < server->place_count; i++) {
        if (server->places[i].tls != NULL) {
            server_end_conn(&server->places[i], END_STOPPED, NULL);
        }
    }
    for (size_t i = 0; i < server->listener_count; i++) {
        descriptor_close(server->listeners[i]);
    }
    descriptor_close(server->epoll_fd);
    descriptor_close(server->wake_keeper_fd);
    descriptor_close(server->wake_workers_fd);
    (void)pthread_mutex_destroy(&server->lock);
    free(server->places);
    free(server->workers);
    free(server);
}
