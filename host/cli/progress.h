/* SPDX-License-Identifier: Apache-2.0 */
/* progress: what happens to each chip, on a terminal: a line for each step of one chip, or a line for each of many. */
#ifndef HOST_CLI_PROGRESS_H
#define HOST_CLI_PROGRESS_H

#include <pthread.h>
#include <stddef.h>

#include "host/station/station.h"

enum progress_state { PROGRESS_WAITS, PROGRESS_WORKS, PROGRESS_DONE, PROGRESS_FAILED };

struct progress_line {
    struct progress *progress;
    const char *name;
    char step[100]; /* under way, or where it ended */
    enum progress_state state;
};

/* For one run. Nothing is shown unless stderr is a terminal. */
struct progress {
    pthread_mutex_t lock;
    int shown; /* 1: to a terminal */
    int drawn; /* lines that stand there */
    size_t count;
    struct progress_line *lines;
};

/* The caller has set each line's name. */
void progress_open(struct progress *progress, struct progress_line *lines, size_t count);
void progress_close(struct progress *progress);
/* For station_progress; `line` is a struct progress_line. */
void progress_tell(void *line, const char *step, enum station_mark mark);
void progress_end(struct progress_line *line, int done);

#endif
