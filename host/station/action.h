/* SPDX-License-Identifier: Apache-2.0 */
/* action: does one action of the appliance at the chip. See wire/letter.h. */
#ifndef HOST_STATION_ACTION_H
#define HOST_STATION_ACTION_H

#include "host/station/frame_line.h"
#include "host/station/letterbox.h"
#include "host/station/mailbox.h"
#include "host/station/station.h"

/* The chip's side of a run. */
struct action_bench {
    const struct station_job *job;
    unsigned command_ms;
    struct rsp rsp;
    int reset_fresh; /* halted after a reset, and not run since */
    struct mailbox mailbox;
    struct frame_line line;
    struct letterbox *box; /* for images */
    uint8_t token[STATION_TOKEN_MAX];
};

void action_bench_open(struct action_bench *bench, const struct station_job *job, struct letterbox *box);
void action_bench_close(struct action_bench *bench);
/*
 * Does it. LETTER_FINE and *data, which looks into the bench; or the trouble, and the fault that tells of it: with
 * LETTER_TROUBLE_REFUSED *data is the chip's answer.
 */
enum letter_trouble action_do(struct action_bench *bench, const struct letter_action *action, struct bytes *data,
                              struct fault *fault);

#endif
