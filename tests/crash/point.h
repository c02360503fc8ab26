/* SPDX-License-Identifier: Apache-2.0 */
/*
 * point: one death and what follows: the course of a unit with the cut in it, all that died is started again, the same
 * chip is brought again, and the next one; then the judgement.
 */
#ifndef TESTS_CRASH_POINT_H
#define TESTS_CRASH_POINT_H

#include "tests/crash/visit.h"

/* While a unit is made; while windlassd starts; while it loads the next production package. */
enum point_moment { POINT_UNIT, POINT_START, POINT_LOAD };

struct victim {
    const char *name;
    const char *says; /* one line for people */
    enum cut_place place;
    unsigned usual; /* about so many steps has a course */
    unsigned brief; /* steps of a short sweep */
    enum works_kind kind;
    unsigned block; /* units for one operation of the TPM: 1, or 2, as many as a point makes; 0: no TPM */
    unsigned chips; /* at once */
    enum point_moment moment;
    enum sim_cut_mode mode; /* CUT_POWER */
    unsigned again;         /* not 0: windlassd dies again while it starts, at change `at` modulo this, plus one */
};

struct point {
    struct works *works;
    const struct victim *victim;
    unsigned units;   /* that the ledger must have */
    unsigned points;  /* since works_restore */
    unsigned events;  /* counted in the last run */
    char wrong[1024]; /* what did not hold; empty: nothing */
};

enum point_end { POINT_HELD, POINT_FAILED, POINT_BEYOND /* the course has no event `at` */ };

/* Cuts at event `at`, from 1; 0: only counts. */
enum point_end point_run(struct point *point, unsigned at);

#endif
