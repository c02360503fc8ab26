/* SPDX-License-Identifier: Apache-2.0 */
/* tls_maker: roots, certificates and revocation lists for tests of TLS, made with OpenSSL and software keys. All files
 * are in the test's folder (host_support.h). */
#ifndef TESTS_UNIT_TLS_MAKER_H
#define TESTS_UNIT_TLS_MAKER_H

#include "host/lib/tls.h"

enum maker_use { MAKER_SERVER, MAKER_CLIENT, MAKER_NEITHER };

struct maker_spec {
    const char *name; /* "<name>.crt" and "<name>.key"; also the CN */
    const char *cn;   /* another CN, or NULL */
    enum maker_use use;
    long from_s; /* notBefore and notAfter, in seconds from now */
    long to_s;
    const char *curve;         /* NULL: P-256 */
    const uint8_t *public_key; /* certify this key (X, Y); then there is no .key file. NULL: make one */
};

/* Makes "<name>.crt", a root, and keeps its key. There may be four. */
void maker_root(const char *name);
/* Makes a certificate, issued by that root. */
void maker_cert(const char *root, const struct maker_spec *spec);
/* The usual ones: valid for a day. */
void maker_server(const char *root, const char *name);
void maker_station(const char *root, const char *name);
/* Makes "<file>": what `root` revoked (certificates by name, ended by NULL), with these times in seconds from now. */
void maker_crl(const char *root, const char *file, const char *const *revoked, long from_s, long to_s);
/* Drops all roots. */
void maker_end(void);
/* A side that uses "<name>.crt", "<name>.key", "<root>.crt" and, unless NULL, that CRL. */
struct tls_config maker_config(const char *root, const char *name, const char *crl);

#endif
