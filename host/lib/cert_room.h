/* SPDX-License-Identifier: Apache-2.0 */
/* cert_room: what the files cert*.c share among themselves. */
#ifndef HOST_LIB_CERT_ROOM_H
#define HOST_LIB_CERT_ROOM_H

#include <openssl/x509.h>

#include "host/lib/cert.h"

#define CERT_POINT_LEN 65 /* 0x04, X, Y */

/* The parsed form of a certificate that cert_parse accepts; the caller frees it. NULL with the fault filled. */
X509 *cert_x509(struct bytes der, struct fault *fault);
/* The point (65 bytes) in a certificate that cert_x509 gave. */
const uint8_t *cert_x509_point(const X509 *x509);
/* Key usage bits (KU_...) that certificates of this kind have, and nothing else. */
uint32_t cert_kind_usage(enum cert_kind kind);
/* pathLen of a CA kind, or -1 for an end entity. */
int cert_kind_path_len(enum cert_kind kind);
/* Adds extendedKeyUsage serverAuth and subjectAltName `host`: an IP address, or else a DNS name. 1 when done. */
int cert_server_extensions(X509 *x509, const char *host);
/* Fills the fault from OpenSSL's error queue and empties that. Returns -1. */
int cert_openssl_fault(struct fault *fault, const char *what);

#endif
