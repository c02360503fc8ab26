/* SPDX-License-Identifier: Apache-2.0 */
/* tpm_check: an appliance's enrolment (tpm_check.h), and the TPM's structures in it, taken strictly. */
#include "host/pki/tpm_check_room.h"

#include "base/cbor.h"
#include "host/lib/p256.h"

#define MAGIC 0xFF544347u
#define ENDORSEMENT_HIERARCHY 0x4000000Bu
#define CLOCK_LEN 17   /* TPMS_CLOCK_INFO */
#define FIRMWARE_LEN 8 /* firmwareVersion */

/* ---- fields ---- */

struct tpm_reader tpm_reader_of(struct bytes in)
{
    return (struct tpm_reader){ in.data, in.len, 0 };
}

struct bytes tpm_read_bytes(struct tpm_reader *r, size_t len)
{
    if (r->failed || r->left < len) {
        r->failed = 1;
        return bytes_of(NULL, 0);
    }
    struct bytes taken = bytes_of(r->at, len);
    r->at += len;
    r->left -= len;
    return taken;
}

uint16_t tpm_read_u16(struct tpm_reader *r)
{
    struct bytes taken = tpm_read_bytes(r, 2);
    return taken.len == 2 ? bytes_read_be16(taken.data) : 0;
}

uint32_t tpm_read_u32(struct tpm_reader *r)
{
    uint32_t high = tpm_read_u16(r);
    return high << 16 | tpm_read_u16(r);
}

struct bytes tpm_read_sized(struct tpm_reader *r, size_t max)
{
    uint16_t len = tpm_read_u16(r);
    if (len > max) {
        r->failed = 1;
    }
    return tpm_read_bytes(r, len);
}

int tpm_reader_done(const struct tpm_reader *r)
{
    return !r->failed && r->left == 0;
}

int tpm_fields_read(const char *what, struct bytes text, struct bytes *fields, unsigned count, struct fault *fault)
{
    int64_t key;
    unsigned seen = 0;
    struct cbor_reader r = cbor_reader_of(text);
    struct cbor_map map = cbor_read_map(&r);
    while (cbor_map_next(&map, &key)) {
        if (key < 1 || key > (int64_t)count) {
            cbor_fail(&r, STATUS_UNKNOWN_FIELD);
            break;
        }
        fields[key - 1] = cbor_read_bstr(&r);
        seen++;
    }
    status_t status = cbor_reader_finish(&r);
    return status == STATUS_OK && seen == count
               ? 0
               : fault_status(fault, what, status == STATUS_OK ? STATUS_MISSING_FIELD : status);
}

/* ---- keys ---- */

static const char *key_name(enum tpm_shape_key kind)
{
    return kind == TPM_SHAPE_KEY_GRANT ? "grant key" : "attestation key";
}

int tpm_key_check(struct bytes public_area, enum tpm_shape_key kind, const uint8_t quota_key[64], uint8_t point[64],
                  struct fault *fault)
{
    uint8_t head[TPM_SHAPE_KEY_MAX];
    size_t head_len = tpm_shape_key_head(kind, quota_key, head);
    struct tpm_reader r = tpm_reader_of(public_area);
    if (!bytes_equal(tpm_read_bytes(&r, head_len), bytes_of(head, head_len))) {
        (void)fault_set(fault, "enrolment: the %s has not the attributes and policy that it must have", key_name(kind));
        return fault_hint(fault,
                          kind == TPM_SHAPE_KEY_GRANT
                              ? "the TPM must count before this key signs, and only this maker's key `quota` may refill"
                              : "this key must sign nothing but the TPM's own statements");
    }
    struct bytes x = tpm_read_sized(&r, 32);
    struct bytes y = tpm_read_sized(&r, 32);
    if (!tpm_reader_done(&r)) {
        return fault_set(fault, "enrolment: the %s is not well-formed", key_name(kind));
    }
    memset(point, 0, 64);
    memcpy(point + 32 - x.len, x.data, x.len);
    memcpy(point + 64 - y.len, y.data, y.len);
    EVP_PKEY *key = p256_import(point);
    EVP_PKEY_free(key);
    return key != NULL ? 0 : fault_set(fault, "enrolment: the %s is not a point of the curve", key_name(kind));
}

/* ---- statements ---- */

static int statement_parse(struct bytes attest, struct tpm_statement *out)
{
    struct tpm_reader r = tpm_reader_of(attest);
    uint32_t magic = tpm_read_u32(&r);
    uint16_t kind = tpm_read_u16(&r);
    out->signer = tpm_read_sized(&r, TPM_SHAPE_NAME_LEN);
    out->qualifying = tpm_read_sized(&r, 64);
    struct bytes clock = tpm_read_bytes(&r, CLOCK_LEN);
    (void)tpm_read_bytes(&r, FIRMWARE_LEN);
    out->name = tpm_read_sized(&r, TPM_SHAPE_NAME_LEN);
    if (kind == TPM_STATEMENT_KEY) {
        (void)tpm_read_sized(&r, TPM_SHAPE_NAME_LEN); /* qualified name: says where the key's parent is */
    } else if (kind == TPM_STATEMENT_INDEX) {
        r.failed |= tpm_read_u16(&r) != 0; /* offset */
        out->contents = tpm_read_sized(&r, 8);
    } else {
        return 0;
    }
    out->kind = (enum tpm_statement_kind)kind;
    return tpm_reader_done(&r) && magic == MAGIC && clock.data[CLOCK_LEN - 1] <= 1;
}

