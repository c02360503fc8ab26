/* SPDX-License-Identifier: Apache-2.0 */
/*
 * owner: the running chip: one process, one event loop over the emulator, the controller, the consoles, the link, the
 * debug port and the control socket. It alone switches the chip on, resets it and cuts its power.
 */
#ifndef HOST_CHIP_OWNER_H
#define HOST_CHIP_OWNER_H

#include <stdbool.h>
#include <sys/types.h>

#include "host/lib/fault.h"

struct owner;

struct owner_options {
    bool halted;           /* start with the CPU stopped (debug port open only) */
    bool to_stdout;        /* show the console on stdout, too */
    char *const *qemu_arg; /* further arguments of the emulator, NULL-terminated, or NULL */
};

/* What `chip run` tells its user. */
struct owner_report {
    pid_t pid;
    unsigned gdb_port; /* 0: the debug port is locked */
    char state[16];    /* "running" or "crashed" */
    bool halted;
    char reason[256]; /* of a crash */
};

/* Opens the chip's folder, takes its lock and switches on. NULL with the fault filled; then nothing is left behind. */
struct owner *owner_start(const char *dir, const struct owner_options *options, struct owner_report *report,
                          struct fault *fault);
/* Runs until the power goes (stop, cut, SIGTERM or SIGINT), then cleans up and frees. */
void owner_run(struct owner *o);

#endif
