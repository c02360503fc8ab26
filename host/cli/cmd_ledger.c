/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_ledger: `windlass ledger`: what was made, and whether it is true. Reads only. */
#include "host/cli/cmd_ledger.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "host/cli/cli.h"
#include "host/cli/unit_text.h"
#include "host/lib/file.h"
#include "host/lib/text.h"

#define NAME LEDGER_COMMAND

static const char help[] =
    "usage: windlass ledger list [--json]\n"
    "       windlass ledger show UID|--token FILE [--json]\n"
    "       windlass ledger search TEXT [--state STATE] [--package N] [--json]\n"
    "       windlass ledger verify [--head FILE] [--order FILE] [--count N] [--final] [--cert FILE]... [--json]\n"
    "       windlass ledger report [--json]\n"
    "       windlass ledger export --format csv|ndjson|pem [--state STATE] [--package N] [--out FILE]\n"
    "       each with [--project DIR] [--ledger PLACE]\n"
    "\n"
    "Shows what was made, and checks it: chain, checkpoints, grants, certificates, receipts and tokens against each\n"
    "other and against the certificates under pki/. Works on a copy, offline. Exit 1 when something does not hold.\n"
    "\n"
    "  --project DIR   the maker's project; default: this folder\n"
    "  --ledger PLACE  the ledger's file, an appliance's folder, or postgresql://...; default: DIR/ledger.db\n"
    "  --head FILE     a checkpoint that was kept elsewhere; default: ledger.head beside the ledger, when it is there\n"
    "  --order FILE    a fresh order (windlassd order): the count that the TPM itself certified\n"
    "  --count N       that count, when you know it from elsewhere\n"
    "  --final         the order is finished: a unit without receipt or lock is a finding\n"
    "  --cert FILE     a device's certificate that was met: it must stand in the ledger\n"
    "  --token FILE    an attestation token (COSE_Sign1): finds its unit, checks its signature with the unit's key, "
    "and\n"
    "                  shows what it says; whether its nonce is fresh is for you to know\n"
    "\n"
    "UID is the chip's unique ID, 32 hexadecimal digits; TEXT is a part of it, a unit's number, or a part of the\n"
    "fingerprint of a key or certificate.\n"
    "\n"
    "states: reserved        keys are known, certificates may have been made\n"
    "        checked         the chip holds what it should; its lock was not seen yet\n"
    "        done            seen locked\n"
    "        quarantined     its unique ID came a second time with other keys\n"
    "        scrapped        taken out of the count by an order of the maker\n"
    "        decommissioned  its keys are wiped for good\n"
    "\n"
    "examples:\n"
    "  windlass ledger list --project greenhouse-sensor\n"
    "  windlass ledger show 00112233445566778899aabbccddeeff --json\n"
    "  windlass ledger verify --project greenhouse-sensor --ledger copy/ledger.db --final\n"
    "  windlass ledger export --project greenhouse-sensor --format csv --out units.csv\n";

/* ---- options ---- */

