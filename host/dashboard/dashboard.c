/* SPDX-License-Identifier: Apache-2.0 */
/* dashboard: start and stop. */
#include "host/dashboard/dashboard.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/wipe.h"
#include "host/dashboard/dashboard_room.h"
#include "host/lib/file.h"

#define PEM_MAX 65536

const struct page_file *page_file_find(const char *path)
{
    const struct page_file *file = page_files;
    while (file->path != NULL && strcmp(file->path, path) != 0) {
        file++;
    }
    return file->path == NULL ? NULL : file;
}

static int is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET6) {
        return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
    }
    return ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr) >> 24 == 127;
}

static uint16_t port_of(int fd)
{
    struct sockaddr_storage address = { 0 };
    socklen_t len = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
        return 0;
    }
    return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                               : ((struct sockaddr_in *)&address)->sin_port);
}

static int listener_bind(struct dashboard *d, const struct addrinfo *at, const char *host, struct fault *fault)
{
    int on = 1;
    d->listener = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (d->listener < 0) {
        return fault_errno(fault, "the dashboard has no socket");
    }
    (void)setsockopt(d->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(d->listener, at->ai_addr, at->ai_addrlen) != 0 || listen(d->listener, 128) != 0) {
        (void)fault_errno(fault, "the dashboard cannot listen at %s", host);
        return fault_hint(fault, "choose another address or port for it");
    }
    d->port = port_of(d->listener);
    return 0;
}

static int listener_open(struct dashboard *d, const struct dashboard_config *config, struct fault *fault)
{
    struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV | AI_NUMERICHOST, .ai_socktype = SOCK_STREAM };
    struct addrinfo *at = NULL;
    char port[8];
    (void)snprintf(port, sizeof port, "%u", config->port);
    int error = getaddrinfo(config->host, port, &hints, &at);
    if (error != 0) {
        (void)fault_set(fault, "the dashboard's address %s: %s", config->host, gai_strerror(error));
        return fault_hint(fault, "an IP address is needed, such as 127.0.0.1 or ::1");
    }
    int result;
    if (!d->secure && !is_loopback(at->ai_addr)) {
        result = fault_set(fault, "the dashboard does not serve plain HTTP at %s: its token could be read on the way",
                           config->host);
        (void)fault_hint(fault,
                         "give it --dashboard-cert and --dashboard-key, or a loopback address such as 127.0.0.1");
    } else {
        result = listener_bind(d, at, config->host, fault);
    }
    freeaddrinfo(at);
    return result;
}

static void connection_seen(void *context, struct MHD_Connection *connection, void **place,
                            enum MHD_ConnectionNotificationCode code)
{
    struct dashboard *d = context;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        guard_leave(&d->guard, (uintptr_t)*place);
    } else if (info != NULL) {
        *place = (void *)guard_enter(&d->guard, info->connect_fd);
    }
}

static void guard_tick(void *context)
{
    guard_sweep(&((struct dashboard *)context)->guard);
}

/* PEM texts with a NUL; NULL without HTTPS, `clients` also without such. */
struct pems {
    uint8_t *certificate;
    uint8_t *key;
    uint8_t *clients;
    size_t key_len;
};

static int daemon_start(struct dashboard *d, const struct pems *pems, struct fault *fault)
{
    unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME;
    const struct MHD_OptionItem end = { MHD_OPTION_END, 0, NULL };
    struct MHD_OptionItem tls[] = {
        { MHD_OPTION_HTTPS_MEM_CERT, 0, pems->certificate },
        { MHD_OPTION_HTTPS_MEM_KEY, 0, pems->key },
        { MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t) "NORMAL:-VERS-ALL:+VERS-TLS1.3" },
        pems->clients == NULL ? end : (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_TRUST, 0, pems->clients },
        end,
    };
    d->daemon = MHD_start_daemon(
        flags | (d->secure ? MHD_USE_TLS : 0u), 0, NULL, NULL, serve_request, d, MHD_OPTION_LISTEN_SOCKET, d->listener,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)DASHBOARD_CONNECTIONS_MAX, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        (unsigned)DASHBOARD_PER_ADDRESS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)DASHBOARD_CONNECTION_BYTES,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)DASHBOARD_IDLE_SECONDS, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_NOTIFY_COMPLETED, serve_request_end, d, MHD_OPTION_NOTIFY_CONNECTION, connection_seen, d,
        MHD_OPTION_ARRAY, d->secure ? tls : tls + 4, MHD_OPTION_END);
    if (d->daemon == NULL) {
        (void)fault_set(fault, "the dashboard cannot start");
        return fault_hint(fault, d->secure ? "do its certificate and its key (PEM) belong together?" : "see ulimit -n");
    }
    d->listener = -1; /* the daemon closes it */
    return 0;
}

