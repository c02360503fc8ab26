/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mailbox: talks to the SBM agent through the provisioning mailbox in the chip's RAM (docs/spec.md section 8), over
 * the debug port.
 */
#ifndef HOST_STATION_MAILBOX_H
#define HOST_STATION_MAILBOX_H

#include "host/station/rsp.h"
#include "wire/provision_msg.h"

struct mailbox {
    struct rsp *rsp;
    uint32_t addr;
    uint8_t message[MAILBOX_MESSAGE_MAX];
};

/* Clears the mailbox of a halted CPU, so that nothing of an earlier run can be taken for an answer. */
int mailbox_clear(struct mailbox *mailbox, struct fault *fault);
/* Lets the CPU run until the agent is ready; it is halted then. Fault after `timeout_ms`. */
int mailbox_wait(struct mailbox *mailbox, unsigned timeout_ms, struct fault *fault);
/*
 * One request and its answer; the CPU runs between and is halted after. `answer` looks into mailbox->message; what it
 * says is for others to judge. Fault: no answer within `timeout_ms`, or one whose length cannot be.
 */
int mailbox_exchange(struct mailbox *mailbox, struct bytes request, unsigned timeout_ms, struct bytes *answer,
                     struct fault *fault);

#endif
