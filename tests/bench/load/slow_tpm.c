/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slow_tpm: stands before a TPM's socket and holds each command back for MS milliseconds, so that the TPM answers as
 * slowly as one of hardware, whose signature takes some ten of them, and leaves the processors to others meanwhile.
 * Usage: slow_tpm SOCKET TPM_SOCKET MS; SOCKET is made. Ends when it is killed.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"

#define MESSAGE_MAX 8192
#define HEADER_LEN 10 /* TPM 2.0 Part 1: tag (2), length (4), code (4) */

static struct sockaddr_un address_of(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%.107s", path);
    return address;
}

static int tpm_connect(const char *path)
{
    const struct sockaddr_un address = address_of(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        (void)close(fd);
        fd = -1;
    }
    return fd;
}

static int socket_listen(const char *path)
{
    const struct sockaddr_un address = address_of(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 || chmod(path, 0666) != 0 ||
        listen(fd, 8) != 0) {
        (void)fprintf(stderr, "slow_tpm: error: %s: %s\n", path, strerror(errno));
        exit(1);
    }
    return fd;
}

/* A command or an answer, whole; its length, or 0 when there is none. */
static size_t message_receive(int fd, uint8_t data[MESSAGE_MAX])
{
    if (recv(fd, data, HEADER_LEN, MSG_WAITALL) != HEADER_LEN) {
        return 0;
    }
    const size_t len = (size_t)bytes_read_be16(data + 2) << 16 | bytes_read_be16(data + 4);
    if (len == HEADER_LEN) {
        return len;
    }
    return len > HEADER_LEN && len <= MESSAGE_MAX &&
                   recv(fd, data + HEADER_LEN, len - HEADER_LEN, MSG_WAITALL) == (ssize_t)(len - HEADER_LEN)
               ? len
               : 0;
}

static int message_send(int fd, const uint8_t *data, size_t len)
{
    return send(fd, data, len, MSG_NOSIGNAL) == (ssize_t)len;
}

static void client_serve(int client, const char *tpm, long ms)
{
    const struct timespec pause = { ms / 1000, ms % 1000 * 1000000 };
    uint8_t data[MESSAGE_MAX];
    int inner = tpm_connect(tpm);
    for (size_t len = message_receive(client, data); inner >= 0 && len > 0; len = message_receive(client, data)) {
        (void)nanosleep(&pause, NULL);
        len = message_send(inner, data, len) ? message_receive(inner, data) : 0;
        if (len == 0 || !message_send(client, data, len)) {
            break;
        }
    }
    if (inner >= 0) {
        (void)close(inner);
    }
}

int main(int argc, char **argv)
{
    const long ms = argc == 4 ? strtol(argv[3], NULL, 10) : 0;
    if (ms < 1 || ms > 1000) {
        (void)fprintf(stderr, "usage: slow_tpm SOCKET TPM_SOCKET MS\n");
        return 2;
    }
    const int listener = socket_listen(argv[1]);
    for (;;) {
        int client = accept(listener, NULL, NULL);
        if (client >= 0) {
            client_serve(client, argv[2], ms);
            (void)close(client);
        }
    }
}
