/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gdbport: the chip's debug port (docs/spec.md section 2.7): a GDB Remote Serial Protocol server on 127.0.0.1. It
 * answers for flash, memory map and resets itself and passes the rest to the CPU. One debugger at a time. Without one
 * the CPU runs freely. It wishes for resets; the owner makes them.
 */
#ifndef HOST_CHIP_GDBPORT_H
#define HOST_CHIP_GDBPORT_H

#include "host/chip/chip_dir.h"
#include "host/chip/pollset.h"
#include "host/chip/queue.h"
#include "host/chip/rsp.h"
#include "host/chip/stub.h"
#include "host/chip/vflash.h"

enum gdbport_wish { GDBPORT_NOTHING, GDBPORT_RESET_RUN, GDBPORT_RESET_HALT };

#define GDBPORT_BREAKPOINTS 32
#define GDBPORT_BREAKPOINT_MAX 40

struct gdbport_breakpoint {
    size_t len;                           /* 0: free */
    uint8_t body[GDBPORT_BREAKPOINT_MAX]; /* the Z packet */
};

struct gdbport {
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
    enum gdbport_wish wish;
    struct stub stub;
    struct vflash vflash;
    struct gdbport_breakpoint breakpoints[GDBPORT_BREAKPOINTS];
    struct rsp_parser in;
    struct queue rx;
    struct queue tx;
    size_t last_len; /* the last packet sent, for '-' */
    uint8_t last[RSP_PACKET_MAX];
};

void gdbport_init(struct gdbport *g, const struct chip_dir *dir, struct array *array);
/* Opens the port and writes gdb.port. */
int gdbport_open(struct gdbport *g, struct fault *fault);
/* Closes port and session, lets the CPU run, removes gdb.port. */
void gdbport_close(struct gdbport *g);
bool gdbport_is_open(const struct gdbport *g);
/* True while the client keeps the CPU stopped. */
bool gdbport_is_held(const struct gdbport *g);
/* True while the CPU stands still. */
bool gdbport_is_halted(const struct gdbport *g);

void gdbport_poll_add(const struct gdbport *g, struct pollset *p);
void gdbport_serve(struct gdbport *g, const struct pollset *p);

/* What the debugger wishes; until the owner has done it (gdbport_cpu_started or _crashed) no further packet is taken.
 */
enum gdbport_wish gdbport_wish(const struct gdbport *g);
/* The emulator is about to be ended, or has ended. */
void gdbport_cpu_ended(struct gdbport *g);
/* A new emulator runs; `halted`: its CPU was started stopped. With `run`, a debugger that is attached lets it go again.
 */
void gdbport_cpu_started(struct gdbport *g, bool halted, bool run);
/* The emulator is gone and there is no new one. */
void gdbport_cpu_crashed(struct gdbport *g, const char *reason);

/* For gdbpacket.c: answers to the client. */
void gdbport_answer(struct gdbport *g, struct bytes body);
void gdbport_answer_text(struct gdbport *g, const char *text);
/* Text on the debugger's console. */
void gdbport_print(struct gdbport *g, const char *text);
/* Ends the session; the CPU runs on. */
void gdbport_client_drop(struct gdbport *g);
/* Connects to the CPU unless that is done. 0, or -1: there is none. */
int gdbport_cpu_connect(struct gdbport *g);

#endif
