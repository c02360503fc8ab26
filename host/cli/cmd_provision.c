/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_provision: `windlass provision`: the station: brings chips to an appliance. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "host/cli/cli.h"
#include "host/cli/gang.h"
#include "host/station/line.h"

#define NAME "provision"

static const char help[] =
    "usage: windlass provision --appliance HOST:PORT --identity DIR --chip CHIP [--link LINE] [--chip ...]\n"
    "                          [--secure] [--devices DIR] [--json]\n"
    "       windlass provision --make-identity DIR\n"
    "\n"
    "Makes bare chips into locked devices with an identity: writes bootloader, trust anchors and\n"
    "Secure Boot Manager, lets the chip make its keys, has them certified, installs the application,\n"
    "checks everything, and locks boot flash and debug port for good. The appliance decides each step;\n"
    "this station only acts.\n"
    "Interrupted? Run it again on the same chips: it resumes, and each chip is counted once.\n"
    "\n"
    "  --appliance HOST:PORT\n"
    "                  the appliance that conducts\n"
    "  --identity DIR  the station's key and certificate, and the maker's root certificate\n"
    "  --make-identity DIR\n"
    "                  makes the key, and station.csr for the maker ('windlass pki station'), who answers\n"
    "                  with station.crt and root.crt for the same folder\n"
    "  --chip CHIP     debug port of a chip (HOST:PORT of a GDB server), or the folder of a virtual chip;\n"
    "                  up to 64 at once\n"
    "  --link LINE     data link of the chip named before, a serial port or HOST:PORT of a serial server: the\n"
    "                  device then proves that it is locked (a virtual chip always does)\n"
    "  --secure        the chips have a key of their silicon vendor: everything goes to them sealed, over\n"
    "                  their serial lines, and no debug port is used; CHIP is then such a line (/dev/ttyUSB0, or\n"
    "                  HOST:PORT of a serial server), or the folder of a virtual chip\n"
    "  --devices DIR   where to file the devices' certificates (default: nowhere)\n"
    "  --json          print the result as a JSON array, an object for each chip\n"
    "\n"
    "exit: 0 every chip is done, 1 one failed, 2 usage\n"
    "\n"
    "example:\n"
    "  windlass provision --appliance 127.0.0.1:7443 --identity desk/station --chip chip1 --devices devices\n";

struct options {
    const char *appliance;
    const char *identity;
    const char *make_identity;
    const char *devices;
    int json;
    int secure;
    size_t count;
    struct gang_chip chips[GANG_MAX];
};

/* ---- options ---- */

static int needs_check(const struct options *o)
{
    if (o->make_identity != NULL) {
        return o->count > 0 || o->appliance != NULL ? cli_usage(NAME, "--make-identity stands alone") : CLI_DONE;
    }
    return o->appliance == NULL || o->identity == NULL || o->count == 0
               ? cli_usage(NAME, "--appliance, --identity and --chip are needed")
               : CLI_DONE;
}

static int chip_add(struct options *o, const char *chip)
{
    for (size_t i = 0; i < o->count; i++) {
        if (strcmp(o->chips[i].chip, chip) == 0) {
            return cli_usage(NAME, "the chip '%s' is named twice", chip);
        }
    }
    if (o->count == GANG_MAX) {
        return cli_usage(NAME, "more than %d chips at once", GANG_MAX);
    }
    o->chips[o->count++].chip = chip;
    return CLI_DONE;
}

static int link_add(struct options *o, const char *link)
{
    if (o->count == 0 || o->chips[o->count - 1].link != NULL) {
        return cli_usage(NAME, "--link stands behind the --chip that it belongs to");
    }
    o->chips[o->count - 1].link = link;
    return CLI_DONE;
}

static const char **text_option(struct options *o, int c)
{
    switch (c) {
    case 'A':
        return &o->appliance;
    case 'i':
        return &o->identity;
    case 'm':
        return &o->make_identity;
    case 'd':
        return &o->devices;
    default:
        return NULL;
    }
}

