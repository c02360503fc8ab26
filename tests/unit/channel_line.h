/* SPDX-License-Identifier: Apache-2.0 */
/* channel_line: an appliance on a line to a chip's agent (docs/spec.md section 17): handshake, then one request after
 * the other. The line is a file descriptor. */
#ifndef TESTS_UNIT_CHANNEL_LINE_H
#define TESTS_UNIT_CHANNEL_LINE_H

#include "tests/unit/channel_rig.h"
#include "wire/frame.h"
#include "wire/provision_msg.h"

struct channel_line {
    int fd;
    struct record_channel channel;
    struct frame_decoder decoder;
    struct channel_message request; /* the newest, as it was sent */
    uint8_t plain[FRAME_MESSAGE_MAX];
    struct provision_answer answer; /* views into plain */
    char refusal[11];               /* the text of the newest error message to message_3 */
};

void channel_line_send(struct channel_line *l, struct bytes message);
/* The next message; empty when the chip has gone. */
struct bytes channel_line_get(struct channel_line *l);
/* Sends a message of the handshake behind its mark, and gives what comes back. */
struct bytes channel_line_marked(struct channel_line *l, uint8_t mark, struct bytes message);
/* The appliance's side of the handshake, as rig->own_i; it expects rig->expected. The first refusal of either side. */
status_t channel_line_shake(struct channel_line *l, struct channel_rig *rig);
/* The status of the answer that comes, 0 for done; STATUS_MESSAGE when what comes is no record that opens. */
uint64_t channel_line_answer(struct channel_line *l);
uint64_t channel_line_ask(struct channel_line *l, const struct provision_request *in);

#endif