static int number_read(const char *text, uint64_t *out)
{
    char *end = NULL;
    errno = 0;
    *out = strtoull(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && *out <= INT64_MAX ? 0 : -1;
}

static int number_option(const char *name, uint64_t *out, int *has)
{
    *has = 1;
    return number_read(optarg, out) == 0 ? CLI_DONE : cli_usage(NAME, "--%s takes a number, not '%s'", name, optarg);
}

static int cert_option(struct ledger_options *out)
{
    if (out->cert_count == sizeof out->certs / sizeof out->certs[0]) {
        return cli_usage(NAME, "--cert comes too often");
    }
    out->certs[out->cert_count++] = optarg;
    return CLI_DONE;
}

static int option_take(int c, struct ledger_options *out)
{
    switch (c) {
    case 'p':
        out->project = optarg;
        return CLI_DONE;
    case 'l':
        out->place = optarg;
        return CLI_DONE;
    case 'H':
        out->head = optarg;
        return CLI_DONE;
    case 'O':
        out->order = optarg;
        return CLI_DONE;
    case 'c':
        return number_option("count", &out->count, &out->has_count);
    case 'n':
        return number_option("package", &out->package, &out->has_package);
    case 'C':
        return cert_option(out);
    case 'f':
        out->format = optarg;
        return CLI_DONE;
    case 'o':
        out->out = optarg;
        return CLI_DONE;
    case 's':
        out->state = optarg;
        return CLI_DONE;
    case 't':
        out->token = optarg;
        return CLI_DONE;
    case 'F':
        out->final = 1;
        return CLI_DONE;
    default:
        out->json = 1;
        return CLI_DONE;
    }
}

/* CLI_DONE, or the exit code; -1: help was printed. `letters`: the options that the verb takes. */
static int options_read(int argc, char **argv, const char *letters, struct ledger_options *out)
{
    static const struct option known[] = { { "project", required_argument, NULL, 'p' },
                                           { "ledger", required_argument, NULL, 'l' },
                                           { "head", required_argument, NULL, 'H' },
                                           { "order", required_argument, NULL, 'O' },
                                           { "count", required_argument, NULL, 'c' },
                                           { "package", required_argument, NULL, 'n' },
                                           { "cert", required_argument, NULL, 'C' },
                                           { "format", required_argument, NULL, 'f' },
                                           { "out", required_argument, NULL, 'o' },
                                           { "state", required_argument, NULL, 's' },
                                           { "final", no_argument, NULL, 'F' },
                                           { "json", no_argument, NULL, 'j' },
                                           { "token", required_argument, NULL, 't' },
                                           { "help", no_argument, NULL, 'h' },
                                           { NULL, 0, NULL, 0 } };
    int c;
    *out = (struct ledger_options){ .project = "." };
    opterr = 0;
    optind = 0;
    while ((c = getopt_long(argc, argv, ":h", known, NULL)) != -1) {
        if (c == 'h') {
            (void)fputs(help, stdout);
            return -1;
        }
        if (c == '?' || c == ':' || strchr(letters, c) == NULL) {
            return cli_option_wrong(NAME, argv, c);
        }
        int taken = option_take(c, out);
        if (taken != CLI_DONE) {
            return taken;
        }
    }
    out->argument = optind < argc ? argv[optind++] : NULL;
    return optind < argc ? cli_usage(NAME, "'%s' is one argument too many", argv[optind]) : CLI_DONE;
}

int ledger_place_find(const struct ledger_options *options, char out[LEDGER_PATH_LEN], struct fault *fault)
{
    struct project project;
    if (options->place == NULL) {
        return project_open(options->project, &project, fault) != 0
                   ? -1
                   : project_path(&project, LEDGER_FILE, out, LEDGER_PATH_LEN, fault);
    }
    int len = snprintf(out, LEDGER_PATH_LEN, file_is_folder(options->place) ? "%s/" LEDGER_FILE : "%s", options->place);
    return len < LEDGER_PATH_LEN ? 0 : fault_set(fault, "ledger: its path is too long");
}

/* ---- list, show, search ---- */

struct listing {
    const struct ledger_options *options;
    size_t count;
};

static void unit_line(struct listing *listing, const struct ledger_unit *unit)
{
    char uid[33];
    text_hex(unit->uid, sizeof unit->uid, uid);
    if (listing->options->json) {
        (void)fputs(listing->count == 0 ? "" : ",\n ", stdout);
        unit_json_print(stdout, unit);
    } else {
        if (listing->count == 0) {
            (void)printf("%6s  %-32s  %-14s  %8s  %s\n", "unit", "unique ID", "state", "sequence", "reserved");
        }
        (void)printf("%6llu  %-32s  %-14s  %8llu  %s\n", (unsigned long long)unit->number, uid,
                     ledger_state_name(unit->state), (unsigned long long)unit->package_sequence, unit->reserved_at);
    }
    listing->count++;
}

/* A part of what names the unit. */
static int unit_matches(const struct ledger_unit *unit, const char *text)
{
    char hex[129];
    uint64_t number = 0;
    if (number_read(text, &number) == 0 && number == unit->number) {
        return 1;
    }
    const struct bytes names[] = { bytes_of(unit->uid, sizeof unit->uid), bytes_of(unit->identity_key, 64),
                                   bytes_of(unit->update_key, 64) };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        text_hex(names[i].data, names[i].len, hex);
        if (strcasestr(hex, text) != NULL) {
            return 1;
        }
    }
    const struct cert *certs[] = { &unit->device_cert, &unit->update_cert };
    for (size_t i = 0; i < 2 && unit->device_cert.len != 0; i++) {
        unit_fingerprint(certs[i]->der, certs[i]->len, hex);
        if (strcasestr(hex, text) != NULL) {
            return 1;
        }
    }
    return 0;
}

static int unit_list(void *context, const struct ledger_unit *unit)
{
    struct listing *listing = context;
    const struct ledger_options *o = listing->options;
    if (unit_is_meant(unit, o->state, o->has_package, o->package) &&
        (o->argument == NULL || unit_matches(unit, o->argument))) {
        unit_line(listing, unit);
    }
    return 0;
}