/* Qualified name of a primary key of the endorsement hierarchy (Part 1 section 16). */
static void signer_name(const struct tpm_enrolment *by, uint8_t name[TPM_SHAPE_NAME_LEN])
{
    uint8_t text[4 + TPM_SHAPE_NAME_LEN];
    bytes_write_be16(text, (uint16_t)(ENDORSEMENT_HIERARCHY >> 16));
    bytes_write_be16(text + 2, (uint16_t)ENDORSEMENT_HIERARCHY);
    memcpy(text + 4, by->attestation_name, TPM_SHAPE_NAME_LEN);
    tpm_shape_name(bytes_of(text, sizeof text), name);
}

int tpm_statement_check(struct bytes attest, struct bytes signature, const struct tpm_enrolment *by,
                        const uint8_t qualifying[32], struct tpm_statement *out, struct fault *fault)
{
    uint8_t digest[32];
    uint8_t signer[TPM_SHAPE_NAME_LEN];
    memset(out, 0, sizeof *out);
    if (signature.len != 64 || !statement_parse(attest, out)) {
        return fault_set(fault, "TPM statement: not well-formed");
    }
    p256_sha256(attest, digest);
    if (p256_verify(by->attestation_key, digest, signature.data) != STATUS_OK) {
        return fault_set(fault, "TPM statement: not signed by this appliance's attestation key");
    }
    signer_name(by, signer);
    if (!bytes_equal(out->signer, bytes_of(signer, sizeof signer))) {
        return fault_set(fault, "TPM statement: its attestation key is not a primary key of the endorsement hierarchy");
    }
    if (!bytes_equal(out->qualifying, bytes_of(qualifying, 32))) {
        return fault_set(fault, "TPM statement: made for something else than what comes with it");
    }
    return 0;
}

/* ---- enrolment ---- */

enum enrolment_field { FIELD_EK, FIELD_ATTESTATION, FIELD_GRANT, FIELD_ATTEST, FIELD_SIGNATURE, FIELD_INDEX, FIELDS };

static int index_check(struct bytes index, const uint8_t quota_key[64], struct fault *fault)
{
    uint8_t wanted[TPM_SHAPE_INDEX_LEN];
    tpm_shape_index(quota_key, 0, wanted);
    if (!bytes_equal(index, bytes_of(wanted, sizeof wanted))) {
        (void)fault_set(fault, "enrolment: the index that counts is not made for this maker's key `quota`");
        return fault_hint(fault, "give the appliance this project's pki/public.pem: 'windlassd init --oem'");
    }
    return 0;
}

/* The TPM states that the grant key is in it, with this public area. */
static int grant_check(const struct bytes fields[FIELDS], const struct tpm_enrolment *e, struct fault *fault)
{
    uint8_t qualifying[32];
    struct tpm_statement statement;
    tpm_shape_enrolment(fields[FIELD_EK], qualifying);
    if (tpm_statement_check(fields[FIELD_ATTEST], fields[FIELD_SIGNATURE], e, qualifying, &statement, fault) != 0) {
        return -1;
    }
    if (statement.kind != TPM_STATEMENT_KEY ||
        !bytes_equal(statement.name, bytes_of(e->grant_name, TPM_SHAPE_NAME_LEN))) {
        return fault_set(fault, "enrolment: the TPM's statement is not about this grant key");
    }
    return 0;
}

int tpm_enrolment_read(struct bytes block, const uint8_t quota_key[64], struct tpm_enrolment *out, struct fault *fault)
{
    struct bytes fields[FIELDS];
    uint8_t index[TPM_SHAPE_INDEX_LEN];
    memset(out, 0, sizeof *out);
    if (tpm_fields_read("enrolment", block, fields, FIELDS, fault) != 0 ||
        index_check(fields[FIELD_INDEX], quota_key, fault) != 0 ||
        tpm_key_check(fields[FIELD_ATTESTATION], TPM_SHAPE_KEY_ATTESTATION, quota_key, out->attestation_key, fault) !=
            0 ||
        tpm_key_check(fields[FIELD_GRANT], TPM_SHAPE_KEY_GRANT, quota_key, out->grant_key, fault) != 0) {
        return -1;
    }
    out->ek_certificate = fields[FIELD_EK];
    p256_sha256(fields[FIELD_EK], out->ek_digest);
    tpm_shape_index(quota_key, 1, index);
    tpm_shape_name(bytes_of(index, sizeof index), out->index_name);
    tpm_shape_name(fields[FIELD_ATTESTATION], out->attestation_name);
    tpm_shape_name(fields[FIELD_GRANT], out->grant_name);
    return grant_check(fields, out, fault);
}

int tpm_enrolment_check(struct bytes block, const char *ca_pem, const uint8_t quota_key[64], struct tpm_enrolment *out,
                        struct fault *fault)
{
    if (tpm_enrolment_read(block, quota_key, out, fault) != 0) {
        return -1;
    }
    X509 *ek = tpm_ek_parse(out->ek_certificate, fault);
    int result = ek == NULL ? -1 : tpm_ek_path_check(ek, ca_pem, fault);
    X509_free(ek);
    return result;
}
