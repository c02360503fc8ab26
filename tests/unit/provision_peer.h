/* SPDX-License-Identifier: Apache-2.0 */
/*
 * provision_peer: the other end of a debug port for tests: a thread that takes packets of the GDB remote protocol and
 * answers as a test says.
 */
#ifndef TESTS_PROVISION_PEER_H
#define TESTS_PROVISION_PEER_H

#include <pthread.h>

#include "base/bytes.h"

#define PEER_RAW_MAX 40000u

/* What goes over the line, byte for byte. */
struct peer_reply {
    uint8_t raw[PEER_RAW_MAX];
    size_t len;
    int close; /* close the connection after it */
};

struct peer {
    int fd;        /* the peer's end */
    int client_fd; /* the end for the client, which will close it */
    pthread_t thread;
    void *context;
    /* Answers a packet's content; "\x03" for the interrupt. `reply` is empty at first; an empty reply sends nothing. */
    void (*answer)(void *context, struct bytes content, struct peer_reply *reply);
    int no_ack;
};

/* Starts the thread on one end of a new socket pair. */
void peer_start(struct peer *peer, void (*answer)(void *, struct bytes, struct peer_reply *), void *context);
/* Ends it; the client must have closed its end. */
void peer_stop(struct peer *peer);
/* Serves one connection until it ends. */
void peer_serve(struct peer *peer);

void peer_reply_raw(struct peer_reply *reply, const void *data, size_t len);
/* Appends a packet with this content. */
void peer_reply_packet(struct peer_reply *reply, struct bytes content);
void peer_reply_text(struct peer_reply *reply, const char *content);
/* Answers what every client asks at first: qSupported, QStartNoAckMode ("OK" when `no_ack`), "?". 1 when it did. */
int peer_hello_answer(struct bytes content, int no_ack, struct peer_reply *reply);
/* 1 when the content begins with this text. */
int peer_begins(struct bytes content, const char *text);

#endif
