/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls: a TLS 1.3 client whose key is the device's identity key in SBM and whose certificates are those of provisioning.
 * One session at a time; records come and go as bytes, by any transport. It sends one line about the device, waits for
 * one line of answer, and ends.
 */
#ifndef APP_TLS_H
#define APP_TLS_H

#include "app/tls_stream.h"
#include "base/cbor.h"
#include "wire/smp.h"

#define TLS_NAME_MAX 253u /* of a host */

enum tls_state {
    TLS_NONE = 0,
    TLS_HANDSHAKE = 1,
    TLS_OPEN = 2,
    TLS_DONE = 3,   /* the answer has come, the session was ended in order */
    TLS_CLOSED = 4, /* the server ended it before */
    TLS_FAILED = 5
};

struct tls_session {
    struct tls_stream in;   /* records from the server */
    struct tls_stream out;  /* records for the server */
    struct tls_stream text; /* what the server said */
    enum tls_state state;
    int ended;       /* no more will come from the server */
    int code;        /* Mbed TLS's number of the failure, 0: none */
    const char *why; /* for people; "" while nothing is wrong */
};

/* Begins a session with the server `name` (1 to TLS_NAME_MAX characters), whose certificate must lead to the device's
 * root certificate and name it. NULL when SBM gives no certificates; what was before is forgotten. */
struct tls_session *tls_open(struct bytes name);
/* The session, also when it has ended. */
struct tls_session *tls_session(void);
/* Goes on as far as the bytes that are there allow. */
void tls_step(void);

/* The commands 16 and 17 of group 64 (docs/spec.md section 9.5). 1 when it was one of them; then the answer is written.
 */
int tls_command(const struct smp_head *head, struct cbor_reader *body, struct cbor_writer *answer);

#endif
