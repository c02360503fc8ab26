/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tpm_check: what the maker checks and makes, without a TPM, for an appliance that has one (docs/spec.md section 16):
 * its enrolment, the credential that only this TPM opens, its orders, and the refills that answer them.
 */
#ifndef HOST_PKI_TPM_CHECK_H
#define HOST_PKI_TPM_CHECK_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "host/lib/fault.h"

#define TPM_CHECK_CREDENTIAL_MAX 2560
#define TPM_CHECK_REFILL_MAX 128
#define TPM_CHECK_QUOTA_MAX 1000000000u

/* What an enrolment says, once it was checked. The caller keeps the enrolment block beside the certificates. */
struct tpm_enrolment {
    uint8_t attestation_key[64];
    uint8_t grant_key[64];
    uint8_t attestation_name[34]; /* TPM names: hash algorithm, SHA-256 */
    uint8_t grant_name[34];
    uint8_t index_name[34];      /* of the index that counts, once written */
    uint8_t ek_digest[32];       /* SHA-256 of the EK certificate (DER): which TPM */
    struct bytes ek_certificate; /* DER, in the block */
};

/*
 * Checks an enrolment block: EK certificate to a root in `ca_pem` (a PEM file: roots, and issuers between), keys with
 * exactly the attributes and policies that spec.md names for `quota_key`, the TPM's statement about the grant key. What
 * it cannot tell is whether the attestation key lives in the EK's TPM: only who opens the credential shows that.
 */
int tpm_enrolment_check(struct bytes block, const char *ca_pem, const uint8_t quota_key[64], struct tpm_enrolment *out,
                        struct fault *fault);
/* The same for a block that was checked when it was enrolled: all but the EK certificate's path and validity. */
int tpm_enrolment_read(struct bytes block, const uint8_t quota_key[64], struct tpm_enrolment *out, struct fault *fault);

/* TPM2_MakeCredential (TPM 2.0 Part 1 section 24): `grant_certificate` (DER) for the holder of EK and attestation key
 * alone. `out` has room for TPM_CHECK_CREDENTIAL_MAX bytes. */
int tpm_credential_build(const struct tpm_enrolment *enrolment, struct bytes grant_certificate, uint8_t *out,
                         size_t *out_len, struct fault *fault);

struct tpm_order {
    uint8_t nonce[32];
    int written;    /* 0: nothing was ever written to the index; count and limit are 0 */
    uint32_t count; /* as the TPM stated them */
    uint32_t limit;
};
/* Checks an order of the enrolled TPM. `grant_certificate` (DER) is the one in its credential, `transport_digest`
 * SHA-256 over 0x04, X, Y of the appliance's transport key. */
int tpm_order_check(struct bytes order, const struct tpm_enrolment *enrolment, const uint8_t transport_digest[32],
                    struct bytes grant_certificate, struct tpm_order *out, struct fault *fault);

/* Signs a digest with the key `quota`; `signature` is r then s. */
struct tpm_signer {
    int (*sign)(void *context, const uint8_t digest[32], uint8_t signature[64], struct fault *fault);
    void *context;
};
struct tpm_grant {
    uint32_t last_limit; /* the highest limit that this appliance was ever given; 0 the first time */
    uint32_t quota;      /* units to give now, 1 to TPM_CHECK_QUOTA_MAX */
    const uint8_t *quota_key;
    struct tpm_signer signer; /* with that key */
};
struct tpm_refill {
    uint8_t bytes[TPM_CHECK_REFILL_MAX];
    size_t len;
    uint32_t limit; /* the new one */
};
/*
 * The refill that answers a checked order: the count goes to the larger of the order's limit and `last_limit`, the
 * limit `quota` above it: the caller keeps it before the refill leaves the house. Whatever becomes of orders and
 * refills, a TPM never signs more than the sum of all quotas given out.
 */
int tpm_refill_build(const struct tpm_order *order, const struct tpm_grant *grant, struct tpm_refill *out,
                     struct fault *fault);

#endif
