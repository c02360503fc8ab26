/* SPDX-License-Identifier: Apache-2.0 */
/* cpulink: see cpulink.h. */
#include "host/chip/cpulink.h"

#include <errno.h>
#include <sys/socket.h>

#include "host/chip/endpoint.h"
#include "host/chip/pollset.h"
#include "host/chip/qemu.h"

#define ANSWER_MS 5000

void cpulink_init(struct cpulink *s)
{
    s->fd = -1;
    s->running = false;
    s->rx_at = s->rx_len = 0;
    rsp_parser_init(&s->in);
}

void cpulink_close(struct cpulink *s)
{
    endpoint_close(&s->fd);
    cpulink_init(s);
}

static int bytes_send(struct cpulink *s, const uint8_t *data, size_t len)
{
    while (len != 0) {
        ssize_t n = send(s->fd, data, len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return -1;
        }
        data += n;
        len -= (size_t)n;
    }
    return 0;
}

static int packet_send(struct cpulink *s, struct bytes packet)
{
    uint8_t out[RSP_PACKET_MAX];
    return packet.len > RSP_BODY_MAX ? -1 : bytes_send(s, out, rsp_encode(packet.data, packet.len, out));
}

/* Refills the receive buffer. 1: there is something; 0: nothing before `deadline` (clock_ms); -1: gone. */
static int rx_fill(struct cpulink *s, int64_t deadline)
{
    for (;;) {
        struct pollfd p = { .fd = s->fd, .events = POLLIN, .revents = 0 };
        ssize_t n = recv(s->fd, s->rx, sizeof s->rx, MSG_DONTWAIT);
        int64_t left = deadline - clock_ms();
        if (n > 0) {
            s->rx_at = 0;
            s->rx_len = (size_t)n;
            return 1;
        }
        if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
            return -1;
        }
        if (left <= 0) {
            return 0;
        }
        (void)poll(&p, 1, (int)left);
    }
}

/* "W00": the emulator says goodbye when the guest resets. To the debugger it is a reset, not the end of a program. */
static bool is_farewell(struct bytes b)
{
    return b.len >= 3 && (b.data[0] == 'W' || b.data[0] == 'X');
}

/* One packet, acknowledged. 1: there is one; 0: none before `deadline` (clock_ms); -1: gone or damaged. */
static int packet_receive(struct cpulink *s, int64_t deadline, struct bytes *out)
{
    for (;;) {
        int filled = s->rx_at < s->rx_len ? 1 : rx_fill(s, deadline);
        if (filled != 1) {
            return filled;
        }
        switch (rsp_byte(&s->in, s->rx[s->rx_at++])) {
        case RSP_PACKET:
            *out = bytes_of(s->in.body, s->in.body_len);
            if (is_farewell(*out)) {
                return -1;
            }
            return bytes_send(s, (const uint8_t *)"+", 1) == 0 ? 1 : -1;
        case RSP_DAMAGED:
            return -1;
        default:
            break;
        }
    }
}

static bool is_stop_reply(struct bytes b)
{
    return b.len != 0 && (b.data[0] == 'T' || b.data[0] == 'S');
}

/* Anything but console output ends a resume: a stop reply, or the refusal of a resume packet that the debug server does
 * not take. */
static bool is_output(struct bytes b)
{
    return b.len > 1 && b.data[0] == 'O' && b.data[1] != 'K';
}

int cpulink_exchange(struct cpulink *s, struct bytes packet, struct bytes *answer)
{
    if (s->fd < 0 || s->running || packet_send(s, packet) != 0) {
        return -1;
    }
    return packet_receive(s, clock_ms() + ANSWER_MS, answer) == 1 ? 0 : -1;
}

int cpulink_connect(struct cpulink *s, int dir_fd)
{
    struct bytes answer = { NULL, 0 };
    cpulink_init(s);
    s->fd = endpoint_unix_connect(dir_fd, QEMU_DEBUG_SOCKET);
    if (s->fd < 0) {
        return -1;
    }
    /* A stop reply that the connection caused may come first; the answer to qC is none. */
    int result = cpulink_exchange(s, bytes_of("qC", 2), &answer);
    while (result == 0 && is_stop_reply(answer)) {
        result = packet_receive(s, clock_ms() + ANSWER_MS, &answer) == 1 ? 0 : -1;
    }
    /* The emulator's register packets keep an older form until the description is read; after a reset nobody would read
     * it again. */
    if (result == 0) {
        static const char description[] = "qXfer:features:read:target.xml:0,ffb";
        result = cpulink_exchange(s, bytes_of(description, sizeof description - 1), &answer);
    }
    if (result != 0) {
        cpulink_close(s);
    }
    return result;
}

int cpulink_interrupt(struct cpulink *s)
{
    return s->fd < 0 ? -1 : bytes_send(s, (const uint8_t *)"\003", 1);
}

int cpulink_receive(struct cpulink *s, struct bytes *why)
{
    int got = s->fd < 0 ? -1 : packet_receive(s, 0, why);
    if (got == 1 && !is_output(*why)) {
        s->running = false;
        return 1;
    }
    return got < 0 ? -1 : 0;
}

int cpulink_halt(struct cpulink *s, struct bytes *why)
{
    int64_t deadline = clock_ms() + ANSWER_MS;
    if (cpulink_interrupt(s) != 0) {
        return -1;
    }
    while (packet_receive(s, deadline, why) == 1) {
        if (!is_output(*why)) {
            s->running = false;
            return 0;
        }
    }
    return -1;
}

int cpulink_resume(struct cpulink *s, struct bytes packet)
{
    if (s->fd < 0 || s->running || packet_send(s, packet) != 0) {
        return -1;
    }
    s->running = true;
    return 0;
}

void cpulink_release(struct cpulink *s)
{
    struct bytes answer;
    if (s->fd >= 0 && (!s->running || cpulink_halt(s, &answer) == 0)) {
        (void)cpulink_exchange(s, bytes_of("D", 1), &answer);
    }
    cpulink_close(s);
}
