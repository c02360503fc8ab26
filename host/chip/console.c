/* SPDX-License-Identifier: Apache-2.0 */
/* console: see console.h. */
#include "host/chip/console.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/chip/chip_dir.h"
#include "host/chip/endpoint.h"

/* An unfinished line is shown after this time, and sooner to a person who types. */
#define PARTIAL_MS 200
#define ECHO_MS 5
#define TYPING_MS 10000
/* console.log is moved to console.log.old at this length, so that a chip that shouts fills no disk. */
#define LOG_MAX (8u * 1024 * 1024)
#define LOG_OLD CHIP_CONSOLE_LOG ".old"

static int log_open(struct console *c)
{
    struct stat st;
    c->log_fd = openat(c->dir_fd, CHIP_CONSOLE_LOG, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (c->log_fd < 0 || fstat(c->log_fd, &st) != 0) {
        return -1;
    }
    c->log_len = (size_t)st.st_size;
    return 0;
}

int console_open(struct console *c, int dir_fd)
{
    memset(c, 0, sizeof *c);
    c->dir_fd = dir_fd;
    c->at_line_start = true;
    for (size_t i = 0; i < CONSOLE_WATCHERS; i++) {
        c->watchers[i].fd = -1;
    }
    return log_open(c);
}

static void watcher_send(struct console_watcher *w, const void *data, size_t len)
{
    static const char lost[] = "\n[chip] output lost: this console was too slow\n";
    if (w->fd < 0) {
        return;
    }
    if (w->lossy && queue_room(&w->out) >= QUEUE_MAX / 2) {
        w->lossy = queue_push(&w->out, lost, sizeof lost - 1) != 0;
    }
    w->lossy = w->lossy || queue_push(&w->out, data, len) != 0;
    if (queue_flush(&w->out, w->fd) != 0) {
        endpoint_close(&w->fd);
    }
}

/* In the log a backspace would hide what is before it. */
static void log_write(struct console *c, const uint8_t *data, size_t len)
{
    uint8_t plain[CONSOLE_LINE_MAX];
    if (c->log_len + len > LOG_MAX) {
        endpoint_close(&c->log_fd);
        (void)renameat(c->dir_fd, CHIP_CONSOLE_LOG, c->dir_fd, LOG_OLD);
        (void)log_open(c);
    }
    /* A full disk must not stop the chip: what cannot be logged is still shown. */
    for (size_t i = 0; i < len; i++) {
        plain[i] = data[i] == '\b' ? '?' : data[i];
    }
    (void)!write(c->log_fd, plain, len);
    c->log_len += len;
}

/* At most CONSOLE_LINE_MAX bytes. */
static void emit(struct console *c, const uint8_t *data, size_t len)
{
    log_write(c, data, len);
    if (c->to_stdout) {
        (void)!write(STDOUT_FILENO, data, len);
    }
    for (size_t i = 0; i < CONSOLE_WATCHERS; i++) {
        watcher_send(&c->watchers[i], data, len);
    }
}

/* Puts out what a source has said so far; another source's unfinished line ends first. */
static void line_flush(struct console *c, int source)
{
    struct console_line *line = &c->lines[source];
    if (line->len == 0) {
        return;
    }
    if (!c->at_line_start && c->last_source != source) {
        emit(c, (const uint8_t *)"\n", 1);
    }
    emit(c, line->data, line->len);
    c->at_line_start = line->data[line->len - 1] == '\n';
    c->last_source = source;
    line->len = 0;
}

/* 0x80 to 0x9F are control characters of their own, and as UTF-8 after 0xC2; elsewhere they end longer characters. The
 * application's backspace passes: it moves within the line, which is its own. */
static uint8_t printable(int source, uint8_t before, uint8_t in)
{
    int is_c1 = in >= 0x80 && in < 0xA0 && (before < 0x80 || before == 0xC2);
    int is_plain = in >= 0x20 || in == '\n' || in == '\t' || (in == '\b' && source == CONSOLE_APPLICATION);
    return !is_plain || in == 0x7F || is_c1 ? '?' : in;
}

void console_bytes(struct console *c, int source, const uint8_t *data, size_t len)
{
    struct console_line *line = &c->lines[source];
    for (size_t i = 0; i < len; i++) {
        if (data[i] == '\r') {
            continue;
        }
        if (line->len == 0) {
            line->since = clock_ms();
        }
        uint8_t before = line->len == 0 ? 0 : line->data[line->len - 1];
        line->data[line->len++] = printable(source, before, data[i]);
        if (data[i] == '\n' || line->len == CONSOLE_LINE_MAX) {
            line_flush(c, source);
        }
    }
}

void console_note(struct console *c, const char *format, ...)
{
    char text[400];
    char line[420];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    int len = snprintf(line, sizeof line, "[chip] %s\n", text);
    for (int i = 0; i < CONSOLE_CHIP; i++) {
        line_flush(c, i);
    }
    console_bytes(c, CONSOLE_CHIP, (const uint8_t *)line, (size_t)len);
}

int console_watch(struct console *c, int fd)
{
    for (size_t i = 0; i < CONSOLE_WATCHERS; i++) {
        struct console_watcher *w = &c->watchers[i];
        if (w->fd < 0) {
            w->fd = fd;
            w->lossy = false;
            w->out.len = 0;
            return 0;
        }
    }
    return -1;
}

void console_close(struct console *c)
{
    for (int i = 0; i < CONSOLE_SOURCES; i++) {
        line_flush(c, i);
    }
    for (size_t i = 0; i < CONSOLE_WATCHERS; i++) {
        endpoint_close(&c->watchers[i].fd);
    }
    endpoint_close(&c->log_fd);
}

/* When the unfinished line of a source is shown. */
static int64_t line_due(const struct console *c, int source)
{
    const struct console_line *line = &c->lines[source];
    bool is_echo = source == CONSOLE_APPLICATION && c->typed_at != 0 && line->since - c->typed_at < TYPING_MS;
    return line->since + (is_echo ? ECHO_MS : PARTIAL_MS);
}

void console_poll_add(const struct console *c, struct pollset *p)
{
    short hears = queue_room(&c->typed) != 0 ? POLLIN : 0;
    for (int i = 0; i < CONSOLE_SOURCES; i++) {
        if (c->lines[i].len != 0) {
            pollset_deadline(p, line_due(c, i));
        }
    }
    for (size_t i = 0; i < CONSOLE_WATCHERS; i++) {
        pollset_add(p, c->watchers[i].fd, (short)(c->watchers[i].out.len != 0 ? POLLOUT | hears : hears));
    }
}

void console_type(struct console *c, const void *data, size_t len)
{
    if (len != 0 && queue_push(&c->typed, data, len) == 0) {
        c->typed_at = clock_ms();
    }
}

void console_typed_send(struct console *c, int uart_fd)
{
    if (c->typed.len != 0 && uart_fd >= 0) {
        (void)queue_flush(&c->typed, uart_fd);
    }
}

static void watcher_serve(struct console *c, struct console_watcher *w, short events)
{
    if ((events & (POLLIN | POLLHUP | POLLERR)) != 0) {
        long typed = queue_fill(&c->typed, w->fd);
        if (typed < 0 || (typed == 0 && (events & (POLLHUP | POLLERR)) != 0)) {
            endpoint_close(&w->fd);
            return;
        }
        c->typed_at = typed > 0 ? clock_ms() : c->typed_at;
    }
    if ((events & POLLOUT) != 0 && queue_flush(&w->out, w->fd) != 0) {
        endpoint_close(&w->fd);
    }
}

void console_serve(struct console *c, const struct pollset *p)
{
    int64_t now = clock_ms();
    for (int i = 0; i < CONSOLE_SOURCES; i++) {
        if (c->lines[i].len != 0 && now >= line_due(c, i)) {
            line_flush(c, i);
        }
    }
    for (size_t i = 0; i < CONSOLE_WATCHERS; i++) {
        struct console_watcher *w = &c->watchers[i];
        if (w->fd >= 0 && pollset_events(p, w->fd) != 0) {
            watcher_serve(c, w, pollset_events(p, w->fd));
        }
    }
}
