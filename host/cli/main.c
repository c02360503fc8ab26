/* SPDX-License-Identifier: Apache-2.0 */
/* main: finds the command and runs it. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/cli/cli.h"

static const struct cli_command commands[] = {
    { "init", "start a product: profile, development keys", cmd_init },
    { "pki", "key ceremony: root, intermediate, signing and mastering keys in HSM tokens", cmd_pki },
    { "master", "turn a firmware image into signed, encrypted packages and key blocks", cmd_master },
    { "provision", "make a bare chip into a locked device with an identity", cmd_provision },
    { "device", "talk to a device: status, update, proof of identity", cmd_device },
    { "ledger", "what was made: list and show units", cmd_ledger },
    { "chip", "the virtual chip: new, run, stop, cut, status, console", cmd_chip },
};

int cli_fault(const char *command, const struct fault *fault)
{
    (void)fprintf(stderr, "windlass %s: error: %s\n", command, fault->what);
    if (fault->hint[0] != '\0') {
        (void)fprintf(stderr, "hint: %s\n", fault->hint);
    }
    return CLI_FAILED;
}

int cli_usage(const char *command, const char *format, ...)
{
    va_list args;
    (void)fprintf(stderr, "windlass %s: ", command);
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fprintf(stderr, "\ntry: windlass %s --help\n", command);
    return CLI_USAGE;
}

int cli_colour(void)
{
    return isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL;
}

static void help_print(FILE *out)
{
    (void)fprintf(out, "usage: windlass <command> [options]\n\n");
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        (void)fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
    }
    (void)fprintf(out, "\n'windlass <command> --help' tells more.\n");
}

int main(int argc, char **argv)
{
    if (argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0)) {
        help_print(stdout);
        return CLI_DONE;
    }
    for (size_t i = 0; argc >= 2 && i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(argv[1], commands[i].name) == 0) {
            return commands[i].run(argc - 1, argv + 1);
        }
    }
    if (argc >= 2) {
        (void)fprintf(stderr, "windlass: there is no command '%s'\n", argv[1]);
    }
    help_print(stderr);
    return CLI_USAGE;
}
