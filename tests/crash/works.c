/* SPDX-License-Identifier: Apache-2.0 */
/* works: see works.h. */
#include "tests/crash/works.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ARGUMENTS_MAX 16
#define START_MS 20000
#define QUOTA "20000"

_Noreturn void works_give_up(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)fputs("crash: error: ", stderr);
    (void)vfprintf(stderr, format, arguments);
    (void)fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

void *works_page(size_t len)
{
    void *page = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) {
        works_give_up("no memory");
    }
    return page;
}

void works_page_free(void *page, size_t len)
{
    (void)munmap(page, len);
}

const char *works_path(const struct works *w, const char *name)
{
    static char paths[4][160];
    static unsigned next;
    char *out = paths[next++ % 4];
    (void)snprintf(out, sizeof paths[0], "%s/%s", w->dir, name);
    return out;
}

/* ---- programs ---- */

static _Noreturn void program_become(const struct works *w, const char *program, const char *const *arguments,
                                     const char *output)
{
    char *argv[ARGUMENTS_MAX + 2] = { (char *)(uintptr_t)program };
    int fd = open(works_path(w, output), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (fd < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0 || chdir(w->dir) != 0) {
        _exit(126);
    }
    for (int i = 0; i < ARGUMENTS_MAX && arguments[i] != NULL; i++) {
        argv[i + 1] = (char *)(uintptr_t)arguments[i];
    }
    (void)execv(program, argv);
    _exit(127);
}

int works_run(const struct works *w, const char *program, const char *const *arguments)
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        program_become(w, program, arguments, "out");
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        works_give_up("%s cannot be run", program);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static void command_run(const struct works *w, const char *text)
{
    const char *const arguments[] = { "-c", text, NULL };
    if (works_run(w, "/bin/sh", arguments) != 0) {
        works_give_up("this failed, %s says why: %s", works_path(w, "out"), text);
    }
}

static const char *program_path(const struct works *w, const char *name)
{
    static char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", w->bin, name);
    return path;
}

/* ---- windlassd ---- */

/* The text behind `before` in a file, up to the next quote; empty when it is not there. */
static void text_find(const char *path, const char *before, char *out, size_t out_len)
{
    char text[4096] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
    (void)close(fd);
    text[n > 0 ? n : 0] = '\0';
    const char *at = strstr(text, before);
    out[0] = '\0';
    if (at != NULL) {
        (void)snprintf(out, out_len, "%.*s", (int)strcspn(at + strlen(before), "\"\n"), at + strlen(before));
    }
}

static pid_t daemon_fork(const struct works *w, const char *log)
{
    const char *const arguments[] = { "run", "A", "--token-needed", geteuid() == 0 ? "--user" : NULL, "nobody", NULL };
    char program[512];
    char wall[512];
    (void)snprintf(program, sizeof program, "%s",
                   w->daemon_program != NULL ? w->daemon_program : program_path(w, "windlassd"));
    (void)snprintf(wall, sizeof wall, "%s/libcrash_wall.so", w->here);
    pid_t pid = fork();
    if (pid == 0) {
        (void)setenv("LD_PRELOAD", wall, 1);
        (void)setenv(CUT_ENV, works_path(w, "cut"), 1);
        program_become(w, program, arguments, log);
    }
    return pid;
}

int works_daemon_start(struct works *w)
{
    char log[32];
    char port[16] = "";
    (void)snprintf(log, sizeof log, "daemon-%u.log", ++w->logs % 8);
    (void)unlink(works_path(w, log));
    w->daemon = daemon_fork(w, log);
    *w->watched = w->daemon;
    for (int waited = 0; waited < START_MS; waited += 5) {
        text_find(works_path(w, log), "\"port\":\"", port, sizeof port);
        if (port[0] != '\0') {
            w->port = (unsigned)atoi(port);
            return 1;
        }
        if (waitpid(w->daemon, NULL, WNOHANG) == w->daemon) {
            *w->watched = w->daemon = 0;
            return 0;
        }
        (void)nanosleep(&(struct timespec){ 0, 5000000 }, NULL);
    }
    works_give_up("windlassd does not start; %s says why", works_path(w, log));
}

void works_daemon_kill(struct works *w)
{
    if (w->daemon > 0) {
        (void)kill(w->daemon, SIGKILL);
        (void)waitpid(w->daemon, NULL, 0);
        *w->watched = w->daemon = 0;
    }
}

void works_mend(struct works *w, int killed)
{
    if (w->daemon > 0 && waitpid(w->daemon, NULL, killed ? 0 : WNOHANG) == w->daemon) {
        *w->watched = w->daemon = 0;
    }
    if (w->daemon == 0 && !works_daemon_start(w)) {
        works_give_up("windlassd does not start again; daemon-%u.log in %s says why", w->logs % 8, w->dir);
    }
}

void works_reload(struct works *w)
{
    const char *const arguments[] = { "reload", "A", NULL };
    if (works_run(w, program_path(w, "windlassd"), arguments) != 0) {
        works_give_up("windlassd does not reload; %s says why", works_path(w, "out"));
    }
}

unsigned long works_status(struct works *w, const char *name)
{
    const char *const arguments[] = { "status", "A", NULL };
    char before[40];
    char text[32];
    if (works_run(w, program_path(w, "windlassd"), arguments) != 0) {
        works_give_up("windlassd does not tell its status; %s says why", works_path(w, "out"));
    }
    (void)snprintf(before, sizeof before, "%s ", name);
    text_find(works_path(w, "out"), before, text, sizeof text);
    return strtoul(text, NULL, 10);
}

const char *works_ledger(const struct works *w)
{
    static char place[160];
    (void)snprintf(place, sizeof place, "postgresql:///postgres?host=%s/pg&user=windlass", w->dir);
    return w->kind == WORKS_POSTGRES ? place : "A";
}

void works_package_make(struct works *w, unsigned block)
{
    char command[1500];
    (void)snprintf(command, sizeof command,
                   "rm -f order.cbor next.wpp && '%s/windlassd' order A --out order.cbor && '%s/windlass' master "
                   "production --project p --appliance "
                   "line-a --quota 50 --number %u --block %u --order order.cbor --bl1 bl1.bin --sbm sbm.suit --app "
                   "v1.suit --out next.wpp",
                   w->bin, w->bin, ++w->packages, block);
    command_run(w, command);
}

int works_package_load(struct works *w)
{
    const char *const arguments[] = { "load", "A", "next.wpp", NULL };
    return works_run(w, program_path(w, "windlassd"), arguments);
}

/* ---- the whole ---- */

/* windlassd changes its user, and so does not die with us by itself: a process that outlives us sees to that. */
static void keeper_start(struct works *w)
{
    int ends[2];
    char byte;
    w->watched = works_page(sizeof *w->watched);
    if (pipe2(ends, O_CLOEXEC) != 0) {
        works_give_up("no pipe");
    }
    if (fork() == 0) {
        (void)close(ends[1]);
        (void)setsid();
        while (read(ends[0], &byte, 1) < 0 && errno == EINTR) {
        }
        if (*w->watched > 0) {
            (void)kill(*w->watched, SIGKILL);
        }
        _exit(0);
    }
    (void)close(ends[0]);
}

/* A process that stands before a server, and says with a file that it does. */
static pid_t wall_start(struct works *w, void (*run)(const struct works *), int end_signal, const char *ready)
{
    pid_t pid = fork();
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, end_signal);
        run(w);
    }
    for (int i = 0; access(works_path(w, ready), F_OK) != 0; i++) {
        if (i > 4000) {
            works_give_up("there is no %s", ready);
        }
        (void)nanosleep(&(struct timespec){ 0, 5000000 }, NULL);
    }
    return pid;
}

