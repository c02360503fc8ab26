/* SPDX-License-Identifier: Apache-2.0 */
/* letter_build: see letter.h. */
#include "wire/letter.h"

static void uint_write(struct cbor_writer *w, uint64_t key, uint64_t value)
{
    cbor_write_uint(w, key);
    cbor_write_uint(w, value);
}

static void bytes_write(struct cbor_writer *w, uint64_t key, struct bytes value)
{
    cbor_write_uint(w, key);
    cbor_write_bstr(w, value);
}

static void text_write(struct cbor_writer *w, uint64_t key, struct bytes value)
{
    cbor_write_uint(w, key);
    cbor_write_tstr_bytes(w, value);
}

static void results_write(const struct letter_request *in, struct cbor_writer *w)
{
    cbor_write_map(w, 1);
    cbor_write_uint(w, 1);
    cbor_write_array(w, in->count);
    for (size_t i = 0; i < in->count && i < LETTER_ACTIONS_MAX; i++) {
        const struct letter_result *result = &in->results[i];
        cbor_write_map(w, 4);
        uint_write(w, 1, result->code);
        bytes_write(w, 2, result->data);
        text_write(w, 3, result->text);
        uint_write(w, 4, result->took_ms);
    }
}

void letter_request_build(const struct letter_request *in, struct cbor_writer *w)
{
    cbor_write_array(w, 2);
    cbor_write_uint(w, in->op);
    switch (in->op) {
    case LETTER_BEGIN:
        cbor_write_map(w, 3);
        uint_write(w, 1, in->version);
        text_write(w, 2, in->socket);
        uint_write(w, 3, in->channel);
        break;
    case LETTER_RESULT:
        results_write(in, w);
        break;
    case LETTER_IMAGE:
        cbor_write_map(w, 2);
        bytes_write(w, 1, in->digest);
        uint_write(w, 2, in->offset);
        break;
    default:
        cbor_write_map(w, 0);
        break;
    }
}

static void action_head_write(const struct letter_action *in, uint64_t fields, struct cbor_writer *w)
{
    cbor_write_map(w, 2 + fields);
    uint_write(w, 1, in->kind);
    text_write(w, 2, in->step);
}

static void action_write(const struct letter_action *in, struct cbor_writer *w)
{
    switch (in->kind) {
    case LETTER_WRITE:
    case LETTER_COMPARE:
        action_head_write(in, 4, w);
        uint_write(w, 3, in->offset);
        uint_write(w, 4, in->erase_len);
        bytes_write(w, 5, in->digest);
        uint_write(w, 6, in->image_len);
        break;
    case LETTER_ASK:
    case LETTER_FRAME:
    case LETTER_LOCK:
        action_head_write(in, 2, w);
        bytes_write(w, 3, in->message);
        uint_write(w, 4, in->seconds);
        break;
    case LETTER_TOKEN:
        action_head_write(in, 1, w);
        bytes_write(w, 3, in->nonce);
        break;
    case LETTER_DONE:
        action_head_write(in, 4, w);
        uint_write(w, 3, in->number);
        bytes_write(w, 4, in->device_cert);
        bytes_write(w, 5, in->update_cert);
        uint_write(w, 6, in->sequence);
        break;
    default: /* START, CLOSED */
        action_head_write(in, 0, w);
        break;
    }
}

static void actions_write(const struct letter_answer *in, struct cbor_writer *w)
{
    cbor_write_map(w, 1);
    cbor_write_uint(w, 1);
    cbor_write_array(w, in->count);
    for (size_t i = 0; i < in->count && i < LETTER_ACTIONS_MAX; i++) {
        action_write(&in->actions[i], w);
    }
}

void letter_answer_build(const struct letter_answer *in, struct cbor_writer *w)
{
    cbor_write_array(w, 3);
    cbor_write_uint(w, in->op);
    cbor_write_uint(w, in->refused);
    if (in->refused != 0) {
        cbor_write_map(w, 2);
        text_write(w, 1, in->what);
        text_write(w, 2, in->hint);
        return;
    }
    switch (in->op) {
    case LETTER_BEGIN:
    case LETTER_RESULT:
        actions_write(in, w);
        break;
    case LETTER_IMAGE:
        cbor_write_map(w, 2);
        uint_write(w, 1, in->total);
        bytes_write(w, 2, in->piece);
        break;
    default:
        cbor_write_map(w, 0);
        break;
    }
}

struct bytes letter_text_cut(struct bytes text, size_t max)
{
    size_t len = text.len;
    if (len > max) {
        len = max;
        while (len > 0 && (text.data[len] & 0xC0) == 0x80) {
            len--;
        }
    }
    return bytes_of(text.data, len);
}

void letter_refusal_build(uint64_t op, struct bytes what, struct bytes hint, struct cbor_writer *w)
{
    struct letter_answer refusal = { 0 };
    refusal.op = op;
    refusal.refused = 1;
    refusal.what = letter_text_cut(what, LETTER_WHAT_MAX);
    refusal.hint = letter_text_cut(hint, LETTER_HINT_MAX);
    letter_answer_build(&refusal, w);
}
