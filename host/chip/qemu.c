/* SPDX-License-Identifier: Apache-2.0 */
/* qemu: see qemu.h. */
#include "host/chip/qemu.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/chip/endpoint.h"
#include "host/chip/pollset.h"

#define PROGRAM "qemu-system-arm"
#define ARGS_MAX 96
#define TEXT_MAX 80
#define TEXTS_MAX 16
#define READY_MS 20000
#define ENDING_MS 500

/* What a start hands to the child. */
struct launch {
    const char *args[ARGS_MAX];
    size_t count;
    char text[TEXTS_MAX][TEXT_MAX];
    size_t texts;
    int uart[QEMU_UARTS];
    int monitor;
    int debug_fd;
};

void qemu_init(struct qemu *q)
{
    q->pid = -1;
    q->pid_fd = -1;
    q->monitor = -1;
    for (size_t i = 0; i < QEMU_UARTS; i++) {
        q->uart[i] = -1;
    }
}

static void arg_add(struct launch *l, const char *arg)
{
    if (l->count < ARGS_MAX - 1) {
        l->args[l->count++] = arg;
    }
}

/* `format` holds one %d, or two for the same number. */
__attribute__((format(printf, 3, 0))) static void arg_format(struct launch *l, const char *option, const char *format,
                                                             int a, int b)
{
    char *text = l->text[l->texts++];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    (void)snprintf(text, TEXT_MAX, format, a, b);
#pragma GCC diagnostic pop
    arg_add(l, option);
    arg_add(l, text);
}

static void args_build(struct launch *l, const struct qemu_options *options)
{
    static const char *const fixed[] = { PROGRAM,      "-M",
                                         "mps2-an505", "-icount",
                                         "shift=0",    "-display",
                                         "none",       "-monitor",
                                         "none",       "-nic",
                                         "none",       "-no-reboot",
                                         "-device",    "loader,file=flash.bin,addr=0x10000000,force-raw=on" };
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
        arg_add(l, fixed[i]);
    }
    for (int i = 0; i < QEMU_UARTS; i++) {
        arg_format(l, "-chardev", "socket,id=uart%d,fd=%d", i, l->uart[i]);
        arg_format(l, "-serial", "chardev:uart%d", i, 0);
    }
    arg_add(l, "-chardev");
    arg_add(l, "serial,id=trng,path=/dev/urandom");
    arg_add(l, "-serial");
    arg_add(l, "chardev:trng");
    arg_format(l, "-chardev", "socket,id=ready,fd=%d", l->monitor, 0);
    arg_add(l, "-mon");
    arg_add(l, "chardev=ready,mode=control");
    if (l->debug_fd >= 0) {
        arg_format(l, "-chardev", "socket,id=debug,fd=%d,server=on,wait=off", l->debug_fd, 0);
        arg_add(l, "-gdb");
        arg_add(l, "chardev:debug");
    }
    if (options->halted) {
        arg_add(l, "-S");
    }
    for (size_t i = 0; options->extra != NULL && options->extra[i] != NULL; i++) {
        arg_add(l, options->extra[i]);
    }
}

static void inherit(int fd)
{
    if (fd >= 0) {
        (void)fcntl(fd, F_SETFD, 0);
    }
}

static int log_open(int dir_fd)
{
    return openat(dir_fd, QEMU_LOG, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
}

/* In the child: never returns; tells errno through `failure` when the program cannot be run. */
static void child_exec(const struct launch *l, int dir_fd, pid_t parent, int failure)
{
    const struct rlimit no_core = { 0, 0 };
    sigset_t none;
    int log_fd = log_open(dir_fd);
    int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)setrlimit(RLIMIT_CORE, &no_core);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)signal(SIGPIPE, SIG_DFL);
    if (getppid() == parent && fchdir(dir_fd) == 0 && log_fd >= 0 && null_fd >= 0 && dup2(null_fd, 0) == 0 &&
        dup2(log_fd, 1) == 1 && dup2(log_fd, 2) == 2) {
        for (size_t i = 0; i < QEMU_UARTS; i++) {
            inherit(l->uart[i]);
        }
        inherit(l->monitor);
        inherit(l->debug_fd);
        /* execvp takes char *const [] for historical reasons; it changes nothing. */
        char *argv[ARGS_MAX];
        memcpy(argv, l->args, sizeof argv);
        (void)execvp(PROGRAM, argv);
    }
    int error = errno;
    (void)!write(failure, &error, sizeof error);
    _exit(127);
}

