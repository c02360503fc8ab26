/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_letter: whole letters over a TLS connection, waiting for each with a deadline. A letter on the wire is its length
 * (4 bytes, big-endian, at least 1) and its bytes. For who has one connection and one thread: the station, tests.
 */
#ifndef HOST_LIB_TLS_LETTER_H
#define HOST_LIB_TLS_LETTER_H

#include "base/bytes.h"
#include "host/lib/tls.h"

#define TLS_LETTER_HEAD 4

/* Connects and shakes hands within `timeout_ms`. `address` is "HOST:PORT", "[IPV6]:PORT". Note that a server says only
 * after this whether it takes our certificate: then the first letter fails with its reason. */
int tls_letter_connect(struct tls *tls, const char *address, int timeout_ms, struct tls_conn **out,
                       struct fault *fault);
int tls_letter_send(struct tls_conn *conn, struct bytes letter, int timeout_ms, struct fault *fault);
/* A letter of at most `capacity` bytes; a longer one is refused unread. A peer that says goodbye is a fault, too. */
int tls_letter_receive(struct tls_conn *conn, uint8_t *out, size_t capacity, size_t *len, int timeout_ms,
                       struct fault *fault);

#endif
