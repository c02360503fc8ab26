/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log: what the daemon tells: one JSON object a line to a descriptor, for journald or a file. Text from outside is
 * escaped and cut. Never blocks: a line that nobody takes is counted and dropped. Never give it a secret. Thread-safe.
 */
#ifndef HOST_DAEMON_LOG_H
#define HOST_DAEMON_LOG_H

#include <stddef.h>
#include <stdint.h>

#define LOG_LINE_MAX 2048    /* bytes, line end included; shorter than PIPE_BUF, so that lines stay whole */
#define LOG_STRANGERS_MAX 20 /* lines a second that peers without a certificate can cause */

enum log_level { LOG_LEVEL_INFO, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR };

/* Where lines go; standard error at first. */
void log_use(int fd);
/*
 * {"time":"2026-01-31T23:59:59.123Z","level":"info","event":EVENT,...}: pairs of a name and a text follow, ended by a
 * NULL name; a NULL or empty text leaves its pair out. Names are ours, [a-z_]. A line that would be too long loses its
 * last pairs.
 */
void log_say(enum log_level level, const char *event, ...) __attribute__((sentinel));
/* The same, for what anybody on the network can cause: at most LOG_STRANGERS_MAX a second; the next one tells how many
 * were left out. */
void log_say_stranger(enum log_level level, const char *event, ...) __attribute__((sentinel));
/* The same, for what a station with a good certificate can cause, its name as the first pair: at most LOG_RATE_ROUTINE
 * lines a minute of level info, and LOG_RATE_TROUBLE of each other; `lines_left_out` tells how many more there were. */
void log_say_station(enum log_level level, const char *event, const char *station, ...) __attribute__((sentinel));
/* Tells what was left out in minutes that are over; all != 0: and in those that are not. Call it now and then. */
void log_stations_settle(int all);
/* Lines of stations above their rate, since the start. */
uint64_t log_left_out(void);
/* Lines that nobody took. */
uint64_t log_dropped(void);

/* Writes `text` as a JSON string with its quotes; a line end becomes \n, what else steers a terminal or is no
 * well-formed UTF-8 becomes '?'. Cut to what fits; `out_len` is at least 3. Gives its length. */
size_t log_quote(const char *text, char *out, size_t out_len);

#endif
