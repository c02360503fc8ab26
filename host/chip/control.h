/* SPDX-License-Identifier: Apache-2.0 */
/*
 * control: control.sock (docs/spec.md section 2.6): takes one line from each connection and hands it to the owner, who
 * answers with one line of JSON. A connection that sends too much or nothing is closed.
 */
#ifndef HOST_CHIP_CONTROL_H
#define HOST_CHIP_CONTROL_H

#include "host/chip/array.h"
#include "host/chip/pollset.h"

#define CONTROL_LINE_MAX 128
#define CONTROL_CLIENTS 8

enum control_verb {
    CONTROL_BAD,
    CONTROL_STATUS,
    CONTROL_STOP,
    CONTROL_CUT,
    CONTROL_CUT_AT,
    CONTROL_RESET,
    CONTROL_RESET_HALT,
    CONTROL_CONSOLE
};

struct control_request {
    enum control_verb verb;
    struct array_cut cut;  /* CONTROL_CUT_AT */
    const char *complaint; /* CONTROL_BAD: what is wrong, for people */
    const char *rest;      /* what came behind the line already; until the next call of control_next */
    size_t rest_len;
};

/* Reads one line (NUL-terminated, without newline). */
struct control_request control_line_parse(const char *line);

struct control_client {
    int fd;
    size_t len;
    int64_t deadline;
    char line[CONTROL_LINE_MAX];
};

struct control {
    int listen_fd;
    struct control_client clients[CONTROL_CLIENTS];
};

/* Listens in the chip's folder. 0, or -1 with errno. */
int control_open(struct control *c, int dir_fd);
void control_close(struct control *c);
void control_poll_add(const struct control *c, struct pollset *p);
/* Gives a connection whose line is complete (then it is the caller's, and *request is filled), or -1: none now. Call
 * until -1. */
int control_next(struct control *c, const struct pollset *p, struct control_request *request);

#endif
