/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_rate: how many lines of the log one station can cause in a minute, so that one that belongs to somebody else does
 * not fill the disk. Counts only; no clock, no lock of its own.
 */
#ifndef HOST_DAEMON_LOG_RATE_H
#define HOST_DAEMON_LOG_RATE_H

#include <stddef.h>
#include <stdint.h>

#define LOG_RATE_ROUTINE 1200 /* lines a minute of one station, of what is routine */
#define LOG_RATE_TROUBLE 60   /* and of each higher level */
#define LOG_RATE_SECONDS 60
#define LOG_RATE_PLACES 256 /* the one that began the longest ago goes first */
#define LOG_RATE_NAME_MAX 64

struct log_rate_place {
    char name[LOG_RATE_NAME_MAX]; /* empty: free */
    unsigned level;
    int64_t since; /* second in which its minute began */
    uint64_t said; /* in that minute */
    uint64_t left_out;
};

struct log_rate {
    struct log_rate_place places[LOG_RATE_PLACES];
};

/* 1 when a line of this station and level (0: routine) may be said at second `now`, which never goes back. `rest` is
 * a place with what an earlier minute left out, which is to be told; its left_out is 0 when there is no such thing. */
int log_rate_take(struct log_rate *rate, const char *station, unsigned level, int64_t now, struct log_rate_place *rest);
/* 1, and the next place whose minute is over and left something out; it is forgotten. 0: there is none. INT64_MAX for
 * `now` takes all. */
int log_rate_next(struct log_rate *rate, int64_t now, struct log_rate_place *rest);

#endif
