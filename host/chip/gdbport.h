/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gdbport: the chip's debug port (docs/spec.md section 2.7): a GDB Remote Serial Protocol server on 127.0.0.1. It
 * answers for flash, memory map and resets itself and passes the rest to the CPU. One debugger at a time. Without one
 * the CPU runs freely. It wishes for resets; the owner makes them.
 */
#ifndef HOST_CHIP_GDBPORT_H
#define HOST_CHIP_GDBPORT_H

#include "host/chip/gdbsession.h"
#include "host/chip/pollset.h"

/* Opens the port and writes gdb.port. */
int gdbport_open(struct gdbsession *g, struct fault *fault);
/* Closes port and session, lets the CPU run, removes gdb.port. */
void gdbport_close(struct gdbsession *g);
bool gdbport_is_open(const struct gdbsession *g);
/* True while the client keeps the CPU stopped. */
bool gdbport_is_held(const struct gdbsession *g);
/* True while the CPU stands still. */
bool gdbport_is_halted(const struct gdbsession *g);

void gdbport_poll_add(const struct gdbsession *g, struct pollset *p);
void gdbport_serve(struct gdbsession *g, const struct pollset *p);

/* What the debugger wishes; until the owner has done it (gdbport_cpu_started or _crashed) no further packet is taken.
 */
enum gdbsession_wish gdbport_wish(const struct gdbsession *g);
/* The emulator is about to be ended, or has ended. */
void gdbport_cpu_ended(struct gdbsession *g);
/* A new emulator runs; `halted`: its CPU was started stopped. With `run`, a debugger that is attached lets it go again.
 */
void gdbport_cpu_started(struct gdbsession *g, bool halted, bool run);
/* The emulator is gone and there is no new one. */
void gdbport_cpu_crashed(struct gdbsession *g, const char *reason);

#endif
