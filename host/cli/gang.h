/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gang: one or many chips at once, each in a thread with a way to the appliance of its own; a line for each on a
 * terminal.
 */
#ifndef HOST_CLI_GANG_H
#define HOST_CLI_GANG_H

#include "host/cli/outcome.h"
#include "host/lib/letter_carrier.h"

#define GANG_MAX 64

/* How each chip gets a way to the appliance. `close` takes what `open` gave. */
struct gang_ways {
    void *context;
    int (*open)(void *context, struct letter_carrier *out, struct fault *fault);
    void (*close)(struct letter_carrier *carrier);
};

struct gang_chip {
    const char
        *chip; /* "HOST:PORT" of a debug port, or the folder of a virtual chip; `secure`: its line may stand here */
    const char *link; /* its data link: a tty or "HOST:PORT"; or NULL */
    int secure;       /* 1: it has a key of its silicon vendor, and is reached over that line alone */
    int done;         /* out */
    struct outcome outcome;
    struct fault fault;
    char step[100]; /* at which it failed; empty when none was begun */
};

/* Provisions all of them; the result stands in each. 0 when all are done, else -1. */
int gang_run(struct gang_chip *chips, size_t count, const struct gang_ways *ways);

#endif
