/* SPDX-License-Identifier: Apache-2.0 */
/* cbor_write: writing of cbor.h. One function encodes a head; everything else is built on it. */
#include "base/cbor.h"

struct cbor_writer cbor_writer_of(uint8_t *data, size_t capacity)
{
    return (struct cbor_writer){ data, capacity, 0, STATUS_OK };
}

void cbor_write_raw(struct cbor_writer *w, struct bytes encoded)
{
    if (w->status != STATUS_OK) {
        return;
    }
    if (encoded.len > w->capacity - w->len) {
        w->status = STATUS_NO_SPACE;
        return;
    }
    if (encoded.len > 0) {
        memcpy(w->data + w->len, encoded.data, encoded.len);
    }
    w->len += encoded.len;
}

/* Encodes a head into out (at least 9 bytes); gives its length. */
static size_t head_encode(uint8_t *out, unsigned major, uint64_t value)
{
    unsigned first = major << 5;
    if (value < 24) {
        out[0] = (uint8_t)(first | value);
        return 1;
    }
    unsigned info = value <= UINT8_MAX ? 24 : value <= UINT16_MAX ? 25 : value <= UINT32_MAX ? 26 : 27;
    size_t len = (size_t)1 << (info - 24);
    out[0] = (uint8_t)(first | info);
    for (size_t i = 0; i < len; i++) {
        out[1 + i] = (uint8_t)(value >> (8 * (len - 1 - i)));
    }
    return 1 + len;
}

static void head_write(struct cbor_writer *w, unsigned major, uint64_t value)
{
    uint8_t head[9];
    cbor_write_raw(w, bytes_of(head, head_encode(head, major, value)));
}

void cbor_write_uint(struct cbor_writer *w, uint64_t v)
{
    head_write(w, CBOR_UINT, v);
}

void cbor_write_int(struct cbor_writer *w, int64_t v)
{
    if (v < 0) {
        head_write(w, CBOR_NINT, (uint64_t)(-1 - v));
    } else {
        head_write(w, CBOR_UINT, (uint64_t)v);
    }
}

void cbor_write_bstr_head(struct cbor_writer *w, uint64_t len)
{
    head_write(w, CBOR_BSTR, len);
}

void cbor_write_bstr(struct cbor_writer *w, struct bytes v)
{
    head_write(w, CBOR_BSTR, v.len);
    cbor_write_raw(w, v);
}

void cbor_write_tstr_bytes(struct cbor_writer *w, struct bytes v)
{
    head_write(w, CBOR_TSTR, v.len);
    cbor_write_raw(w, v);
}

void cbor_write_tstr(struct cbor_writer *w, const char *text)
{
    cbor_write_tstr_bytes(w, bytes_of(text, strlen(text)));
}

void cbor_write_array(struct cbor_writer *w, uint64_t count)
{
    head_write(w, CBOR_ARRAY, count);
}

void cbor_write_map(struct cbor_writer *w, uint64_t count)
{
    head_write(w, CBOR_MAP, count);
}

void cbor_write_tag(struct cbor_writer *w, uint64_t tag)
{
    head_write(w, CBOR_TAG, tag);
}

void cbor_write_null(struct cbor_writer *w)
{
    head_write(w, CBOR_SIMPLE, 22);
}

void cbor_write_bool(struct cbor_writer *w, int v)
{
    head_write(w, CBOR_SIMPLE, v ? 21 : 20);
}

size_t cbor_bstr_open(struct cbor_writer *w)
{
    return w->len;
}

void cbor_bstr_close(struct cbor_writer *w, size_t mark)
{
    if (w->status != STATUS_OK) {
        return;
    }
    uint8_t head[9];
    size_t len = w->len - mark;
    size_t head_len = head_encode(head, CBOR_BSTR, len);
    if (head_len > w->capacity - w->len) {
        w->status = STATUS_NO_SPACE;
        return;
    }
    memmove(w->data + mark + head_len, w->data + mark, len);
    memcpy(w->data + mark, head, head_len);
    w->len += head_len;
}

struct bytes cbor_written(const struct cbor_writer *w)
{
    return w->status == STATUS_OK ? bytes_of(w->data, w->len) : bytes_of(NULL, 0);
}
