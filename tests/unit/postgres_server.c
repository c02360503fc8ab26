/* SPDX-License-Identifier: Apache-2.0 */
/* postgres_server: see postgres_server.h. */
#include "tests/unit/postgres_server.h"

#include "tests/unit/test.h"

#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <libpq-fe.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define UNPRIVILEGED 65534 /* nobody: the server refuses to run as root */

static char folder[64];
static char url[160];
static pid_t server = -1;

const char *postgres_url(void)
{
    return url;
}

/* A program of the newest PostgreSQL that is installed. */
static void program_find(const char *name, char out[PATH_MAX])
{
    char pattern[128];
    glob_t found;
    (void)snprintf(pattern, sizeof pattern, "/usr/lib/postgresql/*/bin/%s", name);
    if (glob(pattern, 0, NULL, &found) != 0) {
        fail_msg("no %s: tools/setup check installs PostgreSQL", pattern);
        return;
    }
    (void)snprintf(out, PATH_MAX, "%s", found.gl_pathv[found.gl_pathc - 1]);
    globfree(&found);
}

static pid_t program_start(char *const arguments[])
{
    pid_t parent = getpid();
    pid_t child = fork();
    assert_true(child >= 0);
    if (child > 0) {
        return child;
    }
    int log = open("/dev/null", O_RDWR);
    (void)prctl(PR_SET_PDEATHSIG, SIGQUIT);
    if (log < 0 || dup2(log, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0 || chdir("/") != 0 ||
        (getuid() == 0 && (setgid(UNPRIVILEGED) != 0 || setuid(UNPRIVILEGED) != 0)) || getppid() != parent) {
        _exit(126);
    }
    (void)prctl(PR_SET_PDEATHSIG, SIGQUIT); /* a change of user clears it */
    (void)execv(arguments[0], arguments);
    _exit(127);
}

static int database_answers(void)
{
    PGconn *link = PQconnectdb(url);
    int answers = PQstatus(link) == CONNECTION_OK;
    PQfinish(link);
    return answers;
}

void postgres_start_again(void)
{
    char program[PATH_MAX];
    char data[96];
    program_find("postgres", program);
    (void)snprintf(data, sizeof data, "%s/data", folder);
    char *const arguments[] = { program, "-D", data, "-k", folder, "-c", "listen_addresses=", NULL };
    server = program_start(arguments);
    for (unsigned tries = 0; !database_answers(); tries++) {
        const struct timespec pause = { 0, 50000000 };
        assert_true(tries < 400);
        assert_int_equal(waitpid(server, NULL, WNOHANG), 0);
        (void)nanosleep(&pause, NULL);
    }
}

void postgres_adopt(const char *name)
{
    assert_true(strlen(name) < sizeof folder);
    (void)snprintf(folder, sizeof folder, "%s", name);
    (void)snprintf(url, sizeof url, "postgresql:///postgres?host=%s&user=windlass", folder);
}

void postgres_start(void)
{
    char program[PATH_MAX];
    char data[96];
    int status = -1;
    program_find("initdb", program);
    char name[] = "/tmp/windlass-pg-XXXXXX";
    assert_non_null(mkdtemp(name));
    postgres_adopt(name);
    if (getuid() == 0) {
        assert_int_equal(chown(folder, UNPRIVILEGED, UNPRIVILEGED), 0);
    }
    (void)snprintf(data, sizeof data, "%s/data", folder);
    char *const arguments[] = { program, "-D", data, "-U", "windlass", "-A", "trust", "-N", "--locale=C", NULL };
    assert_int_equal(waitpid(program_start(arguments), &status, 0) > 0, 1);
    assert_int_equal(status, 0);
    postgres_start_again();
}

void postgres_crash(void)
{
    if (server > 0) {
        (void)kill(server, SIGQUIT);
        (void)waitpid(server, NULL, 0);
        server = -1;
    }
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info;
    (void)type;
    (void)walk;
    return remove(path);
}

void postgres_stop(void)
{
    postgres_crash();
    if (folder[0] != '\0') {
        (void)nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
        folder[0] = '\0';
    }
}

void postgres_sql(const char *sql, int should_succeed)
{
    PGconn *link = PQconnectdb(url);
    PQclear(PQexec(link, "SET client_min_messages = error"));
    PGresult *result = PQexec(link, sql);
    ExecStatusType status = PQresultStatus(result);
    assert_int_equal(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK, should_succeed);
    PQclear(result);
    PQfinish(link);
}
