/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cuts: the power goes at every flash and fuse operation of a scenario, in every way; the device then comes to rest,
 * and the oracle of scenarios.c judges. A nested case cuts the recovery, too. A case is named
 * SCENARIO@GEOMETRY@OPERATION.WAY[@OPERATION.WAY].
 */
#include <stdio.h>
#include <string.h>

#include "tests/cuts/scenario.h"
#include "tests/cuts/sweep.h"

struct cut {
    uint32_t operation; /* from 1, counted from the action's or the recovery's begin; 0 none */
    unsigned way;
};

static const struct {
    const char *name;
    enum sim_cut_mode mode;
} ways[] = { { "before", SIM_CUT_BEFORE },
             { "half", SIM_CUT_HALF },
             { "last", SIM_CUT_LAST },
             { "random", SIM_CUT_RANDOM },
             { "after", SIM_CUT_AFTER } };
#define WAYS (sizeof ways / sizeof ways[0])

static struct shot prepared;
static struct shot first_cut;
static const struct sweep_options *options;
static const struct scenario *scenario;
static char geometry[GEOMETRY_NAME_MAX];

static void cut_arm(const struct cut *cut)
{
    chip.cut_at = chip.operations + cut->operation;
    chip.cut_mode = ways[cut->way].mode;
    chip.cut_seed = (uint32_t)options->seed + 1;
}

static void cut_disarm(void)
{
    chip.cut_at = 0;
    chip.cut_mode = SIM_CUT_NONE;
}

static enum sim_end recover(void)
{
    return scenario->recover != NULL ? scenario->recover() : chip_boot();
}

/* From a moment, `run` is cut. 1 when the cut came to pass. */
static int cut_do(const struct shot *from, enum sim_end (*run)(void), const struct cut *cut)
{
    chip_load(from);
    cut_arm(cut);
    enum sim_end end = run();
    cut_disarm();
    return end == SIM_POWER_CUT;
}

static void case_begin(const struct cut *first, const struct cut *second)
{
    char name[SWEEP_NAME_MAX];
    int len =
        snprintf(name, sizeof name, "%s@%s@%u.%s", scenario->name, geometry, first->operation, ways[first->way].name);
    if (second->operation != 0) {
        (void)snprintf(name + len, sizeof name - (size_t)len, "@%u.%s", second->operation, ways[second->way].name);
    }
    sweep_case_begin(name);
    chip_wrong_clear();
}

static unsigned scenario_index(void)
{
    return (unsigned)(scenario - scenarios);
}

static void rest_judge(void)
{
    sweep_case_end(scenario_index(), scenario_judge(scenario, recover()));
}

/* Operations of `run` from a moment on, when nothing cuts it. */
static uint32_t operations_count(const struct shot *from, enum sim_end (*run)(void))
{
    chip_load(from);
    uint32_t begin = chip.operations;
    (void)run();
    return chip.operations - begin;
}

/* One case, from the prepared chip. */
static void case_run(const struct cut *first, const struct cut *second)
{
    case_begin(first, second);
    int cut = cut_do(&prepared, scenario->action, first);
    if (cut && second->operation != 0) {
        chip_save(&first_cut);
        cut = cut_do(&first_cut, recover, second);
    }
    if (cut) {
        rest_judge();
    } else {
        sweep_case_end(scenario_index(), "there is no such operation");
    }
}

static void nested_run(const struct cut *first, unsigned step)
{
    (void)cut_do(&prepared, scenario->action, first);
    chip_save(&first_cut);
    uint32_t count = operations_count(&first_cut, recover);
    for (uint32_t operation = 1; operation <= count; operation += step) {
        for (unsigned way = 0; way < WAYS; way++) {
            const struct cut second = { operation, way };
            case_begin(first, &second);
            if (cut_do(&first_cut, recover, &second)) {
                rest_judge();
            }
        }
    }
}

static int prepare(const struct geometry *of)
{
    static const struct cut none;
    geometry_name(of, geometry);
    case_begin(&none, &none);
    chip_make(of);
    scenario->prepare();
    chip_save(&prepared);
    return operations_count(&prepared, scenario->action) > 0;
}

/* Every cut of the recovery, or a sample of them. */
static void nested_choose(const struct cut *first, int exhaustive, unsigned number)
{
    if (exhaustive) {
        nested_run(first, 1);
    } else if (first->operation % 4 == 1 && first->way == number / 4 % WAYS) {
        nested_run(first, 3);
    }
}

/* All cases of one scenario on one flash. */
static void scenario_run(const struct geometry *of, unsigned mine)
{
    static const struct cut none;
    int exhaustive = options->depth == SWEEP_ALL || (options->depth == SWEEP_USUAL && of->sector_len == 512) ||
                     (of->sector_len == 512 && of->granule_len == 16 && of->external_len == 0 && of->erased == 0xFF);
    if (!prepare(of)) {
        sweep_give_up("the scenario has no operation");
    }
    case_begin(&none, &none);
    chip_load(&prepared);
    (void)scenario->action();
    if (mine == 0) { /* nothing is cut: a scenario that fails by itself is not one */
        sweep_case_end(scenario_index(), scenario_judge(scenario, recover()));
    }
    uint32_t count = operations_count(&prepared, scenario->action);
    unsigned number = 0;
    for (uint32_t operation = 1; operation <= count; operation++) {
        for (unsigned way = 0; way < WAYS; way++) {
            const struct cut first = { operation, way };
            if (number++ % options->jobs != mine) {
                continue;
            }
            case_run(&first, &none);
            if (scenario->nested || options->nested) {
                nested_choose(&first, exhaustive, number);
            }
        }
    }
}

