/* SPDX-License-Identifier: Apache-2.0 */
/* chip_client: see chip_client.h. */
#include "host/chip/chip_client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <jansson.h>

#include "host/chip/chip_dir.h"
#include "host/chip/endpoint.h"
#include "host/chip/pollset.h"

/* Longer than a start of the emulator may take. */
#define ANSWER_MS 30000

static int dir_open(const char *dir, struct fault *fault)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        (void)fault_hint(fault, "'windlass chip new DIR' makes a chip's folder");
        (void)fault_errno(fault, "%s", dir);
    }
    return fd;
}

static int is_off(int error)
{
    return error == ENOENT || error == ECONNREFUSED;
}

static int socket_open(const char *dir, const char *name, struct fault *fault)
{
    int dir_fd = dir_open(dir, fault);
    if (dir_fd < 0) {
        return -1;
    }
    int fd = endpoint_unix_connect(dir_fd, name);
    int error = errno;
    (void)close(dir_fd);
    errno = error;
    if (fd < 0 && is_off(error)) {
        (void)fault_hint(fault, "'windlass chip run %s' switches it on", dir);
        (void)fault_set(fault, "the chip in %s is off", dir);
    } else if (fd < 0) {
        (void)fault_errno(fault, "%s/%s", dir, name);
    }
    return fd;
}

int chip_is_running(const char *dir, struct fault *fault)
{
    int dir_fd = dir_open(dir, fault);
    if (dir_fd < 0) {
        return -1;
    }
    int fd = endpoint_unix_connect(dir_fd, CHIP_CONTROL_SOCKET);
    int error = errno;
    (void)close(dir_fd);
    if (fd >= 0) {
        (void)close(fd);
        return 1;
    }
    errno = error;
    return is_off(error) ? 0 : fault_errno(fault, "%s/" CHIP_CONTROL_SOCKET, dir);
}

static int line_send(int fd, const char *line, struct fault *fault)
{
    char text[256];
    int len = snprintf(text, sizeof text, "%s\n", line);
    if (len < 0 || (size_t)len >= sizeof text || send(fd, text, (size_t)len, MSG_NOSIGNAL) != len) {
        return fault_set(fault, "the chip does not take the command");
    }
    return 0;
}

static int line_receive(int fd, char answer[CHIP_ANSWER_MAX], struct fault *fault)
{
    size_t len = 0;
    int64_t deadline = clock_ms() + ANSWER_MS;
    while (len < CHIP_ANSWER_MAX - 1) {
        struct pollfd p = { .fd = fd, .events = POLLIN, .revents = 0 };
        int64_t left = deadline - clock_ms();
        if (left <= 0 || poll(&p, 1, (int)left) == 0) {
            return fault_set(fault, "the chip does not answer");
        }
        ssize_t n = recv(fd, answer + len, CHIP_ANSWER_MAX - 1 - len, 0);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return fault_set(fault, "the chip ended without an answer");
        }
        len += (size_t)n;
        answer[len] = '\0';
        char *end = strchr(answer, '\n');
        if (end != NULL) {
            *end = '\0';
            return 0;
        }
    }
    return fault_set(fault, "the chip's answer is too long");
}

/* An answer with "error" is a refusal. */
static int answer_check(const char *answer, struct fault *fault)
{
    json_error_t error;
    json_t *object = json_loads(answer, 0, &error);
    if (object == NULL) {
        return fault_set(fault, "the chip's answer is not JSON: %s", error.text);
    }
    const char *text = json_string_value(json_object_get(object, "error"));
    int result = text == NULL ? 0 : fault_set(fault, "%s", text);
    json_decref(object);
    return result;
}

int chip_control(const char *dir, const char *line, char answer[CHIP_ANSWER_MAX], struct fault *fault)
{
    int fd = socket_open(dir, CHIP_CONTROL_SOCKET, fault);
    if (fd < 0) {
        return -1;
    }
    int result = line_send(fd, line, fault);
    if (result == 0) {
        result = line_receive(fd, answer, fault);
    }
    (void)close(fd);
    return result == 0 ? answer_check(answer, fault) : -1;
}

int chip_link_open(const char *dir, struct fault *fault)
{
    return socket_open(dir, CHIP_LINK_SOCKET, fault);
}

int chip_console_open(const char *dir, struct fault *fault)
{
    int fd = socket_open(dir, CHIP_CONTROL_SOCKET, fault);
    if (fd >= 0 && line_send(fd, "console", fault) != 0) {
        endpoint_close(&fd);
    }
    return fd;
}

int chip_debug_port(const char *dir, unsigned *port, struct fault *fault)
{
    struct chip_dir d = { .fd = dir_open(dir, fault) };
    int running = d.fd < 0 ? -1 : chip_is_running(dir, fault);
    long number = running == 1 ? chip_dir_number_read(&d, CHIP_PORT_FILE) : -1;
    if (d.fd >= 0) {
        (void)close(d.fd);
    }
    if (running == 0) {
        (void)fault_hint(fault, "'windlass chip run %s' switches it on", dir);
        return fault_set(fault, "the chip in %s is off", dir);
    }
    if (number <= 0 || number > 65535) {
        return fault_set(fault, "the debug port of the chip in %s is locked", dir);
    }
    *port = (unsigned)number;
    return 0;
}
