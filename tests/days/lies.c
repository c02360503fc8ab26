/* SPDX-License-Identifier: Apache-2.0 */
/* lies: see lies.h. */
#include "tests/days/lies.h"

#include <stdlib.h>
#include <string.h>

#include "base/cbor.h"

#define NOBODY UINT32_MAX
#define MORE 3000u

const char *const lie_names[LIES] = { "missing",      "doubled",        "empty",     "too long",
                                      "another type", "another chip's", "an old one" };

struct walk {
    unsigned next;   /* number of the next item */
    unsigned target; /* NOBODY: only count */
    enum lie lie;
    struct bytes instead; /* OTHERS, OLD: the item's encoding */
    struct bytes found;   /* as it stands in the text */
};

struct sink {
    uint8_t *data;
    size_t len;
};

static void put(struct sink *out, const void *data, size_t len)
{
    if (out->len + len > LIES_TEXT_MAX) {
        abort();
    }
    memcpy(out->data + out->len, data, len);
    out->len += len;
}

static void head_put(struct sink *out, unsigned major, uint64_t value)
{
    uint8_t head[9];
    unsigned more = value < 24 ? 0 : value < 0x100 ? 1 : value < 0x10000 ? 2 : value < 0x100000000u ? 4 : 8;
    const uint8_t small = more == 0 ? (uint8_t)value : more == 1 ? 24 : more == 2 ? 25 : more == 4 ? 26 : 27;
    head[0] = (uint8_t)(major << 5 | small);
    for (unsigned i = 0; i < more; i++) {
        head[1 + i] = (uint8_t)(value >> (8 * (more - 1 - i)));
    }
    put(out, head, 1 + more);
}

/* The head of an item at *at; only what our builders write comes here. */
static uint64_t head_read(const uint8_t **at, unsigned *major)
{
    const uint8_t first = *(*at)++;
    const unsigned small = first & 31;
    const unsigned more = small < 24 ? 0 : 1u << (small - 24);
    uint64_t value = small < 24 ? small : 0;
    *major = first >> 5;
    for (unsigned i = 0; i < more; i++) {
        value = value << 8 | *(*at)++;
    }
    return value;
}

/* 1 when the whole of it is one array, map or tag. */
static int holds_cbor(struct bytes text)
{
    struct cbor_reader r = cbor_reader_of(text);
    int major = cbor_peek(&r);
    cbor_skip(&r);
    return (major == CBOR_ARRAY || major == CBOR_MAP || major == CBOR_TAG) && cbor_reader_finish(&r) == STATUS_OK;
}

static void item_walk(struct walk *w, const uint8_t **at, struct sink *out);

/* The items of an array, or the pairs of a map; some may go or come. */
static void content_walk(struct walk *w, const uint8_t **at, unsigned major, uint64_t count, struct sink *out)
{
    struct sink inner = { malloc(LIES_TEXT_MAX), 0 };
    uint64_t left = count;
    for (uint64_t i = 0; inner.data != NULL && i < count; i++) {
        const size_t before = inner.len;
        if (major == CBOR_MAP) { /* keys are no items of their own */
            const uint8_t *key = *at;
            unsigned key_major;
            (void)head_read(at, &key_major);
            put(&inner, key, (size_t)(*at - key));
        }
        const int meant = w->next == w->target;
        item_walk(w, at, &inner);
        if (meant && w->lie == LIE_MISSING) {
            inner.len = before;
            left--;
        } else if (meant && w->lie == LIE_DOUBLED) {
            put(&inner, inner.data + before, inner.len - before);
            left++;
        }
    }
    head_put(out, major, left);
    put(out, inner.data, inner.len);
    free(inner.data);
}

static void string_walk(struct walk *w, const uint8_t **at, unsigned major, uint64_t len, struct sink *out)
{
    const struct bytes content = bytes_of(*at, (size_t)len);
    struct sink inner = { malloc(LIES_TEXT_MAX), 0 };
    if (inner.data != NULL && major == CBOR_BSTR && holds_cbor(content)) {
        const uint8_t *inside = content.data;
        item_walk(w, &inside, &inner);
    } else if (inner.data != NULL) {
        put(&inner, content.data, content.len);
    }
    *at += len;
    head_put(out, major, inner.len);
    put(out, inner.data, inner.len);
    free(inner.data);
}

static void as_it_is(struct walk *w, const uint8_t **at, struct sink *out)
{
    const uint8_t *begin = *at;
    unsigned major;
    const uint64_t value = head_read(at, &major);
    if (major == CBOR_ARRAY || major == CBOR_MAP) {
        content_walk(w, at, major, value, out);
    } else if (major == CBOR_BSTR || major == CBOR_TSTR) {
        string_walk(w, at, major, value, out);
    } else {
        put(out, begin, (size_t)(*at - begin));
        if (major == CBOR_TAG) {
            item_walk(w, at, out);
        }
    }
}

/* What stands in the place of the item at `at` [at, end). */
static void lie_put(const struct walk *w, struct bytes item, struct sink *out)
{
    static const uint8_t zeros[MORE];
    const uint8_t *at = item.data;
    unsigned major;
    const uint64_t value = head_read(&at, &major);
    const struct bytes content = bytes_of(at, item.len - (size_t)(at - item.data));
    const int is_string = major == CBOR_BSTR || major == CBOR_TSTR;
    switch (w->lie) {
    case LIE_EMPTY:
        head_put(out, major, 0);
        break;
    case LIE_LONG:
        head_put(out, major,
                 is_string                                  ? value + MORE
                 : major == CBOR_ARRAY || major == CBOR_MAP ? value + 1
                                                            : UINT64_MAX);
        put(out, content.data, content.len);
        put(out, zeros, is_string ? MORE : major == CBOR_MAP ? 2 : major == CBOR_ARRAY ? 1 : 0);
        break;
    case LIE_TYPE:
        put(out, is_string ? "\x01" : "\x61\x31", is_string ? 1 : 2);
        break;
    case LIE_OTHERS:
    case LIE_OLD:
        put(out, w->instead.data, w->instead.len);
        break;
    default:
        put(out, item.data, item.len);
        break;
    }
}

static void item_walk(struct walk *w, const uint8_t **at, struct sink *out)
{
    const uint8_t *begin = *at;
    const size_t before = out->len;
    const int meant = w->next++ == w->target;
    as_it_is(w, at, out);
    if (meant) {
        w->found = bytes_of(begin, (size_t)(*at - begin));
        out->len = before;
        lie_put(w, w->found, out);
    }
}

static struct walk walk_run(struct bytes text, struct walk w, struct sink *out)
{
    const uint8_t *at = text.data;
    item_walk(&w, &at, out);
    return w;
}

unsigned lies_items(struct bytes text)
{
    struct sink out = { malloc(LIES_TEXT_MAX), 0 };
    const struct walk w = walk_run(text, (struct walk){ .target = NOBODY }, &out);
    free(out.data);
    return w.next;
}

size_t lies_tell(struct bytes text, unsigned item, enum lie lie, struct bytes donor, uint8_t *data)
{
    struct sink out = { data, 0 };
    struct walk w = { .target = item, .lie = lie };
    if (lie == LIE_OTHERS || lie == LIE_OLD) {
        w.instead = donor.len == 0 ? donor : walk_run(donor, (struct walk){ .target = item, .lie = LIES }, &out).found;
        out.len = 0;
        if (w.instead.len == 0) {
            return 0;
        }
    }
    w = walk_run(text, w, &out);
    return w.found.len == 0 || bytes_equal(text, bytes_of(out.data, out.len)) ? 0 : out.len;
}
