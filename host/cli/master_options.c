/* SPDX-License-Identifier: Apache-2.0 */
/* master_options: see master_options.h. */
#include "host/cli/master_options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/cli/cli.h"

enum master_option {
    OPT_PROJECT = 256,
    OPT_INPUT,
    OPT_SEQUENCE,
    OPT_OUT,
    OPT_COMPONENT,
    OPT_FORMAT,
    OPT_BASE,
    OPT_MAX_SIZE,
    OPT_NO_SLOT_CHECK,
    OPT_DEVELOPMENT,
    OPT_BLOCK_FOR,
    OPT_ISSUER,
    OPT_FORCE,
    OPT_PACKAGE,
    OPT_TO,
    OPT_BLOCK,
    OPT_LEAST_SEQUENCE,
    OPT_JSON,
    OPT_INPUT_B,
    OPT_NEEDS,
    OPT_KEY,
    OPT_RETIRE,
    OPT_SIGNED_BY
};

static const struct option master_options_table[] = {
    { "project", required_argument, NULL, OPT_PROJECT },
    { "input", required_argument, NULL, OPT_INPUT },
    { "sequence", required_argument, NULL, OPT_SEQUENCE },
    { "out", required_argument, NULL, OPT_OUT },
    { "component", required_argument, NULL, OPT_COMPONENT },
    { "format", required_argument, NULL, OPT_FORMAT },
    { "base", required_argument, NULL, OPT_BASE },
    { "max-size", required_argument, NULL, OPT_MAX_SIZE },
    { "no-slot-check", no_argument, NULL, OPT_NO_SLOT_CHECK },
    { "development", no_argument, NULL, OPT_DEVELOPMENT },
    { "block-for", required_argument, NULL, OPT_BLOCK_FOR },
    { "issuer", required_argument, NULL, OPT_ISSUER },
    { "force", no_argument, NULL, OPT_FORCE },
    { "package", required_argument, NULL, OPT_PACKAGE },
    { "to", required_argument, NULL, OPT_TO },
    { "block", required_argument, NULL, OPT_BLOCK },
    { "least-sequence", required_argument, NULL, OPT_LEAST_SEQUENCE },
    { "json", no_argument, NULL, OPT_JSON },
    { "input-b", required_argument, NULL, OPT_INPUT_B },
    { "needs", required_argument, NULL, OPT_NEEDS },
    { "key", required_argument, NULL, OPT_KEY },
    { "retire", required_argument, NULL, OPT_RETIRE },
    { "signed-by", required_argument, NULL, OPT_SIGNED_BY },
    { NULL, 0, NULL, 0 },
};

/* A whole number, decimal or 0x; -1 when it is none. */
static int number_parse(const char *text, uint64_t *out)
{
    char *end = NULL;
    errno = 0;
    if (text[0] < '0' || text[0] > '9') {
        return -1;
    }
    int hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    unsigned long long v = strtoull(text, &end, hex ? 16 : 10);
    if (errno != 0 || *end != '\0' || end == text) {
        return -1;
    }
    *out = v;
    return 0;
}

static int number_take(const char *option, const char *text, uint64_t *out)
{
    return number_parse(text, out) == 0 ? CLI_DONE : cli_usage("master", "--%s %s: not a whole number", option, text);
}

/* Options that name something or switch something on. 0 when `which` is none of them. */
static int plain_option_take(int which, char *value, struct master_options *o)
{
    const char **const texts[] = { &o->project, &o->input, NULL, &o->out, &o->component, &o->format };
    if (which >= OPT_PROJECT && which <= OPT_FORMAT && which != OPT_SEQUENCE) {
        *texts[which - OPT_PROJECT] = value;
        return 1;
    }
    switch (which) {
    case OPT_PACKAGE:
        o->package = value;
        return 1;
    case OPT_BLOCK:
        o->block = value;
        return 1;
    case OPT_TO:
        o->to = value;
        return 1;
    case OPT_ISSUER:
        o->issuer = value;
        return 1;
    case OPT_INPUT_B:
        o->input_b = value;
        return 1;
    case OPT_NEEDS:
        o->needs = value;
        return 1;
    case OPT_RETIRE:
        o->retire = value;
        return 1;
    case OPT_SIGNED_BY:
        o->signed_by = value;
        return 1;
    case OPT_KEY:
        o->key = value;
        return 1;
    case OPT_NO_SLOT_CHECK:
        o->no_slot_check = 1;
        return 1;
    case OPT_DEVELOPMENT:
        o->development = 1;
        return 1;
    case OPT_FORCE:
        o->force = 1;
        return 1;
    case OPT_JSON:
        o->json = 1;
        return 1;
    default:
        return 0;
    }
}

static int value_option_take(int which, char *value, struct master_options *o)
{
    switch (which) {
    case OPT_SEQUENCE:
        o->has_sequence = 1;
        return number_take("sequence", value, &o->sequence);
    case OPT_BASE:
        o->has_base = 1;
        return number_take("base", value, &o->base);
    case OPT_MAX_SIZE:
        o->has_max_size = 1;
        return number_take("max-size", value, &o->max_size);
    case OPT_LEAST_SEQUENCE:
        return number_take("least-sequence", value, &o->least_sequence);
    case OPT_BLOCK_FOR:
        if (o->block_for_count == MASTER_RECIPIENTS_MAX) {
            return cli_usage("master", "at most %d times --block-for; more: windlass master block",
                             MASTER_RECIPIENTS_MAX);
        }
        o->block_for[o->block_for_count++] = value;
        return CLI_DONE;
    default:
        return CLI_USAGE; /* getopt has said what is wrong */
    }
}

int master_options_read(int argc, char **argv, const char *allowed, struct master_options *o)
{
    int index = 0;
    int which;
    *o = (struct master_options){ .project = ".", .component = "app" };
    optind = 1;
    opterr = 0;
    while ((which = getopt_long(argc, argv, ":", master_options_table, &index)) != -1) {
        if (which == '?' || which == ':') {
            return cli_option_wrong("master", argv, which);
        }
        char name[32];
        (void)snprintf(name, sizeof name, " %s ", master_options_table[index].name);
        if (strstr(allowed, name) == NULL) {
            return cli_usage("master", "--%s does not belong to 'master %s'", master_options_table[index].name,
                             argv[0]);
        }
        if (!plain_option_take(which, optarg, o) && value_option_take(which, optarg, o) != CLI_DONE) {
            return CLI_USAGE;
        }
    }
    return CLI_DONE;
}
