/* SPDX-License-Identifier: Apache-2.0 */
/* cose_build: COSE_Sign1, COSE_Encrypt, Sig_structure and COSE_KDF_Context to bytes (RFC 9052, 9053). */
#include "wire/cose.h"

/* A header map {1: algorithm} inside a byte string. */
static void protected_write(struct cbor_writer *out, int64_t algorithm)
{
    size_t mark = cbor_bstr_open(out);
    cbor_write_map(out, 1);
    cbor_write_uint(out, 1);
    cbor_write_int(out, algorithm);
    cbor_bstr_close(out, mark);
}

static void kid_write(struct cbor_writer *out, struct bytes kid)
{
    cbor_write_uint(out, 4);
    cbor_write_bstr(out, kid);
}

void cose_sign1_build(const struct cose_sign1 *in, struct cbor_writer *out)
{
    cbor_write_tag(out, 18);
    cbor_write_array(out, 4);
    protected_write(out, COSE_ALG_ESP256);
    cbor_write_map(out, in->kid.data != NULL);
    if (in->kid.data != NULL) {
        kid_write(out, in->kid);
    }
    if (in->payload.data != NULL) {
        cbor_write_bstr(out, in->payload);
    } else {
        cbor_write_null(out);
    }
    cbor_write_bstr(out, in->signature);
}

void cose_sig_structure_build(struct bytes external_aad, struct bytes payload, struct cbor_writer *out)
{
    cbor_write_array(out, 4);
    cbor_write_tstr(out, "Signature1");
    protected_write(out, COSE_ALG_ESP256);
    cbor_write_bstr(out, external_aad);
    cbor_write_bstr(out, payload);
}

static void ephemeral_write(const struct cose_encrypt *in, struct cbor_writer *out)
{
    cbor_write_int(out, -1);
    cbor_write_map(out, 4);
    cbor_write_uint(out, 1); /* kty: EC2 */
    cbor_write_uint(out, 2);
    cbor_write_int(out, -1); /* crv: P-256 */
    cbor_write_uint(out, 1);
    cbor_write_int(out, -2);
    cbor_write_bstr(out, in->ephemeral_x);
    cbor_write_int(out, -3);
    cbor_write_bstr(out, in->ephemeral_y);
}

void cose_encrypt_build(const struct cose_encrypt *in, struct cbor_writer *out)
{
    cbor_write_tag(out, 96);
    cbor_write_array(out, 4);
    cbor_write_bstr(out, bytes_of(NULL, 0));
    cbor_write_map(out, 2);
    cbor_write_uint(out, 1);
    cbor_write_int(out, COSE_ALG_A128CTR);
    cbor_write_uint(out, 5);
    cbor_write_bstr(out, in->iv);
    cbor_write_null(out);
    cbor_write_array(out, 1);
    cbor_write_array(out, 3);
    protected_write(out, COSE_ALG_ECDH_ES_A128KW);
    cbor_write_map(out, 2);
    kid_write(out, in->kid);
    ephemeral_write(in, out);
    cbor_write_bstr(out, in->wrapped_key);
}

static void party_write(struct cbor_writer *out)
{
    cbor_write_array(out, 3);
    for (int i = 0; i < 3; i++) {
        cbor_write_null(out);
    }
}

void cose_kdf_context_build(struct cbor_writer *out)
{
    static const char protocol[] = "SUIT Payload Encryption";
    cbor_write_array(out, 4);
    cbor_write_int(out, COSE_ALG_A128KW);
    party_write(out);
    party_write(out);
    cbor_write_array(out, 3);
    cbor_write_uint(out, 128);
    protected_write(out, COSE_ALG_ECDH_ES_A128KW);
    cbor_write_bstr(out, bytes_of(protocol, sizeof protocol - 1));
}
