/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gdbsession: the state of one debugger at the debug port, the answers it is given, and its way to the CPU. gdbpacket
 * works on it packet by packet; gdbport feeds it.
 */
#ifndef HOST_CHIP_GDBSESSION_H
#define HOST_CHIP_GDBSESSION_H

#include "host/chip/chip_dir.h"
#include "host/chip/cpulink.h"
#include "host/chip/queue.h"
#include "host/chip/rsp.h"
#include "host/chip/vflash.h"

enum gdbsession_wish { GDBSESSION_NOTHING, GDBSESSION_RESET_RUN, GDBSESSION_RESET_HALT };

#define GDBSESSION_BREAKPOINTS 32
#define GDBSESSION_BREAKPOINT_MAX 40

struct gdbsession_breakpoint {
    size_t len;                              /* 0: free */
    uint8_t body[GDBSESSION_BREAKPOINT_MAX]; /* the Z packet */
};

struct gdbsession {
    const struct chip_dir *dir;
    int listen_fd; /* -1: locked, for good */
    unsigned port;
    int client_fd;
    bool attached;   /* the client has sent a packet: the CPU is under its control */
    bool acks;       /* with '+' and '-' */
    bool waiting;    /* the client let the CPU run and waits for the stop reply */
    bool held;       /* the client has stopped the CPU: it stays so, also over a reset */
    bool cpu_halted; /* the CPU was started stopped, and nobody has let it go */
    bool cpu_gone;   /* there is no CPU: the emulator crashed */
    enum gdbsession_wish wish;
    struct cpulink cpu;
    struct vflash vflash;
    struct gdbsession_breakpoint breakpoints[GDBSESSION_BREAKPOINTS];
    struct rsp_parser in;
    struct queue rx;
    struct queue tx;
    size_t last_len; /* the last packet sent, for '-' */
    uint8_t last[RSP_PACKET_MAX];
};

void gdbsession_init(struct gdbsession *g, const struct chip_dir *dir, struct array *array);
void gdbsession_answer(struct gdbsession *g, struct bytes body);
void gdbsession_answer_text(struct gdbsession *g, const char *text);
/* Text on the debugger's console. */
void gdbsession_print(struct gdbsession *g, const char *text);
/* Bytes as they are: acknowledgements. Drops a client that asks and does not read. */
void gdbsession_send(struct gdbsession *g, const uint8_t *data, size_t len);
/* Ends the session; the CPU runs on. */
void gdbsession_drop(struct gdbsession *g);
/* Connects to the CPU unless that is done. 0, or -1: there is none. */
int gdbsession_cpu_connect(struct gdbsession *g);

#endif
