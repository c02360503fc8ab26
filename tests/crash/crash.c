/* SPDX-License-Identifier: Apache-2.0 */
/* The crash matrix: who dies, at every step, and whether all that must hold then holds (docs/testing.md). */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/crash/point.h"

#define RESTORE_EVERY 40 /* points: a short ledger is a quick one */

static const char help[] =
    "usage: crash [--every N | --points N] [--victim NAME] [--first N] [--last N] [--json FILE] [--keep] [--list]\n"
    "\n"
    "Kills one part of a factory at every step of the making of a unit, goes on, and checks the books.\n"
    "\n"
    "  --every N      only each N-th step (default: 1, all)\n"
    "  --points N     only N steps of each victim, evenly spread\n"
    "  --victim NAME  only this one\n"
    "  --first N      from this step on; --last N: up to this one\n"
    "  --json FILE    write the counts\n"
    "  --bin DIR      windlass and windlassd\n"
    "  --daemon FILE  another windlassd, once the factory is made\n"
    "  --factory DIR  a factory that is kept for later runs with as many units for one operation of the TPM\n"
    "  --stop         end at the first step that failed\n"
    "  --keep         leave the factory's folder when a step failed, and end there\n"
    "  --list         names of the victims\n";

static const struct victim victims[] = {
    { "asked", "appliance, before it has a letter", CUT_ASKED, POINT_UNIT, 1, 0, 58, 1, 0 },
    { "answered", "appliance, after it handled a letter and before the answer leaves", CUT_ANSWERED, POINT_UNIT, 1, 0,
      58, 1, 0 },
    { "write", "appliance, at each change of its files", CUT_WRITE, POINT_UNIT, 1, 0, 77, 1, 0 },
    { "write-two", "appliance, at each change of its files, with two chips at once", CUT_WRITE, POINT_UNIT, 1, 0, 147,
      2, 0 },
    { "write-again", "appliance, at each change of its files, and once more while it starts again", CUT_WRITE,
      POINT_UNIT, 1, 0, 77, 1, 20 },
    { "write-bare", "appliance without a TPM, at each change of its files", CUT_WRITE, POINT_UNIT, 0, 0, 77, 1, 0 },
    { "write-block", "appliance with blocks of units, at each change of its files", CUT_WRITE, POINT_UNIT, 2, 0, 80, 1,
      0 },
    { "call", "appliance, at each call of its token", CUT_CALL, POINT_UNIT, 1, 0, 35, 1, 0 },
    { "start-write", "appliance, at each change of its files while it starts", CUT_WRITE, POINT_START, 1, 0, 21, 1, 0 },
    { "start-call", "appliance, at each call of its token while it starts", CUT_CALL, POINT_START, 1, 0, 171, 1, 0 },
    { "load-write", "appliance, at each change of its files while it loads a production package", CUT_WRITE, POINT_LOAD,
      1, 0, 33, 1, 0 },
    { "load-call", "appliance, at each call of its token while it loads a production package", CUT_CALL, POINT_LOAD, 1,
      0, 25, 1, 0 },
    { "load-before", "the TPM loses its power before each command of a refill", CUT_TPM_BEFORE, POINT_LOAD, 1, 0, 13, 1,
      0 },
    { "load-after", "the TPM loses its power after each command of a refill, before the answer", CUT_TPM_AFTER,
      POINT_LOAD, 1, 0, 13, 1, 0 },
    { "session", "the token's sessions are lost at each call", CUT_LOST, POINT_UNIT, 1, 0, 35, 1, 0 },
    { "token", "the token is pulled out at each call, and comes back", CUT_OUT, POINT_UNIT, 1, 0, 35, 1, 0 },
    { "tpm-before", "the TPM loses its power before each command", CUT_TPM_BEFORE, POINT_UNIT, 1, 0, 3, 1, 0 },
    { "tpm-after", "the TPM loses its power after each command, before the answer", CUT_TPM_AFTER, POINT_UNIT, 1, 0, 3,
      1, 0 },
    { "tpm-block", "the same with blocks of units", CUT_TPM_AFTER, POINT_UNIT, 2, 0, 3, 1, 0 },
    { "line-before", "the line to the TPM breaks before each command", CUT_LINE_BEFORE, POINT_UNIT, 1, 0, 3, 1, 0 },
    { "line-after", "the line to the TPM breaks after each command, before the answer", CUT_LINE_AFTER, POINT_UNIT, 1,
      0, 3, 1, 0 },
    { "gone", "station, before each letter", CUT_GONE, POINT_UNIT, 1, 0, 58, 1, 0 },
    { "heard", "station, after each answer", CUT_HEARD, POINT_UNIT, 1, 0, 58, 1, 0 },
    { "power", "chip, before each operation of flash and fuses", CUT_POWER, POINT_UNIT, 1, SIM_CUT_BEFORE, 317, 1, 0 },
    { "power-torn", "chip, within each operation of flash and fuses", CUT_POWER, POINT_UNIT, 1, SIM_CUT_RANDOM, 317, 1,
      0 },
};
#define VICTIMS (sizeof victims / sizeof victims[0])

