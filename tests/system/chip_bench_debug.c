/* SPDX-License-Identifier: Apache-2.0 */
/* chip_bench_debug: programs run by the tests, and a debugger in bytes. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host/chip/rsp.h"
#include "tests/system/chip_bench.h"

#define RUN_MS 60000
#define ANSWER_MS 5000
#define ARGUMENTS_MAX 64

static char output[65536];

static int64_t now_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Reads all that the program prints, until it closes its output or the time is over. */
static bool output_read(int fd)
{
    size_t len = 0;
    int64_t deadline = now_ms() + RUN_MS;
    for (;;) {
        struct pollfd p = { .fd = fd, .events = POLLIN, .revents = 0 };
        int64_t left = deadline - now_ms();
        if (left <= 0 || poll(&p, 1, (int)left) <= 0) {
            return false;
        }
        ssize_t n = read(fd, output + len, sizeof output - 1 - len);
        if (n <= 0) {
            output[len] = '\0';
            return n == 0;
        }
        len += (size_t)n;
    }
}

/* Runs a program to its end; its exit code, or -1. A program that hangs is ended. */
static int program_run(const char *const *argv)
{
    int ends[2];
    int status = 0;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return -1;
    }
    pid_t pid = fork();
    if (pid == 0) {
        int null_fd = open("/dev/null", O_RDONLY);
        char *copy[ARGUMENTS_MAX] = { NULL };
        for (size_t i = 0; i < ARGUMENTS_MAX - 1 && argv[i] != NULL; i++) {
            copy[i] = strdup(argv[i]);
        }
        (void)dup2(null_fd, 0);
        (void)dup2(ends[1], 1);
        (void)dup2(ends[1], 2);
        (void)execvp(copy[0], copy);
        _exit(127);
    }
    (void)close(ends[1]);
    bool ended = pid > 0 && output_read(ends[0]);
    (void)close(ends[0]);
    if (!ended && pid > 0) {
        (void)kill(pid, SIGKILL);
    }
    if (pid <= 0 || waitpid(pid, &status, 0) != pid || !ended || !WIFEXITED(status)) {
        return -1;
    }
    return WEXITSTATUS(status);
}

int windlass_run(const char *const *arguments, const char **out)
{
    const char *argv[ARGUMENTS_MAX] = { WINDLASS_COMMAND };
    for (size_t i = 0; arguments[i] != NULL; i++) {
        argv[1 + i] = arguments[i];
    }
    *out = output;
    return program_run(argv);
}

const char *gdb_run(const char *const *commands)
{
    char target[64];
    unsigned port = 0;
    struct fault fault = FAULT_NONE;
    const char *argv[ARGUMENTS_MAX] = { "gdb-multiarch", "-nx", "-batch", CHIP_FW ".elf", "-ex", target };
    size_t count = 6;
    assert_int_equal(chip_debug_port(bench_dir(), &port, &fault), 0);
    (void)snprintf(target, sizeof target, "target remote 127.0.0.1:%u", port);
    for (size_t i = 0; commands[i] != NULL && count < ARGUMENTS_MAX - 3; i++) {
        argv[count++] = "-ex";
        argv[count++] = commands[i];
    }
    assert_true(program_run(argv) >= 0);
    return output;
}

int rsp_connect(void)
{
    unsigned port = 0;
    struct fault fault = FAULT_NONE;
    assert_int_equal(chip_debug_port(bench_dir(), &port, &fault), 0);
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

void rsp_send_raw(int fd, const void *data, size_t len)
{
    assert_int_equal(send(fd, data, len, MSG_NOSIGNAL), len);
}

/* One byte; -1 at the end or after the time limit. */
static int byte_receive(int fd)
{
    uint8_t c;
    struct pollfd p = { .fd = fd, .events = POLLIN, .revents = 0 };
    return poll(&p, 1, ANSWER_MS) == 1 && recv(fd, &c, 1, 0) == 1 ? c : -1;
}

const char *rsp_wait(int fd)
{
    static struct rsp_parser parser;
    int c;
    rsp_parser_init(&parser);
    while ((c = byte_receive(fd)) >= 0) {
        if (rsp_byte(&parser, (uint8_t)c) == RSP_PACKET) {
            rsp_send_raw(fd, "+", 1);
            return (const char *)parser.body;
        }
    }
    return NULL;
}

const char *rsp_ask(int fd, const char *body)
{
    uint8_t packet[RSP_PACKET_MAX];
    rsp_send_raw(fd, packet, rsp_encode((const uint8_t *)body, strlen(body), packet));
    return rsp_wait(fd);
}

bool rsp_is_closed(int fd)
{
    uint8_t ignored[256];
    struct pollfd p = { .fd = fd, .events = POLLIN, .revents = 0 };
    while (poll(&p, 1, ANSWER_MS) == 1) {
        if (recv(fd, ignored, sizeof ignored, 0) <= 0) {
            return true;
        }
    }
    return false;
}
