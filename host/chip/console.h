/* SPDX-License-Identifier: Apache-2.0 */
/*
 * console: what the chip says: UART 0, UART 1 and the owner's own notes, line by line, into console.log and to whoever
 * watches; and what watchers type, for UART 1. Control characters that could drive a terminal are replaced. It never
 * blocks the chip: a watcher that is too slow loses output and is told so.
 */
#ifndef HOST_CHIP_CONSOLE_H
#define HOST_CHIP_CONSOLE_H

#include "host/chip/pollset.h"
#include "host/chip/queue.h"

#define CONSOLE_SOURCES 3
#define CONSOLE_APPLICATION 1
#define CONSOLE_CHIP 2 /* the owner's notes; 0 and 1 are the UARTs */
#define CONSOLE_WATCHERS 4
#define CONSOLE_LINE_MAX 512

struct console_line {
    size_t len;
    int64_t since; /* ms, when its first byte came */
    uint8_t data[CONSOLE_LINE_MAX];
};

struct console_watcher {
    int fd;
    bool lossy;
    struct queue out;
};

struct console {
    int dir_fd;
    int log_fd;
    size_t log_len;
    bool at_line_start;
    int last_source;
    bool to_stdout;
    struct console_line lines[CONSOLE_SOURCES];
    struct console_watcher watchers[CONSOLE_WATCHERS];
    int64_t typed_at;   /* ms; 0: never */
    struct queue typed; /* for UART 1 */
};

/* Opens console.log of the chip for appending. 0, or -1 with errno. */
int console_open(struct console *c, int dir_fd);
void console_close(struct console *c);
void console_bytes(struct console *c, int source, const uint8_t *data, size_t len);
/* "[chip] <text>", one line. */
void console_note(struct console *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Takes over `fd`: it gets all that comes from now on, and what it sends is typed. -1 (and fd untouched) when there are
 * too many watchers. */
int console_watch(struct console *c, int fd);
void console_poll_add(const struct console *c, struct pollset *p);
void console_serve(struct console *c, const struct pollset *p);
/* A watcher typed this: it is for UART 1. What there is no room for is lost. */
void console_type(struct console *c, const void *data, size_t len);
/* Something is to go to UART 1. */
static inline bool console_is_typed(const struct console *c)
{
    return c->typed.len != 0;
}
/* Gives UART 1 (-1: there is none now) as much of it as it takes. */
void console_typed_send(struct console *c, int uart_fd);

#endif
