/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stub: the debug port's leg to the emulator's debug stub: one packet, one answer, with a time limit. The CPU is either
 * running or stopped; the stub takes packets only while it is stopped, so callers halt it, ask, and let it run again.
 */
#ifndef HOST_CHIP_STUB_H
#define HOST_CHIP_STUB_H

#include "base/bytes.h"
#include "host/chip/rsp.h"

struct stub {
    int fd;       /* -1: not connected */
    bool running; /* what the CPU does, while connected */
    size_t rx_at;
    size_t rx_len;
    uint8_t rx[512];
    struct rsp_parser in;
};

void stub_init(struct stub *s);
/* Connects to the stub of the chip in `dir_fd`; that stops the CPU. 0, or -1. */
int stub_connect(struct stub *s, int dir_fd);
/* CPU stopped. Sends one packet and gives its answer, a view into the stub, valid until the next call. 0, or -1: the
 * stub is gone. */
int stub_exchange(struct stub *s, struct bytes packet, struct bytes *answer);
/* Stops a running CPU. `why` gets the stop reply. 0, or -1. */
int stub_halt(struct stub *s, struct bytes *why);
/* CPU stopped. Sends a packet that lets it run or step: the stop reply comes later, through stub_receive. */
int stub_resume(struct stub *s, struct bytes packet);
/* CPU running, descriptor readable: 1 and the stop reply when it has stopped, 0 not yet, -1 gone. */
int stub_receive(struct stub *s, struct bytes *why);
/* Passes Ctrl-C to a running CPU; the stop reply comes through stub_receive. */
int stub_interrupt(struct stub *s);
/* Removes all breakpoints, lets the CPU run and disconnects. */
void stub_release(struct stub *s);
/* Disconnects from a stub that is gone. */
void stub_close(struct stub *s);

#endif
