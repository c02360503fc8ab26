/* SPDX-License-Identifier: Apache-2.0 */
/* server_rig: see server_rig.h. */
#include "tests/unit/server_rig.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/daemon/log.h"
#include "tests/unit/host_support.h"
#include "tests/unit/tls_maker.h"

struct rig rig;

/* ---- the engine: "S" sleeps, "B" answers much, "X" has no answer, all else comes back behind the station's name ----
 */

static int echo_open(void *engine, const char *station, void **state)
{
    (void)engine;
    atomic_fetch_add(&rig.open_states, 1);
    *state = &rig.open_states;
    return strcmp(station, "unwelcome") == 0 ? -1 : 0;
}

static void echo_close(void *engine, void *state)
{
    (void)engine;
    assert_ptr_equal(state, &rig.open_states);
    atomic_fetch_sub(&rig.open_states, 1);
}

static int echo_carry(void *engine, void *state, const char *station, struct bytes request, uint8_t *answer,
                      size_t *len)
{
    const struct timespec nap = { 0, 300000000 };
    (void)engine;
    (void)state;
    atomic_fetch_add(&rig.in_hand, 1);
    if (request.data[0] == 'S') {
        (void)nanosleep(&nap, NULL);
    }
    while (request.data[0] == 'H' && atomic_load(&rig.held)) {
        (void)usleep(1000);
    }
    atomic_fetch_sub(&rig.in_hand, 1);
    if (request.data[0] == 'X') {
        return -1;
    }
    if (request.data[0] == 'B') {
        memset(answer, 'b', SERVER_LETTER_MAX);
        *len = SERVER_LETTER_MAX;
        return 0;
    }
    size_t name_len = strlen(station);
    memcpy(answer, station, name_len);
    memcpy(answer + name_len, request.data, request.len);
    *len = name_len + request.len;
    return 0;
}

static size_t echo_refuse(void *engine, const char *what, const char *hint, uint8_t *answer)
{
    (void)engine;
    (void)hint;
    return (size_t)snprintf((char *)answer, SERVER_REFUSAL_MAX, "NO: %s", what);
}

static const struct server_engine echo = {
    .open = echo_open, .carry = echo_carry, .close = echo_close, .refuse = echo_refuse
};

struct server_limits rig_limits(void)
{
    struct server_limits limits = server_limits_usual();
    limits.connections = 200;
    limits.per_station = 100;
    limits.pending = 40;
    limits.workers = 8;
    limits.handshake_ms = RIG_LETTER_MS;
    limits.letter_ms = RIG_LETTER_MS;
    limits.idle_ms = 60000;
    return limits;
}

void rig_up(const struct server_limits *limits)
{
    struct fault fault = FAULT_NONE;
    memset(&rig.metrics, 0, sizeof rig.metrics);
    support_check(server_open(rig.server_tls, &echo, limits, &rig.metrics, &rig.server, &fault), &fault);
    support_check(server_listen(rig.server, "127.0.0.1:0", &rig.port, &fault), &fault);
    support_check(server_start(rig.server, &fault), &fault);
    (void)snprintf(rig.address, sizeof rig.address, "127.0.0.1:%u", rig.port);
}

void rig_down(void)
{
    server_stop(rig.server, 1000);
    server_close(rig.server);
    rig.server = NULL;
    assert_int_equal(atomic_load(&rig.open_states), 0);
    assert_int_equal(metrics_get(&rig.metrics, METRIC_CONNECTIONS), 0);
    assert_int_equal(metrics_get(&rig.metrics, METRIC_PENDING), 0);
}

static int64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits until a counter has this value at least. */
void rig_wait(enum metric which, int64_t value)
{
    const struct timespec pause = { 0, 10000000 };
    for (int64_t end = now_ms() + RIG_PATIENCE_MS; metrics_get(&rig.metrics, which) < value;) {
        if (now_ms() > end) {
            fail_msg("counter %d is %lld, not %lld", (int)which, (long long)metrics_get(&rig.metrics, which),
                     (long long)value);
        }
        (void)nanosleep(&pause, NULL);
    }
}

struct tls_conn *rig_connect(struct tls *tls)
{
    struct tls_conn *conn = NULL;
    struct fault fault = FAULT_NONE;
    support_check(tls_letter_connect(tls, rig.address, RIG_PATIENCE_MS, &conn, &fault), &fault);
    return conn;
}

void rig_say(struct tls_conn *conn, const char *text)
{
    struct fault fault = FAULT_NONE;
    support_check(tls_letter_send(conn, bytes_of(text, strlen(text)), RIG_PATIENCE_MS, &fault), &fault);
}

void rig_hear(struct tls_conn *conn, const char *text)
{
    uint8_t in[SERVER_LETTER_MAX + 1];
    size_t len = 0;
    struct fault fault = FAULT_NONE;
    support_check(tls_letter_receive(conn, in, SERVER_LETTER_MAX, &len, RIG_PATIENCE_MS, &fault), &fault);
    in[len] = '\0';
    assert_string_equal((const char *)in, text);
}

void rig_hear_end(struct tls_conn *conn)
{
    uint8_t in[64];
    size_t len = 0;
    struct fault fault = FAULT_NONE;
    assert_int_equal(tls_letter_receive(conn, in, sizeof in, &len, RIG_PATIENCE_MS, &fault), -1);
    assert_null(strstr(fault.what, "in time"));
}

/* A station that works all the while, and how long its slowest letter took. */
int64_t rig_slowest_letter(unsigned count)
{
    int64_t slowest = 0;
    struct tls_conn *conn = rig_connect(rig.station_tls);
    for (unsigned i = 0; i < count; i++) {
        int64_t begin = now_ms();
        rig_say(conn, "ping");
        rig_hear(conn, "line-1ping");
        int64_t took = now_ms() - begin;
        slowest = took > slowest ? took : slowest;
    }
    tls_conn_close(conn);
    return slowest;
}

/* A connection that never says anything. */
int rig_silent_connect(void)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)rig.port) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

/* 1 when the other side has closed it; waits for that. */
int rig_closed_in_time(int fd)
{
    char junk[256];
    const struct timeval patience = { RIG_PATIENCE_MS / 1000, 0 };
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    for (;;) {
        ssize_t got = recv(fd, junk, sizeof junk, 0);
        if (got <= 0) {
            return got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
        }
    }
}

int rig_begin(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    static const char *const nobody[] = { NULL };
    (void)signal(SIGPIPE, SIG_IGN);
    (void)support_folder_make();
    log_use(open(support_path("log"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    maker_root("root");
    maker_server("root", "appliance");
    maker_station("root", "line-1");
    maker_station("root", "unwelcome");
    maker_crl("root", "stations.crl", nobody, -120, 3600);
    struct tls_config config = maker_config("root", "appliance", "stations.crl");
    support_check(tls_server_open(&config, &rig.server_tls, &fault), &fault);
    config = maker_config("root", "line-1", NULL);
    support_check(tls_client_open(&config, &rig.station_tls, &fault), &fault);
    return 0;
}

int rig_end(void **state)
{
    (void)state;
    tls_close(rig.station_tls);
    tls_close(rig.server_tls);
    maker_end();
    support_folder_remove();
    return 0;
}
