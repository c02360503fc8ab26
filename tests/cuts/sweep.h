/* SPDX-License-Identifier: Apache-2.0 */
/* sweep: many cases over several processes, counted; each failure is printed with the words that repeat it. */
#ifndef TESTS_CUTS_SWEEP_H
#define TESTS_CUTS_SWEEP_H

#include <stdint.h>

#include "tests/cuts/chip.h"

#define SWEEP_COUNTERS 32
#define SWEEP_NAME_MAX 160

/* What the checks run, in seconds; what `make cuts` and `make flips` run, in minutes; everything. */
enum sweep_depth { SWEEP_SELECTION, SWEEP_USUAL, SWEEP_ALL };

struct sweep_options {
    const char *program; /* as it was called */
    enum sweep_depth depth;
    int nested; /* every scenario, also those that usually are not */
    const char *scenario;
    const char *geometry;
    const char *only; /* the one case to run, as a failure names it */
    const char *json;
    unsigned jobs;
    uint64_t seed;
};

/* Gives 0, or prints a usage error or help and gives 1 + exit status. */
int sweep_options_read(int argc, char **argv, const char *about, struct sweep_options *out);

#define GEOMETRIES 32u /* and two with a memory outside the chip */
#define GEOMETRY_NAME_MAX 24
/* Geometry number `index` of all; 0 past the last. */
int geometry_at(unsigned index, struct geometry *out);
/* As 512x16ff, or 512x16ff+4096 with external memory. */
void geometry_name(const struct geometry *geometry, char out[GEOMETRY_NAME_MAX]);

/* Runs `work` in each process: it takes those cases whose number modulo `jobs` is `mine`. Gives the number of failures
 * (a process that ends early, hangs or crashes is one). */
uint64_t sweep_run(const struct sweep_options *options,
                   void (*work)(const struct sweep_options *options, unsigned mine));

/* In a process: before a case, `name` as --case takes it; then what came of it (NULL: well). `counter` is one of the
 * program's own rows. */
void sweep_case_begin(const char *name);
void sweep_case_end(unsigned counter, const char *why);
/* Counts what did not go wrong but is told: halts, for example. */
void sweep_note(unsigned counter, uint64_t count);
/* The program cannot go on: prints why, and this process ends. */
_Noreturn void sweep_give_up(const char *why);

/* After the run. */
uint64_t sweep_total(unsigned counter);
uint64_t sweep_failed(unsigned counter);
uint64_t sweep_noted(unsigned counter);

#endif
