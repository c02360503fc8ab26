/* SPDX-License-Identifier: Apache-2.0 */
/* metrics: see metrics.h. */
#include "host/daemon/metrics.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "host/daemon/log.h"

struct text {
    char *out;
    size_t len;
    size_t capacity;
};

/* Names of values; the reasons of ended connections, the last rows, are one family. */
static const struct {
    const char *name;
    const char *labels;
    const char *type;
    const char *help;
} rows[METRIC_COUNT] = {
    [METRIC_CONNECTIONS] = { "windlass_connections", "", "gauge", "Stations that are connected." },
    [METRIC_PENDING] = { "windlass_connections_pending", "", "gauge", "Connections before or in their handshake." },
    [METRIC_WORKING] = { "windlass_letters_in_hand", "", "gauge", "Letters that are being answered." },
    [METRIC_LOCKED] = { "windlass_memory_locked", "", "gauge", "1 when no memory of the daemon can be swapped out." },
    [METRIC_ACCEPTED] = { "windlass_accepted_total", "", "counter", "Connections that came." },
    [METRIC_HANDSHAKES] = { "windlass_handshakes_total", "", "counter", "Handshakes done, with a good certificate." },
    [METRIC_LETTERS] = { "windlass_letters_total", "", "counter", "Letters answered." },
    [METRIC_RELOADS] = { "windlass_reloads_total", "", "counter", "Reloads of certificates and revocation list." },
    [METRIC_FAILURES] = { "windlass_failures_recorded_total", "", "counter", "Failures that went into the ledger." },
    [METRIC_FAILURES_LEFT] = { "windlass_failures_left_out_total", "", "counter",
                               "Failures above the rate of their station, which the ledger only counts." },
#define END_ROW(reason)                                                                                                \
    {                                                                                                                  \
        "windlass_connections_ended_total", "{reason=\"" reason "\"}", "counter", "Connections that ended, by reason." \
    }
    [METRIC_END_BYE] = END_ROW("bye"),
    [METRIC_END_BROKEN] = END_ROW("broken"),
    [METRIC_END_HANDSHAKE] = END_ROW("handshake_refused"),
    [METRIC_END_HANDSHAKE_LATE] = END_ROW("handshake_late"),
    [METRIC_END_LETTER_LATE] = END_ROW("letter_late"),
    [METRIC_END_IDLE] = END_ROW("idle"),
    [METRIC_END_CROWDED] = END_ROW("crowded_out"),
    [METRIC_END_STATION_LIMIT] = END_ROW("station_limit"),
    [METRIC_END_FULL] = END_ROW("full"),
    [METRIC_END_FLOOD] = END_ROW("flood"),
    [METRIC_END_GARBAGE] = END_ROW("garbage"),
    [METRIC_END_CERTIFICATE] = END_ROW("certificate"),
    [METRIC_END_ENGINE] = END_ROW("engine"),
    [METRIC_END_STOPPED] = END_ROW("stopped"),
};

static const uint32_t bounds_us[METRICS_BUCKETS] = { 500,   1000,   2500,   5000,   10000,   25000,
                                                     50000, 100000, 250000, 500000, 1000000, 5000000 };

void metrics_add(struct metrics *m, enum metric which, int64_t by)
{
    (void)atomic_fetch_add_explicit(&m->values[which], by, memory_order_relaxed);
}

void metrics_set(struct metrics *m, enum metric which, int64_t value)
{
    atomic_store_explicit(&m->values[which], value, memory_order_relaxed);
}

int64_t metrics_get(const struct metrics *m, enum metric which)
{
    return atomic_load_explicit(&m->values[which], memory_order_relaxed);
}

void metrics_letter(struct metrics *m, uint64_t us)
{
    size_t at = 0;
    while (at < METRICS_BUCKETS && us > bounds_us[at]) {
        at++;
    }
    (void)atomic_fetch_add_explicit(&m->buckets[at], 1, memory_order_relaxed);
    (void)atomic_fetch_add_explicit(&m->total_us, us, memory_order_relaxed);
}

__attribute__((format(printf, 2, 3))) static void text_add(struct text *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(t->out + t->len, t->capacity - t->len, format, args);
    va_end(args);
    if (len > 0 && (size_t)len < t->capacity - t->len) {
        t->len += (size_t)len;
    } else {
        t->out[t->len] = '\0';
    }
}

static void text_head(struct text *t, const char *name, const char *type, const char *help)
{
    text_add(t, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void letters_text(const struct metrics *m, struct text *t)
{
    uint64_t sum = 0;
    text_head(t, "windlass_letter_seconds", "histogram", "Time from a letter's last byte to its answer.");
    for (size_t i = 0; i < METRICS_BUCKETS; i++) {
        sum += atomic_load(&m->buckets[i]);
        text_add(t, "windlass_letter_seconds_bucket{le=\"%g\"} %llu\n", bounds_us[i] / 1e6, (unsigned long long)sum);
    }
    sum += atomic_load(&m->buckets[METRICS_BUCKETS]);
    text_add(t, "windlass_letter_seconds_bucket{le=\"+Inf\"} %llu\n", (unsigned long long)sum);
    text_add(t, "windlass_letter_seconds_sum %.6f\nwindlass_letter_seconds_count %llu\n",
             (double)atomic_load(&m->total_us) / 1e6, (unsigned long long)sum);
}

/* Second number of /proc/self/statm, in pages; 0 when it cannot be read. */
static unsigned long long resident_bytes(void)
{
    unsigned long long size = 0;
    unsigned long long resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file != NULL) {
        if (fscanf(file, "%llu %llu", &size, &resident) != 2) {
            resident = 0;
        }
        (void)fclose(file);
    }
    return resident * (unsigned long long)sysconf(_SC_PAGESIZE);
}

size_t metrics_text(const struct metrics *m, char *out, size_t out_len)
{
    struct text t = { out, 0, out_len };
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        if (i <= METRIC_END_BYE) {
            text_head(&t, rows[i].name, rows[i].type, rows[i].help);
        }
        text_add(&t, "%s%s %lld\n", rows[i].name, rows[i].labels, (long long)metrics_get(m, (enum metric)i));
    }
    letters_text(m, &t);
    text_head(&t, "windlass_log_lines_dropped_total", "counter", "Log lines that nobody took.");
    text_add(&t, "windlass_log_lines_dropped_total %llu\n", (unsigned long long)log_dropped());
    text_head(&t, "windlass_log_lines_left_out_total", "counter", "Log lines above the rate of their station.");
    text_add(&t, "windlass_log_lines_left_out_total %llu\n", (unsigned long long)log_left_out());
    text_head(&t, "process_resident_memory_bytes", "gauge", "Resident memory.");
    text_add(&t, "process_resident_memory_bytes %llu\n", resident_bytes());
    return t.len;
}
