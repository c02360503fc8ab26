/* SPDX-License-Identifier: Apache-2.0 */
/* log: see log.h. */
#include "host/daemon/log.h"

#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "host/daemon/log_rate.h"
#include "host/lib/text.h"

#define VALUE_MAX 900

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards the descriptor and the budgets */
static int log_fd = STDERR_FILENO;
static time_t strangers_second;
static unsigned strangers_said;
static unsigned long strangers_left_out;
static struct log_rate stations;
static atomic_uint_fast64_t dropped;
static atomic_uint_fast64_t left_out;

struct line {
    char text[LOG_LINE_MAX];
    size_t len;
};

size_t log_quote(const char *text, char *out, size_t out_len)
{
    size_t at = 0;
    size_t left = strlen(text);
    out[at++] = '"';
    while (left > 0) {
        size_t len = text_char_len(text, left);
        int newline = *text == '\n';
        int escape = *text == '"' || *text == '\\' || newline;
        if (at + (len > 1 ? len : 1) + (size_t)escape + 2 > out_len) {
            break;
        }
        if (escape) {
            out[at++] = '\\';
        }
        if (len == 0) {
            out[at++] = newline ? 'n' : '?';
            len = 1;
        } else {
            memcpy(out + at, text, len);
            at += len;
        }
        text += len;
        left -= len;
    }
    out[at++] = '"';
    out[at] = '\0';
    return at;
}

static const char *const level_names[] = { "info", "warning", "error" };

static void line_begin(struct line *line, enum log_level level, const char *event)
{
    struct timespec now;
    struct tm tm;
    char time[32];
    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)gmtime_r(&now.tv_sec, &tm);
    (void)strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%S", &tm);
    line->len =
        (size_t)snprintf(line->text, sizeof line->text, "{\"time\":\"%s.%03ldZ\",\"level\":\"%s\",\"event\":\"%.40s\"",
                         time, now.tv_nsec / 1000000, level_names[level], event);
}

static void line_add(struct line *line, const char *name, const char *text)
{
    char value[VALUE_MAX];
    if (text == NULL || text[0] == '\0') {
        return;
    }
    size_t value_len = log_quote(text, value, sizeof value);
    if (line->len + strlen(name) + value_len + 6 < sizeof line->text) {
        line->len += (size_t)snprintf(line->text + line->len, sizeof line->text - line->len, ",\"%s\":%s", name, value);
    }
}

static void line_add_all(struct line *line, va_list pairs)
{
    for (const char *name = va_arg(pairs, const char *); name != NULL; name = va_arg(pairs, const char *)) {
        line_add(line, name, va_arg(pairs, const char *));
    }
}

/* With the lock held. A reader who does not read must not hold up the line. */
static void line_write(struct line *line)
{
    struct pollfd ready = { .fd = log_fd, .events = POLLOUT };
    line->text[line->len++] = '}';
    line->text[line->len++] = '\n';
    if (poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0 ||
        write(log_fd, line->text, line->len) != (ssize_t)line->len) {
        (void)atomic_fetch_add(&dropped, 1);
    }
}

void log_use(int fd)
{
    (void)pthread_mutex_lock(&lock);
    log_fd = fd;
    (void)pthread_mutex_unlock(&lock);
}

void log_say(enum log_level level, const char *event, ...)
{
    struct line line;
    va_list pairs;
    line_begin(&line, level, event);
    va_start(pairs, event);
    line_add_all(&line, pairs);
    va_end(pairs);
    (void)pthread_mutex_lock(&lock);
    line_write(&line);
    (void)pthread_mutex_unlock(&lock);
}

/* With the lock held: 1 when a line may be written. */
static int strangers_may(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    if (now.tv_sec != strangers_second) {
        strangers_second = now.tv_sec;
        strangers_said = 0;
    }
    if (strangers_said >= LOG_STRANGERS_MAX) {
        strangers_left_out++;
        return 0;
    }
    strangers_said++;
    return 1;
}

void log_say_stranger(enum log_level level, const char *event, ...)
{
    struct line line;
    va_list pairs;
    char count[24];
    (void)pthread_mutex_lock(&lock);
    if (strangers_may()) {
        line_begin(&line, level, event);
        if (strangers_left_out > 0) {
            (void)snprintf(count, sizeof count, "%lu", strangers_left_out);
            line_add(&line, "left_out", count);
            strangers_left_out = 0;
        }
        va_start(pairs, event);
        line_add_all(&line, pairs);
        va_end(pairs);
        line_write(&line);
    }
    (void)pthread_mutex_unlock(&lock);
}

/* With the lock held. */
static void rest_say(const struct log_rate_place *rest)
{
    struct line line;
    char count[24];
    if (rest->left_out > 0) {
        (void)snprintf(count, sizeof count, "%llu", (unsigned long long)rest->left_out);
        line_begin(&line, LOG_LEVEL_WARNING, "lines_left_out");
        line_add(&line, "station", rest->name);
        line_add(&line, "of", level_names[rest->level]);
        line_add(&line, "left_out", count);
        line_write(&line);
    }
}

static int64_t seconds_now(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

void log_say_station(enum log_level level, const char *event, const char *station, ...)
{
    struct line line;
    struct log_rate_place rest;
    va_list pairs;
    (void)pthread_mutex_lock(&lock);
    int may = log_rate_take(&stations, station, level, seconds_now(), &rest);
    rest_say(&rest);
    if (may) {
        line_begin(&line, level, event);
        line_add(&line, "station", station);
        va_start(pairs, station);
        line_add_all(&line, pairs);
        va_end(pairs);
        line_write(&line);
    } else {
        (void)atomic_fetch_add(&left_out, 1);
    }
    (void)pthread_mutex_unlock(&lock);
}

void log_stations_settle(int all)
{
    struct log_rate_place rest;
    (void)pthread_mutex_lock(&lock);
    while (log_rate_next(&stations, all ? INT64_MAX : seconds_now(), &rest)) {
        rest_say(&rest);
    }
    (void)pthread_mutex_unlock(&lock);
}

uint64_t log_left_out(void)
{
    return atomic_load(&left_out);
}

uint64_t log_dropped(void)
{
    return atomic_load(&dropped);
}
