/* SPDX-License-Identifier: Apache-2.0 */
/* with_postgres: runs a command while a PostgreSQL server of its own runs; WINDLASS_LEDGER is its database. Usage:
 * with_postgres COMMAND [ARGUMENT...]; gives the command's exit code. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/postgres_server.h"

static int command_run(char **argv)
{
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        (void)execv(argv[0], argv);
        _exit(127);
    }
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : 127;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        (void)fputs("usage: with_postgres COMMAND [ARGUMENT...]\n", stderr);
        return 2;
    }
    postgres_start();
    int code = setenv("WINDLASS_LEDGER", postgres_url(), 1) == 0 ? command_run(argv + 1) : 127;
    postgres_stop();
    return code;
}
