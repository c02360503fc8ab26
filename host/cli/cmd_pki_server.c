/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_pki_server: `windlass pki server`: a certificate for a TLS server to which devices talk. */
#include "host/cli/cmd_pki_server.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/cli/cli.h"
#include "host/lib/project.h"
#include "host/pki/pki.h"

#define NAME "pki server"
#define YEARS_DEFAULT 2
#define COMMON_NAME_MAX 64

static const char help[] =
    "usage: windlass pki server --request FILE --name NAME --out FILE [--years N] [--project DIR]\n"
    "\n"
    "Has the project's root certify a TLS server to which devices may talk, and notes it in pki/servers.txt. The\n"
    "server's key stays with the server: it makes it, and sends a certificate request (PKCS#10, P-256).\n"
    "\n"
    "  --request FILE  the request (PEM); what it asks for is not looked at, only its key\n"
    "  --name NAME     DNS name or IP address by which devices call the server\n"
    "  --out FILE      the certificate (PEM)\n"
    "  --years N       validity, 1 to 50 (default: 2)\n"
    "  --project DIR   the project's folder (default: here)\n"
    "\n"
    "Example:\n"
    "  windlass pki server --project greenhouse-sensor --request server.csr --name fleet.example --out server.crt";

struct options {
    const char *project;
    struct pki_server_order order;
};

static int years_read(const char *text, unsigned *years)
{
    char *end = NULL;
    unsigned long value = strtoul(text, &end, 10);
    *years = value <= 50 ? (unsigned)value : 0;
    return text[0] >= '1' && text[0] <= '9' && *end == '\0' && *years != 0 ? 0 : -1;
}

/* Gives -1 to go on, or an exit code. */
static int options_read(int argc, char **argv, struct options *out)
{
    static const struct option known[] = {
        { "project", required_argument, NULL, 'p' },
        { "request", required_argument, NULL, 'r' },
        { "name", required_argument, NULL, 'n' },
        { "out", required_argument, NULL, 'o' },
        { "years", required_argument, NULL, 'y' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    int option;
    opterr = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, ":h", known, NULL)) != -1) {
        switch (option) {
        case 'p':
            out->project = optarg;
            break;
        case 'r':
            out->order.request = optarg;
            break;
        case 'n':
            out->order.host = optarg;
            break;
        case 'o':
            out->order.out = optarg;
            break;
        case 'y':
            if (years_read(optarg, &out->order.years) != 0) {
                return cli_usage(NAME, "--years takes a number from 1 to 50, not '%s'", optarg);
            }
            break;
        case 'h':
            (void)puts(help);
            return CLI_DONE;
        default:
            return cli_option_wrong(NAME, argv, option);
        }
    }
    if (optind < argc) {
        return cli_usage(NAME, "does not take '%s'", argv[optind]);
    }
    return out->order.request != NULL && out->order.host != NULL && out->order.out != NULL
               ? -1
               : cli_usage(NAME, "needs --request, --name and --out");
}

int cmd_pki_server(int argc, char **argv)
{
    struct options options = { .project = ".", .order = { .years = YEARS_DEFAULT } };
    struct fault fault = FAULT_NONE;
    struct project project;
    char common_name[COMMON_NAME_MAX + 1];
    int code = options_read(argc, argv, &options);
    if (code >= 0) {
        return code;
    }
    /* A name may be longer than a common name; what counts is subjectAltName. */
    (void)snprintf(common_name, sizeof common_name, "%.*s", COMMON_NAME_MAX, options.order.host);
    options.order.common_name = common_name;
    const struct pki_listener listener = { cmd_pki_step_print, NULL };
    if (project_open(options.project, &project, &fault) != 0 ||
        pki_server_issue(&project, &options.order, &listener, &fault) != 0) {
        return cli_fault(NAME, &fault);
    }
    return CLI_DONE;
}