static void walls_start(struct works *w)
{
    if (w->tpm) {
        w->tpm_wall = wall_start(w, works_tpm_run, SIGKILL, "tpm.ready");
    }
    if (w->kind == WORKS_POSTGRES) {
        w->postgres_wall = wall_start(w, works_postgres_run, SIGTERM, "pg.ready");
    }
}

static void wall_end(pid_t *wall, int end_signal)
{
    if (*wall > 0) {
        (void)kill(*wall, end_signal);
        (void)waitpid(*wall, NULL, 0);
        *wall = 0;
    }
}

static void all_end(struct works *w)
{
    works_daemon_kill(w);
    wall_end(&w->tpm_wall, SIGKILL); /* and with it the TPM */
    wall_end(&w->postgres_wall, SIGTERM);
    memset(w->cut, 0, sizeof *w->cut);
}

static void folder_make(struct works *w, const char *factory)
{
    (void)snprintf(w->dir, sizeof w->dir, "%s", factory != NULL ? factory : "/tmp/windlass-crash-XXXXXX");
    if (factory != NULL ? mkdir(w->dir, 0711) != 0 && errno != EEXIST : mkdtemp(w->dir) == NULL) {
        works_give_up("%s: %s", w->dir, strerror(errno));
    }
}

static void cut_make(struct works *w)
{
    int fd = open(works_path(w, "cut"), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0 || fchmod(fd, 0666) != 0 || ftruncate(fd, 4096) != 0) {
        works_give_up("%s: %s", works_path(w, "cut"), strerror(errno));
    }
    w->cut = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    (void)close(fd);
    if (w->cut == MAP_FAILED) {
        works_give_up("no memory");
    }
}

static const char *const kinds[WORKS_KINDS] = { "open", "secure", "postgres" };

void works_make(struct works *w, const struct works_plan *plan)
{
    char command[1200];
    memset(w, 0, sizeof *w);
    w->stays = plan->factory != NULL;
    w->bin = plan->bin;
    w->here = plan->here;
    w->daemon_program = plan->daemon;
    w->tpm = plan->block > 0;
    w->kind = plan->kind;
    w->packages = (unsigned)time(NULL) % 1000000; /* a kept factory has had some */
    folder_make(w, plan->factory);
    cut_make(w);
    keeper_start(w);
    (void)snprintf(
        command, sizeof command,
        "chmod 711 . && sh '%s/tests/crash/scene.sh' '%s/windlass' '%s/windlassd' " QUOTA
        " %u %s >scene.log 2>&1 && mkdir new && cp -a A new && for d in tpm pg; do if [ -d $d ]; then cp -a $d new; "
        "fi; done && mv new kept",
        WINDLASS_SOURCE_DIR, plan->bin, plan->bin, plan->block, kinds[plan->kind]);
    if (access(works_path(w, "kept"), F_OK) != 0) {
        command_run(w, command);
    }
}

void works_restore(struct works *w)
{
    all_end(w);
    command_run(w, "rm -rf A tpm pg tpm.ready pg.ready room-* && cp -a kept/. . && "
                   "if [ \"$(id -u)\" -eq 0 ]; then chown -R nobody A; fi");
    walls_start(w);
    if (!works_daemon_start(w)) {
        works_give_up("windlassd does not start; %s says why", works_path(w, "daemon-1.log"));
    }
}

void works_remove(struct works *w)
{
    const char *const arguments[] = { "-rf", w->dir, NULL };
    all_end(w);
    if (!w->stays && works_run(w, "/bin/rm", arguments) != 0) {
        works_give_up("%s cannot be removed", w->dir);
    }
}
