/* SPDX-License-Identifier: Apache-2.0 */
/* rsp_connect: reaching a GDB server and agreeing with it: the CPU is halted, no acknowledgements. The line is in
 * rsp.c. */
#include "host/station/rsp.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define RSP_PACKET_DEFAULT 1024u
#define RSP_DROPS_MAX 5u

static int text_command(struct rsp *rsp, const char *command, struct fault *fault)
{
    if (rsp_packet_send(rsp, bytes_of(command, strlen(command)), fault) != 0) {
        return -1;
    }
    return rsp_packet_receive(rsp, fault);
}

static int reply_is(const struct rsp *rsp, const char *text)
{
    return bytes_equal(bytes_of(rsp->decoder.data, rsp->decoder.len), bytes_of(text, strlen(text)));
}

/* PacketSize=HEX in the reply to qSupported; kept within what this client can build. */
static void packet_max_read(struct rsp *rsp)
{
    char reply[1024];
    size_t len = rsp->decoder.len < sizeof reply ? rsp->decoder.len : sizeof reply - 1;
    memcpy(reply, rsp->decoder.data, len);
    reply[len] = '\0';
    const char *field = strstr(reply, "PacketSize=");
    unsigned long value = field != NULL ? strtoul(field + strlen("PacketSize="), NULL, 16) : RSP_PACKET_DEFAULT;
    value = value < 256 ? 256 : value;
    rsp->packet_max = value > GDB_PACKET_MAX ? GDB_PACKET_MAX : (size_t)value;
}

static int says_halted(const struct rsp *rsp)
{
    return rsp->decoder.len >= 3 && (rsp->decoder.data[0] == 'S' || rsp->decoder.data[0] == 'T');
}

/* A CPU that ran into a blank or damaged flash cannot be stopped: a reset brings it back. */
static int halt_agree(struct rsp *rsp, struct fault *fault)
{
    if (text_command(rsp, "?", fault) != 0) {
        return -1;
    }
    if (rsp->decoder.len == 3 && rsp->decoder.data[0] == 'E') {
        struct fault ignored = FAULT_NONE;
        if (rsp_monitor(rsp, "reset halt", NULL, 0, &ignored) != 0 && !rsp_usable(rsp)) {
            return fault_set(fault, "%s", ignored.what);
        }
        rsp_deadline_start(rsp, 1);
        if (text_command(rsp, "?", fault) != 0) {
            return -1;
        }
    }
    return says_halted(rsp) ? 0 : rsp_give_up(rsp, fault, "the server does not say that the CPU is halted");
}

static int protocol_agree(struct rsp *rsp, struct fault *fault)
{
    rsp_deadline_start(rsp, 1);
    if (text_command(rsp, "qSupported", fault) != 0) {
        return -1;
    }
    packet_max_read(rsp);
    if (text_command(rsp, "QStartNoAckMode", fault) != 0) {
        return -1;
    }
    rsp->no_ack = reply_is(rsp, "OK");
    return halt_agree(rsp, fault);
}

int rsp_attach(struct rsp *rsp, int fd, unsigned timeout_ms, struct fault *fault)
{
    memset(rsp, 0, sizeof *rsp);
    rsp->fd = fd;
    rsp->timeout_ms = timeout_ms;
    rsp->packet_max = RSP_PACKET_DEFAULT;
    int one = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (protocol_agree(rsp, fault) != 0) {
        rsp_close(rsp);
        return fault_hint(fault,
                          "is a GDB server of one chip listening there (OpenOCD, J-Link, pyOCD, 'windlass chip run')?");
    }
    return 0;
}

/* Splits "host:port" or "[host]:port". */
static int target_split(const char *target, char *host, size_t host_len, const char **port)
{
    const char *colon = strrchr(target, ':');
    if (colon == NULL || colon == target || colon[1] == '\0') {
        return -1;
    }
    size_t len = (size_t)(colon - target);
    if (target[0] == '[' && target[len - 1] == ']') {
        target++;
        len -= 2;
    }
    if (len == 0 || len >= host_len) {
        return -1;
    }
    memcpy(host, target, len);
    host[len] = '\0';
    *port = colon + 1;
    return 0;
}

