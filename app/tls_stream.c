/* SPDX-License-Identifier: Apache-2.0 */
/* tls_stream: see tls_stream.h. */
#include "app/tls_stream.h"

void tls_stream_open(struct tls_stream *s)
{
    s->len = 0;
    s->first = 0;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void drop(struct tls_stream *s, size_t count)
{
    memmove(s->data, s->data + count, s->len - count);
    s->len -= count;
    s->first += (uint32_t)count;
}

size_t tls_stream_add(struct tls_stream *s, struct bytes in)
{
    size_t count = least(in.len, sizeof s->data - s->len);
    if (count != 0) {
        memcpy(s->data + s->len, in.data, count);
    }
    s->len += count;
    return count;
}

size_t tls_stream_take(struct tls_stream *s, uint8_t *out, size_t capacity)
{
    size_t count = least(capacity, s->len);
    memcpy(out, s->data, count);
    drop(s, count);
    return count;
}

uint32_t tls_stream_end(const struct tls_stream *s)
{
    return s->first + (uint32_t)s->len;
}

int tls_stream_receive(struct tls_stream *s, uint32_t off, struct bytes in)
{
    uint32_t known = tls_stream_end(s) - off; /* of these bytes: huge when there is a gap */
    if (known > TLS_STREAM_MAX) {
        return 0;
    }
    if (known >= in.len) {
        return 1;
    }
    struct bytes fresh = bytes_of(in.data + known, in.len - known);
    return fresh.len <= sizeof s->data - s->len && tls_stream_add(s, fresh) == fresh.len;
}

struct bytes tls_stream_from(struct tls_stream *s, uint32_t off, size_t max)
{
    uint32_t count = off - s->first;
    if (count > s->len) {
        return bytes_of(s->data, 0);
    }
    drop(s, count);
    return bytes_of(s->data, least(max, s->len));
}
