/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit_cert: the few fields of a device's certificate that an auditor compares, for very many certificates: about the
 * cost of their signature. The profile is narrow (docs/spec.md section 11); what is not in it is refused. Chains of CAs
 * are for host/lib/cert.h.
 */
#ifndef HOST_LEDGER_AUDIT_CERT_H
#define HOST_LEDGER_AUDIT_CERT_H

#include "base/bytes.h"

enum audit_usage { AUDIT_USAGE_OTHER, AUDIT_USAGE_SIGNATURE, AUDIT_USAGE_AGREEMENT };

/* Views into the certificate. */
struct audit_cert {
    struct bytes tbs; /* what is signed */
    struct bytes issuer;
    struct bytes subject;
    struct bytes serial_number; /* the one serialNumber of the subject; data == NULL: none, or two */
    struct bytes key;           /* 64: X, Y */
    enum audit_usage usage;     /* exactly this, critical */
    int is_ca;
    uint8_t signature[64]; /* r, s */
};

/* 0; -1 when it is not a certificate of the profile: X.509 version 3 (RFC 5280) in DER, P-256, ECDSA with SHA-256, with
 * basicConstraints and keyUsage. */
int audit_cert_read(struct bytes der, struct audit_cert *out);
/* 1 when `key` (64) signed it. */
int audit_cert_is_signed(const struct audit_cert *cert, const uint8_t key[64]);

#endif
