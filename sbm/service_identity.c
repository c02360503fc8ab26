/* SPDX-License-Identifier: Apache-2.0 */
/* service_identity: proof of identity (docs/spec.md section 9.2) and the device's certificates. */
#include "sbm/device.h"
#include "sbm/service.h"
#include "wire/cose.h"

#define CLAIM_NONCE 10
#define CLAIM_UEID 256
#define CLAIM_PSA_LIFECYCLE 2395
#define UEID_TYPE_RAND 0x01
#define NONCE_MIN 8
#define NONCE_MAX 64

static uint64_t psa_lifecycle(void)
{
    static const uint16_t claim[] = { 0x0000, 0x2000, 0x3000, 0x6000 };
    return claim[(unsigned)device.lifecycle & 3u];
}

static void claims_build(struct bytes nonce, struct cbor_writer *out)
{
    uint8_t ueid[17] = { UEID_TYPE_RAND };
    memcpy(ueid + 1, device.unique_id, sizeof device.unique_id);
    cbor_write_map(out, 3);
    cbor_write_uint(out, CLAIM_NONCE);
    cbor_write_bstr(out, nonce);
    cbor_write_uint(out, CLAIM_UEID);
    cbor_write_bstr(out, bytes_of(ueid, sizeof ueid));
    cbor_write_uint(out, CLAIM_PSA_LIFECYCLE);
    cbor_write_uint(out, psa_lifecycle());
}

psa_status_t service_identity_prove(struct bytes nonce, uint8_t *out, size_t capacity, size_t *len)
{
    uint8_t claims[128];
    uint8_t structure[176];
    uint8_t digest[CRYPTO_SHA256_LEN];
    uint8_t signature[COSE_SIGNATURE_LEN];
    struct cbor_writer c = cbor_writer_of(claims, sizeof claims);
    struct cbor_writer s = cbor_writer_of(structure, sizeof structure);
    struct cbor_writer t = cbor_writer_of(out, capacity);
    *len = 0;
    if (nonce.len < NONCE_MIN || nonce.len > NONCE_MAX) {
        return PSA_ERROR_INVALID_ARGUMENT;
    }
    claims_build(nonce, &c);
    cose_sig_structure_build(bytes_of(NULL, 0), cbor_written(&c), &s);
    if (s.status != STATUS_OK) {
        return PSA_ERROR_GENERIC_ERROR;
    }
    crypto_sha256(cbor_written(&s), digest);
    if (crypto_p256_sign(device.provisioned.identity, digest, signature) != STATUS_OK) {
        return PSA_ERROR_HARDWARE_FAILURE;
    }
    const struct cose_sign1 sign1 = { .payload = cbor_written(&c), .signature = bytes_of(signature, sizeof signature) };
    cose_sign1_build(&sign1, &t);
    *len = t.len;
    return t.status == STATUS_OK ? PSA_SUCCESS : PSA_ERROR_BUFFER_TOO_SMALL;
}

psa_status_t service_certificate(uint32_t which, uint8_t *out, size_t capacity, size_t *len)
{
    *len = 0;
    if (which > SBM_CERTIFICATE_ROOT) {
        return PSA_ERROR_DOES_NOT_EXIST;
    }
    switch (provisioned_certificate(&device.provisioned, (uint8_t)(STORE_DEVICE_CERT + which), out, capacity, len)) {
    case STATUS_OK:
        return PSA_SUCCESS;
    case STATUS_NO_SPACE:
        return PSA_ERROR_BUFFER_TOO_SMALL;
    case STATUS_NOT_FOUND:
        return PSA_ERROR_DOES_NOT_EXIST;
    default:
        return PSA_ERROR_DATA_CORRUPT;
    }
}
