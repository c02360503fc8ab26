/* SPDX-License-Identifier: Apache-2.0 */
/* main: makes the process ready, finds the command and runs it. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "host/cli/cli.h"
#include "host/lib/text.h"

static const struct cli_command commands[] = {
    { "init", "start a product: profile, development keys", cmd_init },
    { "pki", "key ceremony in HSM tokens; certificates of appliances, stations and servers", cmd_pki },
    { "master", "turn a firmware image into signed, encrypted packages and key blocks", cmd_master },
    { "provision", "make a bare chip into a locked device with an identity", cmd_provision },
    { "device", "talk to a device: status, attestation, update, TLS", cmd_device },
    { "ledger", "what was made: list, search, check, report, export", cmd_ledger },
    { "chip", "the virtual chip: new, run, stop, cut, status, console", cmd_chip },
};

static void help_print(FILE *out)
{
    (void)fprintf(out, "usage: windlass <command> [options]\n\n");
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        (void)fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
    }
    (void)fprintf(out, "\n'windlass <command> --help' tells more, and so does 'windlass help <command>'.\n"
                       "'windlass --version' tells the version.\n\n"
                       "example:\n  windlass init greenhouse-sensor\n");
}

static const struct cli_command *command_find(const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(name, commands[i].name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

static int command_unknown(const char *name)
{
    char clean[64];
    text_clean(name, clean, sizeof clean);
    (void)fprintf(stderr, "windlass: error: there is no command '%s'\nhint: windlass --help\n", clean);
    return CLI_USAGE;
}

/* `windlass help COMMAND [VERB]` is `windlass COMMAND [VERB] --help`. */
static int help_run(int argc, char **argv)
{
    char ask[] = "--help";
    char *words[4] = { NULL };
    if (argc == 0) {
        help_print(stdout);
        return CLI_DONE;
    }
    const struct cli_command *command = command_find(argv[0]);
    if (command == NULL) {
        return command_unknown(argv[0]);
    }
    if (argc > 2) {
        return cli_usage(argv[0], "help takes a command and a verb; '%s' is one too many", argv[2]);
    }
    words[0] = argv[0];
    words[1] = argc == 2 ? argv[1] : ask;
    words[2] = argc == 2 ? ask : NULL;
    return command->run(argc + 1, words);
}

/*
 * What every command may rely on: descriptors 0 to 2 are open, so that no file that is opened later is taken for the
 * standard output; a full disk and a pipe whose reader has left are errors, not an end in the middle of things; a crash
 * writes no secret to a core file.
 */
static void process_prepare(void)
{
    const struct rlimit none = { 0, 0 };
    int fd;
    do {
        fd = open("/dev/null", O_RDWR);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0) {
        (void)close(fd);
    }
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN);
    (void)setrlimit(RLIMIT_CORE, &none);
}

static int is_any(const char *text, const char *a, const char *b, const char *c)
{
    return strcmp(text, a) == 0 || strcmp(text, b) == 0 || strcmp(text, c) == 0;
}

int main(int argc, char **argv)
{
    process_prepare();
    if (argc < 2) {
        help_print(stderr);
        return CLI_USAGE;
    }
    if (is_any(argv[1], "help", "--help", "-h")) {
        return cli_finish("help", help_run(argc - 2, argv + 2));
    }
    if (is_any(argv[1], "version", "--version", "-V")) {
        (void)puts("windlass " WINDLASS_VERSION);
        return cli_finish("--version", CLI_DONE);
    }
    const struct cli_command *command = command_find(argv[1]);
    return command == NULL ? command_unknown(argv[1]) : cli_finish(command->name, command->run(argc - 1, argv + 1));
}
