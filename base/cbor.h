/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cbor: deterministic CBOR (RFC 8949 section 4.2.1), reading and writing. No recursion, no heap. Definite lengths and
 * shortest forms only; map keys strictly ascending in the bytewise order of their encodings. Floats and undefined are
 * refused. Both sides latch their first error: after it, every call does nothing, and `status` tells what happened.
 */
#ifndef BASE_CBOR_H
#define BASE_CBOR_H

#include "base/bytes.h"
#include "base/status.h"

enum cbor_major {
    CBOR_UINT = 0,
    CBOR_NINT = 1,
    CBOR_BSTR = 2,
    CBOR_TSTR = 3,
    CBOR_ARRAY = 4,
    CBOR_MAP = 5,
    CBOR_TAG = 6,
    CBOR_SIMPLE = 7
};

/* The deepest nesting that cbor_skip accepts. */
#define CBOR_DEPTH_MAX 12

struct cbor_reader {
    const uint8_t *at;
    const uint8_t *end;
    status_t status;
};

/* A map being read: cbor_map_next checks the order of its keys. */
struct cbor_map {
    struct cbor_reader *reader;
    uint64_t left;
    struct bytes previous_key;
};

struct cbor_reader cbor_reader_of(struct bytes in);
/* STATUS_OK when nothing failed and nothing is left; STATUS_TRAILING; or the latched error. */
status_t cbor_reader_finish(const struct cbor_reader *r);
/* The bytes not read yet. */
struct bytes cbor_reader_rest(const struct cbor_reader *r);
/* The major type of the next item, or -1 at the end or after an error. Consumes nothing. */
int cbor_peek(const struct cbor_reader *r);

/* Each reads one item of that type, or latches WRONG_TYPE, TRUNCATED or NOT_CANONICAL; then the result is zero or
 * empty. */
uint64_t cbor_read_uint(struct cbor_reader *r);
int64_t cbor_read_int(struct cbor_reader *r);
struct bytes cbor_read_bstr(struct cbor_reader *r);
struct bytes cbor_read_tstr(struct cbor_reader *r);
/* A byte string of exactly `len` bytes. */
struct bytes cbor_read_bstr_len(struct cbor_reader *r, size_t len);
uint64_t cbor_read_array(struct cbor_reader *r);
uint64_t cbor_read_tag(struct cbor_reader *r);
void cbor_read_null(struct cbor_reader *r);
/* 1 for true, 0 for false. */
int cbor_read_bool(struct cbor_reader *r);
/* Skips one item with all that is in it, checked as strictly as if it were read; gives its encoding. */
struct bytes cbor_skip(struct cbor_reader *r);

struct cbor_map cbor_read_map(struct cbor_reader *r);
/* 1 when there is a further pair with an integer key, which is stored; the value is next. 0 at the end or after an
 * error. A text key gives 0 with WRONG_TYPE latched; use cbor_map_next_any where text keys are allowed. */
int cbor_map_next(struct cbor_map *m, int64_t *key);
/* As above, for integer and text keys: *text has data != NULL for a text key. */
int cbor_map_next_any(struct cbor_map *m, int64_t *key, struct bytes *text);

/* Latches `status` unless an error is latched already. */
void cbor_fail(struct cbor_reader *r, status_t status);

struct cbor_writer {
    uint8_t *data;
    size_t capacity;
    size_t len;
    status_t status;
};

struct cbor_writer cbor_writer_of(uint8_t *data, size_t capacity);
void cbor_write_uint(struct cbor_writer *w, uint64_t v);
void cbor_write_int(struct cbor_writer *w, int64_t v);
void cbor_write_bstr(struct cbor_writer *w, struct bytes v);
void cbor_write_tstr(struct cbor_writer *w, const char *text);
void cbor_write_tstr_bytes(struct cbor_writer *w, struct bytes v);
void cbor_write_array(struct cbor_writer *w, uint64_t count);
void cbor_write_map(struct cbor_writer *w, uint64_t count);
void cbor_write_tag(struct cbor_writer *w, uint64_t tag);
void cbor_write_null(struct cbor_writer *w);
void cbor_write_bool(struct cbor_writer *w, int v);
/* Bytes that are already CBOR. */
void cbor_write_raw(struct cbor_writer *w, struct bytes encoded);
/* Only the head of a byte string of `len` bytes that the caller appends elsewhere. */
void cbor_write_bstr_head(struct cbor_writer *w, uint64_t len);
/* All that is written between open and close becomes the content of one byte string. Pairs may nest. */
size_t cbor_bstr_open(struct cbor_writer *w);
void cbor_bstr_close(struct cbor_writer *w, size_t mark);
/* What was written; empty after an error. */
struct bytes cbor_written(const struct cbor_writer *w);

#endif
