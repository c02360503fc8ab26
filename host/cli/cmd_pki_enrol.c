/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_pki_enrol: certificates for appliances and stations, and their revocation. The work is done in host/pki. */
#include "host/cli/cmd_pki_enrol.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/cli/cli.h"
#include "host/cli/cmd_pki_server.h"
#include "host/pki/enrol.h"

#define APPLIANCE_YEARS 3
#define STATION_YEARS 1
#define CHANNEL_DAYS_MAX 3660

static const char help_appliance[] =
    "usage: windlass pki appliance --request FILE --name NAME --host HOST [options]\n"
    "\n"
    "Has the root certify an appliance: the keys that it made in its own token and TPM, and asks for with the\n"
    "request.pem of 'windlassd init'. Files the certificates in pki/appliances/NAME/, notes them in\n"
    "pki/appliances.txt, and writes the answer, pki/appliances/NAME.pem, which is carried back for\n"
    "'windlassd enrol'. Compare the request's SHA-256 with the one that the appliance shows: whoever could change\n"
    "the file on its way would be certified instead.\n"
    "\n"
    "  --request FILE  the request\n"
    "  --name NAME     the appliance's name: lower-case letters, digits and '-'\n"
    "  --host HOST     DNS name or IP address by which stations call it; may be repeated\n"
    "  --years N       validity, 1 to 50 (default: 3)\n"
    "  --channel-days N\n"
    "                  validity of what it shows to chips on the secure channel, 1 to 3660 (default: 366). Run this\n"
    "                  again with the same request to renew it, and carry the answer back\n"
    "  --tpm-ca FILE   CAs of TPM makers (PEM) that you trust; needed when the request is of an appliance with TPM\n"
    "  --renew         new certificates for an appliance that is known, with the request that it first made: before\n"
    "                  they end, with no new name. The ones before are kept beside them\n"
    "  --project DIR   the project's folder (default: here)\n"
    "\n"
    "Example:\n"
    "  windlass pki appliance --request request.pem --name factory-1 --host 192.0.2.10";
static const char help_station[] =
    "usage: windlass pki station NAME --request FILE [--years N] [--project DIR]\n"
    "\n"
    "Has the root certify a provisioning station: the key that it made with 'windlass provision --make-identity'.\n"
    "Files the certificate as pki/stations/NAME.crt, which is carried back, and notes it in pki/stations.txt.\n"
    "\n"
    "  --request FILE  the request (PEM, PKCS#10, P-256)\n"
    "  --years N       validity, 1 to 50 (default: 1)\n"
    "  --project DIR   the project's folder (default: here)\n"
    "\n"
    "Example:\n"
    "  windlass pki station line-1 --request line-1/station.csr";
static const char help_revoke[] =
    "usage: windlass pki revoke NAME [--project DIR]\n"
    "\n"
    "Puts the certificate of a station, all certificates of an appliance, or that of the key mastering or\n"
    "mastering-next on the revocation list, pki/stations.crl. Bring that file to every appliance, as\n"
    "pki/stations.crl of its folder, and have it reload. There is no way back: a machine that was revoked gets a\n"
    "new name.\n"
    "\n"
    "  --project DIR  the project's folder (default: here)\n"
    "\n"
    "Example:\n"
    "  windlass pki revoke line-1";

struct options {
    const char *project;
    const char *request;
    const char *name;
    const char *hosts[PKI_HOSTS_MAX + 1];
    size_t host_count;
    const char *tpm_ca;
    unsigned years;
    unsigned channel_days;
    int renew;
};

static int number_read(const char *verb, const char *option, unsigned most, unsigned *out)
{
    char *end = NULL;
    unsigned long value = strtoul(optarg, &end, 10);
    if (optarg[0] < '1' || optarg[0] > '9' || *end != '\0' || value > most) {
        return cli_usage(verb, "--%s takes a number from 1 to %u, not '%s'", option, most, optarg);
    }
    *out = (unsigned)value;
    return CLI_DONE;
}

static int host_add(const char *verb, const char *host, struct options *o)
{
    if (o->host_count == PKI_HOSTS_MAX) {
        return cli_usage(verb, "at most %d times --host", PKI_HOSTS_MAX);
    }
    o->hosts[o->host_count++] = host;
    return CLI_DONE;
}

