/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server_conn: what a worker does with a connection that is ready: a step of the handshake, or a piece of a letter, or
 * a whole letter and its answer, or a piece of an answer. It never waits for the network.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "host/daemon/log.h"
#include "host/daemon/server_room.h"

#define LINGER_MS 2000
#define TURNS_MAX 1000 /* that often a peer may send something that is no part of a letter */

int server_arm(struct conn *conn, uint32_t events, int add)
{
    struct epoll_event event = { .events = events | EPOLLONESHOT, .data.ptr = conn };
    int epoll_fd = conn->server->epoll_fd;
    int fd = tls_conn_fd(conn->tls);
    /* Once it is armed another worker may have it: from here on nothing of it is touched. */
    (void)atomic_fetch_add_explicit(&conn->handed, 1, memory_order_release);
    return epoll_ctl(epoll_fd, add ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event);
}

static void deadline_set(struct conn *conn, int ms)
{
    atomic_store(&conn->deadline, server_now_ms() + ms);
}

/* Waits for what `step` wants, or ends. */
static void wait_or_end(struct conn *conn, enum tls_step step, const struct fault *fault)
{
    if (step == TLS_WANTS_READ || step == TLS_WANTS_WRITE) {
        if (server_arm(conn, step == TLS_WANTS_READ ? EPOLLIN : EPOLLOUT, 0) == 0) {
            return;
        }
    }
    server_end_conn(conn, step == TLS_ENDED ? END_BYE : END_BROKEN, fault);
}

/* The peer has been told, by an alert or a letter; a close at once could take the word from its hands. So our end is
 * closed, and what it still sends is thrown away for a moment. */
static void linger(struct conn *conn, enum server_end why, const struct fault *fault)
{
    server_end_say(conn, why, fault);
    tls_conn_bye(conn->tls);
    conn->stage = CONN_LINGERING;
    atomic_store(&conn->busy, 0);
    deadline_set(conn, LINGER_MS);
    if (server_arm(conn, EPOLLIN, 0) != 0) {
        server_end_conn(conn, why, NULL);
    }
}

static void linger_on(struct conn *conn)
{
    uint8_t junk[4096];
    for (unsigned i = 0; i < 16; i++) {
        ssize_t got = recv(tls_conn_fd(conn->tls), junk, sizeof junk, MSG_DONTWAIT);
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
            server_end_conn(conn, END_BROKEN, NULL);
            return;
        }
        if (got < 0) {
            break;
        }
    }
    if (server_arm(conn, EPOLLIN, 0) != 0) {
        server_end_conn(conn, END_BROKEN, NULL);
    }
}

/* ---- the answer ---- */

/* Ready for the next letter. What is inside already, no event would tell of: a socket can nearly always be written. */
static void letter_next(struct conn *conn)
{
    free(conn->letter);
    free(conn->out);
    conn->letter = NULL;
    conn->out = NULL;
    conn->got = 0;
    conn->turns = 0;
    conn->stage = CONN_READING;
    atomic_store(&conn->busy, 0);
    if (atomic_load(&conn->server->stopping)) {
        tls_conn_bye(conn->tls);
        server_end_conn(conn, END_STOPPED, NULL);
        return;
    }
    deadline_set(conn, conn->server->limits.idle_ms);
    if (server_arm(conn, tls_conn_pending(conn->tls) ? EPOLLIN | EPOLLOUT : EPOLLIN, 0) != 0) {
        server_end_conn(conn, END_BROKEN, NULL);
    }
}

/* Writes what the network takes now. */
static void answer_push(struct conn *conn)
{
    struct fault fault = FAULT_NONE;
    enum tls_step step = TLS_DONE;
    while (conn->out_done < conn->out_len && step == TLS_DONE) {
        size_t put = 0;
        step = tls_conn_write(conn->tls, conn->out + conn->out_done, conn->out_len - conn->out_done, &put, &fault);
        conn->out_done += put;
    }
    if (step != TLS_DONE) {
        wait_or_end(conn, step, &fault);
        return;
    }
    metrics_letter(conn->server->metrics, server_now_us() - conn->arrived_us);
    metrics_add(conn->server->metrics, METRIC_LETTERS, 1);
    letter_next(conn);
}

/* Sends conn->out, whose letter has this length. */
static void answer_send(struct conn *conn, size_t len)
{
    for (unsigned i = 0; i < TLS_LETTER_HEAD; i++) {
        conn->out[i] = (uint8_t)(len >> (24 - 8 * i));
    }
    conn->out_len = TLS_LETTER_HEAD + len;
    conn->out_done = 0;
    conn->stage = CONN_WRITING;
    deadline_set(conn, conn->server->limits.letter_ms);
    answer_push(conn);
}

/* The server's own no, in the engine's words where it has some. */
static void refuse(struct conn *conn, enum server_end why, const struct fault *fault)
{
    const struct server_engine *engine = &conn->server->engine;
    uint8_t whole[TLS_LETTER_HEAD + SERVER_REFUSAL_MAX];
    size_t put = 0;
    struct fault unsaid = FAULT_NONE;
    size_t len =
        engine->refuse == NULL ? 0 : engine->refuse(engine->engine, fault->what, fault->hint, whole + TLS_LETTER_HEAD);
    if (len > 0) {
        for (unsigned i = 0; i < TLS_LETTER_HEAD; i++) {
            whole[i] = (uint8_t)(len >> (24 - 8 * i));
        }
        (void)tls_conn_write(conn->tls, whole, TLS_LETTER_HEAD + len, &put, &unsaid);
    }
    linger(conn, why, fault);
}

