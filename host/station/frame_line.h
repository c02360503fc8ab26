/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frame_line: one message to a chip's UART and the one that comes back (wire/frame.h). What the messages say is between
 * chip and appliance. A message is sent again, as it is, while no answer comes: the chip takes it once.
 */
#ifndef HOST_STATION_FRAME_LINE_H
#define HOST_STATION_FRAME_LINE_H

#include "host/lib/fault.h"
#include "wire/frame.h"

struct frame_line {
    int fd;            /* -1: closed */
    unsigned again_ms; /* 0: the usual */
    struct frame_decoder decoder;
    size_t last_len; /* the newest answer that was given: one that comes twice is no answer to the next message */
    uint8_t last[FRAME_MESSAGE_MAX];
};

void frame_line_init(struct frame_line *line);
/* Takes over a descriptor. */
void frame_line_open(struct frame_line *line, int fd);
void frame_line_close(struct frame_line *line);
/* `answer` looks into the line until the next call. */
int frame_line_exchange(struct frame_line *line, struct bytes message, unsigned timeout_ms, struct bytes *answer,
                        struct fault *fault);

#endif