static int list(struct ledger *ledger, const struct ledger_options *options, struct fault *fault)
{
    struct listing listing = { options, 0 };
    if (options->json) {
        (void)fputs("[", stdout);
    }
    int result = ledger_unit_walk(ledger, unit_list, &listing, fault);
    if (options->json) {
        (void)fputs("]\n", stdout);
    } else if (result == 0 && listing.count == 0) {
        (void)puts(options->argument != NULL ? "no such unit" : "no units yet");
    }
    return result;
}

static int show(struct ledger *ledger, const struct ledger_options *options, struct fault *fault)
{
    uint8_t uid[16];
    struct ledger_unit unit;
    if (options->token != NULL) {
        return ledger_token_show(ledger, options, fault);
    }
    if (unit_uid_read(options->argument, uid) != 0) {
        (void)fault_set(fault, "'%s' is not a unique ID", options->argument);
        return fault_hint(fault, "a unique ID has 32 hexadecimal digits; 'windlass ledger list' shows them");
    }
    int found = ledger_unit_find(ledger, uid, &unit, fault);
    if (found <= 0) {
        return found < 0 ? -1 : fault_set(fault, "the ledger knows no unit %s", options->argument);
    }
    if (options->json) {
        unit_json_print(stdout, &unit);
        (void)puts("");
    } else {
        unit_text_print(&unit);
    }
    return 0;
}

static int with_ledger(const struct ledger_options *options, struct fault *fault,
                       int (*run)(struct ledger *, const struct ledger_options *, struct fault *))
{
    struct ledger *ledger = NULL;
    char path[LEDGER_PATH_LEN];
    struct ledger_config config = { .place = path, .mode = LEDGER_READ };
    if (ledger_place_find(options, path, fault) != 0 || ledger_open(&config, &ledger, fault) != 0) {
        return -1;
    }
    int result = run(ledger, options, fault);
    ledger_close(ledger);
    return result;
}

static int list_verb(const struct ledger_options *options, struct fault *fault)
{
    return with_ledger(options, fault, list);
}

static int show_verb(const struct ledger_options *options, struct fault *fault)
{
    return with_ledger(options, fault, show);
}

/* ---- the verbs ---- */

static const struct verb {
    const char *name;
    const char *letters;
    const char *argument; /* NULL: takes none; else what it needs */
    int (*run)(const struct ledger_options *options, struct fault *fault);
} verbs[] = {
    { "list", "plj", NULL, list_verb },
    { "show", "pljt", "a unique ID, or --token FILE", show_verb },
    { "search", "pljsn", "a text to look for", list_verb },
    { "verify", "pljHOcCF", NULL, ledger_verify },
    { "report", "plj", NULL, ledger_report },
    { "export", "plfosn", NULL, ledger_export },
};

static const struct verb *verb_find(const char *name)
{
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(verbs[i].name, name) == 0) {
            return &verbs[i];
        }
    }
    return NULL;
}

static int arguments_check(const struct verb *verb, const struct ledger_options *options)
{
    if (verb->argument == NULL && options->argument != NULL) {
        return cli_usage(NAME, "%s takes no argument", verb->name);
    }
    if (options->token != NULL && options->argument != NULL) {
        return cli_usage(NAME, "give a unique ID or --token, not both");
    }
    if (verb->argument != NULL && options->token == NULL &&
        (options->argument == NULL || options->argument[0] == '\0')) {
        return cli_usage(NAME, "%s needs %s", verb->name, verb->argument);
    }
    if (options->state != NULL && !unit_state_is_known(options->state)) {
        return cli_usage(NAME, "'%s' is not a state", options->state);
    }
    return CLI_DONE;
}

int cmd_ledger(int argc, char **argv)
{
    struct ledger_options options;
    struct fault fault = FAULT_NONE;
    const char *name = argc > 1 ? argv[1] : "";
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        (void)fputs(help, stdout);
        return CLI_DONE;
    }
    const struct verb *verb = verb_find(name);
    if (verb == NULL) {
        return name[0] == '\0' ? cli_usage(NAME, "say list, show, search, verify, report or export")
                               : cli_usage(NAME, "there is no verb '%s'", name);
    }
    int read = options_read(argc - 1, argv + 1, verb->letters, &options);
    if (read == CLI_DONE) {
        read = arguments_check(verb, &options);
    }
    if (read != CLI_DONE) {
        return read < 0 ? CLI_DONE : read;
    }
    int result = verb->run(&options, &fault);
    return result < 0 ? cli_fault(NAME, &fault) : result == 0 ? CLI_DONE : CLI_FAILED;
}
