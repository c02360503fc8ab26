/* SPDX-License-Identifier: Apache-2.0 */
/* works_postgres: a real PostgreSQL server, and before its socket a wall that counts the messages of windlassd: at one
 * of them the server dies as by the power, or windlassd, before the server has it or before its answer comes (works.h).
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "tests/crash/works.h"
#include "tests/unit/postgres_server.h"

#define MESSAGE_MAX 65536
#define ANSWER_MS 10000

static const struct works *works;
static atomic_int is_off; /* the main thread switches it on: a child ends with the thread that made it */
static volatile sig_atomic_t ending;

static void end(int number)
{
    (void)number;
    ending = 1;
}

static struct sockaddr_un address_of(const char *name)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/pg/%s", works->dir, name);
    return address;
}

static int inner_connect(void)
{
    struct sockaddr_un address = address_of("in/.s.PGSQL.5432");
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

static void server_cut(void)
{
    atomic_store(&is_off, 1);
    while (atomic_load(&is_off)) {
        (void)nanosleep(&(struct timespec){ 0, 2000000 }, NULL);
    }
    atomic_store(&works->cut->up, 1);
}

static void server_look(void)
{
    if (atomic_load(&is_off)) {
        postgres_crash();
        postgres_start_again();
        atomic_store(&is_off, 0);
    }
}

static void daemon_kill(void)
{
    if (*works->watched > 0) {
        (void)kill(*works->watched, SIGKILL);
    }
}

static int whole_send(int fd, const uint8_t *data, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL);
        if (n <= 0) {
            return -1;
        }
        data += n;
        len -= (size_t)n;
    }
    return 0;
}

struct piece {
    size_t len;
    uint8_t bytes[MESSAGE_MAX];
};

static int piece_take(int from, struct piece *piece)
{
    ssize_t n = recv(from, piece->bytes, sizeof piece->bytes, 0);
    piece->len = n > 0 ? (size_t)n : 0;
    return n > 0 ? 0 : -1;
}

static int answer_carry(int inner, int outer)
{
    static _Thread_local struct piece piece;
    return piece_take(inner, &piece) == 0 ? whole_send(outer, piece.bytes, piece.len) : -1;
}

/* Until the server has done what it was asked; the answer stays where it is. */
static void answer_await(int inner)
{
    struct pollfd wait = { inner, POLLIN, 0 };
    (void)poll(&wait, 1, ANSWER_MS);
}

/* One message to the server; -1: the connection ends. Its end is no message. */
static int message_carry(int outer, int inner)
{
    static _Thread_local struct piece piece;
    struct cut *cut = works->cut;
    if (piece_take(outer, &piece) != 0) {
        return -1;
    }
    const int asked = cut_here(cut, CUT_DB_ASKED);
    const int answered = cut_here(cut, CUT_DB_ANSWERED);
    const int after = cut_here(cut, CUT_DB_AFTER);
    if (asked) {
        daemon_kill();
        return -1;
    }
    if (cut_here(cut, CUT_DB_BEFORE)) {
        server_cut();
        return -1;
    }
    const int sent = whole_send(inner, piece.bytes, piece.len) == 0;
    if (sent && (answered || after)) {
        answer_await(inner);
    }
    if (answered || after) {
        (answered ? daemon_kill : server_cut)();
    }
    return sent && !answered && !after ? 0 : -1;
}

static void *connection_serve(void *context)
{
    int ends[2] = { (int)(intptr_t)context, inner_connect() };
    int alive = ends[1] >= 0;
    while (alive) {
        struct pollfd waits[2] = { { ends[0], POLLIN, 0 }, { ends[1], POLLIN, 0 } };
        alive = poll(waits, 2, -1) > 0;
        if (alive && waits[1].revents != 0) {
            alive = answer_carry(ends[1], ends[0]) == 0;
        }
        if (alive && waits[0].revents != 0) {
            alive = message_carry(ends[0], ends[1]) == 0;
        }
    }
    (void)close(ends[0]);
    if (ends[1] >= 0) {
        (void)close(ends[1]);
    }
    return NULL;
}

static int outer_listen(void)
{
    struct sockaddr_un address = address_of(".s.PGSQL.5432");
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)unlink(address.sun_path);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 16) != 0 ||
        chmod(address.sun_path, 0777) != 0) {
        works_give_up("the database's socket cannot be made");
    }
    return fd;
}

_Noreturn void works_postgres_run(const struct works *of)
{
    works = of;
    const struct sigaction on_end = { .sa_handler = end };
    (void)sigaction(SIGTERM, &on_end, NULL);
    postgres_adopt(address_of("in").sun_path);
    postgres_start_again();
    struct pollfd wait = { outer_listen(), POLLIN, 0 };
    (void)close(open(works_path(works, "pg.ready"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    while (!ending) {
        const int came = poll(&wait, 1, 5) > 0;
        server_look();
        int fd = !came ? -1 : accept4(wait.fd, NULL, NULL, SOCK_CLOEXEC);
        pthread_t thread;
        if (fd >= 0 && pthread_create(&thread, NULL, connection_serve, (void *)(intptr_t)fd) == 0) {
            (void)pthread_detach(thread);
        }
    }
    postgres_crash();
    _exit(0);
}
