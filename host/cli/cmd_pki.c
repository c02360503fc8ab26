/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_pki: `windlass pki`: create, show and check; the other verbs have files of their own. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "host/cli/cli.h"
#include "host/cli/cmd_pki_desk.h"
#include "host/cli/cmd_pki_enrol.h"
#include "host/cli/cmd_pki_server.h"
#include "host/lib/file.h"
#include "host/lib/text.h"
#include "host/lib/yaml_file.h"
#include "host/pki/pki.h"

struct pki_options {
    const char *project;
    const char *spec;
    int json;
    int development;
};

/* ---- create ---- */

void cmd_pki_step_print(void *context, const char *line)
{
    (void)context;
    (void)printf("%s\n", line);
    (void)fflush(stdout);
}

static int create_with(const struct project *project, const struct pki_options *options, struct fault *fault)
{
    const struct pki_listener listener = { cmd_pki_step_print, NULL };
    char kept[640];
    uint8_t *text;
    size_t len;
    const char *spec = options->spec;
    if (project_path(project, "pki/ceremony.yaml", kept, sizeof kept, fault) != 0) {
        return -1;
    }
    if (spec == NULL && access(kept, F_OK) == 0) {
        spec = kept;
    }
    if (spec == NULL) {
        return pki_create(project, "built-in ceremony.yaml", pki_spec_ceremony(), &listener, fault);
    }
    if (file_read(spec, YAML_FILE_MAX, &text, &len, fault) != 0) {
        return -1;
    }
    int result = pki_create(project, spec, bytes_of(text, len), &listener, fault);
    free(text);
    return result;
}

static int pki_create_run(const struct pki_options *options)
{
    struct fault fault = FAULT_NONE;
    struct project project;
    if (project_open(options->project, &project, &fault) != 0 || create_with(&project, options, &fault) != 0) {
        return cli_fault("pki create", &fault);
    }
    return CLI_DONE;
}

/* ---- show and check ---- */

/* The rows of both specs: production, then development. */
struct pki_table {
    struct pki_row rows[2 * PKI_KEYS_MAX];
    size_t count;
};

static int table_add(struct pki_table *table, const struct project *project, const struct pki_spec *spec,
                     struct fault *fault)
{
    if (pki_survey(project, spec, table->rows + table->count, fault) != 0) {
        return -1;
    }
    table->count += spec->count;
    return 0;
}

static int table_fill(struct pki_table *table, const struct pki_options *options, struct fault *fault)
{
    struct project project;
    struct pki_spec spec;
    table->count = 0;
    if (project_open(options->project, &project, fault) != 0) {
        return -1;
    }
    if (!options->development &&
        (pki_spec_of_project(&project, &spec, fault) != 0 || table_add(table, &project, &spec, fault) != 0)) {
        return -1;
    }
    return pki_spec_parse("built-in development.yaml", pki_spec_development(), &spec, fault) != 0
               ? -1
               : table_add(table, &project, &spec, fault);
}

static const char *row_state(const struct pki_row *row)
{
    return row->problem[0] == '\0' ? "ok" : !row->has_certificate && row->in_token != 1 ? "not made" : "problem";
}

static int row_json(json_t *list, const struct pki_row *row)
{
    char fingerprint[65];
    text_hex(row->facts.fingerprint, sizeof row->facts.fingerprint, fingerprint);
    json_t *o = json_pack("{s:s, s:s, s:s, s:s}", "label", row->key.label, "role", project_token_name(row->key.token),
                          "token", row->token, "state", row_state(row));
    if (o == NULL) {
        return -1;
    }
    int bad = row->problem[0] != '\0' && json_object_set_new(o, "problem", json_string(row->problem)) != 0;
    if (row->has_certificate) {
        json_t *c = json_pack("{s:s, s:s, s:s, s:s}", "subject", row->facts.subject, "not_before",
                              row->facts.not_before, "not_after", row->facts.not_after, "sha256", fingerprint);
        bad = bad || json_object_set_new(o, "certificate", c) != 0;
    }
    return json_array_append_new(list, o) != 0 || bad ? -1 : 0;
}

