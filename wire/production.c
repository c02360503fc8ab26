/* SPDX-License-Identifier: Apache-2.0 */
/* production: see production.h. */
#include "wire/production.h"

#include "wire/cose.h"
#include "wire/fields.h"

#define ALG_A256KW (-5)
#define PRODUCTION_VERSION 1
#define COUNT_OF(table) (sizeof(table) / sizeof(table)[0])

static const uint8_t protected_gcm[] = { 0xA1, 0x01, 0x03 };           /* {1: 3} */
static const uint8_t protected_ecdh_es[] = { 0xA1, 0x01, 0x38, 0x1E }; /* {1: -31} */

#define TERMS_AT(member) offsetof(struct production, member)
static const struct wire_field terms_fields[] = {
    { 1, WIRE_CONST, 0, PRODUCTION_VERSION, 0 },
    { 2, WIRE_UINT, TERMS_AT(number), 1, WIRE_NO_LIMIT },
    { 3, WIRE_BSTR, TERMS_AT(recipient), 32, 32 },
    { 4, WIRE_BSTR, TERMS_AT(vendor), 16, 16 },
    { 5, WIRE_BSTR, TERMS_AT(class_id), 16, 16 },
    { 6, WIRE_UINT, TERMS_AT(not_before), 0, WIRE_NO_LIMIT },
    { 7, WIRE_UINT, TERMS_AT(not_after), 0, WIRE_NO_LIMIT },
    { 8, WIRE_UINT, TERMS_AT(quota), 0, PRODUCTION_QUOTA_MAX },
    { 9, WIRE_UINT, TERMS_AT(block), 1, PRODUCTION_BLOCK_MAX },
    { 10, WIRE_BSTR, TERMS_AT(grant_key), 64, 64 },
    { 11, WIRE_UINT, TERMS_AT(tpm), 0, 1 },
    { 12, WIRE_BSTR, TERMS_AT(issuing), 32, 32 },
    { 13, WIRE_BSTR, TERMS_AT(refill), 0, PRODUCTION_REFILL_MAX },
    { 14, WIRE_BSTR, TERMS_AT(encrypted), 1, PRODUCTION_MAX },
};

#define CONTENT_AT(member) offsetof(struct production_content, member)
static const struct wire_field content_fields[] = {
    { 1, WIRE_BSTR, CONTENT_AT(bl1), 1, PRODUCTION_MAX },
    { 2, WIRE_BSTR, CONTENT_AT(sbm), 1, PRODUCTION_MAX },
    { 3, WIRE_BSTR, CONTENT_AT(app), 1, PRODUCTION_MAX },
    { 4, WIRE_BSTR, CONTENT_AT(block), 1, PRODUCTION_MAX },
    { 5, WIRE_BSTR, CONTENT_AT(profile), 1, PRODUCTION_PROFILE_MAX },
    { 6, WIRE_BSTR, CONTENT_AT(firmware_keys), 64, 128 },
    { 7, WIRE_BSTR, CONTENT_AT(mastering_keys), 64, 128 },
    { 8, WIRE_BSTR, CONTENT_AT(root), 1, PRODUCTION_MAX },
    { 9, WIRE_BSTR, CONTENT_AT(ticket), 0, PRODUCTION_TICKET_MAX },
    { 10, WIRE_BSTR, CONTENT_AT(quota_key), 64, 64 },
    { 11, WIRE_BSTR, CONTENT_AT(vendors), 0, PRODUCTION_VENDORS_MAX },
};

static status_t table_parse(struct bytes in, const struct wire_field *fields, size_t count, void *object)
{
    struct cbor_reader r = cbor_reader_of(in);
    wire_fields_parse(&r, fields, count, object);
    return cbor_reader_finish(&r);
}

status_t production_parse(struct bytes in, struct production *out)
{
    memset(out, 0, sizeof *out);
    status_t status = table_parse(in, terms_fields, COUNT_OF(terms_fields), out);
    if (status != STATUS_OK) {
        memset(out, 0, sizeof *out);
    }
    return status;
}

void production_build(const struct production *in, struct cbor_writer *out)
{
    wire_fields_build(terms_fields, COUNT_OF(terms_fields), in, out);
}

status_t production_content_parse(struct bytes in, struct production_content *out)
{
    memset(out, 0, sizeof *out);
    status_t status = table_parse(in, content_fields, COUNT_OF(content_fields), out);
    if (status == STATUS_OK && (out->firmware_keys.len % 64 != 0 || out->mastering_keys.len % 64 != 0)) {
        status = STATUS_BAD_ARGUMENT;
    }
    if (status != STATUS_OK) {
        memset(out, 0, sizeof *out);
    }
    return status;
}

void production_content_build(const struct production_content *in, struct cbor_writer *out)
{
    wire_fields_build(content_fields, COUNT_OF(content_fields), in, out);
}

/* ---- COSE_Encrypt ---- */

#define CIPHER_AT(member) offsetof(struct production_cipher, member)
static const struct wire_field iv_fields[] = { { 5, WIRE_BSTR, CIPHER_AT(iv), PRODUCTION_IV_LEN, PRODUCTION_IV_LEN } };
/* COSE_Key (RFC 9052 section 7): kty EC2, crv P-256, x, y. */
static const struct wire_field key_fields[] = {
    { 1, WIRE_CONST, 0, 2, 0 },
    { -1, WIRE_CONST, 0, 1, 0 },
    { -2, WIRE_BSTR, CIPHER_AT(ephemeral_x), 32, 32 },
    { -3, WIRE_BSTR, CIPHER_AT(ephemeral_y), 32, 32 },
};

