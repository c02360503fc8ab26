/* SPDX-License-Identifier: Apache-2.0 */
/* The crash matrix: who dies, at every step, and whether all that must hold then holds (docs/testing.md). */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/crash/victims.h"

#define RESTORE_EVERY 40 /* points: a short ledger is a quick one */

static const char help[] =
    "usage: crash [--every N | --points N | --brief] [--victim NAME] [--first N] [--last N] [--json FILE] [--keep] "
    "[--list]\n"
    "\n"
    "Kills one part of a factory at every step of the making of a unit, goes on, and checks the books.\n"
    "\n"
    "  --every N      only each N-th step (default: 1, all)\n"
    "  --points N     only N steps of each victim, evenly spread\n"
    "  --brief        only one or two steps of most victims\n"
    "  --victim NAME  only this one; 'secure-*': all whose names begin so\n"
    "  --first N      from this step on; --last N: up to this one\n"
    "  --json FILE    write the counts\n"
    "  --bin DIR      windlass and windlassd\n"
    "  --daemon FILE  another windlassd, once the factory is made\n"
    "  --factory DIR  a factory that is kept for later runs with victims of the same kind\n"
    "  --stop         end at the first step that failed\n"
    "  --keep         leave the factory's folder when a step failed, and end there\n"
    "  --list         names of the victims\n";

struct factory {
    enum works_kind kind;
    unsigned block;
};

static const struct factory factories[] = {
    { WORKS_OPEN, 1 }, { WORKS_OPEN, 0 }, { WORKS_OPEN, 2 }, { WORKS_SECURE, 1 }, { WORKS_POSTGRES, 1 }
};

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
    int brief;
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

/* 0: all. */
static unsigned points_wanted(const struct options *o, const struct victim *victim)
{
    return o->brief ? victim->brief : o->points;
}

/* Some steps, evenly spread over as many as the victim usually has. */
static void some_sweep(struct sweep *s)
{
    const unsigned some = points_wanted(s->options, s->point.victim);
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
    if (points_wanted(o, victim) > 0) {
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

/* A name, or what several names begin with. */
static int is_wanted(const struct options *o, const struct victim *victim)
{
    const char *name = o->victim;
    const size_t len = name == NULL ? 0 : strlen(name);
    if (o->brief && victim->brief == 0) {
        return 0;
    }
    return len == 0 || (name[len - 1] == '*' ? strncmp(victim->name, name, len - 1) : strcmp(victim->name, name)) == 0;
}

/* All victims of one kind of factory. */
static void factory_sweep(const struct options *o, const struct factory *factory, const char *here, FILE *json,
                          struct counts *all)
{
    struct works works = { .cut = NULL };
    for (const struct victim *victim = victims; victim->name != NULL; victim++) {
        if (victim->block != factory->block || victim->kind != factory->kind || !is_wanted(o, victim)) {
            continue;
        }
        if (works.cut == NULL) {
            const struct works_plan plan = { o->bin, here, o->daemon, o->factory, factory->block, factory->kind };
            works_make(&works, &plan);
        }
        const struct counts counts = victim_sweep(o, &works, victim);
        (void)printf("%-18s %-83s %5u of %3u steps, %u failed\n", victim->name, victim->says, counts.points,
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
    for (size_t i = 0; i < sizeof factories / sizeof factories[0]; i++) {
        factory_sweep(o, &factories[i], here, json, &all);
    }
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
    static const struct option known[] = {
        { "every", required_argument, NULL, 'e' },  { "points", required_argument, NULL, 'p' },
        { "brief", no_argument, NULL, 'B' },        { "first", required_argument, NULL, 'f' },
        { "last", required_argument, NULL, 'l' },   { "victim", required_argument, NULL, 'v' },
        { "json", required_argument, NULL, 'j' },   { "bin", required_argument, NULL, 'b' },
        { "daemon", required_argument, NULL, 'd' }, { "factory", required_argument, NULL, 'F' },
        { "stop", no_argument, NULL, 's' },         { "keep", no_argument, NULL, 'k' },
        { "list", no_argument, NULL, 'L' },         { NULL, 0, NULL, 0 }
    };
    int c;
    while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (c == 'e' || c == 'f' || c == 'l' || c == 'p') {
            *(c == 'e'   ? &o->every
              : c == 'f' ? &o->first
              : c == 'l' ? &o->last
                         : &o->points) = (unsigned)strtoul(optarg, NULL, 10);
        } else if (text_option(o, c) != NULL) {
            *text_option(o, c) = optarg;
        } else if (c == 'k' || c == 's' || c == 'B') {
            *(c == 'k' ? &o->keep : c == 's' ? &o->stop : &o->brief) = 1;
        } else if (c == 'L') {
            for (const struct victim *victim = victims; victim->name != NULL; victim++) {
                (void)printf("%-18s %s\n", victim->name, victim->says);
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
