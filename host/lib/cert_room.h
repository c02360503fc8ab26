/* SPDX-License-Identifier: Apache-2.0 */
/* cert_room: what the files cert*.c share among themselves. */
#ifndef HOST_LIB_CERT_ROOM_H
#define HOST_LIB_CERT_ROOM_H

#include <openssl/x509.h>

#include "host/lib/cert.h"

#define CERT_POINT_LEN 65 /* 0x04, X, Y */
#define CERT_NUMBER_LEN 16
#define CERT_KEY_ID_LEN 20

/* The parsed form of a certificate that cert_parse accepts; the caller frees it. NULL with the fault filled. */
X509 *cert_x509(struct bytes der, struct fault *fault);
/* The point (65 bytes) in a certificate that cert_x509 gave. */
const uint8_t *cert_x509_point(const X509 *x509);
/* Key usage bits (KU_...) that certificates of this kind have, and nothing else. */
uint32_t cert_kind_usage(enum cert_kind kind);
/* pathLen of a CA kind, or -1 for an end entity. */
int cert_kind_path_len(enum cert_kind kind);
/* Adds extendedKeyUsage, and of a server its names in subjectAltName: IP addresses, or else DNS names. 1 when done. */
int cert_tls_extensions(X509 *x509, const struct cert_spec *spec);
/* NID of the extended key usage of a TLS kind, or NID_undef for the others, which have none. */
int cert_kind_purpose(enum cert_kind kind);
/* A certificate's number: RFC 5280 section 4.1.2.2: positive, at most 20 bytes; 126 bits of it random. */
int cert_number_make(struct hsm *hsm, uint8_t number[CERT_NUMBER_LEN], struct fault *fault);
/* Key identifier, the first CERT_KEY_ID_LEN bytes of `digest`: RFC 7093 section 2, method 1: the first 160 bits of
 * SHA-256 over the public key. */
void cert_key_id(const uint8_t public_key[64], uint8_t digest[32]);
/* Fills all that is signed; `issuer` is NULL for a root. */
int cert_fill(X509 *x509, const struct cert_spec *spec, X509 *issuer, struct hsm *hsm, struct fault *fault);
/* SEQUENCE { tbs, ecdsa-with-SHA256, BIT STRING }: certificate (RFC 5280 section 4.1), CRL (section 5.1) or request
 * (RFC 2986 section 4.2) from what was signed, and r and s. `out` has room for out_max bytes. */
int cert_assemble(struct bytes tbs, const uint8_t signature[64], uint8_t *out, size_t out_max, size_t *out_len,
                  struct fault *fault);
/* Signs `tbs` with `label` and assembles. */
int cert_sign(struct bytes tbs, struct hsm *hsm, const char *label, uint8_t *out, size_t out_max, size_t *out_len,
              struct fault *fault);
/* Fills the fault from OpenSSL's error queue and empties that. Returns -1. */
int cert_openssl_fault(struct fault *fault, const char *what);

#endif
