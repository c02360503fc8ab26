/* SPDX-License-Identifier: Apache-2.0 */
/* gdbpacket: what each packet of the debugger does. */
#ifndef HOST_CHIP_GDBPACKET_H
#define HOST_CHIP_GDBPACKET_H

#include "host/chip/gdbsession.h"

/* Carries out one packet and answers it, at once or, for a reset or a resume, when it is done. */
void gdbpacket_run(struct gdbsession *g, struct bytes body);
/* Ctrl-C. */
void gdbpacket_interrupt(struct gdbsession *g);
/* Sets the debugger's breakpoints in a CPU that has been started anew (stopped). */
void gdbpacket_breakpoints_restore(struct gdbsession *g);

#endif
