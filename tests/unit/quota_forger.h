/* SPDX-License-Identifier: Apache-2.0 */
/* quota_forger: enrolments taken apart and put together, certificates of makers who are none, statements at will. */
#ifndef TESTS_UNIT_QUOTA_FORGER_H
#define TESTS_UNIT_QUOTA_FORGER_H

#include <openssl/x509.h>

#include "tests/unit/quota_rig.h"

struct forger_block {
    struct bytes fields[6]; /* EK certificate, attestation key, grant key, statement, signature, index */
    uint8_t text[QUOTA_ENROLMENT_MAX];
    size_t len;
};

void forger_block_split(const struct rig *of, struct forger_block *out);
struct bytes forger_block_join(struct forger_block *block);
/* A certificate for `key`; extensions may be NULL. `issuer` NULL: self-signed. Valid from three days ago to `days` from
 * now. */
X509 *forger_certificate(EVP_PKEY *key, const char *usage, const char *key_usage, const char *ca, X509 *issuer,
                         EVP_PKEY *issuer_key, long days);
/* Its DER in `out`; frees it. */
struct bytes forger_der(X509 *x509, uint8_t *out, size_t room);
/* The key `by` of the TPM states about the key `key`, as if it were enrolled with this EK certificate: its holder can
 * have that at will. */
void forger_statement(struct quota_link *link, struct bytes ek, TPM2_HANDLE key, TPM2_HANDLE by, uint8_t *attest,
                      size_t *attest_len, uint8_t raw[64]);
/* The block of `of` with another EK certificate, as far as its holder can make it right. */
struct bytes forger_block_with_ek(struct rig *of, struct bytes ek, struct forger_block *block);
/* TPM2_PolicySigned by the maker's key with this signature: what the TPM says. */
TSS2_RC forger_maker_say(struct quota_link *link, TPMI_SH_AUTH_SESSION session, const uint8_t nonce[32],
                         const uint8_t write[32], const uint8_t raw[64]);

#endif
