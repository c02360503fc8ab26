/* SPDX-License-Identifier: Apache-2.0 */
/* smp_line: opening the line to a device. See smp_link.h. */
#include "host/device/smp_link.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#define TIMEOUT_MS 2000
#define TRIES 4

void smp_link_init(struct smp_link *link, int fd)
{
    memset(link, 0, sizeof *link);
    link->fd = fd;
    link->timeout_ms = TIMEOUT_MS;
    link->tries = TRIES;
}

void smp_link_close(struct smp_link *link)
{
    if (link->fd >= 0) {
        (void)close(link->fd);
    }
    link->fd = -1;
}

/* A folder's path may be longer than a socket address: connect through its descriptor. */
static int socket_connect(int dir_fd)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    (void)snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/link.sock", dir_fd);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        int saved = errno;
        (void)close(fd);
        errno = saved;
        return -1;
    }
    return fd;
}

int smp_line_chip_open(struct smp_link *link, const char *dir, struct fault *fault)
{
    smp_link_init(link, -1);
    int dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dir_fd < 0) {
        (void)fault_errno(fault, "%s", dir);
        return fault_hint(fault, "give the folder of a virtual chip, or --port with a serial port");
    }
    link->fd = socket_connect(dir_fd);
    int saved = errno;
    (void)close(dir_fd);
    if (link->fd < 0) {
        errno = saved;
        (void)fault_errno(fault, "%s: no data link", dir);
        return fault_hint(fault, "is the chip running? 'windlass chip run %.200s' starts it", dir);
    }
    return 0;
}

/* A connection to the first address that takes one, or -1. */
static int tcp_connect(const char *host, const char *port)
{
    const struct addrinfo wish = { .ai_socktype = SOCK_STREAM };
    struct addrinfo *found = NULL;
    int fd = -1;
    if (getaddrinfo(host, port, &wish, &found) != 0) {
        return -1;
    }
    for (struct addrinfo *at = found; fd < 0 && at != NULL; at = at->ai_next) {
        fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd >= 0 && connect(fd, at->ai_addr, at->ai_addrlen) != 0) {
            (void)close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(found);
    return fd;
}

int smp_line_port_open(struct smp_link *link, const char *port, struct fault *fault)
{
    char host[256];
    const char *colon = strrchr(port, ':');
    if (port[0] == '/' || colon == NULL) {
        return smp_line_tty_open(link, port, fault);
    }
    int len = snprintf(host, sizeof host, "%.*s", (int)(colon - port), port);
    smp_link_init(link, len > 0 && (size_t)len < sizeof host ? tcp_connect(host, colon + 1) : -1);
    if (link->fd < 0) {
        (void)fault_set(fault, "%s: nobody gives a serial port there", port);
        return fault_hint(fault, "HOST:PORT of a serial server that passes bytes on as they are, or the path of a tty");
    }
    return 0;
}

int smp_line_tty_open(struct smp_link *link, const char *path, struct fault *fault)
{
    struct termios t;
    smp_link_init(link, open(path, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
    if (link->fd < 0) {
        return fault_errno(fault, "%s", path);
    }
    if (tcgetattr(link->fd, &t) != 0) {
        (void)fault_errno(fault, "%s: not a serial port", path);
        smp_link_close(link);
        return -1;
    }
    cfmakeraw(&t);
    t.c_cflag |= CLOCAL | CREAD;
    (void)cfsetispeed(&t, B115200);
    (void)cfsetospeed(&t, B115200);
    if (tcsetattr(link->fd, TCSANOW, &t) != 0 || tcflush(link->fd, TCIOFLUSH) != 0) {
        (void)fault_errno(fault, "%s", path);
        smp_link_close(link);
        return -1;
    }
    return 0;
}