struct options {
    unsigned points; /* of each victim; 0: all */
    unsigned every;
    unsigned first;
    unsigned last;
    const char *victim;
    const char *json;
    const char *bin;
    const char *daemon;
    const char *factory;
    int keep;
    int stop;
};

struct counts {
    unsigned steps; /* of a course without a cut */
    unsigned points;
    unsigned failed;
};

struct sweep {
    const struct options *options;
    struct point point;
    struct counts counts;
};

static void sweep_restore(struct sweep *s)
{
    works_restore(s->point.works);
    s->point.points = 0;
    s->point.units = 0;
}

static enum point_end sweep_point(struct sweep *s, unsigned at)
{
    enum point_end end = point_run(&s->point, at);
    s->counts.points += end != POINT_BEYOND;
    const unsigned seen = end == POINT_BEYOND ? s->point.events : at;
    s->counts.steps = seen > s->counts.steps ? seen : s->counts.steps;
    if (end == POINT_FAILED) {
        s->counts.failed++;
        (void)printf("FAILED: %s, step %u: %s\n  again: crash --victim %s --first %u --last %u\n",
                     s->point.victim->name, at, s->point.wrong, s->point.victim->name, at, at);
        if (s->options->keep) {
            (void)printf("the factory is left in %s\n", s->point.works->dir);
            exit(1);
        }
    }
    if (end == POINT_FAILED || s->point.points >= RESTORE_EVERY) {
        sweep_restore(s);
    }
    return end;
}

/* From the first step on, until the course has no more. */
static void all_sweep(struct sweep *s)
{
    const struct options *o = s->options;
    enum point_end end = POINT_HELD;
    for (unsigned at = o->first; end != POINT_BEYOND && (o->last == 0 || at <= o->last); at += o->every) {
        end = o->stop && s->counts.failed > 0 ? POINT_BEYOND : sweep_point(s, at);
    }
}

/* Some steps, evenly spread over as many as the victim usually has. */
static void some_sweep(struct sweep *s)
{
    const unsigned some = s->options->points;
    unsigned steps = s->point.victim->usual;
    for (unsigned i = 0; i < some; i++) {
        if (sweep_point(s, 1 + (2 * i + 1) * steps / (2 * some)) == POINT_BEYOND) {
            steps = s->counts.steps; /* there are fewer by now */
            (void)sweep_point(s, 1 + (2 * i + 1) * steps / (2 * some));
        }
    }
    s->counts.steps = steps;
}

static struct counts victim_sweep(const struct options *o, struct works *works, const struct victim *victim)
{
    struct sweep s = { .options = o, .point = { .works = works, .victim = victim } };
    sweep_restore(&s);
    if (o->points > 0) {
        some_sweep(&s);
    } else {
        all_sweep(&s);
    }
    return s.counts;
}

static void json_line(FILE *out, const struct victim *victim, const struct counts *counts, int first)
{
    if (out != NULL) {
        (void)fprintf(out, "%s\n    { \"victim\": \"%s\", \"steps\": %u, \"points\": %u, \"failed\": %u }",
                      first ? "" : ",", victim->name, counts->steps, counts->points, counts->failed);
    }
}

