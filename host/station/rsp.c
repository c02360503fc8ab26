/* SPDX-License-Identifier: Apache-2.0 */
/* rsp: the line: connecting, sending, receiving, acknowledging. Commands are in rsp_target.c. */
#include "host/station/rsp.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* How often a packet is sent again, or asked for again, before the line counts as unusable. */
#define RETRIES_MAX 3
#define RSP_PACKET_DEFAULT 1024u

int64_t rsp_clock_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void rsp_deadline_start(struct rsp *rsp, unsigned factor)
{
    rsp->deadline_ms = rsp_clock_ms() + (int64_t)rsp->timeout_ms * factor;
}

void rsp_close(struct rsp *rsp)
{
    if (rsp->fd >= 0) {
        (void)close(rsp->fd);
    }
    rsp->fd = -1;
}

int rsp_usable(const struct rsp *rsp)
{
    return rsp->fd >= 0;
}

int rsp_give_up(struct rsp *rsp, struct fault *fault, const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    rsp_close(rsp);
    return fault_set(fault, "debug port: %s", text);
}

/* Waits until the socket is ready for `events` or the deadline has passed. */
static int line_wait(struct rsp *rsp, short events, struct fault *fault)
{
    if (rsp->fd < 0) {
        return fault_set(fault, "debug port: the connection was closed");
    }
    for (;;) {
        int64_t left = rsp->deadline_ms - rsp_clock_ms();
        if (left <= 0) {
            return rsp_give_up(rsp, fault, "no answer in time");
        }
        struct pollfd p = { rsp->fd, events, 0 };
        int n = poll(&p, 1, left > 1000 ? 1000 : (int)left);
        if (n > 0) {
            return 0;
        }
        if (n < 0 && errno != EINTR) {
            return rsp_give_up(rsp, fault, "poll: %s", strerror(errno));
        }
    }
}

static int line_broke(struct rsp *rsp, struct fault *fault)
{
    rsp->peer_closed = errno == ECONNRESET || errno == EPIPE;
    return rsp_give_up(rsp, fault, "the connection broke: %s", strerror(errno));
}

static int line_write(struct rsp *rsp, struct bytes data, struct fault *fault)
{
    while (data.len > 0) {
        if (line_wait(rsp, POLLOUT, fault) != 0) {
            return -1;
        }
        ssize_t n = send(rsp->fd, data.data, data.len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno != EAGAIN && errno != EINTR) {
            return line_broke(rsp, fault);
        }
        if (n > 0) {
            data = bytes_of(data.data + n, data.len - (size_t)n);
        }
    }
    return 0;
}

static int line_fill(struct rsp *rsp, struct fault *fault)
{
    for (;;) {
        if (line_wait(rsp, POLLIN, fault) != 0) {
            return -1;
        }
        ssize_t n = recv(rsp->fd, rsp->in, sizeof rsp->in, MSG_DONTWAIT);
        if (n > 0) {
            rsp->in_at = 0;
            rsp->in_len = (size_t)n;
            return 0;
        }
        if (n == 0) {
            rsp->peer_closed = 1;
            return rsp_give_up(rsp, fault, "closed by the other side");
        }
        if (errno != EAGAIN && errno != EINTR) {
            return line_broke(rsp, fault);
        }
    }
}

/* The next event other than "go on". The deadline holds also against a server that never stops talking. */
static int event_next(struct rsp *rsp, enum gdb_event *event, struct fault *fault)
{
    do {
        if (rsp->in_at == rsp->in_len) {
            if (rsp_clock_ms() >= rsp->deadline_ms) {
                return rsp_give_up(rsp, fault, "no answer in time");
            }
            if (line_fill(rsp, fault) != 0) {
                return -1;
            }
        }
        *event = gdb_packet_decode(&rsp->decoder, rsp->in[rsp->in_at++]);
    } while (*event == GDB_EVENT_NONE);
    return 0;
}

static int ack_send(struct rsp *rsp, char ack, struct fault *fault)
{
    return rsp->no_ack ? 0 : line_write(rsp, bytes_of(&ack, 1), fault);
}

/*
 * Waits for the acknowledgement of what was just sent. 1: send again. Late packets of the server are taken and
 * dropped.
 */
