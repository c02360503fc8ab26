/* SPDX-License-Identifier: Apache-2.0 */
/* sweep: see sweep.h. The processes share one page of counters; nothing else. */
#include "tests/cuts/sweep.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define JOBS_MAX 16
#define CASE_SECONDS 60
#define FAILURES_SHOWN 12

static struct {
    _Atomic uint64_t total[SWEEP_COUNTERS];
    _Atomic uint64_t failed[SWEEP_COUNTERS];
    _Atomic uint64_t noted[SWEEP_COUNTERS];
    _Atomic uint64_t shown;
    char now[JOBS_MAX][SWEEP_NAME_MAX]; /* the case of each process */
} * shared;
static const struct sweep_options *options_now;
static unsigned me;

int geometry_at(unsigned index, struct geometry *out)
{
    static const uint32_t sectors[] = { 512, 2048, 4096, 8192 };
    static const uint32_t granules[] = { 1, 8, 16, 32 };
    static const struct geometry external[] = { { 512, 16, 0xFF, 4096 }, { 4096, 8, 0x00, 512 } };
    if (index < GEOMETRIES) {
        *out = (struct geometry){ sectors[index / 8], granules[index / 2 % 4], index % 2 == 0 ? 0xFF : 0x00, 0 };
        return 1;
    }
    *out = external[index % 2];
    return index < GEOMETRIES + 2;
}

void geometry_name(const struct geometry *geometry, char out[GEOMETRY_NAME_MAX])
{
    int len =
        snprintf(out, GEOMETRY_NAME_MAX, "%ux%u%02x", geometry->sector_len, geometry->granule_len, geometry->erased);
    if (geometry->external_len != 0) {
        (void)snprintf(out + len, GEOMETRY_NAME_MAX - (size_t)len, "+%u", geometry->external_len);
    }
}

static void failure_print(const char *name, const char *why)
{
    if (atomic_fetch_add(&shared->shown, 1) < FAILURES_SHOWN) {
        (void)fprintf(stderr, "FAILED %s: %s\n  again: %s --seed %llu --case %s\n", name, why, options_now->program,
                      (unsigned long long)options_now->seed, name);
    }
}

void sweep_case_begin(const char *name)
{
    (void)snprintf(shared->now[me], SWEEP_NAME_MAX, "%s", name);
    (void)alarm(CASE_SECONDS);
}

void sweep_case_end(unsigned counter, const char *why)
{
    atomic_fetch_add(&shared->total[counter], 1);
    if (why != NULL) {
        atomic_fetch_add(&shared->failed[counter], 1);
        failure_print(shared->now[me], why);
    }
}

void sweep_note(unsigned counter, uint64_t count)
{
    atomic_fetch_add(&shared->noted[counter], count);
}

void sweep_give_up(const char *why)
{
    (void)fprintf(stderr, "%s: error: %s: %s\n", options_now->program, shared->now[me], why);
    _exit(3);
}

uint64_t sweep_total(unsigned counter)
{
    return shared->total[counter];
}

uint64_t sweep_failed(unsigned counter)
{
    return shared->failed[counter];
}

uint64_t sweep_noted(unsigned counter)
{
    return shared->noted[counter];
}

static uint64_t sum(const _Atomic uint64_t *counters)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < SWEEP_COUNTERS; i++) {
        n += counters[i];
    }
    return n;
}

static void progress(int last)
{
    if (isatty(STDERR_FILENO)) {
        (void)fprintf(stderr, "\r%10llu cases, %llu failed  %s", (unsigned long long)sum(shared->total),
                      (unsigned long long)sum(shared->failed), last ? "\n" : "");
    }
}

static void worker_start(unsigned mine, void (*work)(const struct sweep_options *options, unsigned mine))
{
    pid_t pid = fork();
    if (pid < 0) {
        perror("fork");
        exit(3);
    }
    if (pid == 0) {
        me = mine;
        work(options_now, mine);
        _exit(0);
    }
}

/* 1 when a process ended badly. */
static uint64_t worker_wait(int status)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        return 0;
    }
    if (WIFSIGNALED(status)) {
        (void)fprintf(stderr, "FAILED: a process ended by signal %d (%s); the cases under way:\n", WTERMSIG(status),
                      WTERMSIG(status) == SIGALRM ? "the firmware hangs" : "the firmware crashed");
        for (unsigned i = 0; i < options_now->jobs; i++) {
            (void)fprintf(stderr, "  %s --seed %llu --case %s\n", options_now->program,
                          (unsigned long long)options_now->seed, shared->now[i]);
        }
    }
    return 1;
}

uint64_t sweep_run(const struct sweep_options *options,
                   void (*work)(const struct sweep_options *options, unsigned mine))
{
    uint64_t broken = 0;
    options_now = options;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
        perror("mmap");
        exit(3);
    }
    for (unsigned i = 0; i < options->jobs; i++) {
        worker_start(i, work);
    }
    for (unsigned left = options->jobs; left > 0;) {
        const struct timespec moment = { 0, 200000000 };
        int status;
        pid_t pid = waitpid(-1, &status, WNOHANG);
        if (pid > 0) {
            broken += worker_wait(status);
            left--;
        } else {
            progress(0);
            (void)nanosleep(&moment, NULL);
        }
    }
    progress(1);
    return broken + sum(shared->failed);
}
