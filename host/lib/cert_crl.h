/* SPDX-License-Identifier: Apache-2.0 */
/* cert_crl: certificate revocation lists (RFC 5280 section 5) of the root, which are carried to appliances as files. */
#ifndef HOST_LIB_CERT_CRL_H
#define HOST_LIB_CERT_CRL_H

#include "host/lib/cert.h"

#define CERT_CRL_MAX 262144 /* bytes of DER */

/* A list whose signature was checked, or an empty one (all zero). */
struct cert_crl {
    uint8_t *der;
    size_t len;
};

/* Reads a PEM file with one list and checks that `issuer` signed it, and when. A missing file is an empty list. */
int cert_crl_read(const char *path, const struct cert *issuer, struct cert_crl *out, struct fault *fault);
/* 1 when the list names the certificate, 0 when not, -1 on error. */
int cert_crl_has(const struct cert_crl *crl, const struct cert *cert, struct fault *fault);
/* The same, and since when: *since in unix seconds, 0 when it is not named. */
int cert_crl_since(const struct cert_crl *crl, const struct cert *cert, uint64_t *since, struct fault *fault);
/* Makes the list that follows `old`: its entries, these certificates of the same issuer (those already there are left
 * as they are), the next number; signed with `key` of `hsm`. It is valid as long as the issuer's certificate. */
int cert_crl_issue(const struct cert_crl *old, const struct cert *revoked, size_t count, const struct cert *issuer,
                   struct hsm *hsm, const char *key, struct cert_crl *out, struct fault *fault);
/* Replaces the file. cut: the old list or the new one. */
int cert_crl_write(const char *path, const struct cert_crl *crl, struct fault *fault);
/* Safe on zeros. */
void cert_crl_free(struct cert_crl *crl);

#endif
