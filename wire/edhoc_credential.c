/* SPDX-License-Identifier: Apache-2.0 */
/* edhoc_credential: ID_CRED with a certificate or a CWT, and the CWT's claims, of edhoc.h (RFC 9360, 8392, 8747). */
#include "wire/edhoc.h"

enum claim { CLAIM_SUBJECT = 2, CLAIM_EXPIRES = 4, CLAIM_KEY = 8, CLAIM_VENDOR = -65537, CLAIM_CLASS = -65538 };
#define SUBJECT_MAX 64

/* The value of a map that has this key alone; the reader stands at it. */
static struct cbor_reader single_open(struct bytes map, int64_t wanted)
{
    struct cbor_reader r = cbor_reader_of(map);
    struct cbor_map m = cbor_read_map(&r);
    int64_t key = 0;
    if (m.left != 1 || !cbor_map_next(&m, &key) || key != wanted) {
        cbor_fail(&r, STATUS_CHANNEL_CREDENTIAL);
    }
    return r;
}

status_t edhoc_kcwt_parse(struct bytes id_cred, struct bytes *cwt)
{
    struct cbor_reader r = single_open(id_cred, EDHOC_KCWT);
    if (r.status == STATUS_OK && cbor_peek(&r) != CBOR_ARRAY) {
        cbor_fail(&r, STATUS_CHANNEL_CREDENTIAL);
    }
    *cwt = cbor_skip(&r);
    return cbor_reader_finish(&r);
}

void edhoc_kcwt_build(struct bytes cwt, struct cbor_writer *out)
{
    cbor_write_map(out, 1);
    cbor_write_int(out, EDHOC_KCWT);
    cbor_write_raw(out, cwt);
}

status_t edhoc_x5chain_parse(struct bytes id_cred, struct edhoc_chain *out)
{
    struct cbor_reader r = single_open(id_cred, EDHOC_X5CHAIN);
    out->count = 1;
    if (cbor_peek(&r) == CBOR_ARRAY) {
        uint64_t count = cbor_read_array(&r);
        if (count < 2 || count > EDHOC_CHAIN_MAX) {
            cbor_fail(&r, STATUS_CHANNEL_CREDENTIAL);
            count = 0;
        }
        out->count = (size_t)count;
    }
    for (size_t i = 0; i < out->count; i++) {
        out->certificate[i] = cbor_read_bstr(&r);
    }
    return cbor_reader_finish(&r);
}

void edhoc_x5chain_build(const struct edhoc_chain *in, struct cbor_writer *out)
{
    cbor_write_map(out, 1);
    cbor_write_int(out, EDHOC_X5CHAIN);
    if (in->count > 1) {
        cbor_write_array(out, in->count);
    }
    for (size_t i = 0; i < in->count; i++) {
        cbor_write_bstr(out, in->certificate[i]);
    }
}

static void key_expect(struct cbor_map *map, int64_t wanted)
{
    int64_t key = 0;
    if (!cbor_map_next(map, &key) || key != wanted) {
        cbor_fail(map->reader, STATUS_CHANNEL_CREDENTIAL);
    }
}

/* cnf (RFC 8747 section 3.2): {1: COSE_Key {1: 2 (EC2), -1: 1 (P-256), -2: x, -3: y}}. */
static void confirmation_read(struct cbor_reader *r, struct edhoc_claims *out)
{
    struct cbor_map cnf = cbor_read_map(r);
    key_expect(&cnf, 1);
    struct cbor_map key = cbor_read_map(r);
    key_expect(&key, 1);
    if (cbor_read_int(r) != 2) {
        cbor_fail(r, STATUS_UNSUPPORTED);
    }
    key_expect(&key, -1);
    if (cbor_read_int(r) != 1) {
        cbor_fail(r, STATUS_UNSUPPORTED);
    }
    key_expect(&key, -2);
    out->x = cbor_read_bstr_len(r, 32);
    key_expect(&key, -3);
    out->y = cbor_read_bstr_len(r, 32);
    if (cnf.left != 0 || key.left != 0) {
        cbor_fail(r, STATUS_UNKNOWN_FIELD);
    }
}

status_t edhoc_claims_parse(struct bytes in, struct edhoc_claims *out)
{
    struct cbor_reader r = cbor_reader_of(in);
    struct cbor_map map = cbor_read_map(&r);
    memset(out, 0, sizeof *out);
    key_expect(&map, CLAIM_SUBJECT);
    out->subject = cbor_read_tstr(&r);
    if (out->subject.len == 0 || out->subject.len > SUBJECT_MAX) {
        cbor_fail(&r, STATUS_TOO_LONG);
    }
    key_expect(&map, CLAIM_EXPIRES);
    out->expires = cbor_read_uint(&r);
    key_expect(&map, CLAIM_KEY);
    confirmation_read(&r, out);
    key_expect(&map, CLAIM_VENDOR);
    out->vendor = cbor_read_bstr_len(&r, 16);
    key_expect(&map, CLAIM_CLASS);
    out->class_id = cbor_read_bstr_len(&r, 16);
    if (map.left != 0) {
        cbor_fail(&r, STATUS_UNKNOWN_FIELD);
    }
    return cbor_reader_finish(&r);
}

void edhoc_claims_build(const struct edhoc_claims *in, struct cbor_writer *out)
{
    cbor_write_map(out, 5);
    cbor_write_int(out, CLAIM_SUBJECT);
    cbor_write_tstr_bytes(out, in->subject);
    cbor_write_int(out, CLAIM_EXPIRES);
    cbor_write_uint(out, in->expires);
    cbor_write_int(out, CLAIM_KEY);
    cbor_write_map(out, 1);
    cbor_write_int(out, 1);
    cbor_write_map(out, 4);
    cbor_write_int(out, 1);
    cbor_write_int(out, 2);
    cbor_write_int(out, -1);
    cbor_write_int(out, 1);
    cbor_write_int(out, -2);
    cbor_write_bstr(out, in->x);
    cbor_write_int(out, -3);
    cbor_write_bstr(out, in->y);
    cbor_write_int(out, CLAIM_VENDOR);
    cbor_write_bstr(out, in->vendor);
    cbor_write_int(out, CLAIM_CLASS);
    cbor_write_bstr(out, in->class_id);
}