static int pems_read(const struct dashboard_config *config, struct pems *out, struct fault *fault)
{
    size_t len = 0;
    if (config->certificate == NULL) {
        return 0;
    }
    if (file_read(config->certificate, PEM_MAX, &out->certificate, &len, fault) != 0 ||
        file_read_secret(config->key, PEM_MAX, &out->key, &out->key_len, fault) != 0) {
        return -1;
    }
    return config->clients == NULL ? 0 : file_read(config->clients, PEM_MAX, &out->clients, &len, fault);
}

static int daemon_start_files(struct dashboard *d, const struct dashboard_config *config, struct fault *fault)
{
    struct pems pems = { 0 };
    int result = pems_read(config, &pems, fault) != 0 ? -1 : daemon_start(d, &pems, fault);
    if (pems.key != NULL) {
        wipe(pems.key, pems.key_len);
    }
    free(pems.key);
    free(pems.certificate);
    free(pems.clients);
    return result;
}

static int parts_start(struct dashboard *d, const struct dashboard_config *config, struct fault *fault)
{
    if ((config->certificate == NULL) != (config->key == NULL)) {
        (void)fault_set(fault, "the dashboard's certificate and its key come together");
        return fault_hint(fault, "give --dashboard-cert and --dashboard-key");
    }
    if (config->clients != NULL && config->certificate == NULL) {
        (void)fault_set(fault, "the dashboard can ask for certificates over HTTPS only");
        return fault_hint(fault, "give --dashboard-cert and --dashboard-key, too");
    }
    if (config->crl != NULL && config->clients == NULL) {
        (void)fault_set(fault, "the dashboard looks up certificates of --dashboard-clients, and there are none");
        return fault_hint(fault, "give --dashboard-clients, too, or leave --dashboard-crl out");
    }
    if (config->clients != NULL && visitors_open(config->clients, config->crl, &d->visitors, fault) != 0) {
        return -1;
    }
    if (login_open(&d->login, config->token, fault) != 0 || listener_open(d, config, fault) != 0 ||
        feed_start(&d->feed, &d->source, guard_tick, d, fault) != 0) {
        return -1;
    }
    return daemon_start_files(d, config, fault);
}

int dashboard_start(const struct dashboard_config *config, struct dashboard **out, struct fault *fault)
{
    struct dashboard *d = calloc(1, sizeof *d);
    *out = NULL;
    if (d == NULL) {
        return fault_set(fault, "the dashboard has no memory");
    }
    d->listener = -1;
    d->source = config->source;
    d->secure = config->certificate != NULL;
    d->units = calloc(DASHBOARD_MATCHES_MAX, sizeof *d->units);
    d->metrics = malloc(DASHBOARD_METRICS_MAX);
    guard_open(&d->guard);
    int result = d->units == NULL || d->metrics == NULL ? fault_set(fault, "the dashboard has no memory")
                                                        : parts_start(d, config, fault);
    if (result != 0) {
        dashboard_stop(d);
        return -1;
    }
    *out = d;
    return 0;
}

void dashboard_stop(struct dashboard *d)
{
    if (d == NULL) {
        return;
    }
    if (d->feed.source != NULL) {
        feed_stop(&d->feed);
    }
    if (d->daemon != NULL) {
        MHD_stop_daemon(d->daemon);
    }
    if (d->feed.source != NULL) {
        feed_free(&d->feed);
    }
    if (d->listener >= 0) {
        (void)close(d->listener);
    }
    guard_close(&d->guard);
    visitors_close(d->visitors);
    login_wipe(&d->login);
    free(d->metrics);
    free(d->units);
    free(d);
}

int dashboard_reload(struct dashboard *d, struct fault *fault)
{
    return d == NULL || d->visitors == NULL ? 0 : visitors_reload(d->visitors, fault);
}

uint16_t dashboard_port(const struct dashboard *d)
{
    return d->port;
}
