/* SPDX-License-Identifier: Apache-2.0 */
/* chip_console: see chip_console.h. */
#include "host/cli/chip_console.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "host/chip/pollset.h"

#define LEAVE 0x1D /* Ctrl-] */
#define QUIET_MS 1000

struct join {
    int fd;
    int stdin_fd; /* -1: it has ended, or is not ours to read */
    int is_terminal;
    int has_sent;
    int64_t quiet_since;
    size_t waiting; /* bytes in `typed` that the chip did not take yet */
    char typed[1024];
};

static volatile sig_atomic_t is_ended;

static void end_note(int signal_number)
{
    is_ended = signal_number;
}

/* Raw, but for what makes a newline a new line on the screen. */
static int terminal_take(struct termios *before, struct fault *fault)
{
    struct termios raw;
    if (tcgetattr(STDIN_FILENO, before) != 0) {
        return fault_errno(fault, "the terminal");
    }
    raw = *before;
    raw.c_iflag &= (tcflag_t) ~(ICRNL | INLCR | IGNCR | IXON | ISTRIP);
    raw.c_lflag &= (tcflag_t) ~(ICANON | ECHO | ISIG | IEXTEN);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    return tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0 ? 0 : fault_errno(fault, "the terminal");
}

static void signals_take(void)
{
    static const int signals[] = { SIGTERM, SIGHUP, SIGINT, SIGQUIT };
    struct sigaction action = { .sa_handler = end_note };
    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        (void)sigaction(signals[i], &action, NULL);
    }
}

/* 0 to go on, -1 at the end. */
static int output_take(struct join *j)
{
    char data[4096];
    ssize_t n = recv(j->fd, data, sizeof data, MSG_DONTWAIT);
    if (n < 0) {
        return errno == EAGAIN || errno == EINTR ? 0 : -1;
    }
    j->quiet_since = clock_ms();
    return n > 0 && fwrite(data, 1, (size_t)n, stdout) == (size_t)n && fflush(stdout) == 0 ? 0 : -1;
}

static int input_take(struct join *j)
{
    ssize_t n = read(j->stdin_fd, j->typed, sizeof j->typed);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
        return 0;
    }
    if (n <= 0) {
        j->stdin_fd = -1;
        j->quiet_since = clock_ms();
        return j->is_terminal ? -1 : 0;
    }
    const char *leave = j->is_terminal ? memchr(j->typed, LEAVE, (size_t)n) : NULL;
    j->waiting = leave == NULL ? (size_t)n : 0;
    j->has_sent = 1;
    return leave == NULL ? 0 : -1;
}

static int typed_send(struct join *j)
{
    ssize_t n = send(j->fd, j->typed, j->waiting, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0) {
        return errno == EAGAIN || errno == EINTR ? 0 : -1;
    }
    j->waiting -= (size_t)n;
    memmove(j->typed, j->typed + n, j->waiting);
    j->quiet_since = clock_ms();
    return 0;
}

static int is_answered(const struct join *j)
{
    return j->stdin_fd < 0 && j->has_sent && j->waiting == 0 && clock_ms() - j->quiet_since >= QUIET_MS;
}

static int round_serve(struct join *j)
{
    struct pollfd p[2] = { { .fd = j->fd, .events = (short)(j->waiting != 0 ? POLLIN | POLLOUT : POLLIN) },
                           { .fd = j->waiting == 0 ? j->stdin_fd : -1, .events = POLLIN } };
    int settles = j->stdin_fd < 0 && j->has_sent;
    if (poll(p, 2, settles ? QUIET_MS / 10 : -1) < 0) {
        return errno == EINTR ? 0 : -1;
    }
    if ((p[0].revents & ~POLLOUT) != 0 && output_take(j) != 0) {
        return -1;
    }
    if (j->waiting != 0 && typed_send(j) != 0) {
        return -1;
    }
    return p[1].revents != 0 ? input_take(j) : 0;
}

/* Nobody types in the background: reading there would stop the process. */
static int stdin_is_ours(void)
{
    return !isatty(STDIN_FILENO) || tcgetpgrp(STDIN_FILENO) == getpgrp();
}

int chip_console_join(int fd, struct fault *fault)
{
    struct join j = { .fd = fd, .stdin_fd = stdin_is_ours() ? STDIN_FILENO : -1 };
    struct termios before;
    j.is_terminal = j.stdin_fd >= 0 && isatty(STDIN_FILENO);
    if (j.is_terminal) {
        signals_take();
        if (terminal_take(&before, fault) != 0) {
            return -1;
        }
        (void)fputs("[windlass] Ctrl-] leaves\n", stderr);
    }
    while (!is_ended && !is_answered(&j) && round_serve(&j) == 0) {
    }
    if (j.is_terminal) {
        (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
        (void)fputs("\n", stderr);
    }
    return 0;
}
