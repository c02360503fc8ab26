/* SPDX-License-Identifier: Apache-2.0 */
/* cose_parse: COSE_Sign1 and COSE_Encrypt from bytes (RFC 9052 sections 4.2 and 5.1), in the one shape that Windlass
 * uses. */
#include "wire/cose.h"
#include "wire/fields.h"

static const uint8_t protected_esp256[] = { 0xA1, 0x01, 0x28 };        /* {1: -9} */
static const uint8_t protected_ecdh_es[] = { 0xA1, 0x01, 0x38, 0x1C }; /* {1: -29} */

static void array_expect(struct cbor_reader *r, uint64_t count)
{
    uint64_t n = cbor_read_array(r);
    if (n != count) {
        cbor_fail(r, n < count ? STATUS_MISSING_FIELD : STATUS_TOO_MANY);
    }
}

/* The tag, the array and the protected header that every COSE structure begins with. */
static struct bytes head_expect(struct cbor_reader *r, uint64_t tag, uint64_t count, struct bytes header)
{
    if (tag != 0 && cbor_read_tag(r) != tag) {
        cbor_fail(r, STATUS_UNSUPPORTED);
    }
    array_expect(r, count);
    struct bytes found = cbor_read_bstr(r);
    if (!bytes_equal(found, header)) {
        cbor_fail(r, STATUS_UNSUPPORTED);
    }
    return found;
}

/* Unprotected header of a signature: {} or {4: kid}. */
static void sign1_unprotected_read(struct cbor_reader *r, struct cose_sign1 *out)
{
    struct cbor_map map = cbor_read_map(r);
    int64_t key = 0;
    while (cbor_map_next(&map, &key)) {
        if (key != 4) {
            cbor_fail(r, STATUS_UNKNOWN_FIELD);
        }
        out->kid = cbor_read_bstr_len(r, COSE_KID_LEN);
    }
}

static status_t sign1_read(struct bytes in, uint64_t tag, struct cose_sign1 *out)
{
    struct cbor_reader r = cbor_reader_of(in);
    memset(out, 0, sizeof *out);
    out->protected_header = head_expect(&r, tag, 4, bytes_of(protected_esp256, sizeof protected_esp256));
    sign1_unprotected_read(&r, out);
    if (cbor_peek(&r) == CBOR_SIMPLE) {
        cbor_read_null(&r);
    } else {
        out->payload = cbor_read_bstr(&r);
    }
    out->signature = cbor_read_bstr_len(&r, COSE_SIGNATURE_LEN);
    status_t status = cbor_reader_finish(&r);
    if (status != STATUS_OK) {
        memset(out, 0, sizeof *out);
    }
    return status;
}

status_t cose_sign1_parse(struct bytes in, struct cose_sign1 *out)
{
    return sign1_read(in, 18, out);
}

status_t cose_sign1_untagged_parse(struct bytes in, struct cose_sign1 *out)
{
    return sign1_read(in, 0, out);
}

#define ENCRYPT_AT(member) offsetof(struct cose_encrypt, member)

static const struct wire_field content_fields[] = {
    { 1, WIRE_CONST, 0, COSE_ALG_A128CTR, 0 },
    { 5, WIRE_BSTR, ENCRYPT_AT(iv), 16, 16 },
};

/* COSE_Key (RFC 9052 section 7): kty EC2, crv P-256, x, y. */
static const struct wire_field key_fields[] = {
    { 1, WIRE_CONST, 0, 2, 0 },
    { -1, WIRE_CONST, 0, 1, 0 },
    { -2, WIRE_BSTR, ENCRYPT_AT(ephemeral_x), 32, 32 },
    { -3, WIRE_BSTR, ENCRYPT_AT(ephemeral_y), 32, 32 },
};

/* Unprotected header of the recipient: {4: kid, -1: ephemeral key}, in the order of the encoded keys. */
static void recipient_unprotected_read(struct cbor_reader *r, struct cose_encrypt *out)
{
    struct cbor_map map = cbor_read_map(r);
    int64_t key = 0;
    while (cbor_map_next(&map, &key)) {
        if (key == 4) {
            out->kid = cbor_read_bstr_len(r, COSE_KID_LEN);
        } else if (key == -1) {
            wire_fields_parse(r, key_fields, sizeof key_fields / sizeof key_fields[0], out);
        } else {
            cbor_fail(r, STATUS_UNKNOWN_FIELD);
        }
    }
    if (out->kid.data == NULL || out->ephemeral_y.data == NULL) {
        cbor_fail(r, STATUS_MISSING_FIELD);
    }
}

status_t cose_encrypt_parse(struct bytes in, struct cose_encrypt *out)
{
    struct cbor_reader r = cbor_reader_of(in);
    memset(out, 0, sizeof *out);
    (void)head_expect(&r, 96, 4, bytes_of(NULL, 0));
    wire_fields_parse(&r, content_fields, sizeof content_fields / sizeof content_fields[0], out);
    cbor_read_null(&r);
    array_expect(&r, 1);
    (void)head_expect(&r, 0, 3, bytes_of(protected_ecdh_es, sizeof protected_ecdh_es));
    recipient_unprotected_read(&r, out);
    out->wrapped_key = cbor_read_bstr_len(&r, 24);
    status_t status = cbor_reader_finish(&r);
    if (status != STATUS_OK) {
        memset(out, 0, sizeof *out);
    }
    return status;
}
