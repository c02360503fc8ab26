/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server: serves stations over mutual TLS: takes letters, has the engine answer them, and lets no station and no
 * stranger hold up another: nothing waits for the network but with a deadline, and there are limits on all that a peer
 * can take. What a letter says is the engine's affair.
 */
#ifndef HOST_DAEMON_SERVER_H
#define HOST_DAEMON_SERVER_H

#include "base/bytes.h"
#include "host/daemon/metrics.h"
#include "host/lib/tls.h"

#define SERVER_LETTER_MAX 24576 /* bytes, both ways */
#define SERVER_REFUSAL_MAX 1280

struct server;

/* Who answers. Calls come from many threads, for one connection one at a time. */
struct server_engine {
    void *engine;
    /* A station has connected; *state is its connection's, NULL is allowed. -1: the connection is closed. */
    int (*open)(void *engine, const char *station, void **state);
    /* Answers one letter: 1 to SERVER_LETTER_MAX bytes. A refusal is an answer, too; -1: the connection is closed. */
    int (*carry)(void *engine, void *state, const char *station, struct bytes request, uint8_t *answer, size_t *len);
    void (*close)(void *engine, void *state);
    /* A letter that says why the server itself refuses the station: its length, at most SERVER_REFUSAL_MAX, or 0 for
     * none. May be NULL. */
    size_t (*refuse)(void *engine, const char *what, const char *hint, uint8_t *answer);
};

struct server_limits {
    unsigned connections; /* stations at once */
    unsigned per_station; /* connections of one station */
    unsigned pending;     /* connections that have not shown a certificate */
    unsigned workers;     /* threads: letters that are answered at once */
    unsigned rate;        /* new connections a second from one address, once the burst is used up */
    unsigned burst;       /* new connections at once from one address */
    int handshake_ms;     /* a handshake must be done in this time */
    int letter_ms;        /* a letter must be here, or an answer be taken, in this time */
    int idle_ms;          /* between letters */
};
/* 2048 connections, 256 a station, 256 pending, 72 workers, 200 a second after 2048, 5 s, 10 s, 15 minutes. */
struct server_limits server_limits_usual(void);

/* `tls` and `metrics` must outlive the server. Takes no connection yet. */
int server_open(struct tls *tls, const struct server_engine *engine, const struct server_limits *limits,
                struct metrics *metrics, struct server **out, struct fault *fault);
/* Takes "ADDRESS:PORT" or "[ADDRESS]:PORT" apart. 0, or -1: it is none. */
int server_address_split(const char *address, char *host, size_t host_len, unsigned *port);
/* Binds "ADDRESS:PORT" ("0.0.0.0:4711", "[::]:4711"); up to four. Port 0: any, *port says which. */
int server_listen(struct server *server, const char *address, unsigned *port, struct fault *fault);
/* Starts the threads. */
int server_start(struct server *server, struct fault *fault);
/* Graceful: takes no more connections, lets letters that have begun be answered within `grace_ms`, says goodbye to all,
 * and ends the threads. */
void server_stop(struct server *server, int grace_ms);
/* After server_stop, or if it never started. NULL is allowed. */
void server_close(struct server *server);

#endif
