/* SPDX-License-Identifier: Apache-2.0 */
/* edhoc: messages of edhoc.h (RFC 9528 sections 5 and 6), both ways. */
#include "wire/edhoc.h"

#define ERROR_UNSPECIFIED 1
#define ERROR_SUITES 2
#define KID 4 /* COSE header parameter */

/* The encoding of what was read since `start`. */
static struct bytes item_since(const struct cbor_reader *r, const uint8_t *start)
{
    return bytes_of(start, (size_t)(r->at - start));
}

/* A connection identifier (section 3.3.2): a byte string of one byte that is an integer's encoding must stand as that
 * integer. */
static struct bytes identifier_read(struct cbor_reader *r)
{
    const uint8_t *start = r->at;
    if (cbor_peek(r) == CBOR_BSTR) {
        struct bytes id = cbor_read_bstr(r);
        if (r->status == STATUS_OK && id.len == 1 && id.data[0] < 0x40 && (id.data[0] & 31u) < 24) {
            cbor_fail(r, STATUS_NOT_CANONICAL);
        }
    } else {
        (void)cbor_read_int(r);
        if (r->status == STATUS_OK && r->at - start != 1) {
            cbor_fail(r, STATUS_BAD_ARGUMENT);
        }
    }
    return item_since(r, start);
}

/* SUITES_I: the last is selected, those before it are preferred to it (section 5.2.1). */
static void suites_read(struct cbor_reader *r)
{
    uint64_t count = 1;
    if (cbor_peek(r) == CBOR_ARRAY) {
        count = cbor_read_array(r);
        if (count < 2) {
            cbor_fail(r, STATUS_NOT_CANONICAL);
        }
    }
    int ours_before = 0;
    while (count-- > 1 && r->status == STATUS_OK) {
        ours_before |= cbor_read_int(r) == EDHOC_SUITE;
    }
    if (cbor_read_int(r) != EDHOC_SUITE || ours_before) {
        cbor_fail(r, STATUS_CHANNEL_SUITE);
    }
}

/* External authorization data (section 3.8) to the end: none of it is known here, so none may be critical. */
static struct bytes ead_read(struct cbor_reader *r)
{
    struct bytes all = cbor_reader_rest(r);
    while (r->status == STATUS_OK && r->at != r->end) {
        if (cbor_read_int(r) < 0) {
            cbor_fail(r, STATUS_UNSUPPORTED);
        }
        if (cbor_peek(r) == CBOR_BSTR) {
            (void)cbor_read_bstr(r);
        }
    }
    return all;
}

status_t edhoc_message_1_parse(struct bytes in, struct edhoc_message_1 *out)
{
    struct cbor_reader r = cbor_reader_of(in);
    if (cbor_read_int(&r) != EDHOC_METHOD) {
        cbor_fail(&r, STATUS_UNSUPPORTED);
    }
    suites_read(&r);
    out->g_x = cbor_read_bstr_len(&r, 32);
    out->c_i = identifier_read(&r);
    (void)ead_read(&r);
    return cbor_reader_finish(&r);
}

void edhoc_message_1_build(const struct edhoc_message_1 *in, struct cbor_writer *out)
{
    cbor_write_int(out, EDHOC_METHOD);
    cbor_write_int(out, EDHOC_SUITE);
    cbor_write_bstr(out, in->g_x);
    cbor_write_raw(out, in->c_i);
}

status_t edhoc_string_parse(struct bytes in, struct bytes *out)
{
    struct cbor_reader r = cbor_reader_of(in);
    int major = cbor_peek(&r);
    if (major == CBOR_UINT || major == CBOR_NINT) {
        return STATUS_CHANNEL_PEER;
    }
    *out = cbor_read_bstr(&r);
    return cbor_reader_finish(&r);
}

status_t edhoc_plaintext_2_parse(struct bytes in, struct edhoc_plaintext *out)
{
    struct cbor_reader r = cbor_reader_of(in);
    out->c_r = identifier_read(&r);
    if (r.status == STATUS_OK && cbor_peek(&r) != CBOR_MAP) {
        cbor_fail(&r, STATUS_CHANNEL_CREDENTIAL);
    }
    out->id_cred = cbor_skip(&r);
    out->cred = bytes_of(NULL, 0);
    out->signature = cbor_read_bstr_len(&r, 64);
    out->ead = ead_read(&r);
    return cbor_reader_finish(&r);
}

/* {13: [protected, {4: kid}, payload, signature]}. */
static void kcwt_read(struct cbor_reader *r, struct edhoc_plaintext *out)
{
    const uint8_t *start = r->at;
    if (cbor_read_map(r).left != 1 || cbor_read_uint(r) != EDHOC_KCWT) {
        cbor_fail(r, STATUS_CHANNEL_CREDENTIAL);
    }
    const uint8_t *cwt = r->at;
    if (cbor_read_array(r) != 4) {
        cbor_fail(r, STATUS_CHANNEL_CREDENTIAL);
    }
    (void)cbor_read_bstr(r);
    if (cbor_read_map(r).left != 1 || cbor_read_uint(r) != KID) {
        cbor_fail(r, STATUS_CHANNEL_CREDENTIAL);
    }
    for (int i = 0; i < 3; i++) {
        (void)cbor_read_bstr(r);
    }
    out->id_cred = item_since(r, start);
    out->cred = item_since(r, cwt);
}

status_t edhoc_plaintext_3_parse(struct bytes in, struct edhoc_plaintext *out)
{
    struct cbor_reader r = cbor_reader_of(in);
    out->c_r = bytes_of(NULL, 0);
    kcwt_read(&r, out);
    out->signature = cbor_read_bstr_len(&r, 64);
    out->ead = ead_read(&r);
    return cbor_reader_finish(&r);
}

void edhoc_plaintext_build(const struct edhoc_plaintext *in, struct cbor_writer *out)
{
    cbor_write_raw(out, in->c_r);
    cbor_write_raw(out, in->id_cred);
    cbor_write_bstr(out, in->signature);
    cbor_write_raw(out, in->ead);
}

void edhoc_error_build(const char *text, struct cbor_writer *out)
{
    cbor_write_int(out, ERROR_UNSPECIFIED);
    cbor_write_tstr(out, text);
}

void edhoc_suites_build(struct cbor_writer *out)
{
    cbor_write_int(out, ERROR_SUITES);
    cbor_write_int(out, EDHOC_SUITE);
}

status_t edhoc_error_parse(struct bytes in, struct edhoc_error *out)
{
    struct cbor_reader r = cbor_reader_of(in);
    memset(out, 0, sizeof *out);
    out->code = cbor_read_int(&r);
    if (out->code == ERROR_UNSPECIFIED) {
        out->text = cbor_read_tstr(&r);
    } else if (out->code == ERROR_SUITES) {
        uint64_t count = cbor_peek(&r) == CBOR_ARRAY ? cbor_read_array(&r) : 1;
        while (count-- > 0 && r.status == STATUS_OK) {
            out->suite_ours |= cbor_read_int(&r) == EDHOC_SUITE;
        }
    } else {
        (void)cbor_skip(&r);
    }
    return cbor_reader_finish(&r);
}
