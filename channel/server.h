/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server: the chip's end of an open channel: one request, one answer. A record that comes again, because its answer was
 * lost, gets the same answer again and is not acted on twice.
 */
#ifndef CHANNEL_SERVER_H
#define CHANNEL_SERVER_H

#include "channel/record.h"
#include "wire/frame.h"

#define CHANNEL_LAST_ANSWER_MAX 128u
/* The open channel as BL1 leaves it in RAM for SBM: `check` is the first 8 bytes of SHA-256 over the rest. */
struct channel_handover {
    struct record_channel records;
    uint32_t answer_len;
    uint8_t answer[CHANNEL_LAST_ANSWER_MAX]; /* to the order to start, should it be asked for again */
    uint8_t check[8];
};

struct channel_server {
    struct record_channel records;
    uint8_t request[FRAME_MESSAGE_MAX];
    uint8_t answer[FRAME_MESSAGE_MAX]; /* the newest, sealed */
    size_t answer_len;
};

/* STATUS_OK: *request is what the record holds, a view until the next call. NOT_FOUND: the newest record came again,
 * the answer stands. Else what record_open says: nothing has changed. */
status_t channel_request_open(struct channel_server *s, struct bytes record, struct bytes *request);
/* Seals the answer into s->answer. CHANNEL_SPENT, NO_SPACE. */
status_t channel_answer_seal(struct channel_server *s, struct bytes plain);
/* Leaves the channel to the next stage, with the newest answer (at most CHANNEL_LAST_ANSWER_MAX bytes), and wipes its
 * own. */
void channel_handover_make(struct channel_server *s, struct channel_handover *out);
/* Takes it over; what lay there is wiped. NOT_FOUND: there was none. */
status_t channel_handover_take(struct channel_handover *in, struct channel_server *s);

#endif
