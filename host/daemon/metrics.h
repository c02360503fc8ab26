/* SPDX-License-Identifier: Apache-2.0 */
/* metrics: what the daemon counts, and the text in which Prometheus reads it (exposition format 0.0.4). Thread-safe. */
#ifndef HOST_DAEMON_METRICS_H
#define HOST_DAEMON_METRICS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum metric {
    METRIC_CONNECTIONS, /* stations that are connected */
    METRIC_PENDING,     /* connections that have not shown a certificate */
    METRIC_WORKING,     /* letters in hand */
    METRIC_LOCKED,      /* 1: the memory is locked */
    METRIC_ACCEPTED,
    METRIC_HANDSHAKES,
    METRIC_LETTERS,
    METRIC_RELOADS,
    METRIC_FAILURES,      /* of stations, in the ledger */
    METRIC_FAILURES_LEFT, /* above the rate of their station: only counted */
    METRIC_END_BYE,       /* why connections ended, in the order of enum server_end */
    METRIC_END_BROKEN,
    METRIC_END_HANDSHAKE,
    METRIC_END_HANDSHAKE_LATE,
    METRIC_END_LETTER_LATE,
    METRIC_END_IDLE,
    METRIC_END_CROWDED,
    METRIC_END_STATION_LIMIT,
    METRIC_END_FULL,
    METRIC_END_FLOOD,
    METRIC_END_GARBAGE,
    METRIC_END_CERTIFICATE,
    METRIC_END_ENGINE,
    METRIC_END_STOPPED,
    METRIC_COUNT
};

#define METRICS_BUCKETS 12
#define METRICS_TEXT_MAX 16384

struct metrics {
    atomic_int_fast64_t values[METRIC_COUNT];
    atomic_uint_fast64_t buckets[METRICS_BUCKETS + 1]; /* letters by the time that they took; the last: longer */
    atomic_uint_fast64_t total_us;
};

void metrics_add(struct metrics *m, enum metric which, int64_t by);
/* For what others count. */
void metrics_set(struct metrics *m, enum metric which, int64_t value);
int64_t metrics_get(const struct metrics *m, enum metric which);
/* A letter took this long, from its last byte to its answer. */
void metrics_letter(struct metrics *m, uint64_t us);
/* All as text with a NUL; gives its length. `out_len` is METRICS_TEXT_MAX or more. */
size_t metrics_text(const struct metrics *m, char *out, size_t out_len);

#endif