/* All victims of one kind of factory. */
static void block_sweep(const struct options *o, unsigned block, const char *here, FILE *json, struct counts *all)
{
    struct works works = { .cut = NULL };
    for (size_t i = 0; i < VICTIMS; i++) {
        const struct victim *victim = &victims[i];
        if (victim->block != block || (o->victim != NULL && strcmp(o->victim, victim->name) != 0)) {
            continue;
        }
        if (works.cut == NULL) {
            const struct works_plan plan = { o->bin, here, o->daemon, o->factory, block };
            works_make(&works, &plan);
        }
        const struct counts counts = victim_sweep(o, &works, victim);
        (void)printf("%-12s %-75s %5u of %3u steps, %u failed\n", victim->name, victim->says, counts.points,
                     counts.steps, counts.failed);
        (void)fflush(stdout);
        json_line(json, victim, &counts, all->points == 0);
        all->points += counts.points;
        all->failed += counts.failed;
    }
    if (works.cut != NULL) {
        works_remove(&works);
    }
}

static int works_sweep(const struct options *o, const char *here)
{
    struct counts all = { 0, 0, 0 };
    FILE *json = o->json == NULL ? NULL : fopen(o->json, "w");
    if (o->json != NULL && json == NULL) {
        works_give_up("%s cannot be written", o->json);
    }
    if (json != NULL) {
        (void)fprintf(json, "{\n  \"victims\": [");
    }
    block_sweep(o, 1, here, json, &all);
    block_sweep(o, 0, here, json, &all);
    block_sweep(o, 2, here, json, &all);
    if (json != NULL) {
        (void)fprintf(json, "\n  ],\n  \"factory.cuts.total\": %u,\n  \"factory.cuts.failed\": %u\n}\n", all.points,
                      all.failed);
        (void)fclose(json);
    }
    (void)printf("%u steps at which somebody died, %u failed\n", all.points, all.failed);
    return all.failed != 0 || all.points == 0;
}

static const char **text_option(struct options *o, int c)
{
    switch (c) {
    case 'v':
        return &o->victim;
    case 'j':
        return &o->json;
    case 'b':
        return &o->bin;
    case 'd':
        return &o->daemon;
    case 'F':
        return &o->factory;
    default:
        return NULL;
    }
}

static int options_read(int argc, char **argv, struct options *o)
{
    static const struct option known[] = { { "every", required_argument, NULL, 'e' },
                                           { "points", required_argument, NULL, 'p' },
                                           { "first", required_argument, NULL, 'f' },
                                           { "last", required_argument, NULL, 'l' },
                                           { "victim", required_argument, NULL, 'v' },
                                           { "json", required_argument, NULL, 'j' },
                                           { "bin", required_argument, NULL, 'b' },
                                           { "daemon", required_argument, NULL, 'd' },
                                           { "factory", required_argument, NULL, 'F' },
                                           { "stop", no_argument, NULL, 's' },
                                           { "keep", no_argument, NULL, 'k' },
                                           { "list", no_argument, NULL, 'L' },
                                           { NULL, 0, NULL, 0 } };
    int c;
    while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (c == 'e' || c == 'f' || c == 'l' || c == 'p') {
            *(c == 'e'   ? &o->every
              : c == 'f' ? &o->first
              : c == 'l' ? &o->last
                         : &o->points) = (unsigned)strtoul(optarg, NULL, 10);
        } else if (text_option(o, c) != NULL) {
            *text_option(o, c) = optarg;
        } else if (c == 'k' || c == 's') {
            *(c == 'k' ? &o->keep : &o->stop) = 1;
        } else if (c == 'L') {
            for (size_t i = 0; i < VICTIMS; i++) {
                (void)printf("%-12s %s\n", victims[i].name, victims[i].says);
            }
            exit(0);
        } else {
            return -1;
        }
    }
    return optind == argc && o->every > 0 && o->first > 0 ? 0 : -1;
}

int main(int argc, char **argv)
{
    struct options o = { .every = 1, .first = 1, .bin = WINDLASS_BUILD_DIR "/bin" };
    if (options_read(argc, argv, &o) != 0) {
        (void)fputs(help, stderr);
        return 2;
    }
    char here[400] = "";
    ssize_t len = readlink("/proc/self/exe", here, sizeof here - 1);
    *strrchr(len > 0 ? here : strcpy(here, "/"), '/') = '\0';
    return works_sweep(&o, here);
}
