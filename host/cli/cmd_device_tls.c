/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_device_tls: `windlass device tls`: a line for the device's own TLS session with a server. */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <jansson.h>

#include "host/cli/cmd_device.h"
#include "host/device/device_tls.h"

#define CONNECT_MS 10000
#define IDLE_MS 20000
#define NAME_MAX_LEN 253

/* "HOST:PORT" or "[HOST]:PORT". */
static int place_split(const char *place, char host[NAME_MAX_LEN + 1], const char **port, struct fault *fault)
{
    const char *colon = strrchr(place, ':');
    int bracket = place[0] == '[' && colon != NULL && colon > place && colon[-1] == ']';
    const char *first = place + bracket;
    size_t len = colon == NULL ? 0 : (size_t)(colon - first) - (size_t)bracket;
    if (colon == NULL || colon[1] == '\0' || len == 0 || len > NAME_MAX_LEN) {
        return fault_set(fault, "tls: --connect takes HOST:PORT, not '%s'", place);
    }
    memcpy(host, first, len);
    host[len] = '\0';
    *port = colon + 1;
    return 0;
}

/* Connects within the time; gives the descriptor, or -1 with errno. */
static int address_connect(const struct addrinfo *a)
{
    int error = ETIMEDOUT;
    socklen_t error_len = sizeof error;
    int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->ai_protocol);
    if (fd < 0) {
        return -1;
    }
    if (connect(fd, a->ai_addr, a->ai_addrlen) == 0) {
        return fd;
    }
    struct pollfd p = { fd, POLLOUT, 0 };
    if (errno == EINPROGRESS && poll(&p, 1, CONNECT_MS) == 1 &&
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_len) == 0 && error == 0) {
        return fd;
    }
    error = error == ETIMEDOUT && errno != EINPROGRESS ? errno : error;
    (void)close(fd);
    errno = error;
    return -1;
}

static int server_connect(const char *place, char host[NAME_MAX_LEN + 1], struct fault *fault)
{
    const struct addrinfo wanted = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
    struct addrinfo *list = NULL;
    const char *port = NULL;
    int fd = -1;
    if (place_split(place, host, &port, fault) != 0) {
        return -1;
    }
    int problem = getaddrinfo(host, port, &wanted, &list);
    if (problem != 0) {
        return fault_set(fault, "tls: %s: %s", place, gai_strerror(problem));
    }
    for (const struct addrinfo *a = list; a != NULL && fd < 0; a = a->ai_next) {
        fd = address_connect(a);
    }
    int saved = errno;
    freeaddrinfo(list);
    errno = saved;
    if (fd < 0) {
        (void)fault_errno(fault, "tls: %s", place);
        return fault_hint(fault, "is the server running there, and reachable from this machine?");
    }
    return fd;
}

static void result_print(const struct device_tls_result *r, const char *name, int json)
{
    if (!json) {
        (void)printf("server   %s, genuine\ndevice   showed its certificate, encrypted; its key stayed inside\n"
                     "answer   %s\n",
                     name, r->text);
        return;
    }
    json_t *o = json_pack("{s:s, s:b, s:s}", "server", name, "open", 1, "answer", r->text);
    char *text = o == NULL ? NULL : json_dumps(o, JSON_COMPACT);
    (void)printf("%s\n", text != NULL ? text : "null");
    free(text);
    json_decref(o);
}

static int result_judge(const struct device_tls_result *r, struct fault *fault)
{
    if (r->state == DEVICE_TLS_DONE) {
        return 0;
    }
    if (r->code != 0) {
        (void)fault_set(fault, "tls: the device says: %s (Mbed TLS -0x%04llx)", r->why, (unsigned long long)r->code);
    } else {
        (void)fault_set(fault, "tls: the device says: %s", r->why);
    }
    return fault_hint(fault, "the server needs a certificate from the project's root for its name ('windlass pki "
                             "server' makes one), and must take the device's");
}

int device_tls_run(struct smp_link *link, const struct device_options *options, struct fault *fault)
{
    char host[NAME_MAX_LEN + 1];
    if (options->connect == NULL) {
        return fault_set(fault, "tls: which server? --connect HOST:PORT");
    }
    int fd = server_connect(options->connect, host, fault);
    if (fd < 0) {
        return -1;
    }
    const char *name = options->name != NULL ? options->name : host;
    struct device_tls_result *r = calloc(1, sizeof *r);
    int result = r == NULL ? fault_set(fault, "no memory") : device_tls_carry(link, fd, name, IDLE_MS, r, fault);
    (void)close(fd);
    if (result == 0) {
        result = result_judge(r, fault);
    }
    if (result == 0) {
        result_print(r, name, options->json);
    }
    free(r);
    return result;
}
