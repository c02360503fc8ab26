/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_ledger: `windlass ledger`: what was made. Reads only. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "host/cli/cli.h"
#include "host/cli/unit_text.h"
#include "host/ledger/ledger.h"
#include "host/lib/project.h"
#include "host/lib/text.h"

#define NAME "ledger"

static const char help[] = "usage: windlass ledger list [--project DIR] [--json]\n"
                           "       windlass ledger show UID [--project DIR] [--json]\n"
                           "\n"
                           "Shows the units that were provisioned with this project. UID is the chip's unique ID,\n"
                           "32 hexadecimal digits. DIR is the project's folder; default: this folder.\n"
                           "\n"
                           "states: reserved     keys are known, certificates may have been made\n"
                           "        checked      the chip holds what it should; its lock was not seen yet\n"
                           "        done         seen locked\n"
                           "        quarantined  its unique ID came a second time with other keys\n"
                           "\n"
                           "examples:\n"
                           "  windlass ledger list --project greenhouse-sensor\n"
                           "  windlass ledger show 00112233445566778899aabbccddeeff --json\n";

struct options {
    const char *project;
    int json;
    const char *uid;
};

/* CLI_DONE, or the exit code; -1: help was printed. */
static int options_read(int argc, char **argv, struct options *out)
{
    static const struct option known[] = { { "project", required_argument, NULL, 'p' },
                                           { "json", no_argument, NULL, 'j' },
                                           { "help", no_argument, NULL, 'h' },
                                           { NULL, 0, NULL, 0 } };
    int c;
    *out = (struct options){ ".", 0, NULL };
    opterr = 0;
    optind = 0;
    while ((c = getopt_long(argc, argv, ":h", known, NULL)) != -1) {
        switch (c) {
        case 'p':
            out->project = optarg;
            break;
        case 'j':
            out->json = 1;
            break;
        case 'h':
            (void)fputs(help, stdout);
            return -1;
        default:
            return cli_option_wrong(NAME, argv, c);
        }
    }
    out->uid = optind < argc ? argv[optind++] : NULL;
    return optind < argc ? cli_usage(NAME, "'%s' is one argument too many", argv[optind]) : CLI_DONE;
}

struct listing {
    int json;
    size_t count;
};

static int unit_list(void *context, const struct ledger_unit *unit)
{
    struct listing *listing = context;
    char uid[33];
    text_hex(unit->uid, sizeof unit->uid, uid);
    if (listing->json) {
        (void)fputs(listing->count == 0 ? "" : ",\n ", stdout);
        unit_json_print(unit);
    } else {
        if (listing->count == 0) {
            (void)printf("%6s  %-32s  %-11s  %8s  %s\n", "unit", "unique ID", "state", "sequence", "reserved");
        }
        (void)printf("%6llu  %-32s  %-11s  %8llu  %s\n", (unsigned long long)unit->number, uid,
                     ledger_state_name(unit->state), (unsigned long long)unit->package_sequence, unit->reserved_at);
    }
    listing->count++;
    return 0;
}

static int list(struct ledger *ledger, const struct options *options, struct fault *fault)
{
    struct listing listing = { options->json, 0 };
    if (options->json) {
        (void)fputs("[", stdout);
    }
    int result = ledger_unit_walk(ledger, unit_list, &listing, fault);
    if (options->json) {
        (void)fputs("]\n", stdout);
    } else if (result == 0 && listing.count == 0) {
        (void)puts("no units yet");
    }
    return result;
}

static int show(struct ledger *ledger, const struct options *options, struct fault *fault)
{
    uint8_t uid[16];
    struct ledger_unit unit;
    if (unit_uid_read(options->uid, uid) != 0) {
        (void)fault_set(fault, "'%s' is not a unique ID", options->uid);
        return fault_hint(fault, "a unique ID has 32 hexadecimal digits; 'windlass ledger list' shows them");
    }
    int found = ledger_unit_find(ledger, uid, &unit, fault);
    if (found <= 0) {
        return found < 0 ? -1 : fault_set(fault, "the ledger knows no unit %s", options->uid);
    }
    if (options->json) {
        unit_json_print(&unit);
        (void)puts("");
    } else {
        unit_text_print(&unit);
    }
    return 0;
}

static int with_ledger(const struct options *options,
                       int (*run)(struct ledger *, const struct options *, struct fault *))
{
    struct fault fault = FAULT_NONE;
    struct project project;
    struct ledger *ledger = NULL;
    char path[600];
    int result =
        project_open(options->project, &project, &fault) != 0 ||
                project_path(&project, LEDGER_FILE, path, sizeof path, &fault) != 0 ||
                ledger_open(&(struct ledger_config){ .place = path, .mode = LEDGER_READ }, &ledger, &fault) != 0
            ? -1
            : run(ledger, options, &fault);
    ledger_close(ledger);
    return result == 0 ? CLI_DONE : cli_fault(NAME, &fault);
}

int cmd_ledger(int argc, char **argv)
{
    struct options options;
    const char *verb = argc > 1 ? argv[1] : "";
    if (strcmp(verb, "--help") == 0 || strcmp(verb, "-h") == 0) {
        (void)fputs(help, stdout);
        return CLI_DONE;
    }
    int is_list = strcmp(verb, "list") == 0;
    if (!is_list && strcmp(verb, "show") != 0) {
        return cli_usage(NAME, verb[0] == '\0' ? "say 'list' or 'show UID'" : "'%s' is neither 'list' nor 'show'",
                         verb);
    }
    int read = options_read(argc - 1, argv + 1, &options);
    if (read != CLI_DONE) {
        return read < 0 ? CLI_DONE : read;
    }
    if (is_list != (options.uid == NULL)) {
        return cli_usage(NAME, is_list ? "list takes no argument" : "show needs a unique ID");
    }
    return with_ledger(&options, is_list ? list : show);
}
