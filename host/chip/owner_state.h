/* SPDX-License-Identifier: Apache-2.0 */
/* owner_state: what the files of the owner share: its state, and power and control. */
#ifndef HOST_CHIP_OWNER_STATE_H
#define HOST_CHIP_OWNER_STATE_H

#include "host/chip/chip_dir.h"
#include "host/chip/console.h"
#include "host/chip/control.h"
#include "host/chip/controller.h"
#include "host/chip/gdbport.h"
#include "host/chip/link.h"
#include "host/chip/owner.h"
#include "host/chip/qemu.h"

/* More resets than this in RESET_WINDOW_MS, and each further one waits RESET_PAUSE_MS. */
#define RESETS_MAX 20
#define RESET_WINDOW_MS 10000
#define RESET_PAUSE_MS 1000

enum owner_power { OWNER_RUNNING, OWNER_RESETTING, OWNER_CRASHED, OWNER_OFF };

struct owner {
    enum owner_power power;
    int64_t restart_at; /* OWNER_RESETTING: when the CPU starts again */
    int64_t stop_by;    /* 0, or: stop when the controller is idle, at the latest then */
    int farewell_fd;    /* -1, or whom to tell that the chip is off */
    int signal_fd;
    uint64_t resets;
    int64_t reset_times[RESETS_MAX];
    size_t reset_next;
    char reason[256]; /* of the last crash */
    const struct owner_options *options;
    struct chip_dir dir;
    struct array array;
    struct controller controller;
    struct qemu qemu;
    struct queue controller_out;
    struct console console;
    struct control control;
    struct link link;
    struct gdbsession gdb;
};

/* owner_power.c */
/* Starts the emulator with the flash as it is. 0, or -1: crashed at once (OWNER_CRASHED), the fault filled. */
int owner_cpu_start(struct owner *o, bool halt, struct fault *fault);
/* Resets the chip, whatever state it is in. */
void owner_reset(struct owner *o, bool halt);
/* Sees how the emulator ended: a reset that the firmware asked for, or a crash. */
void owner_cpu_end(struct owner *o);
/* The power goes at once. `why` goes into the log. */
void owner_cut(struct owner *o, const char *why);
/* Switches off when no operation is under way. */
void owner_stop_begin(struct owner *o);
/* Takes what consoles and controller have sent; gives the number of bytes. */
size_t owner_uarts_serve(struct owner *o, const struct pollset *p);

/* owner_control.c */
/* Carries out one request of the control socket; `fd` is its connection, which ends here. */
void owner_request_run(struct owner *o, int fd, const struct control_request *request);
/* Answers and closes a connection: {"state":"off"}. */
void owner_farewell(int *fd);

#endif
