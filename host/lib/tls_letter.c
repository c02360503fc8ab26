/* SPDX-License-Identifier: Apache-2.0 */
/* tls_letter: see tls_letter.h. */
#include "host/lib/tls_letter.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HOST_MAX 256
#define PORT_MAX 8

static int64_t clock_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* 0 when the descriptor is ready, -1 when the time is over. */
static int wait_for(int fd, short events, int64_t deadline, struct fault *fault)
{
    struct pollfd one = { .fd = fd, .events = events };
    for (;;) {
        int64_t left = deadline - clock_ms();
        int ready = poll(&one, 1, left < 0 ? 0 : left > 60000 ? 60000 : (int)left);
        if (ready > 0) {
            return 0;
        }
        if (ready < 0 && errno != EINTR) {
            return fault_errno(fault, "waiting for the connection");
        }
        if (ready == 0 && clock_ms() >= deadline) {
            return fault_set(fault, "the other side did not answer in time");
        }
    }
}

static int wait_step(const struct tls_conn *conn, enum tls_step step, int64_t deadline, struct fault *fault)
{
    switch (step) {
    case TLS_WANTS_READ:
        return wait_for(tls_conn_fd(conn), POLLIN, deadline, fault);
    case TLS_WANTS_WRITE:
        return wait_for(tls_conn_fd(conn), POLLOUT, deadline, fault);
    case TLS_ENDED:
        return fault_set(fault, "the other side closed the connection");
    case TLS_DONE:
        return 0;
    case TLS_BROKEN:
    default:
        return -1;
    }
}

/* ---- connecting ---- */

/* "HOST:PORT" or "[ADDRESS]:PORT". */
static int address_split(const char *address, char host[HOST_MAX], char port[PORT_MAX], struct fault *fault)
{
    const char *colon = strrchr(address, ':');
    size_t len = colon == NULL ? 0 : (size_t)(colon - address);
    const char *from = address;
    if (len >= 2 && from[0] == '[' && from[len - 1] == ']') {
        from++;
        len -= 2;
    }
    if (colon == NULL || len == 0 || len >= HOST_MAX || strlen(colon + 1) == 0 || strlen(colon + 1) >= PORT_MAX ||
        (from == address && memchr(from, ':', len) != NULL)) {
        (void)fault_set(fault, "'%.200s' is not an address", address);
        return fault_hint(fault, "give HOST:PORT, such as appliance.factory.example:4711 or [::1]:4711");
    }
    memcpy(host, from, len);
    host[len] = '\0';
    (void)snprintf(port, PORT_MAX, "%s", colon + 1);
    return 0;
}

