/* SPDX-License-Identifier: Apache-2.0 */
/* tls_room: what the files tls*.c share among themselves. No OpenSSL name leaves this room. */
#ifndef HOST_LIB_TLS_ROOM_H
#define HOST_LIB_TLS_ROOM_H

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>

#include "host/lib/tls.h"

#define TLS_PATH_MAX 512

enum tls_side { TLS_SERVER, TLS_CLIENT };

struct tls {
    enum tls_side side;
    char cert[TLS_PATH_MAX];
    char root[TLS_PATH_MAX];
    char crl[TLS_PATH_MAX]; /* empty: none */
    char key[TLS_PATH_MAX]; /* empty: in the token */
    struct hsm *hsm;
    char label[HSM_LABEL_MAX + 1];
    pthread_mutex_t lock; /* guards what is below */
    SSL_CTX *context;
    ASN1_TIME *crl_time;    /* thisUpdate of the CRL in use, or NULL */
    atomic_uint generation; /* one more with each reload */
};

struct tls_conn {
    struct tls *tls;
    SSL *ssl;
    int fd;
    int broken;
    unsigned generation; /* under which the peer was verified */
    char peer[TLS_NAME_MAX + 1];
};

/* ---- tls_key.c ---- */

/* Our private key: from its file, or a handle on the one in the token whose public half is in `certificate`. NULL with
 * the fault filled. */
EVP_PKEY *tls_key_open(const struct tls *tls, X509 *certificate, struct fault *fault);

/* ---- tls_trust.c ---- */

/* Root and CRL as a store. *crl_time is the CRL's thisUpdate (NULL: no CRL), the caller's to free. NULL with the fault
 * filled. */
X509_STORE *tls_trust_open(const struct tls *tls, ASN1_TIME **crl_time, struct fault *fault);
/* Reads a certificate as cert.h takes them. NULL with the fault filled. */
X509 *tls_trust_read(const char *path, struct fault *fault);
/* Fault unless `certificate` is good now for that side. */
int tls_trust_check(X509_STORE *store, X509 *certificate, enum tls_side side, struct fault *fault);
/* For SSL_CTX_set_verify: what OpenSSL found, and our own rules for the peer's certificate. */
int tls_trust_peer(int good, X509_STORE_CTX *walk);
/* CN as text that may be shown; "" when there is none, when it is too long, or when there are two. */
void tls_trust_name(X509 *certificate, char name[TLS_NAME_MAX + 1]);
/* What is wrong with a certificate, and how to mend it; `code` is OpenSSL's X509_V_ERR_... */
const char *tls_trust_text(int code);
const char *tls_trust_hint(int code);

/* ---- tls_text.c ---- */

/* What `result` of an SSL_... call means; fills the fault for TLS_BROKEN. */
enum tls_step tls_step_of(struct tls_conn *conn, int result, struct fault *fault);
/* "<what>: <OpenSSL's reason>"; empties its queue. Returns -1. */
int tls_fault(struct fault *fault, const char *what);

#endif