static int ack_wait(struct rsp *rsp, struct fault *fault)
{
    for (;;) {
        enum gdb_event event;
        if (event_next(rsp, &event, fault) != 0) {
            return -1;
        }
        if (event == GDB_EVENT_ACK) {
            return 0;
        }
        if (event == GDB_EVENT_NAK) {
            return 1;
        }
        if (event != GDB_EVENT_NOTIFICATION && ack_send(rsp, '+', fault) != 0) {
            return -1;
        }
    }
}

int rsp_packet_send(struct rsp *rsp, struct bytes content, struct fault *fault)
{
    size_t len = gdb_packet_encode(content, rsp->out, sizeof rsp->out);
    if (len == 0) {
        return fault_set(fault, "debug port: a command of %zu bytes is too long", content.len);
    }
    for (int i = 0; i <= RETRIES_MAX; i++) {
        if (line_write(rsp, bytes_of(rsp->out, len), fault) != 0) {
            return -1;
        }
        int again = rsp->no_ack ? 0 : ack_wait(rsp, fault);
        if (again <= 0) {
            return again;
        }
    }
    return rsp_give_up(rsp, fault, "the other side does not take a command after %d tries", RETRIES_MAX + 1);
}

int rsp_packet_receive(struct rsp *rsp, struct fault *fault)
{
    int bad = 0;
    for (;;) {
        enum gdb_event event;
        if (event_next(rsp, &event, fault) != 0) {
            return -1;
        }
        switch (event) {
        case GDB_EVENT_PACKET:
            return ack_send(rsp, '+', fault);
        case GDB_EVENT_BAD_SUM:
            if (rsp->no_ack || ++bad > RETRIES_MAX) {
                return rsp_give_up(rsp, fault, "a reply has a wrong check sum");
            }
            if (ack_send(rsp, '-', fault) != 0) {
                return -1;
            }
            break;
        case GDB_EVENT_MALFORMED:
            return rsp_give_up(rsp, fault, "a reply is not a packet of the GDB remote protocol");
        case GDB_EVENT_TOO_LONG:
            return rsp_give_up(rsp, fault, "a reply is longer than %u bytes", GDB_PACKET_MAX);
        case GDB_EVENT_NAK:
            return rsp_give_up(rsp, fault, "a command that was taken is refused afterwards");
        case GDB_EVENT_NONE:
        case GDB_EVENT_ACK:
        case GDB_EVENT_NOTIFICATION:
            break;
        }
    }
}

int rsp_interrupt_send(struct rsp *rsp, struct fault *fault)
{
    const uint8_t interrupt = 0x03;
    return line_write(rsp, bytes_of(&interrupt, 1), fault);
}

static int text_command(struct rsp *rsp, const char *command, struct fault *fault)
{
    if (rsp_packet_send(rsp, bytes_of(command, strlen(command)), fault) != 0) {
        return -1;
    }
    return rsp_packet_receive(rsp, fault);
}

static int reply_is(const struct rsp *rsp, const char *text)
{
    return bytes_equal(bytes_of(rsp->decoder.data, rsp->decoder.len), bytes_of(text, strlen(text)));
}

/* PacketSize=HEX in the reply to qSupported; kept within what this client can build. */
static void packet_max_read(struct rsp *rsp)
{
    char reply[1024];
    size_t len = rsp->decoder.len < sizeof reply ? rsp->decoder.len : sizeof reply - 1;
    memcpy(reply, rsp->decoder.data, len);
    reply[len] = '\0';
    const char *field = strstr(reply, "PacketSize=");
    unsigned long value = field != NULL ? strtoul(field + strlen("PacketSize="), NULL, 16) : RSP_PACKET_DEFAULT;
    value = value < 256 ? 256 : value;
    rsp->packet_max = value > GDB_PACKET_MAX ? GDB_PACKET_MAX : (size_t)value;
}

static int protocol_agree(struct rsp *rsp, struct fault *fault)
{
    rsp_deadline_start(rsp, 1);
    if (text_command(rsp, "qSupported", fault) != 0) {
        return -1;
    }
    packet_max_read(rsp);
    if (text_command(rsp, "QStartNoAckMode", fault) != 0) {
        return -1;
    }
    rsp->no_ack = reply_is(rsp, "OK");
    if (text_command(rsp, "?", fault) != 0) {
        return -1;
    }
    if (rsp->decoder.len < 3 || (rsp->decoder.data[0] != 'S' && rsp->decoder.data[0] != 'T')) {
        return rsp_give_up(rsp, fault, "the server does not say that the CPU is halted");
    }
    return 0;
}

