/* SPDX-License-Identifier: Apache-2.0 */
/* progress: see progress.h. */
#include "host/cli/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/lib/text.h"

void progress_open(struct progress *p, struct progress_line *lines, size_t count)
{
    const char *terminal = getenv("TERM");
    (void)pthread_mutex_init(&p->lock, NULL);
    p->shown = isatty(STDERR_FILENO) && (count == 1 || (terminal != NULL && strcmp(terminal, "dumb") != 0));
    p->drawn = 0;
    p->count = count;
    p->lines = lines;
    for (size_t i = 0; i < count; i++) {
        lines[i].progress = p;
        lines[i].step[0] = '\0';
        lines[i].state = PROGRESS_WAITS;
    }
}

void progress_close(struct progress *p)
{
    (void)pthread_mutex_destroy(&p->lock);
}

/* All lines anew, over those that stand there. With the lock held. */
static void lines_draw(struct progress *p)
{
    static const char *const marks[] = { "..", "..", "ok", "failed" };
    if (p->drawn) {
        (void)fprintf(stderr, "\x1b[%zuA", p->count);
    }
    for (size_t i = 0; i < p->count; i++) {
        char name[25];
        text_clean(p->lines[i].name, name, sizeof name);
        (void)fprintf(stderr, "\r\x1b[K  %-24s  %-6s  %.44s\n", name, marks[p->lines[i].state], p->lines[i].step);
    }
    p->drawn = 1;
    (void)fflush(stderr);
}

void progress_tell(void *context, const char *step, enum station_mark mark)
{
    struct progress_line *line = context;
    struct progress *p = line->progress;
    (void)pthread_mutex_lock(&p->lock);
    if (mark == STATION_BEGUN) {
        text_clean(step, line->step, sizeof line->step);
        line->state = PROGRESS_WORKS;
    }
    if (p->shown && p->count > 1) {
        lines_draw(p);
    } else if (p->shown && mark == STATION_BEGUN) {
        (void)fprintf(stderr, "  %-48s ", line->step);
    } else if (p->shown) {
        (void)fputs("ok\n", stderr);
    }
    if (mark == STATION_DONE && p->count == 1) {
        line->state = PROGRESS_WAITS;
    }
    (void)fflush(stderr);
    (void)pthread_mutex_unlock(&p->lock);
}

void progress_end(struct progress_line *line, int done)
{
    struct progress *p = line->progress;
    (void)pthread_mutex_lock(&p->lock);
    if (p->shown && p->count == 1 && !done && line->state == PROGRESS_WORKS) {
        (void)fputs("failed\n", stderr);
    }
    line->state = done ? PROGRESS_DONE : PROGRESS_FAILED;
    if (p->shown && p->count > 1) {
        if (done) {
            (void)snprintf(line->step, sizeof line->step, "locked, and its record is closed");
        }
        lines_draw(p);
    }
    (void)pthread_mutex_unlock(&p->lock);
}
