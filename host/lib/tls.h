/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls: mutual TLS 1.3 (RFC 8446) between appliance and station, with OpenSSL: P-256 certificates that one root issued,
 * no resumption, no early data. Reads and writes nothing but its own files; letters are tls_letter's. A private key is
 * in a token and stays there, or in a 0600 PEM file. Thread-safe but for a single connection.
 */
#ifndef HOST_LIB_TLS_H
#define HOST_LIB_TLS_H

#include <stddef.h>
#include <stdint.h>

#include "host/lib/fault.h"
#include "host/lib/hsm.h"

#define TLS_NAME_MAX 64 /* bytes of a peer's name, its certificate's CN */

struct tls;
struct tls_conn;

/* Who we are and whom we believe. All files are PEM; what is named here is copied, but for the token, which stays the
 * caller's until tls_close. */
struct tls_config {
    const char *cert;  /* our certificate, issued by `root`: serverAuth or clientAuth */
    const char *root;  /* the OEM's root certificate */
    const char *crl;   /* what `root` revoked (RFC 5280 section 5); NULL, or a file that is not there: nothing */
    const char *key;   /* our private key, or NULL when it is in a token: */
    struct hsm *hsm;   /* the token; NULL with `key` */
    const char *label; /* of the key in the token */
};

/* The server's side asks for a client certificate with clientAuth, the client's for a server certificate with
 * serverAuth and the host's name. Refused: a file that is not as it should be, a certificate of ours that a peer would
 * refuse. */
int tls_server_open(const struct tls_config *config, struct tls **out, struct fault *fault);
int tls_client_open(const struct tls_config *config, struct tls **out, struct fault *fault);
/* Once all its connections are closed. NULL is allowed. */
void tls_close(struct tls *tls);
/* Reads certificates and CRL again; connections go on. On a fault, such as a CRL older than the one in use, all stays
 * as it was. */
int tls_reload(struct tls *tls, struct fault *fault);

/* ---- a connection, step by step, on a descriptor that does not block ---- */

enum tls_step {
    TLS_DONE,        /* did something */
    TLS_WANTS_READ,  /* nothing to do until the descriptor can be read */
    TLS_WANTS_WRITE, /* ... can be written */
    TLS_ENDED,       /* the peer said goodbye */
    TLS_BROKEN       /* the fault says why; the connection can only be closed */
};

/* Takes over the descriptor; on a fault it stays the caller's. */
int tls_conn_accept(struct tls *tls, int fd, struct tls_conn **out, struct fault *fault);
/* `host` is the name or address that the server's certificate must have. */
int tls_conn_connect(struct tls *tls, int fd, const char *host, struct tls_conn **out, struct fault *fault);
/* Frees it and closes the descriptor. NULL is allowed. */
void tls_conn_close(struct tls_conn *conn);
int tls_conn_fd(const struct tls_conn *conn);

/* When it breaks, the peer is told by an alert as far as it takes one. */
enum tls_step tls_conn_handshake(struct tls_conn *conn, struct fault *fault);
/* 1 to `len` bytes. */
enum tls_step tls_conn_read(struct tls_conn *conn, uint8_t *out, size_t len, size_t *got, struct fault *fault);
/* 1 to `len` bytes. After TLS_WANTS_... the same bytes must come again, from any address. */
enum tls_step tls_conn_write(struct tls_conn *conn, const uint8_t *data, size_t len, size_t *put, struct fault *fault);
/* 1 when bytes wait inside that no event of the descriptor will tell of. */
int tls_conn_pending(const struct tls_conn *conn);
/* Says goodbye as far as that needs no waiting; nothing more can be written. */
void tls_conn_bye(struct tls_conn *conn);

/* The peer's name: CN of its certificate; before the handshake is done, what it claims, or "". */
const char *tls_conn_peer(const struct tls_conn *conn);
/* Fault when the peer's certificate has expired since the handshake or, after tls_reload, is revoked or no longer
 * trusted. */
int tls_conn_check(struct tls_conn *conn, struct fault *fault);
/* How often trust was loaded. */
unsigned tls_generation(const struct tls *tls);
/* Fault when the peer's certificate is not good by the trust that is in use now. Once the handshake is done any thread
 * may ask, whoever reads and writes meanwhile. */
int tls_conn_peer_stands(const struct tls_conn *conn, struct fault *fault);

#endif
