/* SPDX-License-Identifier: Apache-2.0 */
/* tls_foreign: a TLS client made of OpenSSL alone, which follows none of our rules. */
#ifndef TESTS_UNIT_TLS_FOREIGN_H
#define TESTS_UNIT_TLS_FOREIGN_H

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "host/lib/tls.h"

struct foreign {
    SSL_CTX *context;
    SSL *ssl;
    int fd;
    struct tls_conn *server;
    enum tls_step step;
    struct fault fault;
    unsigned long heard; /* OpenSSL's error of the client */
};

/* With "<name>.crt" and "<name>.key" of the test's folder, or without when NULL; up to this version. */
void foreign_make(struct foreign *f, const char *name, int version);
/* Shakes hands with the server over a socket pair, as far as that goes, and reads once. */
void foreign_run(struct foreign *f, struct tls *server);
void foreign_free(struct foreign *f);

#endif
