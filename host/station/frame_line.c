/* SPDX-License-Identifier: Apache-2.0 */
/* frame_line: see frame_line.h. */
#include "host/station/frame_line.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define AGAIN_MS 10000u
#define HELLO_MARK 0xF5 /* message_1: a chip that runs resets at it, and wants it once more */
#define HELLO_AGAIN_MS 2000u

static int64_t clock_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void frame_line_init(struct frame_line *line)
{
    memset(line, 0, sizeof *line);
    line->fd = -1;
}

void frame_line_open(struct frame_line *line, int fd)
{
    int flags = fcntl(fd, F_GETFL);
    (void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    line->fd = fd;
    memset(&line->decoder, 0, sizeof line->decoder);
}

void frame_line_close(struct frame_line *line)
{
    if (line->fd >= 0) {
        (void)close(line->fd);
    }
    line->fd = -1;
}

/* 1 when the line is ready before the deadline. */
static int line_wait(const struct frame_line *line, short events, int64_t deadline_ms)
{
    struct pollfd waited = { line->fd, events, 0 };
    int64_t left = deadline_ms - clock_ms();
    return left > 0 && poll(&waited, 1, (int)left) == 1;
}

static int bytes_send(struct frame_line *line, const uint8_t *data, size_t len, int64_t deadline_ms,
                      struct fault *fault)
{
    while (len > 0) {
        ssize_t put = write(line->fd, data, len);
        if (put > 0) {
            data += put;
            len -= (size_t)put;
        } else if (put < 0 && errno != EAGAIN && errno != EINTR) {
            return fault_errno(fault, "the chip's line");
        } else if (!line_wait(line, POLLOUT, deadline_ms)) {
            return fault_set(fault, "the chip's line takes nothing");
        }
    }
    return 0;
}

static int message_send(struct frame_line *line, struct bytes message, int64_t deadline_ms, struct fault *fault)
{
    uint8_t frame[FRAME_MAX];
    memcpy(frame + FRAME_HEAD_LEN, message.data, message.len);
    frame_ends_make(message, frame, frame + FRAME_HEAD_LEN + message.len);
    return bytes_send(line, frame, FRAME_HEAD_LEN + message.len + FRAME_CRC_LEN, deadline_ms, fault);
}

/* A frame that was cut, because somebody died over it, swallows what follows until it is full. */
static int cut_frame_fill(struct frame_line *line, int64_t deadline_ms, struct fault *fault)
{
    static const uint8_t nothing[FRAME_MAX];
    return bytes_send(line, nothing, sizeof nothing, deadline_ms, fault);
}

/* 1: there is an answer that is not the last one again, in line->last when it is to be kept; 0: none yet; -1: the line
 * has ended. */
static int bytes_take(struct frame_line *line, int keep)
{
    uint8_t byte;
    for (;;) {
        struct bytes message;
        ssize_t got = read(line->fd, &byte, 1);
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
            return -1;
        }
        if (got < 0) {
            return 0;
        }
        if (frame_decode(&line->decoder, byte, &message) == STATUS_OK &&
            !bytes_equal(message, bytes_of(line->last, line->last_len))) {
            if (keep) {
                memcpy(line->last, message.data, message.len);
                line->last_len = message.len;
            }
            return 1;
        }
    }
}

/* What still lies in the line is of an earlier message. Nobody has seen it: should it be asked for again, it counts. */
static int line_empty(struct frame_line *line)
{
    int taken = 1;
    while (taken > 0) {
        taken = bytes_take(line, 0);
    }
    return taken;
}

static int answer_wait(struct frame_line *line, int64_t deadline_ms)
{
    int taken = bytes_take(line, 1);
    while (taken == 0 && line_wait(line, POLLIN, deadline_ms)) {
        taken = bytes_take(line, 1);
    }
    return taken;
}

int frame_line_exchange(struct frame_line *line, struct bytes message, unsigned timeout_ms, struct bytes *answer,
                        struct fault *fault)
{
    const int64_t end_ms = clock_ms() + timeout_ms;
    if (message.len == 0 || message.len > FRAME_MESSAGE_MAX) {
        return fault_set(fault, "a message of %zu bytes does not fit the chip's line", message.len);
    }
    const int hello = message.data[0] == HELLO_MARK;
    const unsigned usual_ms = hello ? HELLO_AGAIN_MS : AGAIN_MS;
    const unsigned again_ms = line->again_ms != 0 ? line->again_ms : usual_ms;
    int taken = line_empty(line);
    for (int sent = 0; taken == 0 && clock_ms() < end_ms; sent++) {
        int64_t again_at_ms = clock_ms() + again_ms;
        if ((hello && sent == 1 && cut_frame_fill(line, end_ms, fault) != 0) ||
            message_send(line, message, end_ms, fault) != 0) {
            return -1;
        }
        taken = answer_wait(line, again_at_ms < end_ms ? again_at_ms : end_ms);
    }
    *answer = bytes_of(line->last, line->last_len);
    return taken > 0    ? 0
           : taken == 0 ? fault_set(fault, "the chip did not answer within %u seconds", timeout_ms / 1000)
                        : fault_set(fault, "the chip's line has ended");
}
