/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server_room: what the files server*.c share. A connection is armed for one event at a time (EPOLLONESHOT), so one
 * worker at most has it in hand; the keeper only ever sets `cut` and shuts its socket down, which wakes a worker.
 */
#ifndef HOST_DAEMON_SERVER_ROOM_H
#define HOST_DAEMON_SERVER_ROOM_H

#include <pthread.h>
#include <stdatomic.h>

#include "host/daemon/server.h"
#include "host/lib/tls_letter.h"

#define SERVER_LISTENERS 4
#define SERVER_ADDRESS_MAX 64
#define SERVER_BUCKETS 256

/* Why a connection ended; METRIC_END_BYE - 1 + this is its counter. */
enum server_end {
    END_NONE,
    END_BYE,
    END_BROKEN,
    END_HANDSHAKE,
    END_HANDSHAKE_LATE,
    END_LETTER_LATE,
    END_IDLE,
    END_CROWDED,
    END_STATION_LIMIT,
    END_FULL,
    END_FLOOD,
    END_GARBAGE,
    END_CERTIFICATE,
    END_ENGINE,
    END_STOPPED
};

enum conn_stage { CONN_SHAKING, CONN_READING, CONN_WRITING, CONN_LINGERING };

struct conn {
    struct server *server;
    /* Under the server's lock. */
    struct tls_conn *tls; /* NULL: the place is free */
    int known;            /* shown a good certificate, and was let in */
    char station[TLS_NAME_MAX + 1];
    uint8_t source[16]; /* address as IPv6, the last 8 bytes zero unless it is IPv4 */
    int64_t since;      /* ms; when it came */
    unsigned trust;     /* generation of the trust by which its certificate was last looked at */
    /* Between worker and keeper. */
    atomic_int_fast64_t deadline; /* ms; 0: none */
    atomic_int cut;               /* enum server_end */
    atomic_int busy;              /* a letter has begun and its answer is not out */
    atomic_uint handed;           /* from worker to worker: what one wrote, the next one sees */
    /* The worker's that has it in hand. */
    enum conn_stage stage;
    char address[SERVER_ADDRESS_MAX];
    void *state;
    uint8_t head[TLS_LETTER_HEAD];
    uint8_t *letter; /* NULL until its length is known */
    size_t letter_len;
    size_t got;   /* bytes of head and letter */
    uint8_t *out; /* what of an answer is not yet written, or NULL */
    size_t out_len;
    size_t out_done;
    uint64_t arrived_us; /* when the letter was whole */
    unsigned turns;      /* since the last letter: times that there was nothing to read */
};

/* New connections of one address. */
struct bucket {
    uint8_t source[16];
    int64_t since;   /* ms; 0: free */
    uint64_t tokens; /* thousandths */
};

struct server {
    struct tls *tls;
    struct server_engine engine;
    struct server_limits limits;
    struct metrics *metrics;
    int epoll_fd;
    int wake_keeper_fd;
    int wake_workers_fd;
    int listeners[SERVER_LISTENERS];
    size_t listener_count;
    pthread_t keeper;
    pthread_t *workers;
    unsigned worker_count; /* started */
    int keeper_started;
    atomic_int stopping;
    atomic_int_fast64_t stop_deadline;
    atomic_int ended;
    struct bucket buckets[SERVER_BUCKETS]; /* the keeper's */
    pthread_mutex_t lock;
    unsigned used;    /* places that are not free */
    unsigned known;   /* connections of stations */
    unsigned pending; /* the others */
    size_t place_count;
    struct conn *places;
};

int64_t server_now_ms(void);
uint64_t server_now_us(void);
const char *server_end_name(enum server_end why);

/* ---- server_accept.c: the keeper's ---- */

/* Takes what waits at a listener. */
void server_accept(struct server *server, int listener);

/* ---- server_keeper.c ---- */

void *server_keeper(void *server);
/* With the lock held: wakes whoever has it, who will close it. */
void server_cut(struct conn *conn, enum server_end why);

/* ---- server_conn.c: the workers' ---- */

void *server_worker(void *server);
/* Lets the next event of the connection come. Gives 0 or -1. */
int server_arm(struct conn *conn, uint32_t events, int add);

/* ---- server_admit.c ---- */

/* The handshake is done: counts the connection as a station's and tells the engine. END_NONE, or why not. */
enum server_end server_admit(struct conn *conn, struct fault *fault);
/* Logs and counts why it ends. */
void server_end_say(struct conn *conn, enum server_end why, const struct fault *fault);
/* Closes it and frees its place; says why, unless it lingers and that was said. */
void server_end_conn(struct conn *conn, enum server_end why, const struct fault *fault);

#endif
