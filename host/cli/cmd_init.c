/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_init: `windlass init`. */
#include <getopt.h>
#include <stdio.h>

#include "host/cli/cli.h"
#include "host/pki/pki.h"

static void help_print(void)
{
    (void)puts("usage: windlass init [DIR] [--product NAME] [--organisation NAME] [--vendor-domain DOMAIN]\n"
               "\n"
               "Starts a product in DIR (default: here): writes product.yaml for you to edit, and makes a development\n"
               "token with development keys and certificates. They can never open or sign anything of production.\n"
               "\n"
               "  --product NAME          the product's name (default: the folder's)\n"
               "  --organisation NAME     your company, as it stands in certificates\n"
               "  --vendor-domain DOMAIN  a domain that you own; it identifies you as vendor\n"
               "\n"
               "Examples:\n"
               "  windlass init greenhouse-sensor\n"
               "  windlass init --product valve --organisation \"Example Devices\" --vendor-domain devices.example");
}

static void step_print(void *context, const char *line)
{
    (void)context;
    (void)printf("%s\n", line);
    (void)fflush(stdout);
}

static int init_run(const struct pki_scaffold *scaffold)
{
    struct fault fault = FAULT_NONE;
    const struct pki_listener listener = { step_print, NULL };
    if (pki_scaffold_make(scaffold, &listener, &fault) != 0) {
        return cli_fault("init", &fault);
    }
    (void)printf("project ready: edit %s/product.yaml\n"
                 "next: windlass pki create (production keys), or windlass chip new (a virtual chip to try)\n",
                 scaffold->dir);
    return CLI_DONE;
}

int cmd_init(int argc, char **argv)
{
    static const struct option options[] = {
        { "product", required_argument, NULL, 'p' },
        { "organisation", required_argument, NULL, 'o' },
        { "vendor-domain", required_argument, NULL, 'v' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    struct pki_scaffold scaffold = { ".", NULL, NULL, NULL };
    int option;
    opterr = 0;
    optind = 1;
    while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
        switch (option) {
        case 'p':
            scaffold.product = optarg;
            break;
        case 'o':
            scaffold.organisation = optarg;
            break;
        case 'v':
            scaffold.vendor_domain = optarg;
            break;
        case 'h':
            help_print();
            return CLI_DONE;
        default:
            return cli_option_wrong("init", argv, option);
        }
    }
    if (argc - optind > 1) {
        return cli_usage("init", "one folder at most");
    }
    if (argc - optind == 1) {
        scaffold.dir = argv[optind];
    }
    return init_run(&scaffold);
}
