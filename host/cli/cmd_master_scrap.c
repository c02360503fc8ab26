/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_master_scrap: `windlass master scrap`: the order that takes one unit out of an appliance's count. */
#include "host/cli/cmd_master_scrap.h"

#include <getopt.h>
#include <stdio.h>

#include "host/cli/cli.h"
#include "host/cli/unit_text.h"
#include "host/lib/file.h"
#include "host/lib/text.h"
#include "host/master/order.h"
#include "host/pki/scrap.h"

#define NAME "master"

const char master_help_scrap[] =
    "usage: windlass master scrap --appliance NAME --uid UID --out FILE [--project DIR] [--force]\n\n"
    "Writes the order that takes one unit out of an appliance's count, signed with the quota key: a chip that broke "
    "and\n"
    "will never be a device. It counts once, at this appliance, for this chip. 'windlassd record' takes it there; the\n"
    "package of the unit then has room for one more. Where a TPM counts, the TPM's count never goes back: the unit\n"
    "comes with the next production package.\n\n"
    "  --appliance NAME  the appliance that began the unit\n"
    "  --uid UID         the chip's unique ID, 32 hexadecimal digits\n"
    "  --project DIR     the product's folder (default: here)\n"
    "  --out FILE        the order\n"
    "  --force           replace a file that exists\n\n"
    "example:\n"
    "  windlass master scrap --appliance factory-1 --uid 00112233445566778899aabbccddeeff --out scrap.order\n";

struct options {
    const char *project;
    const char *appliance;
    const char *uid;
    const char *out;
    int force;
};

/* CLI_DONE, or the exit code. */
static int options_read(int argc, char **argv, struct options *o)
{
    static const struct option known[] = {
        { "project", required_argument, NULL, 'p' }, { "appliance", required_argument, NULL, 'a' },
        { "uid", required_argument, NULL, 'u' },     { "out", required_argument, NULL, 'o' },
        { "force", no_argument, NULL, 'f' },         { NULL, 0, NULL, 0 },
    };
    int c;
    *o = (struct options){ .project = "." };
    opterr = 0;
    optind = 0;
    while ((c = getopt_long(argc, argv, ":", known, NULL)) != -1) {
        switch (c) {
        case 'p':
            o->project = optarg;
            break;
        case 'a':
            o->appliance = optarg;
            break;
        case 'u':
            o->uid = optarg;
            break;
        case 'o':
            o->out = optarg;
            break;
        case 'f':
            o->force = 1;
            break;
        default:
            return cli_option_wrong(NAME, argv, c);
        }
    }
    if (optind < argc) {
        return cli_usage(NAME, "'%s' is one argument too many", argv[optind]);
    }
    return o->appliance == NULL || o->uid == NULL || o->out == NULL
               ? cli_usage(NAME, "scrap needs --appliance, --uid and --out")
               : CLI_DONE;
}

/* Noted first: what the maker gave out, he knows. */
static int scrap_write(const struct options *o, const uint8_t uid[16], struct fault *fault)
{
    struct project project;
    struct master_order_bytes order;
    uint8_t records_key[64];
    uint8_t chain[SCRAP_CHAIN_LEN];
    char digits[33];
    text_hex(uid, 16, digits);
    if (project_open(o->project, &project, fault) != 0 ||
        pki_records_key(&project, o->appliance, records_key, fault) != 0) {
        return -1;
    }
    scrap_chain(records_key, chain);
    const struct scrap scrap = { bytes_of(uid, 16), bytes_of(chain, sizeof chain) };
    if (master_scrap(&project, &scrap, &order, fault) != 0 ||
        pki_scrap_note(&project, o->appliance, digits, fault) != 0) {
        return -1;
    }
    return file_write(o->out, bytes_of(order.data, order.len), 0644, o->force ? FILE_REPLACE : FILE_NEW_ONLY, fault);
}

int cmd_master_scrap(int argc, char **argv)
{
    struct options o;
    struct fault fault = FAULT_NONE;
    uint8_t uid[16];
    int read = options_read(argc, argv, &o);
    if (read != CLI_DONE) {
        return read;
    }
    if (unit_uid_read(o.uid, uid) != 0) {
        return cli_usage(NAME, "'%s' is not a unique ID: it has 32 hexadecimal digits", o.uid);
    }
    if (scrap_write(&o, uid, &fault) != 0) {
        return cli_fault(NAME, &fault);
    }
    (void)printf("%s\nnext: carry it to %s: windlassd record FOLDER %s\n", o.out, o.appliance, o.out);
    return CLI_DONE;
}
