/* SPDX-License-Identifier: Apache-2.0 */
/*
 * letter_parse: see letter.h. Every map is read by its keys 1, 2, 3, ... in this order: all are required, none may
 * follow.
 */
#include "wire/letter.h"

#define SECONDS_MAX 3600u

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

static uint64_t uint_read(struct cbor_reader *r, uint64_t key, uint64_t least, uint64_t most)
{
    key_read(r, key);
    uint64_t value = cbor_read_uint(r);
    if (value < least || value > most) {
        cbor_fail(r, STATUS_BAD_ARGUMENT);
    }
    return value;
}

static void length_check(struct cbor_reader *r, struct bytes value, size_t least, size_t most)
{
    if (value.len < least || value.len > most) {
        cbor_fail(r, value.len > most ? STATUS_TOO_LONG : STATUS_TRUNCATED);
    }
}

static struct bytes bytes_read(struct cbor_reader *r, uint64_t key, size_t least, size_t most)
{
    key_read(r, key);
    struct bytes value = cbor_read_bstr(r);
    length_check(r, value, least, most);
    return value;
}

static struct bytes text_read(struct cbor_reader *r, uint64_t key, size_t least, size_t most)
{
    key_read(r, key);
    struct bytes value = cbor_read_tstr(r);
    length_check(r, value, least, most);
    return value;
}

/* The array's head and the op. */
static uint64_t op_read(struct cbor_reader *r, uint64_t items)
{
    if (cbor_read_array(r) != items) {
        cbor_fail(r, STATUS_MESSAGE);
    }
    uint64_t op = cbor_read_uint(r);
    if (op < LETTER_BEGIN || op > LETTER_BYE) {
        cbor_fail(r, STATUS_MESSAGE);
    }
    return op;
}

/* A list of 1 to LETTER_ACTIONS_MAX items under the only key of a map. */
static size_t list_head_read(struct cbor_reader *r)
{
    map_head_read(r, 1);
    key_read(r, 1);
    uint64_t count = cbor_read_array(r);
    if (count < 1 || count > LETTER_ACTIONS_MAX) {
        cbor_fail(r, count < 1 ? STATUS_MISSING_FIELD : STATUS_TOO_LONG);
        return 0;
    }
    return (size_t)count;
}

static void results_read(struct cbor_reader *r, struct letter_request *out)
{
    out->count = list_head_read(r);
    for (size_t i = 0; i < out->count; i++) {
        struct letter_result *result = &out->results[i];
        map_head_read(r, 4);
        result->code = uint_read(r, 1, LETTER_FINE, LETTER_TROUBLE_REFUSED);
        result->data = bytes_read(r, 2, 0, LETTER_MAX);
        result->text = text_read(r, 3, 0, LETTER_TEXT_MAX);
        result->took_ms = uint_read(r, 4, 0, LETTER_TOOK_MAX);
    }
}

status_t letter_request_parse(struct bytes in, struct letter_request *out)
{
    struct cbor_reader r = cbor_reader_of(in);
    memset(out, 0, sizeof *out);
    out->op = op_read(&r, 2);
    switch (out->op) {
    case LETTER_BEGIN:
        map_head_read(&r, 3);
        out->version = uint_read(&r, 1, 1, UINT64_MAX);
        out->socket = text_read(&r, 2, 1, LETTER_SOCKET_MAX);
        out->channel = uint_read(&r, 3, LETTER_CHANNEL_OPEN, LETTER_CHANNEL_SECURE);
        break;
    case LETTER_RESULT:
        results_read(&r, out);
        break;
    case LETTER_IMAGE:
        map_head_read(&r, 2);
        out->digest = bytes_read(&r, 1, 32, 32);
        out->offset = uint_read(&r, 2, 0, LETTER_IMAGE_MAX);
        break;
    default: /* LETTER_BYE: op_read lets no other through */
        map_head_read(&r, 0);
        break;
    }
    status_t status = cbor_reader_finish(&r);
    if (status != STATUS_OK) {
        memset(out, 0, sizeof *out);
    }
    return status;
}

static uint64_t action_fields_count(uint64_t kind)
{
    switch (kind) {
    case LETTER_WRITE:
    case LETTER_COMPARE:
    case LETTER_DONE:
        return 4;
    case LETTER_ASK:
    case LETTER_FRAME:
    case LETTER_LOCK:
        return 2;
    default: /* TOKEN; START and CLOSED */
        return kind == LETTER_TOKEN ? 1 : 0;
    }
}

static void action_fields_read(struct cbor_reader *r, struct letter_action *out)
{
    switch (out->kind) {
    case LETTER_WRITE:
    case LETTER_COMPARE:
        out->offset = uint_read(r, 3, 0, LETTER_IMAGE_MAX);
        out->erase_len = uint_read(r, 4, 1, LETTER_IMAGE_MAX);
        out->digest = bytes_read(r, 5, 32, 32);
        out->image_len = uint_read(r, 6, 1, out->erase_len);
        break;
    case LETTER_ASK:
    case LETTER_FRAME:
    case LETTER_LOCK:
        out->message = bytes_read(r, 3, 1, LETTER_MAX);
        out->seconds = uint_read(r, 4, 1, SECONDS_MAX);
        break;
    case LETTER_TOKEN:
        out->nonce = bytes_read(r, 3, 32, 32);
        break;
    case LETTER_DONE:
        out->number = uint_read(r, 3, 1, UINT64_MAX);
        out->device_cert = bytes_read(r, 4, 1, LETTER_CERT_MAX);
        out->update_cert = bytes_read(r, 5, 1, LETTER_CERT_MAX);
        out->sequence = uint_read(r, 6, 0, UINT64_MAX);
        break;
    default: /* START, CLOSED */
        break;
    }
}

static void action_read(struct cbor_reader *r, struct letter_action *out)
{
    struct cbor_map map = cbor_read_map(r);
    out->kind = uint_read(r, 1, LETTER_WRITE, LETTER_DONE);
    out->step = text_read(r, 2, 1, LETTER_STEP_MAX);
    uint64_t count = 2 + action_fields_count(out->kind);
    if (map.left != count) {
        cbor_fail(r, map.left < count ? STATUS_MISSING_FIELD : STATUS_UNKNOWN_FIELD);
    }
    action_fields_read(r, out);
}

/* Nothing is to be done beside DONE. */
static void actions_read(struct cbor_reader *r, struct letter_answer *out)
{
    out->count = list_head_read(r);
    for (size_t i = 0; i < out->count; i++) {
        action_read(r, &out->actions[i]);
        if (out->actions[i].kind == LETTER_DONE && out->count != 1) {
            cbor_fail(r, STATUS_MESSAGE);
        }
    }
}

static void answer_fields_read(struct cbor_reader *r, struct letter_answer *out)
{
    switch (out->op) {
    case LETTER_BEGIN:
    case LETTER_RESULT:
        actions_read(r, out);
        break;
    case LETTER_IMAGE:
        map_head_read(r, 2);
        out->total = uint_read(r, 1, 1, LETTER_IMAGE_MAX);
        out->piece = bytes_read(r, 2, 1, LETTER_PIECE_MAX);
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
        out->what = text_read(&r, 1, 0, LETTER_WHAT_MAX);
        out->hint = text_read(&r, 2, 0, LETTER_HINT_MAX);
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