/* Forks and runs; the failure pipe closes by itself when the program runs. */
static int child_start(struct qemu *q, const struct launch *l, int dir_fd, struct fault *fault)
{
    int failure[2];
    int error = 0;
    pid_t parent = getpid();
    if (pipe2(failure, O_CLOEXEC) != 0) {
        return fault_errno(fault, "starting %s", PROGRAM);
    }
    q->pid = fork();
    if (q->pid == 0) {
        child_exec(l, dir_fd, parent, failure[1]);
    }
    (void)close(failure[1]);
    ssize_t told = q->pid < 0 ? 0 : read(failure[0], &error, sizeof error);
    (void)close(failure[0]);
    if (q->pid < 0) {
        return fault_errno(fault, "starting %s", PROGRAM);
    }
    if (told == (ssize_t)sizeof error) {
        errno = error;
        (void)fault_hint(fault, "install the emulator; on Debian: apt-get install qemu-system-arm");
        return fault_errno(fault, "running %s", PROGRAM);
    }
    q->pid_fd = pidfd_open(q->pid, 0);
    return q->pid_fd >= 0 ? 0 : fault_errno(fault, "watching %s", PROGRAM);
}

/* Gives the monitor a command and waits until the main loop answers. 0, or -1 when the emulator ends, refuses or hangs
 * before that. */
static int monitor_ask(int monitor, const char *command)
{
    char text[4096];
    size_t len = 0;
    int64_t deadline = clock_ms() + READY_MS;
    if (send(monitor, command, strlen(command), MSG_NOSIGNAL) < 0) {
        return -1;
    }
    while (len < sizeof text - 1) {
        struct pollfd p = { .fd = monitor, .events = POLLIN, .revents = 0 };
        int64_t left = deadline - clock_ms();
        if (left <= 0 || (poll(&p, 1, (int)left) < 0 && errno != EINTR)) {
            return -1;
        }
        ssize_t n = p.revents != 0 ? recv(monitor, text + len, sizeof text - 1 - len, MSG_DONTWAIT) : -1;
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
            return -1;
        }
        len += n > 0 ? (size_t)n : 0;
        text[len] = '\0';
        if (strstr(text, "\"return\"") != NULL || strstr(text, "\"error\"") != NULL) {
            return strstr(text, "\"error\"") == NULL ? 0 : -1;
        }
    }
    return -1;
}

/* What has come since the last answer: events, in which nobody is interested. */
static void monitor_drain(int monitor)
{
    char text[512];
    while (recv(monitor, text, sizeof text, MSG_DONTWAIT) > 0) {
    }
}

int qemu_debug_show(struct qemu *q)
{
    if (q->monitor < 0) {
        return -1;
    }
    monitor_drain(q->monitor);
    return monitor_ask(q->monitor, "{\"execute\":\"human-monitor-command\",\"arguments\":{\"command-line\":"
                                   "\"gdbserver unix:" QEMU_DEBUG_SOCKET ",server=on,wait=off\"}}\n");
}