/* A descriptor that is connected, or -1 with errno. */
static int address_try(const struct addrinfo *at, int64_t deadline)
{
    struct fault unsaid = FAULT_NONE;
    int one = 1;
    int error = 0;
    socklen_t error_len = sizeof error;
    int fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, at->ai_protocol);
    if (fd < 0) {
        return -1;
    }
    if (connect(fd, at->ai_addr, at->ai_addrlen) != 0) {
        error = errno;
        if (error == EINPROGRESS) {
            error = wait_for(fd, POLLOUT, deadline, &unsaid) != 0 ? ETIMEDOUT : 0;
        }
        if (error == 0) {
            (void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_len);
        }
    }
    if (error != 0) {
        (void)close(fd);
        errno = error;
        return -1;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

static int address_connect(const char *host, const char *port, int64_t deadline, struct fault *fault)
{
    const struct addrinfo wanted = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
    struct addrinfo *found = NULL;
    int fd = -1;
    int code = getaddrinfo(host, port, &wanted, &found);
    if (code != 0) {
        (void)fault_set(fault, "%s:%s: %s", host, port, gai_strerror(code));
        return -1;
    }
    for (const struct addrinfo *at = found; at != NULL && fd < 0; at = at->ai_next) {
        fd = address_try(at, deadline);
    }
    if (fd < 0) {
        (void)fault_errno(fault, "%s:%s: cannot connect", host, port);
        (void)fault_hint(fault, "is the appliance running, and is this its address?");
    }
    freeaddrinfo(found);
    return fd;
}

static int shake(struct tls_conn *conn, int64_t deadline, struct fault *fault)
{
    for (;;) {
        enum tls_step step = tls_conn_handshake(conn, fault);
        if (step == TLS_DONE) {
            return 0;
        }
        if (wait_step(conn, step, deadline, fault) != 0) {
            return -1;
        }
    }
}

int tls_letter_connect(struct tls *tls, const char *address, int timeout_ms, struct tls_conn **out, struct fault *fault)
{
    char host[HOST_MAX];
    char port[PORT_MAX];
    int64_t deadline = clock_ms() + timeout_ms;
    *out = NULL;
    int fd = address_split(address, host, port, fault) != 0 ? -1 : address_connect(host, port, deadline, fault);
    if (fd < 0) {
        return -1;
    }
    if (tls_conn_connect(tls, fd, host, out, fault) != 0) {
        (void)close(fd);
        return -1;
    }
    struct fault inner = FAULT_NONE;
    if (shake(*out, deadline, &inner) != 0) {
        tls_conn_close(*out);
        *out = NULL;
        (void)fault_set(fault, "%s: %s", address, inner.what);
        return inner.hint[0] == '\0' ? -1 : fault_hint(fault, "%s", inner.hint);
    }
    return 0;
}

/* ---- letters ---- */

static int write_all(struct tls_conn *conn, const uint8_t *data, size_t len, int64_t deadline, struct fault *fault)
{
    while (len > 0) {
        size_t put = 0;
        enum tls_step step = tls_conn_write(conn, data, len, &put, fault);
        data += put;
        len -= put;
        if (step != TLS_DONE && wait_step(conn, step, deadline, fault) != 0) {
            return -1;
        }
    }
    return 0;
}

static int read_all(struct tls_conn *conn, uint8_t *out, size_t len, int64_t deadline, struct fault *fault)
{
    while (len > 0) {
        size_t got = 0;
        enum tls_step step = tls_conn_read(conn, out, len, &got, fault);
        out += got;
        len -= got;
        if (step != TLS_DONE && wait_step(conn, step, deadline, fault) != 0) {
            return -1;
        }
    }
    return 0;
}

int tls_letter_send(struct tls_conn *conn, struct bytes letter, int timeout_ms, struct fault *fault)
{
    if (letter.len == 0 || letter.len > UINT32_MAX - TLS_LETTER_HEAD) {
        return fault_set(fault, "a letter of %zu bytes cannot be sent", letter.len);
    }
    /* One record for head and letter. */
    uint8_t *whole = malloc(TLS_LETTER_HEAD + letter.len);
    if (whole == NULL) {
        return fault_set(fault, "no memory");
    }
    for (unsigned i = 0; i < TLS_LETTER_HEAD; i++) {
        whole[i] = (uint8_t)(letter.len >> (24 - 8 * i));
    }
    memcpy(whole + TLS_LETTER_HEAD, letter.data, letter.len);
    int result = write_all(conn, whole, TLS_LETTER_HEAD + letter.len, clock_ms() + timeout_ms, fault);
    free(whole);
    return result;
}

int tls_letter_receive(struct tls_conn *conn, uint8_t *out, size_t capacity, size_t *len, int timeout_ms,
                       struct fault *fault)
{
    uint8_t head[TLS_LETTER_HEAD];
    int64_t deadline = clock_ms() + timeout_ms;
    *len = 0;
    if (read_all(conn, head, sizeof head, deadline, fault) != 0) {
        return -1;
    }
    size_t wanted = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
    if (wanted == 0 || wanted > capacity) {
        return fault_set(fault, "a letter of %zu bytes came; 1 to %zu are allowed", wanted, capacity);
    }
    if (read_all(conn, out, wanted, deadline, fault) != 0) {
        return -1;
    }
    *len = wanted;
    return 0;
}
