/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_master_production: the package for one appliance's run. The work is done in host/master and host/pki. */
#include "host/cli/cmd_master_production.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/cli/cli.h"
#include "host/master/master.h"
#include "host/pki/packages.h"
#include "host/pki/refill.h"
#include "wire/production.h"

#define NAME "master"
#define DAYS_USUAL 30

const char master_help_production[] =
    "usage: windlass master production --appliance NAME --quota N --number M --bl1 FILE --sbm FILE --app FILE\n"
    "                                  --out FILE [options]\n\n"
    "Writes the production package for one named appliance: firmware, product.yaml, trust anchors, quota and\n"
    "validity, encrypted to the key in that appliance's token and signed with the mastering key. Nobody else can\n"
    "open it, and the appliance takes it once.\n\n"
    "  --project DIR     the product's folder (default: here)\n"
    "  --appliance NAME  the appliance, as 'windlass pki appliance' certified it\n"
    "  --order FILE      its order for quota (windlassd order); needed when it has a TPM\n"
    "  --quota N         units that it may make, 1 to 1000000000\n"
    "  --block K         units for one operation of the TPM, 1 to 1000 (default: 1, the strictest)\n"
    "  --days D          validity from now, 1 to 3660 (default: 30)\n"
    "  --number M        number of the package, above every one before for this appliance; it is noted in\n"
    "                    pki/appliances/NAME/packages.txt\n"
    "  --bl1 FILE        bootloader, raw binary\n"
    "  --sbm FILE        Secure Boot Manager, package\n"
    "  --app FILE        application, package; its key is read from FILE.key\n"
    "  --key NAME        key that signs: mastering (default) or mastering-next\n"
    "  --out FILE        the production package\n"
    "  --force           replace a file that exists\n\n"
    "example:\n"
    "  windlass master production --appliance factory-1 --quota 1000 --number 1 --bl1 bl1.bin --sbm sbm.suit \\\n"
    "    --app v1.suit --out run1.wpp\n";

struct options {
    const char *project;
    const char *order;
    unsigned long numbers[4]; /* quota, block, days, number */
    struct master_production_order make;
};
enum { QUOTA, BLOCK, DAYS, NUMBER };

static int number_read(const char *option, const char *text, unsigned long most, unsigned long *out)
{
    char *end = NULL;
    errno = 0;
    unsigned long value = text[0] >= '1' && text[0] <= '9' ? strtoul(text, &end, 10) : 0;
    if (end == NULL || *end != '\0' || errno != 0 || value > most) {
        return cli_usage(NAME, "--%s %s: must be 1 to %lu", option, text, most);
    }
    *out = value;
    return CLI_DONE;
}

static int option_take(int option, struct options *o)
{
    switch (option) {
    case 'p':
        o->project = optarg;
        break;
    case 'a':
        o->make.appliance = optarg;
        break;
    case 'o':
        o->order = optarg;
        break;
    case 'q':
        return number_read("quota", optarg, PRODUCTION_QUOTA_MAX, &o->numbers[QUOTA]);
    case 'b':
        return number_read("block", optarg, PRODUCTION_BLOCK_MAX, &o->numbers[BLOCK]);
    case 'd':
        return number_read("days", optarg, 3660, &o->numbers[DAYS]);
    case 'n':
        return number_read("number", optarg, UINT32_MAX, &o->numbers[NUMBER]);
    case '1':
        o->make.bl1 = optarg;
        break;
    case 's':
        o->make.sbm = optarg;
        break;
    case 'A':
        o->make.app = optarg;
        break;
    case 'k':
        o->make.key = optarg;
        break;
    case 'O':
        o->make.out = optarg;
        break;
    default:
        o->make.replace = FILE_REPLACE;
        break;
    }
    return CLI_DONE;
}

static int complete(const struct options *o)
{
    const struct {
        const char *name;
        int given;
    } needed[] = {
        { "appliance", o->make.appliance != NULL },
        { "quota", o->numbers[QUOTA] != 0 },
        { "number", o->numbers[NUMBER] != 0 },
        { "bl1", o->make.bl1 != NULL },
        { "sbm", o->make.sbm != NULL },
        { "app", o->make.app != NULL },
        { "out", o->make.out != NULL },
    };
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        if (!needed[i].given) {
            return cli_usage(NAME, "--%s is missing", needed[i].name);
        }
    }
    return CLI_DONE;
}

static int options_read(int argc, char **argv, struct options *o)
{
    static const struct option known[] = {
        { "project", required_argument, NULL, 'p' }, { "appliance", required_argument, NULL, 'a' },
        { "order", required_argument, NULL, 'o' },   { "quota", required_argument, NULL, 'q' },
        { "block", required_argument, NULL, 'b' },   { "days", required_argument, NULL, 'd' },
        { "number", required_argument, NULL, 'n' },  { "bl1", required_argument, NULL, '1' },
        { "sbm", required_argument, NULL, 's' },     { "app", required_argument, NULL, 'A' },
        { "key", required_argument, NULL, 'k' },     { "out", required_argument, NULL, 'O' },
        { "force", no_argument, NULL, 'f' },         { NULL, 0, NULL, 0 },
    };
    int option;
    opterr = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, ":", known, NULL)) != -1) {
        if (option == '?' || option == ':') {
            return cli_option_wrong(NAME, argv, option);
        }
        if (option_take(option, o) != CLI_DONE) {
            return CLI_USAGE;
        }
    }
    if (optind < argc) {
        return cli_usage(NAME, "'%s' was not expected", argv[optind]);
    }
    o->make.quota = o->numbers[QUOTA];
    o->make.block = o->numbers[BLOCK];
    o->make.days = (unsigned)o->numbers[DAYS];
    o->make.number = o->numbers[NUMBER];
    return complete(o);
}

/* Where a package is noted. */
struct notebook {
    const struct project *project;
    struct pki_package package;
};

static int package_note(void *context, const uint8_t digest[32], struct fault *fault)
{
    const struct notebook *notebook = (const struct notebook *)context;
    return pki_packages_note(notebook->project, &notebook->package, digest, fault);
}

int cmd_master_production(int argc, char **argv)
{
    struct options o = { .project = ".", .numbers = { 0, 1, DAYS_USUAL, 0 } };
    struct project project;
    struct fault fault = FAULT_NONE;
    uint8_t refill[TPM_CHECK_REFILL_MAX];
    size_t refill_len = 0;
    if (options_read(argc, argv, &o) != CLI_DONE) {
        return CLI_USAGE;
    }
    struct notebook notebook = { &project, { o.make.appliance, o.make.number, o.make.quota } };
    o.make.note = package_note;
    o.make.context = &notebook;
    int result = project_open(o.project, &project, &fault);
    if (result == 0) {
        result = pki_packages_check(&project, &notebook.package, &fault);
    }
    if (result == 0 && o.order != NULL) {
        /* The TPM counts its own signatures: one for each block of units. */
        const uint64_t operations = (o.make.quota + o.make.block - 1) / o.make.block;
        const struct pki_refill_order order = { o.make.appliance, o.order, (uint32_t)operations };
        result = pki_refill_make(&project, &order, refill, &refill_len, &fault);
        o.make.refill = bytes_of(refill, refill_len);
    }
    if (result == 0) {
        result = master_production(&project, &o.make, &fault);
    }
    if (result != 0) {
        return cli_fault(NAME, &fault);
    }
    return printf("%s: written\n", o.make.out) >= 0 ? CLI_DONE : CLI_FAILED;
}