static int table_json(const struct pki_table *table)
{
    json_t *list = json_array();
    int bad = list == NULL;
    for (size_t i = 0; !bad && i < table->count; i++) {
        bad = row_json(list, &table->rows[i]) != 0;
    }
    char *text = bad ? NULL : json_dumps(list, JSON_INDENT(2));
    json_decref(list);
    if (text == NULL) {
        struct fault fault = FAULT_NONE;
        (void)fault_set(&fault, "cannot write JSON");
        return cli_fault("pki show", &fault);
    }
    (void)printf("%s\n", text);
    free(text);
    return CLI_DONE;
}

static void table_print(const struct pki_table *table)
{
    const char *token = "";
    (void)printf("%-17s %-12s %-9s %-21s %s\n", "KEY", "TOKEN", "STATE", "VALID UNTIL", "CERTIFICATE SHA-256");
    for (size_t i = 0; i < table->count; i++) {
        const struct pki_row *row = &table->rows[i];
        char fingerprint[65] = "-";
        if (row->has_certificate) {
            text_hex(row->facts.fingerprint, sizeof row->facts.fingerprint, fingerprint);
        }
        (void)printf("%-17s %-12s %-9s %-21s %s\n", row->key.label, project_token_name(row->key.token), row_state(row),
                     row->has_certificate ? row->facts.not_after : "-", fingerprint);
    }
    for (size_t i = 0; i < table->count; i++) {
        const struct pki_row *row = &table->rows[i];
        if (strcmp(row->token, token) != 0) {
            token = row->token;
            (void)printf("%s%s: %s\n", i == 0 ? "\n" : "", project_token_name(row->key.token), token);
        }
    }
    for (size_t i = 0; i < table->count; i++) {
        if (strcmp(row_state(&table->rows[i]), "problem") == 0) {
            (void)printf("problem with '%s': %s\n", table->rows[i].key.label, table->rows[i].problem);
        }
    }
}

static int pki_show_run(const struct pki_options *options)
{
    static struct pki_table table;
    struct fault fault = FAULT_NONE;
    if (table_fill(&table, options, &fault) != 0) {
        return cli_fault("pki show", &fault);
    }
    if (options->json) {
        return table_json(&table);
    }
    table_print(&table);
    return CLI_DONE;
}

static int check_failed(const struct pki_table *table, size_t bad)
{
    struct fault fault = FAULT_NONE;
    size_t missing = 0;
    const char *hint = "";
    for (size_t i = 0; i < table->count; i++) {
        missing += strcmp(row_state(&table->rows[i]), "not made") == 0;
        hint = hint[0] == '\0' ? table->rows[i].hint : hint;
    }
    (void)fault_set(&fault, "%zu of %zu keys are not as they should be", bad, table->count);
    (void)fault_hint(&fault, "%s",
                     missing == bad    ? "make them: windlass pki create"
                     : hint[0] != '\0' ? hint
                                       : "windlass pki show tells more");
    return cli_fault("pki check", &fault);
}

static int pki_check_run(const struct pki_options *options)
{
    static struct pki_table table;
    struct fault fault = FAULT_NONE;
    size_t bad = 0;
    if (table_fill(&table, options, &fault) != 0) {
        return cli_fault("pki check", &fault);
    }
    for (size_t i = 0; i < table.count; i++) {
        const struct pki_row *row = &table.rows[i];
        int sound = row->problem[0] == '\0';
        bad += !sound;
        (void)printf("%-17s %s\n", row->key.label,
                     sound ? "ok: path to the root, key in its token, cannot leave" : row->problem);
    }
    (void)fflush(stdout);
    return bad == 0 ? CLI_DONE : check_failed(&table, bad);
}

/* ---- the command ---- */

static const char help_pki[] =
    "usage: windlass pki create|show|check|server|appliance|station|revoke|desk [options]\n"
    "\n"
    "  create     the key ceremony: makes the production keys in their tokens and certifies them\n"
    "  show       keys, where they live, validity and fingerprints of their certificates\n"
    "  check      checks every certificate to its root, and that the tokens hold the matching keys\n"
    "  server     certifies a TLS server to which devices may talk\n"
    "  appliance  certifies a provisioning appliance: the keys that it made itself\n"
    "  station    certifies a station, which may then call appliances\n"
    "  revoke     takes back the certificates of a station or an appliance, or a mastering key\n"
    "  desk       an appliance and a station on this computer, for development\n"
    "\n"
    "'windlass pki create --help' and so on tell more.\n"
    "\n"
    "Example:\n"
    "  windlass pki check --project greenhouse-sensor";
