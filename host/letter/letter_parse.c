/* SPDX-License-Identifier: Apache-2.0 */
/*
 * letter_parse: see letter.h. Every map is read by its keys 1, 2, 3, ... in this order: all are required, none may
 * follow.
 */
#include "host/letter/letter.h"

/* Reads the head of a map with exactly `count` pairs. */
static void map_head_read(struct cbor_reader *r, uint64_t count)
{
    struct cbor_map map = cbor_read_map(r);
    if (map.left != count) {
        cbor_fail(r, map.left < count ? STATUS_MISSING_FIELD : STATUS_UNKNOWN_FIELD);
    }
}

static void key_read(struct cbor_reader *r, uint64_t key)
{
    if (cbor_read_uint(r) != key) {
        cbor_fail(r, STATUS_UNKNOWN_FIELD);
    }
}

static uint64_t uint_read(struct cbor_reader *r, uint64_t key)
{
    key_read(r, key);
    return cbor_read_uint(r);
}

static struct bytes bytes_read(struct cbor_reader *r, uint64_t key)
{
    key_read(r, key);
    return cbor_read_bstr(r);
}

static struct bytes bytes_read_len(struct cbor_reader *r, uint64_t key, size_t len)
{
    key_read(r, key);
    return cbor_read_bstr_len(r, len);
}

static struct bytes text_read(struct cbor_reader *r, uint64_t key)
{
    key_read(r, key);
    struct bytes text = cbor_read_tstr(r);
    if (text.len > LETTER_TEXT_MAX) {
        cbor_fail(r, STATUS_TOO_LONG);
    }
    return text;
}

/* The array's head and the op. */
static uint64_t op_read(struct cbor_reader *r, uint64_t items)
{
    if (cbor_read_array(r) != items) {
        cbor_fail(r, STATUS_MESSAGE);
    }
    uint64_t op = cbor_read_uint(r);
    if (op < LETTER_IMAGE || op > LETTER_CLOSE) {
        cbor_fail(r, STATUS_MESSAGE);
    }
    return op;
}

status_t letter_request_parse(struct bytes in, struct letter_request *out)
{
    struct cbor_reader r = cbor_reader_of(in);
    memset(out, 0, sizeof *out);
    out->op = op_read(&r, 2);
    switch (out->op) {
    case LETTER_IMAGE:
        map_head_read(&r, 2);
        out->image = uint_read(&r, 1);
        out->offset = uint_read(&r, 2);
        break;
    case LETTER_BEGIN:
        map_head_read(&r, 3);
        out->uid = bytes_read_len(&r, 1, 16);
        out->lifecycle = uint_read(&r, 2);
        out->sbm_sequence = uint_read(&r, 3);
        break;
    case LETTER_POSSESSION:
        map_head_read(&r, 1);
        out->possession = bytes_read(&r, 1);
        break;
    case LETTER_RECEIPT:
        map_head_read(&r, 4);
        out->items_digest = bytes_read_len(&r, 1, 32);
        out->boot_digest = bytes_read_len(&r, 2, 32);
        out->sbm_digest = bytes_read_len(&r, 3, 32);
        out->app_sequence = uint_read(&r, 4);
        break;
    default: /* LETTER_CLOSE: op_read lets no other through */
        map_head_read(&r, 1);
        out->token = bytes_read(&r, 1);
        break;
    }
    status_t status = cbor_reader_finish(&r);
    if (status != STATUS_OK) {
        memset(out, 0, sizeof *out);
    }
    return status;
}

static void possession_answer_read(struct cbor_reader *r, struct letter_answer *out)
{
    map_head_read(r, 8);
    out->number = uint_read(r, 1);
    out->policy = bytes_read(r, 2);
    out->device_cert = bytes_read(r, 3);
    out->issuer_cert = bytes_read(r, 4);
    out->root_cert = bytes_read(r, 5);
    out->update_cert = bytes_read(r, 6);
    out->block = bytes_read(r, 7);
    out->package_sequence = uint_read(r, 8);
}

static void answer_fields_read(struct cbor_reader *r, struct letter_answer *out)
{
    switch (out->op) {
    case LETTER_IMAGE:
        map_head_read(r, 2);
        out->total = uint_read(r, 1);
        out->piece = bytes_read(r, 2);
        if (out->piece.len == 0 || out->piece.len > LETTER_PIECE_MAX) {
            cbor_fail(r, STATUS_BAD_ARGUMENT);
        }
        break;
    case LETTER_BEGIN:
        map_head_read(r, 1);
        out->challenge = bytes_read_len(r, 1, 32);
        break;
    case LETTER_POSSESSION:
        possession_answer_read(r, out);
        break;
    case LETTER_RECEIPT:
        map_head_read(r, 1);
        out->nonce = bytes_read_len(r, 1, 32);
        break;
    default:
        map_head_read(r, 0);
        break;
    }
}

status_t letter_answer_parse(struct bytes in, struct letter_answer *out)
{
    struct cbor_reader r = cbor_reader_of(in);
    memset(out, 0, sizeof *out);
    out->op = op_read(&r, 3);
    out->refused = cbor_read_uint(&r);
    if (out->refused == 1) {
        map_head_read(&r, 2);
        out->what = text_read(&r, 1);
        out->hint = text_read(&r, 2);
    } else if (out->refused == 0) {
        answer_fields_read(&r, out);
    } else {
        cbor_fail(&r, STATUS_BAD_ARGUMENT);
    }
    status_t status = cbor_reader_finish(&r);
    if (status != STATUS_OK) {
        memset(out, 0, sizeof *out);
    }
    return status;
}
