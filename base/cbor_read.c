/* SPDX-License-Identifier: Apache-2.0 */
/* cbor_read: reading of cbor.h. One function reads a head; everything else is built on it. */
#include "base/cbor.h"

struct head {
    unsigned major;
    uint64_t value;
};

void cbor_fail(struct cbor_reader *r, status_t status)
{
    if (r->status == STATUS_OK) {
        r->status = status;
        r->at = r->end;
    }
}

struct cbor_reader cbor_reader_of(struct bytes in)
{
    return (struct cbor_reader){ in.data, in.len == 0 ? in.data : in.data + in.len, STATUS_OK };
}

struct bytes cbor_reader_rest(const struct cbor_reader *r)
{
    return bytes_of(r->at, (size_t)(r->end - r->at));
}

status_t cbor_reader_finish(const struct cbor_reader *r)
{
    if (r->status != STATUS_OK) {
        return r->status;
    }
    return r->at == r->end ? STATUS_OK : STATUS_TRAILING;
}

int cbor_peek(const struct cbor_reader *r)
{
    if (r->status != STATUS_OK || r->at == r->end) {
        return -1;
    }
    return *r->at >> 5;
}

/* The argument that follows initial byte `info`; latches NOT_CANONICAL when a shorter form exists. */
static uint64_t argument_read(struct cbor_reader *r, unsigned info)
{
    if (info < 24) {
        return info;
    }
    if (info > 27) {
        cbor_fail(r, STATUS_NOT_CANONICAL);
        return 0;
    }
    size_t len = (size_t)1 << (info - 24);
    if ((size_t)(r->end - r->at) < len) {
        cbor_fail(r, STATUS_TRUNCATED);
        return 0;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < len; i++) {
        value = value << 8 | r->at[i];
    }
    r->at += len;
    uint64_t least = len == 1 ? 24 : (uint64_t)1 << (len * 4);
    if (value < least) {
        cbor_fail(r, STATUS_NOT_CANONICAL);
        return 0;
    }
    return value;
}

static struct head head_read(struct cbor_reader *r)
{
    struct head h = { 0, 0 };
    if (r->status != STATUS_OK) {
        return h;
    }
    if (r->at == r->end) {
        cbor_fail(r, STATUS_TRUNCATED);
        return h;
    }
    unsigned initial = *r->at++;
    h.major = initial >> 5;
    unsigned info = initial & 31u;
    if (h.major == CBOR_SIMPLE && (info < 20 || info > 22)) {
        cbor_fail(r, STATUS_NOT_CANONICAL);
        return h;
    }
    h.value = argument_read(r, info);
    return h;
}

static uint64_t typed_head_read(struct cbor_reader *r, unsigned major)
{
    if (r->status == STATUS_OK && r->at != r->end && (unsigned)(*r->at >> 5) != major) {
        cbor_fail(r, STATUS_WRONG_TYPE);
    }
    return head_read(r).value;
}

uint64_t cbor_read_uint(struct cbor_reader *r)
{
    return typed_head_read(r, CBOR_UINT);
}

int64_t cbor_read_int(struct cbor_reader *r)
{
    int major = cbor_peek(r);
    if (major != -1 && major != CBOR_UINT && major != CBOR_NINT) {
        cbor_fail(r, STATUS_WRONG_TYPE);
    }
    struct head h = head_read(r);
    if (h.value > INT64_MAX) {
        cbor_fail(r, STATUS_TOO_LONG);
        return 0;
    }
    return h.major == CBOR_NINT ? -1 - (int64_t)h.value : (int64_t)h.value;
}

static struct bytes string_read(struct cbor_reader *r, unsigned major)
{
    uint64_t len = typed_head_read(r, major);
    if (r->status != STATUS_OK) {
        return bytes_of(NULL, 0);
    }
    if (len > (uint64_t)(r->end - r->at)) {
        cbor_fail(r, STATUS_TRUNCATED);
        return bytes_of(NULL, 0);
    }
    struct bytes out = bytes_of(r->at, (size_t)len);
    r->at += len;
    return out;
}

struct bytes cbor_read_bstr(struct cbor_reader *r)
{
    return string_read(r, CBOR_BSTR);
}

struct bytes cbor_read_tstr(struct cbor_reader *r)
{
    return string_read(r, CBOR_TSTR);
}

struct bytes cbor_read_bstr_len(struct cbor_reader *r, size_t len)
{
    struct bytes out = cbor_read_bstr(r);
    if (r->status == STATUS_OK && out.len != len) {
        cbor_fail(r, out.len < len ? STATUS_TRUNCATED : STATUS_TOO_LONG);
        return bytes_of(NULL, 0);
    }
    return out;
}

uint64_t cbor_read_array(struct cbor_reader *r)
{
    return typed_head_read(r, CBOR_ARRAY);
}

uint64_t cbor_read_tag(struct cbor_reader *r)
{
    return typed_head_read(r, CBOR_TAG);
}

