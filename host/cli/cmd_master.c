/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_master: `windlass master`: its verbs; the work is done in host/master. Options are in master_options.c, help
 * texts in cmd_master_help.c. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/cli/cli.h"
#include "host/cli/cmd_master_help.h"
#include "host/cli/cmd_master_production.h"
#include "host/cli/cmd_master_scrap.h"
#include "host/cli/master_options.h"
#include "host/master/master.h"

#define MEASURE_MAX ((uint64_t)256 << 20) /* limit of --no-slot-check without --max-size */

static int required(const char *option, const void *value)
{
    return value != NULL ? CLI_DONE : cli_usage("master", "--%s is missing", option);
}

static int no_more(int argc, char **argv)
{
    return optind == argc ? CLI_DONE : cli_usage("master", "'%s' was not expected", argv[optind]);
}

static enum file_replace replace_of(const struct master_options *o)
{
    return o->force ? FILE_REPLACE : FILE_NEW_ONLY;
}

static int format_parse(const char *text, enum image_format *out)
{
    static const char *const names[] = { "auto", "elf", "hex", "bin" };
    *out = IMAGE_AUTO;
    for (size_t i = 0; text != NULL && i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(text, names[i]) == 0) {
            *out = (enum image_format)i;
            return CLI_DONE;
        }
    }
    return text == NULL ? CLI_DONE : cli_usage("master", "--format %s: must be elf, hex or bin", text);
}

/* Splits CERT:OUT at its last colon. */
static int recipients_parse(struct master_options *o, struct master_package_order *order)
{
    for (size_t i = 0; i < o->block_for_count; i++) {
        char *colon = strrchr(o->block_for[i], ':');
        if (colon == NULL || colon == o->block_for[i] || colon[1] == '\0') {
            return cli_usage("master", "--block-for %s: must be CERTIFICATE:OUTPUT", o->block_for[i]);
        }
        *colon = '\0';
        order->recipients[i] = (struct master_recipient){ o->block_for[i], colon + 1 };
    }
    order->recipient_count = o->block_for_count;
    return CLI_DONE;
}

/* The component, and the files that make it. */
static int component_parse(const struct master_options *o, struct master_package_order *order)
{
    const int sbm = strcmp(o->component, "sbm") == 0;
    if (!sbm && strcmp(o->component, "app") != 0) {
        return cli_usage("master", "--component %s: must be app or sbm", o->component);
    }
    if (sbm && o->input_b == NULL) {
        return cli_usage("master", "--input-b is missing: an SBM has an image for each of its slots; --input is the "
                                   "one for slot A");
    }
    if (!sbm && o->input_b != NULL) {
        return cli_usage("master", "--input-b is for --component sbm");
    }
    if (sbm && (o->has_base || o->no_slot_check)) {
        return cli_usage("master", "--base and --no-slot-check are for --component app");
    }
    image_rules_of(sbm ? IMAGE_SBM_A : IMAGE_APP, &order->rules);
    image_rules_of(IMAGE_SBM_B, &order->rules_b);
    order->input = o->input;
    order->input_b = o->input_b;
    return CLI_DONE;
}

/* --needs COMPONENT:N, of the other component. */
static int needs_parse(const struct master_options *o, uint64_t *version)
{
    const char *other = o->input_b != NULL ? "app:" : "sbm:";
    char *end = NULL;
    if (o->needs == NULL) {
        return CLI_DONE;
    }
    const int named = strncmp(o->needs, other, strlen(other)) == 0;
    const char *number = named ? o->needs + strlen(other) : "";
    errno = 0;
    unsigned long long v = number[0] >= '0' && number[0] <= '9' ? strtoull(number, &end, 10) : 0;
    if (end == NULL || *end != '\0') {
        return cli_usage("master", "--needs %s: must be %sN, the least sequence number of the other component",
                         o->needs, other);
    }
    if (errno != 0 || v == 0 || v > UINT32_MAX) {
        return cli_usage("master", "--needs %s: the sequence number is 1 to %u", o->needs, UINT32_MAX);
    }
    *version = v;
    return CLI_DONE;
}

static int rules_parse(const struct master_options *o, struct master_package_order *order)
{
    struct image_rules *rules = &order->rules;
    if (component_parse(o, order) != CLI_DONE || needs_parse(o, &order->needs_version) != CLI_DONE) {
        return CLI_USAGE;
    }
    if (o->has_base && o->base > UINT32_MAX) {
        return cli_usage("master", "--base: must be an address of 32 bits");
    }
    if (o->no_slot_check) {
        if (o->format == NULL || strcmp(o->format, "bin") != 0) {
            return cli_usage("master", "--no-slot-check is for measuring, and needs --format bin");
        }
        rules->slot_check = 0;
        rules->max_len = MEASURE_MAX;
    }
    if (o->has_max_size && (o->max_size == 0 || o->max_size > rules->max_len)) {
        return cli_usage("master", "--max-size: must be 1 to %" PRIu64, rules->max_len);
    }
    rules->max_len = o->has_max_size ? o->max_size : rules->max_len;
    order->rules_b.max_len = o->has_max_size ? o->max_size : order->rules_b.max_len;
    rules->bin_base = o->has_base ? (uint32_t)o->base : rules->bin_base;
    return CLI_DONE;
}

static int finish(int result, const struct fault *fault, const char *done)
{
    if (result != 0) {
        return cli_fault("master", fault);
    }
    if (done != NULL && printf("%s: written\n", done) < 0) {
        return CLI_FAILED;
    }
    return CLI_DONE;
}

