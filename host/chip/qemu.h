/* SPDX-License-Identifier: Apache-2.0 */
/* qemu: the only room that knows the emulator: how it is started, how it ends, and what its end means. It never touches
 * flash or fuses. */
#ifndef HOST_CHIP_QEMU_H
#define HOST_CHIP_QEMU_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "host/lib/fault.h"

#define QEMU_UARTS 4
#define QEMU_UART_CONTROLLER 3
#define QEMU_UART_LINK 2
/* The private socket of the emulator's debug server, in the chip's folder; gone while the debug port is locked. */
#define QEMU_DEBUG_SOCKET "debug.sock"
/* What the emulator says itself. */
#define QEMU_LOG "qemu.log"

struct qemu {
    pid_t pid;            /* -1: none */
    int pid_fd;           /* readable when it has ended */
    int monitor;          /* commands to the emulator itself */
    int uart[QEMU_UARTS]; /* our ends; do not block */
};

struct qemu_options {
    int dir_fd;         /* the chip's folder */
    bool halted;        /* start with the CPU stopped */
    bool debug;         /* with the debug server */
    char *const *extra; /* further arguments, NULL-terminated, or NULL */
};

enum qemu_end { QEMU_RUNNING, QEMU_RESET, QEMU_CRASHED };

/* All descriptors -1. */
void qemu_init(struct qemu *q);
/* Starts it and waits until its main loop runs. Errors: not installed, arguments refused, ended at once (the fault has
 * its last words). Firmware that crashes or resets at once is no error: qemu_poll tells. */
int qemu_start(struct qemu *q, const struct qemu_options *options, struct fault *fault);
/* Whether it has ended, and how; then it is reaped, and the UARTs still hold what it sent. `reason` gets a line for
 * people when it crashed. */
enum qemu_end qemu_poll(struct qemu *q, int dir_fd, char *reason, size_t reason_len);
/* Ends it at once, whatever it does (also one that has ended), and closes everything. */
void qemu_stop(struct qemu *q, int dir_fd);
/* Starts the debug server in an emulator that runs without: its socket appears. 0, or -1: it does not. The CPU goes on
 * until somebody connects. */
int qemu_debug_show(struct qemu *q);
/* Removes the debug server's socket: nobody can connect to the debug server any more. */
void qemu_debug_hide(int dir_fd);

#endif