/* CLI_DONE, an exit code, or -1: help was printed. */
static int options_read(int argc, char **argv, struct options *out)
{
    static const struct option known[] = {
        { "chip", required_argument, NULL, 'c' },
        { "link", required_argument, NULL, 'l' },
        { "json", no_argument, NULL, 'j' },
        { "appliance", required_argument, NULL, 'A' },
        { "identity", required_argument, NULL, 'i' },
        { "devices", required_argument, NULL, 'd' },
        { "make-identity", required_argument, NULL, 'm' },
        { "secure", no_argument, NULL, 'S' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    const char *link = NULL; /* named before any chip */
    int c;
    int code = CLI_DONE;
    memset(out, 0, sizeof *out);
    opterr = 0;
    optind = 0;
    while (code == CLI_DONE && (c = getopt_long(argc, argv, ":h", known, NULL)) != -1) {
        const char **value = text_option(out, c);
        if (value != NULL) {
            *value = optarg;
        } else if (c == 'c') {
            code = chip_add(out, optarg);
        } else if (c == 'l' && out->count == 0 && link == NULL) {
            link = optarg;
        } else if (c == 'l') {
            code = link_add(out, optarg);
        } else if (c == 'j') {
            out->json = 1;
        } else if (c == 'S') {
            out->secure = 1;
        } else if (c == 'h') {
            (void)fputs(help, stdout);
            return -1;
        } else {
            return cli_option_wrong(NAME, argv, c);
        }
    }
    if (code == CLI_DONE && link != NULL) {
        code = out->count == 1 ? link_add(out, link)
                               : cli_usage(NAME, "--link stands behind the --chip that it belongs to");
    }
    for (size_t i = 0; i < out->count; i++) {
        out->chips[i].secure = out->secure;
    }
    if (code == CLI_DONE && optind < argc) {
        code = cli_usage(NAME, "'%s' is one argument too many", argv[optind]);
    }
    return code == CLI_DONE ? needs_check(out) : code;
}

/* ---- the way to the appliance ---- */

static int line_way_open(void *line, struct letter_carrier *out, struct fault *fault)
{
    struct line_socket *socket = NULL;
    int result = line_socket_open(line, &socket, fault);
    *out = (struct letter_carrier){ socket, line_carry };
    return result;
}

static void line_way_close(struct letter_carrier *carrier)
{
    line_socket_close(carrier->context);
}

/* ---- results ---- */

static void failures_print(const struct options *o)
{
    for (size_t i = 0; i < o->count; i++) {
        const struct gang_chip *c = &o->chips[i];
        struct fault fault = FAULT_NONE;
        if (c->done) {
            continue;
        }
        (void)(o->count == 1 ? fault_set(&fault, "%s", c->fault.what)
                             : fault_set(&fault, "%.200s: %s", c->chip, c->fault.what));
        (void)fault_hint(&fault, "%s", c->fault.hint);
        (void)cli_fault(NAME, &fault);
    }
}

static int results_print(const struct options *o)
{
    struct outcome_row rows[GANG_MAX];
    struct fault fault = FAULT_NONE;
    for (size_t i = 0; i < o->count; i++) {
        const struct gang_chip *c = &o->chips[i];
        rows[i] = (struct outcome_row){ c->chip, c->step, c->done ? NULL : &c->fault, &c->outcome };
    }
    if (o->json) {
        if (outcome_json_print(rows, o->count) != 0) {
            (void)fault_set(&fault, "no memory for the result");
            return cli_fault(NAME, &fault);
        }
    } else if (o->count > 1) {
        outcome_table_print(rows, o->count);
    } else if (o->chips[0].done) {
        outcome_print(&o->chips[0].outcome, o->devices);
    }
    failures_print(o);
    return CLI_DONE;
}

static void results_file(struct options *o)
{
    for (size_t i = 0; o->devices != NULL && i < o->count; i++) {
        struct gang_chip *c = &o->chips[i];
        struct fault inner = FAULT_NONE;
        if (c->done && outcome_file(o->devices, &c->outcome, &inner) != 0) {
            c->fault = (struct fault)FAULT_NONE;
            (void)fault_set(&c->fault, "the device is made and recorded, but its certificates are not filed: %s",
                            inner.what);
            (void)fault_hint(&c->fault, "make room, or name another --devices, and run the same command again: the "
                                        "chip is not counted again");
            (void)snprintf(c->step, sizeof c->step, "%s", "file its certificates");
            c->done = 0;
        }
    }
}

static int run(struct options *o, const struct gang_ways *ways)
{
    int code = CLI_DONE;
    (void)gang_run(o->chips, o->count, ways);
    results_file(o);
    for (size_t i = 0; i < o->count; i++) {
        code = o->chips[i].done ? code : CLI_FAILED;
    }
    return results_print(o) == CLI_DONE ? code : CLI_FAILED;
}

/* ---- the two uses ---- */

static int identity(const struct options *o)
{
    struct fault fault = FAULT_NONE;
    if (line_identity_make(o->make_identity, &fault) != 0) {
        return cli_fault(NAME, &fault);
    }
    (void)printf("made %s/%s; the maker answers it: windlass pki station NAME --request station.csr\n",
                 o->make_identity, LINE_REQUEST_FILE);
    return CLI_DONE;
}

static int with_appliance(struct options *o)
{
    struct fault fault = FAULT_NONE;
    struct line *line = NULL;
    if (line_open(o->appliance, o->identity, &line, &fault) != 0) {
        return cli_fault(NAME, &fault);
    }
    const struct gang_ways ways = { line, line_way_open, line_way_close };
    int code = run(o, &ways);
    line_close(line);
    return code;
}

int cmd_provision(int argc, char **argv)
{
    static struct options options; /* too large for a stack */
    int read = options_read(argc, argv, &options);
    if (read != CLI_DONE) {
        return read < 0 ? CLI_DONE : read;
    }
    return options.make_identity != NULL ? identity(&options) : with_appliance(&options);
}
