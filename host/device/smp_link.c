/* SPDX-License-Identifier: Apache-2.0 */
/* smp_link: see smp_link.h. */
#include "host/device/smp_link.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int64_t clock_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* 1: ready; 0: the deadline has passed; -1: fault. */
static int line_wait(struct smp_link *link, short events, int64_t deadline_ms, struct fault *fault)
{
    for (;;) {
        int64_t left = deadline_ms - clock_ms();
        if (left <= 0) {
            return 0;
        }
        struct pollfd p = { link->fd, events, 0 };
        int n = poll(&p, 1, left > 60000 ? 60000 : (int)left);
        if (n > 0) {
            return 1;
        }
        if (n < 0 && errno != EINTR) {
            return fault_errno(fault, "device link");
        }
    }
}

static int line_gone(struct fault *fault)
{
    (void)fault_set(fault, "device link: the line was closed by the other side");
    return fault_hint(fault, "is the device still powered?");
}

/* As write, without the signal when the other side has gone. */
static ssize_t piece_write(int fd, struct bytes data)
{
    ssize_t n = send(fd, data.data, data.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    return n < 0 && errno == ENOTSOCK ? write(fd, data.data, data.len) : n;
}

/* 1: all written; 0: the deadline has passed; -1: fault. */
static int line_write(struct smp_link *link, struct bytes data, int64_t deadline_ms, struct fault *fault)
{
    while (data.len > 0) {
        int ready = line_wait(link, POLLOUT, deadline_ms, fault);
        if (ready <= 0) {
            return ready;
        }
        ssize_t n = piece_write(link->fd, data);
        if (n < 0 && (errno == EPIPE || errno == ECONNRESET)) {
            return line_gone(fault);
        }
        if (n < 0 && errno != EAGAIN && errno != EINTR) {
            return fault_errno(fault, "device link");
        }
        if (n > 0) {
            data = bytes_of(data.data + n, data.len - (size_t)n);
        }
    }
    return 1;
}

/* 1 when the packet is the answer to the request under way; its body is copied. */
static int answer_take(struct smp_link *link, const struct smp_question *q, struct bytes packet, struct bytes *body)
{
    struct smp_head head;
    struct bytes view;
    if (smp_packet_parse(packet, &head, &view) != STATUS_OK || view.len > sizeof link->answer) {
        return 0;
    }
    if ((head.op & 7) != (q->op == SMP_READ ? SMP_READ_ANSWER : SMP_WRITE_ANSWER) || head.group != q->group ||
        head.command != q->command || head.sequence != link->sequence) {
        return 0;
    }
    memcpy(link->answer, view.data, view.len);
    *body = bytes_of(link->answer, view.len);
    return 1;
}

/* 1: the answer; 0: none in time; -1: fault. */
static int answer_wait(struct smp_link *link, const struct smp_question *q, int64_t deadline_ms, struct bytes *body,
                       struct fault *fault)
{
    for (;;) {
        uint8_t in[256];
        int ready = line_wait(link, POLLIN, deadline_ms, fault);
        if (ready <= 0) {
            return ready;
        }
        ssize_t n = read(link->fd, in, sizeof in);
        if (n == 0) {
            return line_gone(fault);
        }
        if (n < 0 && errno != EAGAIN && errno != EINTR) {
            return errno == ECONNRESET ? line_gone(fault) : fault_errno(fault, "device link");
        }
        for (ssize_t i = 0; i < n; i++) {
            struct bytes packet;
            if (smp_decode(&link->decoder, in[i], &packet) == STATUS_OK && answer_take(link, q, packet, body)) {
                return 1;
            }
        }
    }
}

static int frames_build(struct smp_link *link, const struct smp_question *q, uint8_t *out, size_t *len,
                        struct fault *fault)
{
    uint8_t packet[SMP_PACKET_MAX];
    if (q->body.len > SMP_BODY_MAX) {
        return fault_set(fault, "device link: a request of %zu bytes is too long", q->body.len);
    }
    const struct smp_head head = { .op = (uint8_t)q->op,
                                   .length = (uint16_t)q->body.len,
                                   .group = q->group,
                                   .sequence = link->sequence,
                                   .command = q->command };
    smp_head_build(&head, packet);
    memcpy(packet + SMP_HEAD_LEN, q->body.data, q->body.len);
    status_t status = smp_encode(bytes_of(packet, SMP_HEAD_LEN + q->body.len), out, SMP_ENCODED_MAX, len);
    return status == STATUS_OK ? 0 : fault_status(fault, "device link", status);
}

int smp_link_ask(struct smp_link *link, const struct smp_question *q, struct bytes *body, struct fault *fault)
{
    uint8_t frames[SMP_ENCODED_MAX];
    size_t len = 0;
    link->sequence++;
    if (frames_build(link, q, frames, &len, fault) != 0) {
        return -1;
    }
    for (unsigned i = 0; i < link->tries; i++) {
        int64_t deadline_ms = clock_ms() + link->timeout_ms;
        int result = line_write(link, bytes_of(frames, len), deadline_ms, fault);
        if (result > 0) {
            result = answer_wait(link, q, deadline_ms, body, fault);
        }
        if (result != 0) {
            return result > 0 ? 0 : -1;
        }
    }
    (void)fault_set(fault, "the device does not answer");
    return fault_hint(fault, "is its application running? 'windlass device status --wait 30 ...' waits for it");
}