static int option_take(const char *verb, int option, struct options *o)
{
    switch (option) {
    case 'p':
        o->project = optarg;
        return CLI_DONE;
    case 'r':
        o->request = optarg;
        return CLI_DONE;
    case 'n':
        o->name = optarg;
        return CLI_DONE;
    case 't':
        o->tpm_ca = optarg;
        return CLI_DONE;
    case 'R':
        o->renew = 1;
        return CLI_DONE;
    case 'H':
        return host_add(verb, optarg, o);
    case 'C':
        return number_read(verb, "channel-days", CHANNEL_DAYS_MAX, &o->channel_days);
    default:
        return number_read(verb, "years", 50, &o->years);
    }
}

static const struct verb {
    const char *name;
    const char *accepts; /* letters of its options */
    const char *help;
    int names; /* words that are no options */
} verb_appliance = { "pki appliance", "prnHytChR", help_appliance, 0 },
  verb_station = { "pki station", "pryh", help_station, 1 }, verb_revoke = { "pki revoke", "ph", help_revoke, 1 };

/* Gives -1 to go on, or an exit code. */
static int options_read(int argc, char **argv, const struct verb *verb, struct options *o)
{
    static const struct option known[] = {
        { "project", required_argument, NULL, 'p' },
        { "request", required_argument, NULL, 'r' },
        { "name", required_argument, NULL, 'n' },
        { "host", required_argument, NULL, 'H' },
        { "years", required_argument, NULL, 'y' },
        { "tpm-ca", required_argument, NULL, 't' },
        { "channel-days", required_argument, NULL, 'C' },
        { "renew", no_argument, NULL, 'R' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    int option;
    opterr = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, ":h", known, NULL)) != -1) {
        if (option == '?' || option == ':' || strchr(verb->accepts, option) == NULL) {
            return cli_option_wrong(verb->name, argv, option);
        }
        if (option == 'h') {
            (void)puts(verb->help);
            return CLI_DONE;
        }
        if (option_take(verb->name, option, o) != CLI_DONE) {
            return CLI_USAGE;
        }
    }
    if (argc - optind > verb->names) {
        return cli_usage(verb->name, "does not take '%s'", argv[optind + verb->names]);
    }
    if (verb->names == 1) {
        o->name = optind < argc ? argv[optind] : NULL;
    }
    return o->name != NULL ? -1 : cli_usage(verb->name, verb->names == 1 ? "needs a NAME" : "needs --name");
}

static int finish(const struct verb *verb, int result, const struct fault *fault)
{
    return result == 0 ? CLI_DONE : cli_fault(verb->name, fault);
}

int cmd_pki_appliance(int argc, char **argv)
{
    struct options o = { .project = ".", .years = APPLIANCE_YEARS };
    struct fault fault = FAULT_NONE;
    struct project project;
    const struct pki_listener listener = { cmd_pki_step_print, NULL };
    int code = options_read(argc, argv, &verb_appliance, &o);
    if (code >= 0) {
        return code;
    }
    if (o.request == NULL || o.host_count == 0) {
        return cli_usage(verb_appliance.name, "needs --request and --host");
    }
    const struct pki_appliance_order order = { o.request, o.name, o.hosts, o.years, o.tpm_ca, o.channel_days, o.renew };
    int result = project_open(o.project, &project, &fault);
    if (result == 0) {
        result = pki_appliance_issue(&project, &order, &listener, &fault);
    }
    if (result == 0) {
        (void)printf("carry back: %s/pki/appliances/%s.pem\n", o.project, o.name);
    }
    return finish(&verb_appliance, result, &fault);
}

int cmd_pki_station(int argc, char **argv)
{
    struct options o = { .project = ".", .years = STATION_YEARS };
    struct fault fault = FAULT_NONE;
    struct project project;
    const struct pki_listener listener = { cmd_pki_step_print, NULL };
    int code = options_read(argc, argv, &verb_station, &o);
    if (code >= 0) {
        return code;
    }
    if (o.request == NULL) {
        return cli_usage(verb_station.name, "needs --request");
    }
    const struct pki_station_order order = { o.request, o.name, o.years };
    int result = project_open(o.project, &project, &fault);
    if (result == 0) {
        result = pki_station_issue(&project, &order, &listener, &fault);
    }
    return finish(&verb_station, result, &fault);
}

int cmd_pki_revoke(int argc, char **argv)
{
    struct options o = { .project = "." };
    struct fault fault = FAULT_NONE;
    struct project project;
    const struct pki_listener listener = { cmd_pki_step_print, NULL };
    int code = options_read(argc, argv, &verb_revoke, &o);
    if (code >= 0) {
        return code;
    }
    int result = project_open(o.project, &project, &fault);
    if (result == 0) {
        result = pki_revoke(&project, o.name, &listener, &fault);
    }
    return finish(&verb_revoke, result, &fault);
}
