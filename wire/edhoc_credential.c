/* SPDX-License-Identifier: Apache-2.0 */
/* edhoc_credential: ID_CRED with a certificate or a CWT, and the CWT's claims, of edhoc.h (RFC 9360, 8392, 8747). */
#include "wire/edhoc.h"

enum claim { CLAIM_SUBJECT = 2, CLAIM_EXPIRES = 4 };
#define CLAIMS_COUNT 5
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

/* Behind the time come 123 bytes of which only the values differ: cnf (RFC 8747 section 3.2) with a COSE_Key {1: 2
 * (EC2), -1: 1 (P-256), -2: x, -3: y}, then vendor and class. */
static const uint8_t before_x[] = { 0x08, 0xA1, 0x01, 0xA4, 0x01, 0x02, 0x20, 0x01, 0x21, 0x58, 0x20 };
static const uint8_t before_y[] = { 0x22, 0x58, 0x20 };
static const uint8_t before_vendor[] = { 0x3A, 0x00, 0x01, 0x00, 0x00, 0x50 };
static const uint8_t before_class[] = { 0x3A, 0x00, 0x01, 0x00, 0x01, 0x50 };

/* Takes these bytes, then a value of `len`. */
static struct bytes value_take(struct cbor_reader *r, struct bytes before, size_t len)
{
    struct bytes rest = cbor_reader_rest(r);
    if (rest.len < before.len + len || memcmp(rest.data, before.data, before.len) != 0) {
        cbor_fail(r, STATUS_CHANNEL_CREDENTIAL);
        return bytes_of(NULL, 0);
    }
    r->at += before.len + len;
    return bytes_of(rest.data + before.len, len);
}

status_t edhoc_claims_parse(struct bytes in, struct edhoc_claims *out)
{
    struct cbor_reader r = cbor_reader_of(in);
    if (cbor_read_map(&r).left != CLAIMS_COUNT || cbor_read_uint(&r) != CLAIM_SUBJECT) {
        cbor_fail(&r, STATUS_CHANNEL_CREDENTIAL);
    }
    out->subject = cbor_read_tstr(&r);
    if (out->subject.len - 1 >= SUBJECT_MAX || cbor_read_uint(&r) != CLAIM_EXPIRES) {
        cbor_fail(&r, STATUS_CHANNEL_CREDENTIAL);
    }
    out->expires = cbor_read_uint(&r);
    out->x = value_take(&r, bytes_of(before_x, sizeof before_x), 32);
    out->y = value_take(&r, bytes_of(before_y, sizeof before_y), 32);
    out->vendor = value_take(&r, bytes_of(before_vendor, sizeof before_vendor), 16);
    out->class_id = value_take(&r, bytes_of(before_class, sizeof before_class), 16);
    return cbor_reader_finish(&r);
}

static void value_write(struct cbor_writer *out, struct bytes before, struct bytes value)
{
    cbor_write_raw(out, before);
    cbor_write_raw(out, value);
}

void edhoc_claims_build(const struct edhoc_claims *in, struct cbor_writer *out)
{
    cbor_write_map(out, CLAIMS_COUNT);
    cbor_write_uint(out, CLAIM_SUBJECT);
    cbor_write_tstr_bytes(out, in->subject);
    cbor_write_uint(out, CLAIM_EXPIRES);
    cbor_write_uint(out, in->expires);
    value_write(out, bytes_of(before_x, sizeof before_x), in->x);
    value_write(out, bytes_of(before_y, sizeof before_y), in->y);
    value_write(out, bytes_of(before_vendor, sizeof before_vendor), in->vendor);
    value_write(out, bytes_of(before_class, sizeof before_class), in->class_id);
}
