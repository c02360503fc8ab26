/* SPDX-License-Identifier: Apache-2.0 */
/* daemon: the chip's owner as a process of its own, which outlives the command that started it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/chip/chip_client.h"
#include "host/chip/chip_dir.h"

#define REPORT_FD 3

/* What the background process tells the command; one write, shorter than PIPE_BUF. */
struct message {
    int result;
    struct owner_report report;
    struct fault fault;
};

/* Nothing of the caller stays open: neither a pipe that somebody waits for, nor a terminal. */
static void descriptors_replace(int report_fd)
{
    int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (report_fd != REPORT_FD) {
        (void)dup2(report_fd, REPORT_FD);
    }
    for (int fd = 0; fd < REPORT_FD; fd++) {
        (void)dup2(null_fd, fd);
    }
    (void)fcntl(REPORT_FD, F_SETFD, FD_CLOEXEC);
    (void)close_range(REPORT_FD + 1, ~0u, 0);
}

__attribute__((noreturn)) static void background_run(const char *dir, const struct owner_options *options,
                                                     int report_fd)
{
    struct message m = { .fault = FAULT_NONE };
    (void)signal(SIGHUP, SIG_IGN);
    descriptors_replace(report_fd);
    struct owner *o = owner_start(dir, options, &m.report, &m.fault);
    m.result = o == NULL ? -1 : 0;
    (void)!write(REPORT_FD, &m, sizeof m);
    (void)close(REPORT_FD);
    if (o != NULL && chdir("/") == 0) {
        owner_run(o);
    }
    _exit(o == NULL);
}

int chip_start(const char *dir, const struct owner_options *options, struct owner_report *report, struct fault *fault)
{
    int ends[2];
    struct message m = { .fault = FAULT_NONE };
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return fault_errno(fault, "starting the chip");
    }
    /* Two forks: the chip's process is nobody's child, so nobody has to wait for it. */
    pid_t pid = fork();
    if (pid == 0) {
        if (setsid() >= 0 && fork() == 0) {
            background_run(dir, options, ends[1]);
        }
        _exit(0);
    }
    (void)close(ends[1]);
    ssize_t n;
    do {
        n = pid < 0 ? 0 : read(ends[0], &m, sizeof m);
    } while (n < 0 && errno == EINTR);
    (void)close(ends[0]);
    if (pid > 0) {
        (void)waitpid(pid, NULL, 0);
    }
    if (n != (ssize_t)sizeof m) {
        return fault_set(fault, "the chip did not start; its last words may be in %s/" CHIP_CONSOLE_LOG, dir);
    }
    *report = m.report;
    if (m.result != 0) {
        *fault = m.fault;
    }
    return m.result;
}
