/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_peer: one strange connection on a free port of 127.0.0.1, whose number is printed first. `garbage`: answers with
 * bytes that are no records. `hangup`: closes after the first bytes. `relay PORT LOG FLIP CUT`: passes both directions
 * on to a server, keeps all bytes in LOG, flips a bit of byte FLIP from the server, and closes after CUT bytes of it
 * (0: never).
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WAIT_MS 60000

static int must(int result, const char *what)
{
    if (result < 0) {
        perror(what);
        exit(1);
    }
    return result;
}

static struct sockaddr_in local(uint16_t port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static int client_accept(void)
{
    struct sockaddr_in address = local(0);
    socklen_t len = sizeof address;
    int fd = must(socket(AF_INET, SOCK_STREAM, 0), "socket");
    (void)must(bind(fd, (const struct sockaddr *)&address, len), "bind");
    (void)must(listen(fd, 1), "listen");
    (void)must(getsockname(fd, (struct sockaddr *)&address, &len), "getsockname");
    (void)printf("%u\n", ntohs(address.sin_port));
    (void)fflush(stdout);
    struct pollfd p = { fd, POLLIN, 0 };
    if (poll(&p, 1, WAIT_MS) != 1) {
        exit(1);
    }
    return must(accept(fd, NULL, NULL), "accept");
}

static void garbage(int client)
{
    static uint8_t noise[4096];
    uint32_t state = 1;
    for (size_t i = 0; i < sizeof noise; i++) {
        state = state * 1103515245u + 12345u;
        noise[i] = (uint8_t)(state >> 16);
    }
    (void)must((int)recv(client, noise + 2048, 1, 0), "recv");
    (void)must((int)send(client, noise, sizeof noise, MSG_NOSIGNAL), "send");
    (void)recv(client, noise, sizeof noise, 0);
}

struct relay {
    int client;
    int server;
    FILE *log;
    unsigned long flip;
    unsigned long cut;
    unsigned long seen; /* bytes from the server */
};

/* Passes what is there in one direction; 0 when it has ended. */
static int pass(struct relay *r, int from, int to)
{
    uint8_t data[2048];
    ssize_t n = recv(from, data, sizeof data, 0);
    if (n <= 0) {
        return 0;
    }
    for (ssize_t i = 0; i < n && from == r->server; i++) {
        r->seen++;
        if (r->seen == r->flip) {
            data[i] ^= 1;
        }
        if (r->seen == r->cut) {
            (void)send(to, data, (size_t)i, MSG_NOSIGNAL);
            return 0;
        }
    }
    (void)fwrite(data, 1, (size_t)n, r->log);
    return send(to, data, (size_t)n, MSG_NOSIGNAL) == n;
}

static void relay(int client, char **argv)
{
    struct sockaddr_in address = local((uint16_t)atoi(argv[0]));
    struct relay r = { .client = client, .flip = strtoul(argv[2], NULL, 10), .cut = strtoul(argv[3], NULL, 10) };
    r.log = fopen(argv[1], "wb");
    r.server = must(socket(AF_INET, SOCK_STREAM, 0), "socket");
    (void)must(connect(r.server, (const struct sockaddr *)&address, sizeof address), "connect");
    int going = r.log != NULL;
    while (going) {
        struct pollfd p[2] = { { r.client, POLLIN, 0 }, { r.server, POLLIN, 0 } };
        going = poll(p, 2, WAIT_MS) > 0;
        going = going && (p[0].revents == 0 || pass(&r, r.client, r.server));
        going = going && (p[1].revents == 0 || pass(&r, r.server, r.client));
    }
    if (r.log != NULL) {
        (void)fclose(r.log);
    }
}

int main(int argc, char **argv)
{
    int client = argc > 1 ? client_accept() : -1;
    char byte;
    if (argc == 2 && strcmp(argv[1], "garbage") == 0) {
        garbage(client);
    } else if (argc == 2 && strcmp(argv[1], "hangup") == 0) {
        (void)recv(client, &byte, 1, 0);
    } else if (argc == 6 && strcmp(argv[1], "relay") == 0) {
        relay(client, argv + 2);
    } else {
        return 2;
    }
    return 0;
}
