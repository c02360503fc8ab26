/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cpulink: the debug port's leg to the emulator's debug server: one packet, one answer, with a time limit. The CPU is
 * either running or stopped; the debug server takes packets only while it is stopped, so callers halt it, ask, and let
 * it run again.
 */
#ifndef HOST_CHIP_CPULINK_H
#define HOST_CHIP_CPULINK_H

#include "base/bytes.h"
#include "host/chip/rsp.h"

struct cpulink {
    int fd;       /* -1: not connected */
    bool running; /* what the CPU does, while connected */
    size_t rx_at;
    size_t rx_len;
    uint8_t rx[512];
    struct rsp_parser in;
};

void cpulink_init(struct cpulink *s);
/* Connects to the debug server of the chip in `dir_fd`; that stops the CPU. 0, or -1. */
int cpulink_connect(struct cpulink *s, int dir_fd);
/* CPU stopped. Sends one packet and gives its answer, a view into the debug server, valid until the next call. 0, or
 * -1: the debug server is gone. */
int cpulink_exchange(struct cpulink *s, struct bytes packet, struct bytes *answer);
/* Stops a running CPU. `why` gets the stop reply. 0, or -1. */
int cpulink_halt(struct cpulink *s, struct bytes *why);
/* CPU stopped. Sends a packet that lets it run or step: the stop reply comes later, through cpulink_receive. */
int cpulink_resume(struct cpulink *s, struct bytes packet);
/* CPU running, descriptor readable: 1 and the stop reply when it has stopped, 0 not yet, -1 gone. */
int cpulink_receive(struct cpulink *s, struct bytes *why);
/* Passes Ctrl-C to a running CPU; the stop reply comes through cpulink_receive. */
int cpulink_interrupt(struct cpulink *s);
/* Removes all breakpoints, lets the CPU run and disconnects. */
void cpulink_release(struct cpulink *s);
/* Disconnects from a debug server that is gone. */
void cpulink_close(struct cpulink *s);

#endif