/* The flashes of the selection: small and fast ones, that differ in everything. */
static int in_selection(const struct geometry *of)
{
    return (of->sector_len == 512 && of->external_len != 0) ||
           (of->sector_len == 512 && of->granule_len == 16 && of->erased == 0xFF) ||
           (of->sector_len == 512 && of->granule_len == 1 && of->erased == 0x00) ||
           (of->sector_len == 2048 && of->granule_len == 32 && of->erased == 0xFF);
}

static int is_wanted(const struct geometry *of)
{
    char name[GEOMETRY_NAME_MAX];
    geometry_name(of, name);
    if (options->scenario != NULL && strcmp(options->scenario, scenario->name) != 0) {
        return 0;
    }
    return options->geometry != NULL ? strcmp(options->geometry, name) == 0
                                     : options->depth != SWEEP_SELECTION || in_selection(of);
}

static int cut_read(const char *text, struct cut *out)
{
    char way[8];
    if (sscanf(text, "%u.%7[a-z]", &out->operation, way) != 2) {
        return 0;
    }
    for (out->way = 0; out->way < WAYS; out->way++) {
        if (strcmp(way, ways[out->way].name) == 0) {
            return out->operation > 0;
        }
    }
    return 0;
}

/* Runs the case that the command line names. */
static void only_run(void)
{
    char name[24];
    char flash[GEOMETRY_NAME_MAX];
    char first[20];
    char second[20];
    struct cut cuts[2] = { { 0, 0 }, { 0, 0 } };
    struct geometry of;
    int parts = sscanf(options->only, "%23[^@]@%23[^@]@%19[^@]@%19[^@]", name, flash, first, second);
    if (parts < 3 || !cut_read(first, &cuts[0]) || (parts == 4 && !cut_read(second, &cuts[1]))) {
        sweep_give_up("a case is SCENARIO@GEOMETRY@OPERATION.WAY[@OPERATION.WAY]");
    }
    for (unsigned i = 0; geometry_at(i, &of); i++) {
        geometry_name(&of, geometry);
        for (size_t s = 0; s < scenario_count; s++) {
            scenario = &scenarios[s];
            if (strcmp(geometry, flash) == 0 && strcmp(scenario->name, name) == 0) {
                (void)prepare(&of);
                case_run(&cuts[0], &cuts[1]);
                (void)printf("%s: ran %llu; the console of the last start:\n%s", options->only,
                             (unsigned long long)chip_ran, chip.log);
                (void)fflush(stdout);
                return;
            }
        }
    }
    sweep_give_up("no such scenario or geometry");
}

static void work(const struct sweep_options *with, unsigned mine)
{
    struct geometry of;
    options = with;
    chip_start(options->seed);
    if (options->only != NULL) {
        only_run();
        return;
    }
    for (unsigned i = 0; geometry_at(i, &of); i++) {
        for (scenario = scenarios; scenario < scenarios + scenario_count; scenario++) {
            if (is_wanted(&of)) {
                scenario_run(&of, mine);
            }
        }
    }
}

static int json_write(const char *path)
{
    FILE *file = fopen(path, "w");
    uint64_t total = 0;
    uint64_t failed = 0;
    if (file == NULL) {
        perror(path);
        return 0;
    }
    (void)fprintf(file, "{\n");
    for (unsigned i = 0; i < scenario_count; i++) {
        total += sweep_total(i);
        failed += sweep_failed(i);
        (void)fprintf(file, "  \"cuts.%s.total\": %llu,\n  \"cuts.%s.failed\": %llu,\n", scenarios[i].name,
                      (unsigned long long)sweep_total(i), scenarios[i].name, (unsigned long long)sweep_failed(i));
    }
    (void)fprintf(file, "  \"cuts.total\": %llu,\n  \"cuts.failed\": %llu\n}\n", (unsigned long long)total,
                  (unsigned long long)failed);
    return fclose(file) == 0;
}

int main(int argc, char **argv)
{
    struct sweep_options with;
    uint64_t total = 0;
    int usage = sweep_options_read(argc, argv, "Cuts the power at every flash and fuse operation.", &with);
    if (usage != 0) {
        return usage - 1;
    }
    uint64_t failed = sweep_run(&with, work);
    for (unsigned i = 0; i < scenario_count; i++) {
        if (sweep_total(i) > 0) {
            (void)printf("%-14s %9llu cases %6llu failed   %s\n", scenarios[i].name, (unsigned long long)sweep_total(i),
                         (unsigned long long)sweep_failed(i), scenarios[i].says);
        }
        total += sweep_total(i);
    }
    if (total == 0 && failed == 0) {
        (void)fprintf(stderr, "%s: error: no case is like that\nhint: the scenarios are:", argv[0]);
        for (unsigned i = 0; i < scenario_count; i++) {
            (void)fprintf(stderr, " %s", scenarios[i].name);
        }
        (void)fprintf(stderr, "\nhint: a flash is named as 2048x32ff; docs/testing.md lists them\n");
        return 2;
    }
    (void)printf("cuts: %llu cases, %llu failed\n", (unsigned long long)total, (unsigned long long)failed);
    if (with.json != NULL && !json_write(with.json)) {
        return 1;
    }
    return failed == 0 ? 0 : 1;
}
