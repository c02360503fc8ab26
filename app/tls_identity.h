/* SPDX-License-Identifier: Apache-2.0 */
/* tls_identity: who the device is, for TLS: its certificates, and its key, which stays in SBM. */
#ifndef APP_TLS_IDENTITY_H
#define APP_TLS_IDENTITY_H

#include <mbedtls/ssl.h>

struct tls_identity {
    mbedtls_x509_crt own;  /* the device's certificate, then its issuer's */
    mbedtls_x509_crt root; /* what a server's certificate must lead to */
    mbedtls_pk_context key;
};

void tls_identity_init(struct tls_identity *identity);
void tls_identity_free(struct tls_identity *identity);
/* 0, or Mbed TLS's number of the failure. */
int tls_identity_load(struct tls_identity *identity);
/* Text of the device for the server: unique ID and versions, with a newline. Gives its length; `out` has room for
 * TLS_LINE_MAX. */
#define TLS_LINE_MAX 96u
size_t tls_identity_line(char out[TLS_LINE_MAX]);

#endif
