/* SPDX-License-Identifier: Apache-2.0 */
/* tpm_check_order: orders for units, and the refills that answer them (tpm_check.h). */
#include "host/pki/tpm_check_room.h"

#include "base/cbor.h"
#include "host/lib/p256.h"

enum order_field { FIELD_TRANSPORT, FIELD_ATTEST, FIELD_NONCE, FIELD_SIGNATURE, FIELD_CERTIFICATE, FIELDS };

static int order_bound_check(const struct bytes fields[FIELDS], const uint8_t transport_digest[32],
                             struct bytes grant_certificate, struct fault *fault)
{
    uint8_t certificate[32];
    if (fields[FIELD_TRANSPORT].len != 32 || fields[FIELD_NONCE].len != 32 || fields[FIELD_CERTIFICATE].len != 32) {
        return fault_set(fault, "order: not well-formed");
    }
    if (!bytes_equal(fields[FIELD_TRANSPORT], bytes_of(transport_digest, 32))) {
        return fault_set(fault, "order: another appliance's");
    }
    p256_sha256(grant_certificate, certificate);
    if (!bytes_equal(fields[FIELD_CERTIFICATE], bytes_of(certificate, 32))) {
        (void)fault_set(fault, "order: it does not show that this appliance's TPM opened its credential");
        return fault_hint(fault,
                          "have the appliance enrolled with the newest file ('windlassd enrol'), then order again; "
                          "if it cannot: its attestation key is not in the TPM that it shows");
    }
    return 0;
}

/* The statement about a fresh index is one about the grant key; else it names the index, and holds count and limit. */
static int order_count_take(const struct tpm_statement *statement, const struct tpm_enrolment *enrolment,
                            struct tpm_order *out, struct fault *fault)
{
    const uint8_t *name = statement->kind == TPM_STATEMENT_INDEX ? enrolment->index_name : enrolment->grant_name;
    out->written = statement->kind == TPM_STATEMENT_INDEX;
    if (!bytes_equal(statement->name, bytes_of(name, TPM_SHAPE_NAME_LEN)) ||
        statement->contents.len != (out->written ? 8u : 0u)) {
        return fault_set(fault, "order: the TPM's statement is not about this appliance's quota");
    }
    if (!out->written) {
        return 0;
    }
    struct tpm_reader r = tpm_reader_of(statement->contents);
    out->count = tpm_read_u32(&r);
    out->limit = tpm_read_u32(&r);
    return out->count <= out->limit ? 0 : fault_set(fault, "order: more units counted than were given");
}

int tpm_order_check(struct bytes order, const struct tpm_enrolment *enrolment, const uint8_t transport_digest[32],
                    struct bytes grant_certificate, struct tpm_order *out, struct fault *fault)
{
    struct bytes fields[FIELDS];
    struct tpm_statement statement;
    uint8_t qualifying[32];
    memset(out, 0, sizeof *out);
    if (tpm_fields_read("order", order, fields, FIELDS, fault) != 0 ||
        order_bound_check(fields, transport_digest, grant_certificate, fault) != 0) {
        return -1;
    }
    memcpy(out->nonce, fields[FIELD_NONCE].data, 32);
    tpm_shape_order(transport_digest, out->nonce, fields[FIELD_CERTIFICATE].data, qualifying);
    if (tpm_statement_check(fields[FIELD_ATTEST], fields[FIELD_SIGNATURE], enrolment, qualifying, &statement, fault) !=
        0) {
        return -1;
    }
    return order_count_take(&statement, enrolment, out, fault);
}

/* ---- refill ---- */

static int refill_encode(uint32_t start, const uint8_t signature[64], int written, struct tpm_refill *out,
                         struct fault *fault)
{
    struct cbor_writer w = cbor_writer_of(out->bytes, sizeof out->bytes);
    cbor_write_map(&w, 4);
    cbor_write_uint(&w, 1);
    cbor_write_uint(&w, start);
    cbor_write_uint(&w, 2);
    cbor_write_uint(&w, out->limit);
    cbor_write_uint(&w, 3);
    cbor_write_bstr(&w, bytes_of(signature, 64));
    cbor_write_uint(&w, 4);
    cbor_write_uint(&w, (uint64_t)(written != 0));
    out->len = w.len;
    return w.status == STATUS_OK ? 0 : fault_status(fault, "refill", w.status);
}

int tpm_refill_build(const struct tpm_order *order, const struct tpm_grant *grant, struct tpm_refill *out,
                     struct fault *fault)
{
    uint8_t pin[8];
    uint8_t digest[32];
    uint8_t signature[64];
    const uint32_t start = order->limit > grant->last_limit ? order->limit : grant->last_limit;
    memset(out, 0, sizeof *out);
    if (grant->quota == 0 || grant->quota > TPM_CHECK_QUOTA_MAX) {
        return fault_set(fault, "quota: 1 to %u units, not %u", TPM_CHECK_QUOTA_MAX, grant->quota);
    }
    if (start > UINT32_MAX - grant->quota) {
        return fault_set(fault, "quota: this appliance was given %u units already; no %u more can be counted", start,
                         grant->quota);
    }
    tpm_shape_pin(start, start + grant->quota, pin);
    tpm_shape_refill(grant->quota_key, order->written, order->nonce, pin, digest);
    if (grant->signer.sign(grant->signer.context, digest, signature, fault) != 0) {
        return -1;
    }
    if (p256_verify(grant->quota_key, digest, signature) != STATUS_OK) {
        return fault_set(fault, "refill: the signer's key is not the key `quota` of this project");
    }
    out->limit = start + grant->quota;
    return refill_encode(start, signature, order->written, out, fault);
}