static void array_expect(struct cbor_reader *r, uint64_t count)
{
    uint64_t found = cbor_read_array(r);
    if (found != count) {
        cbor_fail(r, found < count ? STATUS_MISSING_FIELD : STATUS_TOO_MANY);
    }
}

static void header_expect(struct cbor_reader *r, struct bytes header)
{
    if (!bytes_equal(cbor_read_bstr(r), header)) {
        cbor_fail(r, STATUS_UNSUPPORTED);
    }
}

/* {4: kid, -1: ephemeral key} */
static void recipient_read(struct cbor_reader *r, struct production_cipher *out)
{
    struct cbor_map map = cbor_read_map(r);
    int64_t key = 0;
    while (cbor_map_next(&map, &key)) {
        if (key == 4) {
            out->kid = cbor_read_bstr_len(r, 32);
        } else if (key == -1) {
            wire_fields_parse(r, key_fields, COUNT_OF(key_fields), out);
        } else {
            cbor_fail(r, STATUS_UNKNOWN_FIELD);
        }
    }
    if (out->kid.data == NULL || out->ephemeral_y.data == NULL) {
        cbor_fail(r, STATUS_MISSING_FIELD);
    }
}

status_t production_cipher_parse(struct bytes in, struct production_cipher *out)
{
    struct cbor_reader r = cbor_reader_of(in);
    memset(out, 0, sizeof *out);
    if (cbor_read_tag(&r) != 96) {
        cbor_fail(&r, STATUS_UNSUPPORTED);
    }
    array_expect(&r, 4);
    header_expect(&r, bytes_of(protected_gcm, sizeof protected_gcm));
    wire_fields_parse(&r, iv_fields, COUNT_OF(iv_fields), out);
    out->ciphertext = cbor_read_bstr(&r);
    array_expect(&r, 1);
    array_expect(&r, 3);
    header_expect(&r, bytes_of(protected_ecdh_es, sizeof protected_ecdh_es));
    recipient_read(&r, out);
    out->wrapped_key = cbor_read_bstr_len(&r, PRODUCTION_WRAPPED_LEN);
    if (out->ciphertext.len <= PRODUCTION_TAG_LEN) {
        cbor_fail(&r, STATUS_TRUNCATED);
    }
    status_t status = cbor_reader_finish(&r);
    if (status != STATUS_OK) {
        memset(out, 0, sizeof *out);
    }
    return status;
}

void production_cipher_build(const struct production_cipher *in, struct cbor_writer *out)
{
    cbor_write_tag(out, 96);
    cbor_write_array(out, 4);
    cbor_write_bstr(out, bytes_of(protected_gcm, sizeof protected_gcm));
    wire_fields_build(iv_fields, COUNT_OF(iv_fields), in, out);
    cbor_write_bstr(out, in->ciphertext);
    cbor_write_array(out, 1);
    cbor_write_array(out, 3);
    cbor_write_bstr(out, bytes_of(protected_ecdh_es, sizeof protected_ecdh_es));
    cbor_write_map(out, 2);
    cbor_write_uint(out, 4);
    cbor_write_bstr(out, in->kid);
    cbor_write_int(out, -1);
    wire_fields_build(key_fields, COUNT_OF(key_fields), in, out);
    cbor_write_bstr(out, in->wrapped_key);
}

/* ---- what is signed, authenticated and derived from ---- */

static struct bytes aad(void)
{
    return bytes_of(PRODUCTION_AAD, sizeof PRODUCTION_AAD - 1);
}

void production_sig_head_build(uint64_t payload_len, struct cbor_writer *out)
{
    static const uint8_t protected_esp256[] = { 0xA1, 0x01, 0x28 }; /* {1: -9} */
    cbor_write_array(out, 4);
    cbor_write_tstr(out, "Signature1");
    cbor_write_bstr(out, bytes_of(protected_esp256, sizeof protected_esp256));
    cbor_write_bstr(out, aad());
    cbor_write_bstr_head(out, payload_len);
}

void production_enc_structure_build(struct cbor_writer *out)
{
    cbor_write_array(out, 3);
    cbor_write_tstr(out, "Encrypt");
    cbor_write_bstr(out, bytes_of(protected_gcm, sizeof protected_gcm));
    cbor_write_bstr(out, bytes_of(NULL, 0));
}

static void party_write(struct cbor_writer *out)
{
    cbor_write_array(out, 3);
    cbor_write_null(out);
    cbor_write_null(out);
    cbor_write_null(out);
}

void production_kdf_context_build(struct cbor_writer *out)
{
    cbor_write_array(out, 4);
    cbor_write_int(out, ALG_A256KW);
    party_write(out);
    party_write(out);
    cbor_write_array(out, 3);
    cbor_write_uint(out, 8 * PRODUCTION_KEK_LEN);
    cbor_write_bstr(out, bytes_of(protected_ecdh_es, sizeof protected_ecdh_es));
    cbor_write_bstr(out, aad());
}
