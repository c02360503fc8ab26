/* SPDX-License-Identifier: Apache-2.0 */
/* options: the command line of the sweeps. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/cuts/sweep.h"

#define HELP_STATUS 1
#define USAGE_STATUS 3

static void help(const char *program, const char *about)
{
    (void)printf("usage: %s [OPTION]...\n%s\n"
                 "      --all            every case: an hour\n"
                 "      --selection      what the checks run: a minute\n"
                 "      --nested         cut the recovery of every scenario, too\n"
                 "      --scenario NAME  only this one\n"
                 "      --geometry NAME  only this flash, for example 512x16ff: sector, granule, erased value\n"
                 "      --case CASE      only this case, as a failure names it\n"
                 "      --seed N         of keys, nonces and torn bytes (default 1)\n"
                 "      --jobs N         processes, 1 to 16 (default 2)\n"
                 "      --json FILE      write the counts there\n",
                 program, about);
}

static int number_read(const char *text, unsigned long long max, unsigned long long *out)
{
    char *end;
    *out = strtoull(text, &end, 10);
    return *text != '\0' && *end == '\0' && *out <= max;
}

static int option_take(int option, struct sweep_options *out)
{
    unsigned long long number = 0;
    switch (option) {
    case 'a':
        out->depth = SWEEP_ALL;
        return 1;
    case 'd':
        out->nested = 1;
        return 1;
    case 'q':
        out->depth = SWEEP_SELECTION;
        return 1;
    case 's':
        out->scenario = optarg;
        return 1;
    case 'g':
        out->geometry = optarg;
        return 1;
    case 'c':
        out->only = optarg;
        return 1;
    case 'o':
        out->json = optarg;
        return 1;
    case 'n':
        if (number_read(optarg, UINT32_MAX, &number)) {
            out->seed = number;
            return 1;
        }
        break;
    case 'j':
        if (number_read(optarg, 16, &number) && number > 0) {
            out->jobs = (unsigned)number;
            return 1;
        }
        break;
    default:
        return 0;
    }
    (void)fprintf(stderr, "%s: error: %s is no number that fits\n", out->program, optarg);
    return 0;
}

int sweep_options_read(int argc, char **argv, const char *about, struct sweep_options *out)
{
    static const struct option known[] = {
        { "all", no_argument, NULL, 'a' },
        { "selection", no_argument, NULL, 'q' },
        { "nested", no_argument, NULL, 'd' },
        { "scenario", required_argument, NULL, 's' },
        { "geometry", required_argument, NULL, 'g' },
        { "case", required_argument, NULL, 'c' },
        { "json", required_argument, NULL, 'o' },
        { "seed", required_argument, NULL, 'n' },
        { "jobs", required_argument, NULL, 'j' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    int option;
    *out = (struct sweep_options){ .program = argv[0], .jobs = 2, .seed = 1, .depth = SWEEP_USUAL };
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (option == 'h') {
            help(argv[0], about);
            return HELP_STATUS;
        }
        if (!option_take(option, out)) {
            return USAGE_STATUS;
        }
    }
    if (optind != argc) {
        (void)fprintf(stderr, "%s: error: what is %s? See --help\n", argv[0], argv[optind]);
        return USAGE_STATUS;
    }
    if (out->only != NULL) {
        out->jobs = 1;
    }
    return 0;
}
