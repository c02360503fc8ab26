/* SPDX-License-Identifier: Apache-2.0 */
/* letter_build: see letter.h. */
#include "host/letter/letter.h"

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

void letter_request_build(const struct letter_request *in, struct cbor_writer *w)
{
    cbor_write_array(w, 2);
    cbor_write_uint(w, in->op);
    switch (in->op) {
    case LETTER_IMAGE:
        cbor_write_map(w, 2);
        uint_write(w, 1, in->image);
        uint_write(w, 2, in->offset);
        break;
    case LETTER_BEGIN:
        cbor_write_map(w, 3);
        bytes_write(w, 1, in->uid);
        uint_write(w, 2, in->lifecycle);
        uint_write(w, 3, in->sbm_sequence);
        break;
    case LETTER_POSSESSION:
        cbor_write_map(w, 1);
        bytes_write(w, 1, in->possession);
        break;
    case LETTER_RECEIPT:
        cbor_write_map(w, 4);
        bytes_write(w, 1, in->items_digest);
        bytes_write(w, 2, in->boot_digest);
        bytes_write(w, 3, in->sbm_digest);
        uint_write(w, 4, in->app_sequence);
        break;
    case LETTER_CLOSE:
        cbor_write_map(w, 1);
        bytes_write(w, 1, in->token);
        break;
    default:
        cbor_write_map(w, 0);
        break;
    }
}

static void possession_answer_write(const struct letter_answer *in, struct cbor_writer *w)
{
    cbor_write_map(w, 8);
    uint_write(w, 1, in->number);
    bytes_write(w, 2, in->policy);
    bytes_write(w, 3, in->device_cert);
    bytes_write(w, 4, in->issuer_cert);
    bytes_write(w, 5, in->root_cert);
    bytes_write(w, 6, in->update_cert);
    bytes_write(w, 7, in->block);
    uint_write(w, 8, in->package_sequence);
}

void letter_answer_build(const struct letter_answer *in, struct cbor_writer *w)
{
    cbor_write_array(w, 3);
    cbor_write_uint(w, in->op);
    cbor_write_uint(w, in->refused);
    if (in->refused != 0) {
        cbor_write_map(w, 2);
        cbor_write_uint(w, 1);
        cbor_write_tstr_bytes(w, in->what);
        cbor_write_uint(w, 2);
        cbor_write_tstr_bytes(w, in->hint);
        return;
    }
    switch (in->op) {
    case LETTER_IMAGE:
        cbor_write_map(w, 2);
        uint_write(w, 1, in->total);
        bytes_write(w, 2, in->piece);
        break;
    case LETTER_BEGIN:
        cbor_write_map(w, 1);
        bytes_write(w, 1, in->challenge);
        break;
    case LETTER_POSSESSION:
        possession_answer_write(in, w);
        break;
    case LETTER_RECEIPT:
        cbor_write_map(w, 1);
        bytes_write(w, 1, in->nonce);
        break;
    default:
        cbor_write_map(w, 0);
        break;
    }
}

void letter_refusal_build(uint64_t op, const struct fault *fault, struct cbor_writer *w)
{
    struct letter_answer refusal = { 0 };
    refusal.op = op;
    refusal.refused = 1;
    refusal.what = bytes_of(fault->what, strlen(fault->what));
    refusal.hint = bytes_of(fault->hint, strlen(fault->hint));
    letter_answer_build(&refusal, w);
}
