/* SPDX-License-Identifier: Apache-2.0 */
/* control_ask: the asking end of the control socket (control.h), and what both ends need. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "host/daemon/control_room.h"

#define ANSWER_MS 120000 /* a package of the largest size is opened in this time */

int64_t control_now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int control_wait(int fd, short events, int64_t deadline)
{
    struct pollfd one = { .fd = fd, .events = events };
    int64_t left = deadline - control_now_ms();
    int ready = left <= 0 ? 0 : poll(&one, 1, (int)left);
    return ready > 0 || (ready < 0 && errno == EINTR) ? 0 : -1;
}

int control_write(int fd, const uint8_t *data, size_t len, int64_t deadline)
{
    while (len > 0) {
        ssize_t put = send(fd, data, len, MSG_NOSIGNAL);
        if (put > 0) {
            data += put;
            len -= (size_t)put;
        } else if ((errno != EAGAIN && errno != EINTR) || control_wait(fd, POLLOUT, deadline) != 0) {
            return -1;
        }
    }
    return 0;
}

/* A connected descriptor; -1 with errno. */
static int ask_connect(const char *dir)
{
    struct sockaddr_un address;
    int dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int fd = dir_fd < 0 ? -1 : socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && (control_address(dir_fd, &address) != 0 ||
                    connect(fd, (const struct sockaddr *)&address, sizeof address) != 0)) {
        int error = errno;
        (void)close(fd);
        fd = -1;
        errno = error;
    }
    if (dir_fd >= 0) {
        int error = errno;
        (void)close(dir_fd);
        errno = error;
    }
    return fd;
}

static int ask_read(int fd, struct control_reply *reply)
{
    int64_t deadline = control_now_ms() + ANSWER_MS;
    reply->len = 0;
    while (reply->len < sizeof reply->text - 1) {
        if (control_wait(fd, POLLIN, deadline) != 0) {
            return -1;
        }
        ssize_t got = recv(fd, reply->text + reply->len, sizeof reply->text - 1 - reply->len, 0);
        if (got <= 0) {
            break;
        }
        reply->len += (size_t)got;
    }
    if (reply->len == 0 || reply->text[reply->len - 1] != '\n') {
        return -1;
    }
    reply->text[--reply->len] = '\0';
    return 0;
}

int control_ask(const char *dir, const char *verb, struct bytes bytes, struct control_reply *reply, struct fault *fault)
{
    char line[CONTROL_LINE_MAX];
    int fd = ask_connect(dir);
    if (fd < 0) {
        int error = errno;
        if (error == ECONNREFUSED || (error == ENOENT && access(dir, F_OK) == 0)) {
            return 1;
        }
        if (error == ENOENT || error == ENOTDIR) {
            (void)fault_set(fault, "%s: there is no such folder", dir);
            return fault_hint(fault, "an appliance's folder is made by: windlassd init");
        }
        errno = error;
        (void)fault_errno(fault, "%s/" CONTROL_SOCKET, dir);
        return fault_hint(fault, error == EACCES ? "ask as the user that the appliance runs as, or as root"
                                                 : "name the appliance's folder");
    }
    int len = bytes.data == NULL ? snprintf(line, sizeof line, "%s\n", verb)
                                 : snprintf(line, sizeof line, "%s %zu\n", verb, bytes.len);
    int64_t deadline = control_now_ms() + ANSWER_MS;
    int result = 0;
    /* One that was refused before all of it was written has an answer, too. */
    if (control_write(fd, (const uint8_t *)line, (size_t)len, deadline) == 0) {
        (void)control_write(fd, bytes.data, bytes.len, deadline);
    }
    if (ask_read(fd, reply) != 0) {
        result = fault_set(fault, "%s: the daemon gives no answer", dir);
        (void)fault_hint(fault, "its log may tell why: journalctl -u windlassd");
    }
    (void)close(fd);
    return result;
}