/* The first line of the emulator's log that is not a warning. */
static void last_words_read(int dir_fd, char *out, size_t out_len)
{
    char text[2048];
    char *save = NULL;
    int fd = openat(dir_fd, QEMU_LOG, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    endpoint_close(&fd);
    text[n < 0 ? 0 : n] = '\0';
    (void)snprintf(out, out_len, "the emulator ended without a word");
    for (char *line = strtok_r(text, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
        if (strstr(line, "warning:") == NULL) {
            (void)snprintf(out, out_len, "%.200s", line);
            return;
        }
    }
}

static int sockets_make(struct qemu *q, struct launch *l)
{
    int pair[2];
    for (size_t i = 0; i < QEMU_UARTS; i++) {
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0) {
            return -1;
        }
        q->uart[i] = pair[0];
        l->uart[i] = pair[1];
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        return -1;
    }
    q->monitor = pair[0];
    l->monitor = pair[1];
    return 0;
}

static void launch_close(struct launch *l)
{
    for (size_t i = 0; i < QEMU_UARTS; i++) {
        endpoint_close(&l->uart[i]);
    }
    endpoint_close(&l->monitor);
    endpoint_close(&l->debug_fd);
}

/* True for an emulator that ended as one that ran ends: the firmware locked up, or asked for a reset, at once. It is
 * left to qemu_poll. */
static bool has_run(pid_t pid)
{
    siginfo_t info = { .si_pid = 0 };
    for (int i = 0; i < ENDING_MS && info.si_pid == 0; i++) {
        const struct timespec nap = { 0, 1000000 };
        if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT | WNOHANG) != 0) {
            return false;
        }
        (void)nanosleep(&nap, NULL);
    }
    return info.si_pid == pid && (info.si_code != CLD_EXITED || info.si_status == 0);
}

static int launch_run(struct qemu *q, struct launch *l, const struct qemu_options *options, struct fault *fault)
{
    int result = -1;
    if (sockets_make(q, l) != 0) {
        (void)fault_errno(fault, "making the emulator's sockets");
        goto out;
    }
    if (options->debug) {
        l->debug_fd = endpoint_unix_listen(options->dir_fd, QEMU_DEBUG_SOCKET);
    }
    if (options->debug && l->debug_fd < 0) {
        (void)fault_errno(fault, "making %s", QEMU_DEBUG_SOCKET);
        goto out;
    }
    args_build(l, options);
    if (child_start(q, l, options->dir_fd, fault) != 0) {
        goto out;
    }
    launch_close(l);
    result = monitor_ask(q->monitor, "{\"execute\":\"qmp_capabilities\"}\n") == 0 || has_run(q->pid) ? 0 : -1;
    if (result != 0) {
        char words[256];
        last_words_read(options->dir_fd, words, sizeof words);
        (void)fault_set(fault, "the emulator did not start: %s", words);
    }
out:
    return result;
}

int qemu_start(struct qemu *q, const struct qemu_options *options, struct fault *fault)
{
    struct launch *l = calloc(1, sizeof *l);
    if (l == NULL) {
        return fault_set(fault, "out of memory");
    }
    for (size_t i = 0; i < QEMU_UARTS; i++) {
        l->uart[i] = -1;
    }
    l->monitor = l->debug_fd = -1;
    int result = launch_run(q, l, options, fault);
    launch_close(l);
    free(l);
    if (result != 0) {
        qemu_stop(q, options->dir_fd);
    }
    return result;
}

enum qemu_end qemu_poll(struct qemu *q, int dir_fd, char *reason, size_t reason_len)
{
    int status = 0;
    if (q->pid < 0 || waitpid(q->pid, &status, WNOHANG) != q->pid) {
        return QEMU_RUNNING;
    }
    q->pid = -1;
    /* With -no-reboot the emulator ends with 0 when the guest asks for a reset. */
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        return QEMU_RESET;
    }
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
        (void)snprintf(reason, reason_len, "the emulator was killed from outside");
    } else {
        last_words_read(dir_fd, reason, reason_len);
    }
    return QEMU_CRASHED;
}

void qemu_debug_hide(int dir_fd)
{
    (void)unlinkat(dir_fd, QEMU_DEBUG_SOCKET, 0);
}

void qemu_stop(struct qemu *q, int dir_fd)
{
    if (q->pid > 0) {
        (void)kill(q->pid, SIGKILL);
        (void)waitpid(q->pid, NULL, 0);
        q->pid = -1;
    }
    endpoint_close(&q->pid_fd);
    endpoint_close(&q->monitor);
    for (size_t i = 0; i < QEMU_UARTS; i++) {
        endpoint_close(&q->uart[i]);
    }
    qemu_debug_hide(dir_fd);
}
