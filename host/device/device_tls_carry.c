/* SPDX-License-Identifier: Apache-2.0 */
/* device_tls_carry: records between a socket and the device. Both sides are strangers to each other: what one sends is
 * bounded by what the other takes. */
#include "host/device/device_tls.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "host/lib/text.h"

#define WAITING_MAX 65536 /* from the server, not yet taken by the device */
#define SEND_MS 10000

struct carry {
    struct smp_link *link;
    int fd;
    unsigned idle_ms;
    uint8_t waiting[WAITING_MAX];
    size_t waiting_len;
    struct device_tls_step step;
    size_t text_len;
    struct device_tls_result *out;
};

/* 1: ready; 0: not in time; -1: fault. */
static int socket_wait(int fd, short events, unsigned timeout_ms, struct fault *fault)
{
    struct pollfd p = { fd, events, 0 };
    int n = poll(&p, 1, (int)timeout_ms);
    if (n < 0 && errno != EINTR) {
        return fault_errno(fault, "tls: waiting for the server");
    }
    return n > 0;
}

/* Sends it all. A server that has gone is seen when it is read. */
static int socket_send(struct carry *c, struct bytes data, struct fault *fault)
{
    while (data.len > 0) {
        int ready = socket_wait(c->fd, POLLOUT, SEND_MS, fault);
        if (ready <= 0) {
            return ready < 0 ? -1 : fault_set(fault, "tls: the server takes nothing");
        }
        ssize_t n = send(c->fd, data.data, data.len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && (errno == EPIPE || errno == ECONNRESET)) {
            return 0;
        }
        if (n < 0 && errno != EAGAIN && errno != EINTR) {
            return fault_errno(fault, "tls: sending to the server");
        }
        data = n > 0 ? bytes_of(data.data + n, data.len - (size_t)n) : data;
    }
    return 0;
}

/* Reads what is there, waiting up to `timeout_ms` for it. 1 when something came or the server has ended. */
static int socket_receive(struct carry *c, unsigned timeout_ms, struct fault *fault)
{
    if (c->step.end || c->waiting_len == sizeof c->waiting) {
        return 0;
    }
    int ready = socket_wait(c->fd, POLLIN, timeout_ms, fault);
    if (ready <= 0) {
        return ready;
    }
    ssize_t n = recv(c->fd, c->waiting + c->waiting_len, sizeof c->waiting - c->waiting_len, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return 0;
    }
    if (n <= 0) {
        c->step.end = n == 0 || errno == ECONNRESET;
        return c->step.end ? 1 : fault_errno(fault, "tls: reading from the server");
    }
    c->waiting_len += (size_t)n;
    return 1;
}

/* The device has `off` bytes: forgets them. */
static int taken_drop(struct carry *c, uint32_t off, struct fault *fault)
{
    uint32_t count = off - c->step.off;
    if (count > c->step.in.len) {
        return fault_set(fault, "tls: the device claims bytes that it was not sent");
    }
    memmove(c->waiting, c->waiting + count, c->waiting_len - count);
    c->waiting_len -= count;
    c->step.off = off;
    return 0;
}

static int text_keep(struct carry *c, struct bytes text, struct fault *fault)
{
    if (text.len > DEVICE_TLS_TEXT_MAX - c->text_len) {
        return fault_set(fault, "tls: the server says more than %d bytes", DEVICE_TLS_TEXT_MAX);
    }
    memcpy(c->out->text + c->text_len, text.data, text.len);
    c->text_len += text.len;
    c->step.got += (uint32_t)text.len;
    return 0;
}

/* One step with the device. 1: something moved, 0: nothing, -1: fault. */
static int device_turn(struct carry *c, struct fault *fault)
{
    struct device_tls_answer a;
    uint32_t before = c->step.off;
    struct device_tls_step step = c->step;
    size_t len = c->waiting_len < DEVICE_TLS_PIECE_MAX ? c->waiting_len : DEVICE_TLS_PIECE_MAX;
    c->step.in = step.in = bytes_of(c->waiting, len);
    step.end = c->step.end && len == c->waiting_len;
    if (device_tls_step(c->link, &step, &a, fault) != 0 || taken_drop(c, a.off, fault) != 0 ||
        text_keep(c, a.text, fault) != 0 || socket_send(c, a.out, fault) != 0) {
        return -1;
    }
    c->step.ack += (uint32_t)a.out.len;
    int state_moved = c->out->state != a.state;
    c->out->state = a.state;
    c->out->code = a.code;
    char why[sizeof c->out->why];
    size_t why_len = a.why.len < sizeof why - 1 ? a.why.len : sizeof why - 1;
    memcpy(why, a.why.data, why_len);
    why[why_len] = '\0';
    text_clean(why, c->out->why, sizeof c->out->why);
    return a.out.len > 0 || a.text.len > 0 || c->step.off != before || state_moved;
}

/* Until the session has ended and all that belongs to it has come. */
static int session_carry(struct carry *c, struct fault *fault)
{
    for (;;) {
        int moved = device_turn(c, fault);
        if (moved == 0 && c->out->state >= DEVICE_TLS_DONE) {
            return 0;
        }
        if (moved == 0 && c->step.end && c->waiting_len == 0) {
            return fault_set(fault, "tls: the server has gone, and the device does not end the session");
        }
        int came = moved < 0 ? -1 : socket_receive(c, moved ? 0 : c->idle_ms, fault);
        if (came < 0) {
            return -1;
        }
        if (!moved && !came) {
            return fault_set(fault, "tls: nothing moved for %u seconds", c->idle_ms / 1000);
        }
    }
}

/* One line of text, fit for a terminal. */
static void text_finish(struct device_tls_result *out, size_t len)
{
    char raw[DEVICE_TLS_TEXT_MAX + 1];
    while (len > 0 && (out->text[len - 1] == '\n' || out->text[len - 1] == '\r')) {
        len--;
    }
    memcpy(raw, out->text, len);
    raw[len] = '\0';
    text_clean(raw, out->text, sizeof out->text);
}

int device_tls_carry(struct smp_link *link, int fd, const char *name, unsigned idle_ms, struct device_tls_result *out,
                     struct fault *fault)
{
    struct carry *c = calloc(1, sizeof *c);
    memset(out, 0, sizeof *out);
    if (c == NULL) {
        return fault_set(fault, "no memory");
    }
    c->link = link;
    c->fd = fd;
    c->idle_ms = idle_ms;
    c->out = out;
    int result = device_tls_open(link, name, fault);
    if (result == 0) {
        result = session_carry(c, fault);
    }
    text_finish(out, c->text_len);
    free(c);
    return result;
}