int rsp_attach(struct rsp *rsp, int fd, unsigned timeout_ms, struct fault *fault)
{
    memset(rsp, 0, sizeof *rsp);
    rsp->fd = fd;
    rsp->timeout_ms = timeout_ms;
    rsp->packet_max = RSP_PACKET_DEFAULT;
    int one = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (protocol_agree(rsp, fault) != 0) {
        rsp_close(rsp);
        return fault_hint(fault,
                          "is a GDB server of one chip listening there (OpenOCD, J-Link, pyOCD, 'windlass chip run')?");
    }
    return 0;
}

/* Splits "host:port" or "[host]:port". */
static int target_split(const char *target, char *host, size_t host_len, const char **port)
{
    const char *colon = strrchr(target, ':');
    if (colon == NULL || colon == target || colon[1] == '\0') {
        return -1;
    }
    size_t len = (size_t)(colon - target);
    if (target[0] == '[' && target[len - 1] == ']') {
        target++;
        len -= 2;
    }
    if (len == 0 || len >= host_len) {
        return -1;
    }
    memcpy(host, target, len);
    host[len] = '\0';
    *port = colon + 1;
    return 0;
}

static int socket_connect(const struct addrinfo *address, int64_t deadline_ms)
{
    int fd = socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address->ai_protocol);
    if (fd < 0) {
        return -1;
    }
    if (connect(fd, address->ai_addr, address->ai_addrlen) == 0) {
        return fd;
    }
    int error = errno;
    if (error == EINPROGRESS) {
        int64_t left = deadline_ms - rsp_clock_ms();
        struct pollfd p = { fd, POLLOUT, 0 };
        socklen_t size = sizeof error;
        error = ETIMEDOUT;
        if (left > 0 && poll(&p, 1, (int)left) == 1 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 &&
            error == 0) {
            return fd;
        }
    }
    (void)close(fd);
    errno = error;
    return -1;
}

/* A connected socket, or -1 with the fault; *refused is 1 when a host answered that nobody listens. */
static int target_connect(const char *target, unsigned timeout_ms, int *refused, struct fault *fault)
{
    char host[256];
    const char *port = NULL;
    *refused = 0;
    if (target_split(target, host, sizeof host, &port) != 0) {
        (void)fault_set(fault, "'%s' is not an address of a debug port", target);
        return fault_hint(fault, "write HOST:PORT, for instance 127.0.0.1:3333");
    }
    struct addrinfo want = { .ai_socktype = SOCK_STREAM };
    struct addrinfo *found = NULL;
    int error = getaddrinfo(host, port, &want, &found);
    if (error != 0) {
        return fault_set(fault, "debug port %s: %s", target, gai_strerror(error));
    }
    int64_t deadline_ms = rsp_clock_ms() + timeout_ms;
    int fd = -1;
    for (struct addrinfo *a = found; a != NULL && fd < 0; a = a->ai_next) {
        fd = socket_connect(a, deadline_ms);
        error = errno;
    }
    freeaddrinfo(found);
    if (fd < 0) {
        errno = error;
        *refused = error == ECONNREFUSED;
        (void)fault_errno(fault, "debug port %s", target);
        return fault_hint(fault, "is the chip powered and its GDB server running? A locked chip has no debug port.");
    }
    return fd;
}

int rsp_connect(struct rsp *rsp, const char *target, unsigned timeout_ms, struct fault *fault)
{
    int refused = 0;
    rsp->fd = -1;
    int fd = target_connect(target, timeout_ms, &refused, fault);
    return fd < 0 ? -1 : rsp_attach(rsp, fd, timeout_ms, fault);
}

enum rsp_port rsp_port_probe(const char *target, unsigned timeout_ms)
{
    struct fault ignored = FAULT_NONE;
    int refused = 0;
    int fd = target_connect(target, timeout_ms, &refused, &ignored);
    if (fd < 0) {
        return refused ? RSP_PORT_CLOSED : RSP_PORT_UNKNOWN;
    }
    struct rsp *rsp = malloc(sizeof *rsp);
    if (rsp == NULL) {
        (void)close(fd);
        return RSP_PORT_UNKNOWN;
    }
    enum rsp_port port = rsp_attach(rsp, fd, timeout_ms, &ignored) == 0 ? RSP_PORT_OPEN
                         : rsp->peer_closed                             ? RSP_PORT_CLOSED
                                                                        : RSP_PORT_UNKNOWN;
    rsp_close(rsp);
    free(rsp);
    return port;
}
