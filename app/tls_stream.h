/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_stream: bytes on their way over a link on which a request or its answer may come twice. Both sides name a place
 * in the stream by the count of bytes before it, so that nothing is taken twice and nothing is lost. Pure memory.
 */
#ifndef APP_TLS_STREAM_H
#define APP_TLS_STREAM_H

#include "base/bytes.h"

#define TLS_STREAM_MAX 8192u

struct tls_stream {
    uint8_t data[TLS_STREAM_MAX];
    size_t len;     /* bytes held */
    uint32_t first; /* count of the bytes that were there before data[0] */
};

void tls_stream_open(struct tls_stream *s);
/* Adds what fits; gives how much. */
size_t tls_stream_add(struct tls_stream *s, struct bytes in);
/* Takes up to `capacity` bytes out; gives how many. */
size_t tls_stream_take(struct tls_stream *s, uint8_t *out, size_t capacity);
/* The other side sends bytes that begin at `off`: what is new of them is added. 0 when there is a gap before them, or
 * they do not fit: then nothing is added. */
int tls_stream_receive(struct tls_stream *s, uint32_t off, struct bytes in);
/* The count of all bytes that were ever added: where the other side goes on. */
uint32_t tls_stream_end(const struct tls_stream *s);
/* The other side has all before `off`: they are forgotten. A view of at most `max` bytes from there; empty when `off`
 * is not within what is held. */
struct bytes tls_stream_from(struct tls_stream *s, uint32_t off, size_t max);

#endif