static const char help_create[] =
    "usage: windlass pki create [--project DIR] [--spec FILE]\n"
    "\n"
    "Makes the keys of a key spec in the tokens that product.yaml names, has the root certify them, and notes every\n"
    "step in pki/transcript.txt. Keys never leave their token; nothing is ever overwritten. Run it again after a\n"
    "power cut: it goes on where it stopped. SoftHSM tokens are made when they are missing; tokens of real HSMs are\n"
    "made with the HSM's own tools first.\n"
    "\n"
    "  --project DIR  the project's folder (default: here)\n"
    "  --spec FILE    a key spec of your own instead of the built-in specs/ceremony.yaml\n"
    "\n"
    "Example:\n"
    "  windlass pki create --project greenhouse-sensor";
static const char help_show[] =
    "usage: windlass pki show [--project DIR] [--development] [--json]\n"
    "\n"
    "Lists the project's keys: token, state, validity and SHA-256 fingerprint of the certificate.\n"
    "\n"
    "  --project DIR  the project's folder (default: here)\n"
    "  --development  development keys only\n"
    "  --json         for machines\n"
    "\n"
    "Example:\n"
    "  windlass pki show --project greenhouse-sensor --json";
static const char help_check[] =
    "usage: windlass pki check [--project DIR] [--development]\n"
    "\n"
    "Checks each certificate to its root, that its key is in its token, and that the key cannot leave it.\n"
    "Exit 0 when all keys are as they should be, else 1.\n"
    "\n"
    "  --project DIR  the project's folder (default: here)\n"
    "  --development  development keys only\n"
    "\n"
    "Example:\n"
    "  windlass pki check --project greenhouse-sensor";

static const struct pki_verb {
    const char *name;
    const char *command; /* for messages */
    const char *accepts; /* letters of the options it takes */
    const char *help;
    int (*run)(const struct pki_options *options);
} verbs[] = {
    { "create", "pki create", "psh", help_create, pki_create_run },
    { "show", "pki show", "pjdh", help_show, pki_show_run },
    { "check", "pki check", "pdh", help_check, pki_check_run },
};

/* Verbs with files of their own. */
static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} others[] = {
    { "server", cmd_pki_server }, { "appliance", cmd_pki_appliance }, { "station", cmd_pki_station },
    { "revoke", cmd_pki_revoke }, { "desk", cmd_pki_desk },
};

/* Gives -1 to go on, or an exit code. */
static int options_parse(int argc, char **argv, const struct pki_verb *verb, struct pki_options *out)
{
    static const struct option known[] = {
        { "project", required_argument, NULL, 'p' }, { "spec", required_argument, NULL, 's' },
        { "json", no_argument, NULL, 'j' },          { "development", no_argument, NULL, 'd' },
        { "help", no_argument, NULL, 'h' },          { NULL, 0, NULL, 0 },
    };
    int option;
    opterr = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, ":h", known, NULL)) != -1) {
        if (option == '?' || option == ':' || strchr(verb->accepts, option) == NULL) {
            return cli_option_wrong(verb->command, argv, option);
        }
        out->project = option == 'p' ? optarg : out->project;
        out->spec = option == 's' ? optarg : out->spec;
        out->json |= option == 'j';
        out->development |= option == 'd';
        if (option == 'h') {
            (void)puts(verb->help);
            return CLI_DONE;
        }
    }
    return optind < argc ? cli_usage(verb->command, "does not take '%s'", argv[optind]) : -1;
}

int cmd_pki(int argc, char **argv)
{
    struct pki_options options = { ".", NULL, 0, 0 };
    if (argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        (void)puts(help_pki);
        return CLI_DONE;
    }
    for (size_t i = 0; argc >= 2 && i < sizeof others / sizeof others[0]; i++) {
        if (strcmp(argv[1], others[i].name) == 0) {
            return others[i].run(argc - 1, argv + 1);
        }
    }
    for (size_t i = 0; argc >= 2 && i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(argv[1], verbs[i].name) == 0) {
            int code = options_parse(argc - 1, argv + 1, &verbs[i], &options);
            return code >= 0 ? code : verbs[i].run(&options);
        }
    }
    return argc >= 2 ? cli_usage("pki", "there is no '%s'", argv[1])
                     : cli_usage("pki", "create, show, check, server, appliance, station, revoke or desk?");
}