static int verb_package(int argc, char **argv)
{
    static const char allowed[] =
        " project input input-b sequence out component format base max-size no-slot-check development "
        "block-for issuer needs key force ";
    struct master_options o;
    struct master_package_order order = { 0 };
    struct project project;
    struct fault fault = FAULT_NONE;
    if (master_options_read(argc, argv, allowed, &o) != CLI_DONE || no_more(argc, argv) != CLI_DONE ||
        required("input", o.input) != CLI_DONE || required("out", o.out) != CLI_DONE ||
        required("sequence", o.has_sequence ? &o : NULL) != CLI_DONE ||
        format_parse(o.format, &order.format) != CLI_DONE || rules_parse(&o, &order) != CLI_DONE ||
        recipients_parse(&o, &order) != CLI_DONE) {
        return CLI_USAGE;
    }
    if (o.sequence == 0 || o.sequence > UINT32_MAX) {
        return cli_usage("master", "--sequence is 1 to %u: devices keep and show 32 bits, and 0 means none",
                         UINT32_MAX);
    }
    order.sequence = o.sequence;
    order.key = o.key;
    order.out = o.out;
    order.issuer = o.issuer;
    order.replace = replace_of(&o);
    order.development = o.development;
    int result = project_open(o.project, &project, &fault);
    if (result == 0) {
        result = master_package(&project, &order, &fault);
    }
    return finish(result, &fault, o.out);
}

static int verb_block(int argc, char **argv)
{
    struct master_options o;
    struct project project;
    struct fault fault = FAULT_NONE;
    if (master_options_read(argc, argv, " project package to issuer out development key force ", &o) != CLI_DONE ||
        no_more(argc, argv) != CLI_DONE || required("package", o.package) != CLI_DONE ||
        required("to", o.to) != CLI_DONE || required("out", o.out) != CLI_DONE) {
        return CLI_USAGE;
    }
    const struct master_block_order order = { o.package, o.to, o.issuer, o.out, replace_of(&o), o.development, o.key };
    int result = project_open(o.project, &project, &fault);
    if (result == 0) {
        result = master_block(&project, &order, &fault);
    }
    return finish(result, &fault, o.out);
}

static int verb_update(int argc, char **argv)
{
    struct master_options o;
    struct fault fault = FAULT_NONE;
    if (master_options_read(argc, argv, " package block out force ", &o) != CLI_DONE ||
        no_more(argc, argv) != CLI_DONE || required("package", o.package) != CLI_DONE ||
        required("block", o.block) != CLI_DONE || required("out", o.out) != CLI_DONE) {
        return CLI_USAGE;
    }
    int result = master_update(o.package, o.block, o.out, replace_of(&o), &fault);
    return finish(result, &fault, o.out);
}

static int verb_inspect(int argc, char **argv)
{
    struct master_options o;
    struct fault fault = FAULT_NONE;
    if (master_options_read(argc, argv, " json ", &o) != CLI_DONE) {
        return CLI_USAGE;
    }
    if (optind + 1 != argc) {
        return cli_usage("master", "inspect takes one file");
    }
    return finish(master_inspect(argv[optind], o.json, stdout, &fault), &fault, NULL);
}

static int verb_anchor(int argc, char **argv)
{
    struct master_options o;
    struct project project;
    struct fault fault = FAULT_NONE;
    if (master_options_read(argc, argv, " project out least-sequence development force ", &o) != CLI_DONE ||
        no_more(argc, argv) != CLI_DONE || required("out", o.out) != CLI_DONE) {
        return CLI_USAGE;
    }
    const struct master_anchor_order order = { o.least_sequence, o.out, replace_of(&o), o.development };
    int result = project_open(o.project, &project, &fault);
    if (result == 0) {
        result = master_anchor(&project, &order, &fault);
    }
    return finish(result, &fault, o.out);
}

static int verb_retire(int argc, char **argv)
{
    struct master_options o;
    struct project project;
    struct fault fault = FAULT_NONE;
    if (master_options_read(argc, argv, " project retire signed-by out force ", &o) != CLI_DONE ||
        no_more(argc, argv) != CLI_DONE || required("retire", o.retire) != CLI_DONE ||
        required("out", o.out) != CLI_DONE) {
        return CLI_USAGE;
    }
    const struct master_retire_order order = { o.retire, o.signed_by, o.out, replace_of(&o) };
    int result = project_open(o.project, &project, &fault);
    if (result == 0) {
        result = master_retire(&project, &order, &fault);
    }
    return finish(result, &fault, o.out);
}

static const struct {
    const char *name;
    const char *help;
    int (*run)(int argc, char **argv);
} verbs[] = {
    { "package", master_help_package, verb_package },
    { "block", master_help_block, verb_block },
    { "update", master_help_update, verb_update },
    { "inspect", master_help_inspect, verb_inspect },
    { "anchor", master_help_anchor, verb_anchor },
    { "retire", master_help_retire, verb_retire },
    { "production", master_help_production, cmd_master_production },
    { "scrap", master_help_scrap, cmd_master_scrap },
};

/* 1 when somebody asks for help before any "--". */
static int help_wanted(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            return 1;
        }
    }
    return 0;
}

int cmd_master(int argc, char **argv)
{
    for (size_t i = 0; argc >= 2 && i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(argv[1], verbs[i].name) != 0) {
            continue;
        }
        if (help_wanted(argc - 1, argv + 1)) {
            return fputs(verbs[i].help, stdout) >= 0 ? CLI_DONE : CLI_FAILED;
        }
        return verbs[i].run(argc - 1, argv + 1);
    }
    if (help_wanted(argc, argv)) {
        return fputs(master_help, stdout) >= 0 ? CLI_DONE : CLI_FAILED;
    }
    return argc < 2
               ? cli_usage("master",
                           "say what to do: package, block, update, inspect, anchor, retire, production or scrap")
               : cli_usage("master",
                           "there is no '%s': package, block, update, inspect, anchor, retire, production or scrap",
                           argv[1]);
}