static void letter_answer(struct conn *conn)
{
    struct server *s = conn->server;
    struct fault fault = FAULT_NONE;
    size_t len = 0;
    atomic_store(&conn->deadline, 0);
    conn->arrived_us = server_now_us();
    if (tls_conn_check(conn->tls, &fault) != 0) {
        refuse(conn, END_CERTIFICATE, &fault);
        return;
    }
    conn->out = malloc(TLS_LETTER_HEAD + SERVER_LETTER_MAX);
    metrics_add(s->metrics, METRIC_WORKING, 1);
    int result = conn->out == NULL
                     ? -1
                     : s->engine.carry(s->engine.engine, conn->state, conn->station,
                                       bytes_of(conn->letter, conn->letter_len), conn->out + TLS_LETTER_HEAD, &len);
    metrics_add(s->metrics, METRIC_WORKING, -1);
    if (result != 0 || len == 0 || len > SERVER_LETTER_MAX) {
        (void)fault_set(&fault, "the appliance has no answer to this letter");
        refuse(conn, END_ENGINE, &fault);
        return;
    }
    answer_send(conn, len);
}

/* ---- the letter ---- */

/* The head is here. 0, or -1: not a length that a letter has. */
static int letter_begin(struct conn *conn, struct fault *fault)
{
    const uint8_t *h = conn->head;
    conn->letter_len = (size_t)h[0] << 24 | (size_t)h[1] << 16 | (size_t)h[2] << 8 | h[3];
    if (conn->letter_len == 0 || conn->letter_len > SERVER_LETTER_MAX) {
        return fault_set(fault, "a letter of %zu bytes was announced; 1 to %d are allowed", conn->letter_len,
                         SERVER_LETTER_MAX);
    }
    conn->letter = malloc(conn->letter_len);
    return conn->letter == NULL ? fault_set(fault, "no memory for a letter") : 0;
}

/* Bytes that are still missing of head or letter, and where they go. */
static size_t letter_room(struct conn *conn, uint8_t **at)
{
    if (conn->got < TLS_LETTER_HEAD) {
        *at = conn->head + conn->got;
        return TLS_LETTER_HEAD - conn->got;
    }
    *at = conn->letter + (conn->got - TLS_LETTER_HEAD);
    return conn->letter_len - (conn->got - TLS_LETTER_HEAD);
}

static void letter_read(struct conn *conn)
{
    struct fault fault = FAULT_NONE;
    uint8_t *at = NULL;
    for (size_t room = letter_room(conn, &at); room > 0; room = letter_room(conn, &at)) {
        size_t got = 0;
        enum tls_step step = tls_conn_read(conn->tls, at, room, &got, &fault);
        if (got > 0 && conn->got == 0) {
            atomic_store(&conn->busy, 1);
            deadline_set(conn, conn->server->limits.letter_ms);
        }
        conn->got += got;
        if (step == TLS_WANTS_READ && ++conn->turns > TURNS_MAX) {
            (void)fault_set(&fault, "much came, and no letter");
            refuse(conn, END_GARBAGE, &fault);
            return;
        }
        if (step != TLS_DONE) {
            wait_or_end(conn, step, &fault);
            return;
        }
        if (conn->got == TLS_LETTER_HEAD && letter_begin(conn, &fault) != 0) {
            refuse(conn, END_GARBAGE, &fault);
            return;
        }
    }
    letter_answer(conn);
}

/* ---- the handshake ---- */

static void shake(struct conn *conn)
{
    struct fault fault = FAULT_NONE;
    enum tls_step step = tls_conn_handshake(conn->tls, &fault);
    if (step == TLS_WANTS_READ || step == TLS_WANTS_WRITE) {
        wait_or_end(conn, step, &fault);
        return;
    }
    if (step != TLS_DONE) {
        linger(conn, END_HANDSHAKE, &fault);
        return;
    }
    enum server_end why = server_admit(conn, &fault);
    if (why != END_NONE) {
        refuse(conn, why, &fault);
        return;
    }
    conn->stage = CONN_READING;
    deadline_set(conn, conn->server->limits.idle_ms);
    letter_read(conn);
}

static void conn_turn(struct conn *conn)
{
    (void)atomic_load_explicit(&conn->handed, memory_order_acquire);
    if (atomic_load(&conn->cut) != END_NONE) {
        server_end_conn(conn, END_BROKEN, NULL);
        return;
    }
    switch (conn->stage) {
    case CONN_SHAKING:
        shake(conn);
        return;
    case CONN_READING:
        letter_read(conn);
        return;
    case CONN_WRITING:
        answer_push(conn);
        return;
    case CONN_LINGERING:
    default:
        linger_on(conn);
    }
}

void *server_worker(void *server)
{
    struct server *s = server;
    sigset_t all;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, NULL);
    while (!atomic_load(&s->ended)) {
        struct epoll_event event;
        if (epoll_wait(s->epoll_fd, &event, 1, -1) == 1 && event.data.ptr != NULL) {
            conn_turn(event.data.ptr);
        }
    }
    return NULL;
}
