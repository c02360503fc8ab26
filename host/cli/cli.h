/* SPDX-License-Identifier: Apache-2.0 */
/* cli: what every command of `windlass` shares: the table of commands, errors with a hint, exit codes, progress. */
#ifndef HOST_CLI_CLI_H
#define HOST_CLI_CLI_H

#include "host/lib/fault.h"

enum { CLI_DONE = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

struct cli_command {
    const char *name;                  /* "chip" */
    const char *summary;               /* one line for `windlass --help` */
    int (*run)(int argc, char **argv); /* argv[0] is the command's name; gives an exit code */
};

/* One for each file cmd_*.c. */
int cmd_init(int argc, char **argv);
int cmd_pki(int argc, char **argv);
int cmd_chip(int argc, char **argv);
int cmd_master(int argc, char **argv);
int cmd_provision(int argc, char **argv);
int cmd_device(int argc, char **argv);
int cmd_ledger(int argc, char **argv);

/* Prints "windlass <command>: error: <what>" and "hint: <hint>" to stderr, each as one line without control characters.
 * Without a hint it points at --help. Gives CLI_FAILED. */
int cli_fault(const char *command, const struct fault *fault);
/* Prints "windlass <command>: error: <message>" and a hint at --help to stderr. Gives CLI_USAGE. */
int cli_usage(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* For what getopt_long gave as '?' or ':' (short options begin with ':', opterr is 0), or an option that the verb does
 * not take: cli_usage with the option's name. */
int cli_option_wrong(const char *command, char *const argv[], int letter);
/* The exit code of a command that gave `code`, once what it printed is out: a disk that is full is not a success. A
 * reader of the pipe that has left is told nothing. */
int cli_finish(const char *command, int code);

#endif