/* Simple values: 20 false, 21 true, 22 null; head_read lets no other through. */
void cbor_read_null(struct cbor_reader *r)
{
    uint64_t v = typed_head_read(r, CBOR_SIMPLE);
    if (r->status == STATUS_OK && v != 22) {
        cbor_fail(r, STATUS_WRONG_TYPE);
    }
}

int cbor_read_bool(struct cbor_reader *r)
{
    uint64_t v = typed_head_read(r, CBOR_SIMPLE);
    if (r->status == STATUS_OK && v == 22) {
        cbor_fail(r, STATUS_WRONG_TYPE);
    }
    return r->status == STATUS_OK && v == 21;
}

struct cbor_map cbor_read_map(struct cbor_reader *r)
{
    uint64_t count = typed_head_read(r, CBOR_MAP);
    return (struct cbor_map){ r, r->status == STATUS_OK ? count : 0, { NULL, 0 } };
}

/* Bytewise order of two encoded keys (RFC 8949 section 4.2.1): below zero when a comes first. */
static int key_order(struct bytes a, struct bytes b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int order = n == 0 ? 0 : memcmp(a.data, b.data, n);
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static void key_order_check(struct cbor_reader *r, struct bytes *previous, struct bytes key)
{
    if (previous->data != NULL) {
        int order = key_order(*previous, key);
        if (order >= 0) {
            cbor_fail(r, order == 0 ? STATUS_DUPLICATE : STATUS_NOT_CANONICAL);
        }
    }
    *previous = key;
}

int cbor_map_next_any(struct cbor_map *m, int64_t *key, struct bytes *text)
{
    struct cbor_reader *r = m->reader;
    *key = 0;
    *text = bytes_of(NULL, 0);
    if (m->left == 0 || r->status != STATUS_OK) {
        return 0;
    }
    const uint8_t *start = r->at;
    if (cbor_peek(r) == CBOR_TSTR) {
        *text = cbor_read_tstr(r);
    } else {
        *key = cbor_read_int(r);
    }
    if (r->status != STATUS_OK) {
        return 0;
    }
    key_order_check(r, &m->previous_key, bytes_of(start, (size_t)(r->at - start)));
    m->left--;
    return r->status == STATUS_OK;
}

int cbor_map_next(struct cbor_map *m, int64_t *key)
{
    struct bytes text;
    int more = cbor_map_next_any(m, key, &text);
    if (more && text.data != NULL) {
        cbor_fail(m->reader, STATUS_WRONG_TYPE);
        return 0;
    }
    return more;
}

/* One open array, map or tag while skipping. */
struct skip_level {
    uint64_t left; /* items still to come, keys and values counted apart */
    int is_map;
    struct bytes previous_key;
};

/* Reads one head and, for a string, its content. Gives the number of items nested in it. */
static uint64_t skip_item(struct cbor_reader *r, unsigned *major)
{
    *major = r->at == r->end ? 0 : (unsigned)(*r->at >> 5);
    if (*major == CBOR_BSTR || *major == CBOR_TSTR) {
        (void)string_read(r, *major);
        return 0;
    }
    struct head h = head_read(r);
    if (h.major == CBOR_ARRAY || h.major == CBOR_MAP) {
        if (h.value > (uint64_t)(r->end - r->at)) {
            cbor_fail(r, STATUS_TRUNCATED); /* every item takes at least a byte */
            return 0;
        }
        return h.major == CBOR_MAP ? 2 * h.value : h.value;
    }
    return h.major == CBOR_TAG ? 1 : 0;
}

/* Closes every level that is complete. A level that stands at a key (an even rest) remembers nothing of a value. */
static size_t skip_close(struct skip_level *levels, size_t depth)
{
    while (depth > 0 && levels[depth - 1].left == 0) {
        depth--;
    }
    return depth;
}

struct bytes cbor_skip(struct cbor_reader *r)
{
    const uint8_t *start = r->at;
    struct skip_level levels[CBOR_DEPTH_MAX];
    size_t depth = 0;
    do {
        struct skip_level *in = depth > 0 ? &levels[depth - 1] : NULL;
        int at_key = in != NULL && in->is_map && in->left % 2 == 0;
        const uint8_t *item = r->at;
        unsigned major = 0;
        uint64_t nested = skip_item(r, &major);
        if (at_key) {
            if (major > CBOR_TSTR) {
                cbor_fail(r, STATUS_WRONG_TYPE);
            }
            if (r->status == STATUS_OK) {
                key_order_check(r, &in->previous_key, bytes_of(item, (size_t)(r->at - item)));
            }
        }
        if (in != NULL) {
            in->left--;
        }
        if (nested > 0 && r->status == STATUS_OK) {
            if (depth == CBOR_DEPTH_MAX) {
                cbor_fail(r, STATUS_TOO_MANY);
                break;
            }
            levels[depth++] = (struct skip_level){ nested, major == CBOR_MAP, { NULL, 0 } };
        }
        depth = skip_close(levels, depth);
    } while (depth > 0 && r->status == STATUS_OK);
    return r->status == STATUS_OK ? bytes_of(start, (size_t)(r->at - start)) : bytes_of(NULL, 0);
}
