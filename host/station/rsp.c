/* SPDX-License-Identifier: Apache-2.0 */
/* rsp: the line: sending, receiving, acknowledging. Connecting is in rsp_connect.c, commands in rsp_target.c. */
#include "host/station/rsp.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* How often a packet is sent again, or asked for again, before the line counts as unusable. */
#define RETRIES_MAX 3

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
