/* SPDX-License-Identifier: Apache-2.0 */
/* agent_line: the agent over the secure channel that BL1 opened. The shaking of hands is not here; only who has its
 * keys is answered. */
#include "base/wipe.h"
#include "boot/halt.h"
#include "boot/port.h"
#include "boot/provision_write.h"
#include "channel/server.h"
#include "sbm/agent.h"
#include "wire/provision_msg.h"

#define MESSAGE_1_MARK 0xF5 /* true: a new handshake begins */

static struct {
    struct channel_server server;
    struct frame_decoder decoder;
    uint8_t answer[FRAME_MESSAGE_MAX - RECORD_OVERHEAD_MAX];
} line;

int agent_line_open(void)
{
    return channel_handover_take((struct channel_handover *)port_handover(), &line.server) == STATUS_OK;
}

status_t agent_line_write(uint64_t off, struct bytes data)
{
    return provision_write(off, data, 0);
}

static void newest_send(void)
{
    uint8_t head[FRAME_HEAD_LEN], crc[FRAME_CRC_LEN];
    struct bytes message = bytes_of(line.server.answer, line.server.answer_len);
    frame_ends_make(message, head, crc);
    port_link_send(head, sizeof head);
    port_link_send(message.data, message.len);
    port_link_send(crc, sizeof crc);
}

static void record_take(struct bytes record)
{
    struct bytes request;
    int lock = 0;
    status_t status = channel_request_open(&line.server, record, &request);
    if (status == STATUS_OK) {
        struct cbor_writer w = cbor_writer_of(line.answer, sizeof line.answer);
        lock = agent_request_serve(request, &w);
        status = channel_answer_seal(&line.server, cbor_written(&w));
    }
    if ((status == STATUS_OK || status == STATUS_NOT_FOUND) && line.server.answer_len != 0) {
        newest_send();
    }
    if (lock) {
        wipe(&line, sizeof line);
        agent_lock();
    }
}

_Noreturn void agent_line_run(void)
{
    port_link_open();
    for (;;) {
        struct bytes message;
        if (frame_decode(&line.decoder, port_link_receive(), &message) != STATUS_OK) {
            continue;
        }
        if (message.data[0] == MESSAGE_1_MARK) {
            wipe(&line, sizeof line);
            halt_wipe();
            port_reset();
        }
        record_take(message);
    }
}
