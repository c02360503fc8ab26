/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server_rig: the daemon's server over real sockets, with an engine that echoes: "S" sleeps, "H" waits, "B" answers
 * much, "X" has no answer; all else comes back behind the station's name. The station "unwelcome" is not opened.
 */
#ifndef TESTS_UNIT_SERVER_RIG_H
#define TESTS_UNIT_SERVER_RIG_H

#include <stdatomic.h>

#include "host/daemon/server.h"
#include "host/lib/tls_letter.h"

#define RIG_PATIENCE_MS 30000
#define RIG_LETTER_MS 4000                   /* for a letter, and for a handshake: then who is slow is cut */
#define RIG_HELD_UP_MS (RIG_LETTER_MS - 100) /* who waited so long, waited for others */

struct rig {
    struct tls *server_tls;  /* "appliance", with "stations.crl", on which is nobody */
    struct tls *station_tls; /* "line-1" */
    struct server *server;
    struct metrics metrics;
    char address[32];
    unsigned port;
    atomic_int open_states; /* connections that the engine knows */
    atomic_int held;        /* 1: letters that begin with H wait */
    atomic_int in_hand;     /* letters that it answers now */
};
extern struct rig rig;

/* For the group: folder, certificates, log file "log". */
int rig_begin(void **state);
int rig_end(void **state);

/* Few of everything, short deadlines. */
struct server_limits rig_limits(void);
void rig_up(const struct server_limits *limits);
/* Fails when a connection is left over. */
void rig_down(void);
/* Waits until a counter has this value at least. */
void rig_wait(enum metric which, int64_t value);

struct tls_conn *rig_connect(struct tls *tls);
void rig_say(struct tls_conn *conn, const char *text);
void rig_hear(struct tls_conn *conn, const char *text);
/* The connection ends, and soon. */
void rig_hear_end(struct tls_conn *conn);
/* A station that works: how long its slowest letter took, in ms. */
int64_t rig_slowest_letter(unsigned count);
/* A TCP connection that says nothing. */
int rig_silent_connect(void);
/* 1 when the other side closes it; waits for that. */
int rig_closed_in_time(int fd);

#endif