static int socket_connect(const struct addrinfo *address, int64_t deadline_ms)
{
    int fd = socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address->ai_protocol);
    if (fd < 0) {
        return -1;
    }
    if (connect(fd, address->ai_addr, address->ai_addrlen) == 0) {
        return fd;
    }
    int error = errno;
    if (error == EINPROGRESS) {
        int64_t left = deadline_ms - rsp_clock_ms();
        struct pollfd p = { fd, POLLOUT, 0 };
        socklen_t size = sizeof error;
        error = ETIMEDOUT;
        if (left > 0 && poll(&p, 1, (int)left) == 1 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 &&
            error == 0) {
            return fd;
        }
    }
    (void)close(fd);
    errno = error;
    return -1;
}

/* A connected socket, or -1 with the fault; *refused is 1 when a host answered that nobody listens. */
static int target_connect(const char *target, unsigned timeout_ms, int *refused, struct fault *fault)
{
    char host[256];
    const char *port = NULL;
    *refused = 0;
    if (target_split(target, host, sizeof host, &port) != 0) {
        (void)fault_set(fault, "'%s' is not an address of a debug port", target);
        return fault_hint(fault, "write HOST:PORT, for instance 127.0.0.1:3333, or give the folder of a virtual chip");
    }
    struct addrinfo want = { .ai_socktype = SOCK_STREAM };
    struct addrinfo *found = NULL;
    int error = getaddrinfo(host, port, &want, &found);
    if (error != 0) {
        return fault_set(fault, "debug port %s: %s", target, gai_strerror(error));
    }
    int64_t deadline_ms = rsp_clock_ms() + timeout_ms;
    int fd = -1;
    for (struct addrinfo *a = found; a != NULL && fd < 0; a = a->ai_next) {
        fd = socket_connect(a, deadline_ms);
        error = errno;
    }
    freeaddrinfo(found);
    if (fd < 0) {
        errno = error;
        *refused = error == ECONNREFUSED;
        (void)fault_errno(fault, "debug port %s", target);
        return fault_hint(fault, "is the chip powered and its GDB server running? A locked chip has no debug port.");
    }
    return fd;
}

static int connect_once(struct rsp *rsp, const char *target, unsigned timeout_ms, struct fault *fault)
{
    int refused = 0;
    rsp->fd = -1;
    rsp->peer_closed = 0;
    int fd = target_connect(target, timeout_ms, &refused, fault);
    return fd < 0 ? -1 : rsp_attach(rsp, fd, timeout_ms, fault);
}

/* A server of one client drops the next one until it has seen the former leave: OpenOCD does. */
int rsp_connect(struct rsp *rsp, const char *target, unsigned timeout_ms, struct fault *fault)
{
    const struct timespec pause = { 0, 100 * 1000 * 1000 };
    struct fault dropped = FAULT_NONE;
    int result = connect_once(rsp, target, timeout_ms, &dropped);
    for (unsigned tries = 1; result != 0 && rsp->peer_closed && tries < RSP_DROPS_MAX; tries++) {
        (void)nanosleep(&pause, NULL);
        dropped = (struct fault)FAULT_NONE;
        result = connect_once(rsp, target, timeout_ms, &dropped);
    }
    if (result != 0) {
        *fault = dropped;
    }
    return result;
}

enum rsp_port rsp_port_probe(const char *target, unsigned timeout_ms)
{
    struct fault ignored = FAULT_NONE;
    int refused = 0;
    int fd = target_connect(target, timeout_ms, &refused, &ignored);
    if (fd < 0) {
        return refused ? RSP_PORT_CLOSED : RSP_PORT_UNKNOWN;
    }
    struct rsp *rsp = malloc(sizeof *rsp);
    if (rsp == NULL) {
        (void)close(fd);
        return RSP_PORT_UNKNOWN;
    }
    enum rsp_port port = rsp_attach(rsp, fd, timeout_ms, &ignored) == 0 ? RSP_PORT_OPEN
                         : rsp->peer_closed                             ? RSP_PORT_CLOSED
                                                                        : RSP_PORT_UNKNOWN;
    rsp_close(rsp);
    free(rsp);
    return port;
}
