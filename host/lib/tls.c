/* SPDX-License-Identifier: Apache-2.0 */
/* tls: opening a side and reading its files again (tls.h). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "host/lib/tls_room.h"

#define SUITES "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256"
#define GROUPS "X25519:P-256"
#define SIGNATURES "ECDSA+SHA256"
#define CHAIN_MAX 8192 /* bytes of certificates that a peer may send */

/* One version, two suites, no way to go on with an earlier session. */
static int context_rules(SSL_CTX *context)
{
    (void)SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    /* Without auto retry a peer's endless key updates give the thread back after each. */
    (void)SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);
    (void)SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN);
    (void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_max_cert_list(context, CHAIN_MAX);
    SSL_CTX_set_security_level(context, 2);
    return SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1 &&
           SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1 &&
           SSL_CTX_set_ciphersuites(context, SUITES) == 1 && SSL_CTX_set1_groups_list(context, GROUPS) == 1 &&
           SSL_CTX_set1_sigalgs_list(context, SIGNATURES) == 1 &&
           SSL_CTX_set1_client_sigalgs_list(context, SIGNATURES) == 1 && SSL_CTX_set_num_tickets(context, 0) == 1 &&
           SSL_CTX_set_max_early_data(context, 0) == 1;
}

/* Our certificate and key; a certificate that every peer would refuse is better refused now. */
static int context_identity(SSL_CTX *context, const struct tls *tls, X509_STORE *store, struct fault *fault)
{
    struct fault inner = FAULT_NONE;
    X509 *own = tls_trust_read(tls->cert, fault);
    if (own == NULL) {
        return -1;
    }
    int result = tls_trust_check(store, own, tls->side, &inner);
    if (result != 0) {
        (void)fault_set(fault, "%s: %s", tls->cert, inner.what);
        (void)fault_hint(fault, "%s", inner.hint);
    }
    EVP_PKEY *key = result != 0 ? NULL : tls_key_open(tls, own, fault);
    if (key == NULL || SSL_CTX_use_certificate(context, own) != 1 || SSL_CTX_use_PrivateKey(context, key) != 1) {
        result = key == NULL ? -1 : tls_fault(fault, "TLS: certificate and key cannot be used");
    }
    EVP_PKEY_free(key);
    X509_free(own);
    return result;
}

/* A list older than the one in use would bring back what was revoked. */
static int crl_is_older(const struct tls *tls, const ASN1_TIME *when)
{
    return tls->crl_time != NULL && (when == NULL || ASN1_TIME_compare(when, tls->crl_time) < 0);
}

static SSL_CTX *context_make(const struct tls *tls, ASN1_TIME **crl_time, struct fault *fault)
{
    SSL_CTX *context = SSL_CTX_new(tls->side == TLS_SERVER ? TLS_server_method() : TLS_client_method());
    X509_STORE *store = tls_trust_open(tls, crl_time, fault);
    X509 *root = store == NULL ? NULL : tls_trust_read(tls->root, fault);
    int result = -1;
    if (context == NULL || !context_rules(context)) {
        (void)tls_fault(fault, "TLS cannot be set up");
    } else if (store != NULL && root != NULL && context_identity(context, tls, store, fault) == 0) {
        SSL_CTX_set1_cert_store(context, store);
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, tls_trust_peer);
        result = tls->side == TLS_CLIENT || SSL_CTX_add_client_CA(context, root) == 1
                     ? 0
                     : tls_fault(fault, "TLS cannot be set up");
    }
    X509_free(root);
    X509_STORE_free(store);
    if (result != 0) {
        ASN1_TIME_free(*crl_time);
        *crl_time = NULL;
        SSL_CTX_free(context);
        return NULL;
    }
    return context;
}

int tls_reload(struct tls *tls, struct fault *fault)
{
    ASN1_TIME *crl_time = NULL;
    SSL_CTX *context = context_make(tls, &crl_time, fault);
    if (context == NULL) {
        return -1;
    }
    (void)pthread_mutex_lock(&tls->lock);
    int older = crl_is_older(tls, crl_time);
    if (!older) {
        SSL_CTX *before = tls->context;
        ASN1_TIME *time_before = tls->crl_time;
        tls->context = context;
        tls->crl_time = crl_time;
        context = before;
        crl_time = time_before;
        (void)atomic_fetch_add(&tls->generation, 1);
    }
    (void)pthread_mutex_unlock(&tls->lock);
    SSL_CTX_free(context);
    ASN1_TIME_free(crl_time);
    if (older) {
        (void)fault_set(fault, "%s: older than the revocation list in use, or gone", tls->crl);
        return fault_hint(fault, "carry over the latest pki/stations.crl from the OEM's folder");
    }
    return 0;
}

static int path_copy(char *out, size_t out_len, const char *path, struct fault *fault)
{
    int len = snprintf(out, out_len, "%s", path == NULL ? "" : path);
    return len >= 0 && (size_t)len < out_len ? 0 : fault_set(fault, "%s: the name is too long", path);
}

static int tls_open(enum tls_side side, const struct tls_config *config, struct tls **out, struct fault *fault)
{
    *out = NULL;
    struct tls *tls = calloc(1, sizeof *tls);
    if (tls == NULL || pthread_mutex_init(&tls->lock, NULL) != 0) {
        free(tls);
        return fault_set(fault, "no memory");
    }
    tls->side = side;
    tls->hsm = config->hsm;
    int result = path_copy(tls->cert, sizeof tls->cert, config->cert, fault);
    result |= path_copy(tls->root, sizeof tls->root, config->root, fault);
    result |= path_copy(tls->crl, sizeof tls->crl, config->crl, fault);
    result |= path_copy(tls->key, sizeof tls->key, config->key, fault);
    result |= path_copy(tls->label, sizeof tls->label, config->label, fault);
    if (result == 0 && (tls->key[0] != '\0') == (tls->hsm != NULL)) {
        result = fault_set(fault, "TLS: a private key is in a file or in a token");
    }
    if (result != 0 || tls_reload(tls, fault) != 0) {
        tls_close(tls);
        return -1;
    }
    *out = tls;
    return 0;
}

int tls_server_open(const struct tls_config *config, struct tls **out, struct fault *fault)
{
    return tls_open(TLS_SERVER, config, out, fault);
}

int tls_client_open(const struct tls_config *config, struct tls **out, struct fault *fault)
{
    return tls_open(TLS_CLIENT, config, out, fault);
}

void tls_close(struct tls *tls)
{
    if (tls != NULL) {
        SSL_CTX_free(tls->context);
        ASN1_TIME_free(tls->crl_time);
        (void)pthread_mutex_destroy(&tls->lock);
        free(tls);
    }
}
