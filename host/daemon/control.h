/* SPDX-License-Identifier: Apache-2.0 */
/*
 * control: the daemon's local socket, A/control.sock (0600): a line in, with bytes behind it where the verb takes some,
 * and one line of JSON out (docs/spec.md section 21.2). Only root and the daemon's own user are heard.
 */
#ifndef HOST_DAEMON_CONTROL_H
#define HOST_DAEMON_CONTROL_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "host/lib/fault.h"

#define CONTROL_SOCKET "control.sock"
#define CONTROL_LOCK "control.lock"
#define CONTROL_REACH_HINT "the user that the appliance runs as must be able to enter all folders above it: chmod o+x"
#define CONTROL_LINE_MAX 64
#define CONTROL_BYTES_MAX (16u << 20) /* that a verb can take */
#define CONTROL_REPLY_MAX 65536

/* A JSON object being written. Too much: it is cut to an error. */
struct control_reply {
    char text[CONTROL_REPLY_MAX];
    size_t len;
    int full;
};
void control_reply_text(struct control_reply *reply, const char *name, const char *value);
void control_reply_number(struct control_reply *reply, const char *name, int64_t value);
void control_reply_hex(struct control_reply *reply, const char *name, struct bytes value);

struct control_verb {
    const char *name; /* the last one's is NULL */
    int takes_bytes;
    int quiet; /* 1: not worth a line in the log when all is well */
    int (*run)(void *context, struct bytes bytes, struct control_reply *reply, struct fault *fault);
};

/* One daemon for a folder: takes its lock. -1 when another has it. The descriptor is closed by the end of the process.
 */
int control_lock(const char *dir, int *fd, struct fault *fault);

struct control;
/* Binds the socket, after control_lock. `verbs` and `context` must outlive it. */
int control_open(const char *dir, const struct control_verb *verbs, void *context, struct control **out,
                 struct fault *fault);
/* Serves in a thread of its own, one client after the other, none for longer than its deadline. */
int control_start(struct control *control, struct fault *fault);
/* Ends the thread and removes the socket. NULL is allowed. */
void control_close(struct control *control);

/* Asks the daemon of that folder. `reply` gets its line, without the line end, as text. 0: it answered, whatever it
 * said; 1: no daemon runs there; -1: fault. */
int control_ask(const char *dir, const char *verb, struct bytes bytes, struct control_reply *reply,
                struct fault *fault);

#endif
