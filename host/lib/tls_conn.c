/* SPDX-License-Identifier: Apache-2.0 */
/* tls_conn: one connection, step by step (tls.h). */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "host/lib/tls_room.h"

static struct tls_conn *conn_make(struct tls *tls, int fd, struct fault *fault)
{
    struct tls_conn *conn = calloc(1, sizeof *conn);
    if (conn == NULL) {
        (void)fault_set(fault, "no memory");
        return NULL;
    }
    (void)pthread_mutex_lock(&tls->lock);
    conn->ssl = SSL_new(tls->context);
    conn->generation = atomic_load(&tls->generation);
    (void)pthread_mutex_unlock(&tls->lock);
    conn->tls = tls;
    conn->fd = fd;
    if (conn->ssl == NULL || SSL_set_fd(conn->ssl, fd) != 1) {
        SSL_free(conn->ssl);
        free(conn);
        (void)tls_fault(fault, "no memory for a connection");
        return NULL;
    }
    SSL_set_app_data(conn->ssl, conn);
    return conn;
}

int tls_conn_accept(struct tls *tls, int fd, struct tls_conn **out, struct fault *fault)
{
    *out = conn_make(tls, fd, fault);
    if (*out == NULL) {
        return -1;
    }
    SSL_set_accept_state((*out)->ssl);
    return 0;
}

/* An address is looked for among the addresses of a certificate, a name among its names. */
static int host_expect(SSL *ssl, const char *host)
{
    struct in6_addr address;
    if (inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1) {
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
    }
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

int tls_conn_connect(struct tls *tls, int fd, const char *host, struct tls_conn **out, struct fault *fault)
{
    struct tls_conn *conn = conn_make(tls, fd, fault);
    *out = NULL;
    if (conn == NULL) {
        return -1;
    }
    SSL_set_connect_state(conn->ssl);
    if (!host_expect(conn->ssl, host)) {
        SSL_free(conn->ssl);
        free(conn);
        return tls_fault(fault, "the host's name cannot be used");
    }
    *out = conn;
    return 0;
}

void tls_conn_close(struct tls_conn *conn)
{
    if (conn != NULL) {
        SSL_free(conn->ssl);
        (void)close(conn->fd);
        free(conn);
    }
}

int tls_conn_fd(const struct tls_conn *conn)
{
    return conn->fd;
}

enum tls_step tls_conn_handshake(struct tls_conn *conn, struct fault *fault)
{
    ERR_clear_error();
    errno = 0;
    return tls_step_of(conn, SSL_do_handshake(conn->ssl), fault);
}

enum tls_step tls_conn_read(struct tls_conn *conn, uint8_t *out, size_t len, size_t *got, struct fault *fault)
{
    ERR_clear_error();
    errno = 0;
    *got = 0;
    return tls_step_of(conn, SSL_read_ex(conn->ssl, out, len, got), fault);
}

enum tls_step tls_conn_write(struct tls_conn *conn, const uint8_t *data, size_t len, size_t *put, struct fault *fault)
{
    ERR_clear_error();
    errno = 0;
    *put = 0;
    return tls_step_of(conn, SSL_write_ex(conn->ssl, data, len, put), fault);
}

int tls_conn_pending(const struct tls_conn *conn)
{
    return SSL_has_pending(conn->ssl);
}

void tls_conn_bye(struct tls_conn *conn)
{
    if (!conn->broken && SSL_is_init_finished(conn->ssl)) {
        ERR_clear_error();
        (void)SSL_shutdown(conn->ssl);
        ERR_clear_error();
    }
    (void)shutdown(conn->fd, SHUT_WR);
}

const char *tls_conn_peer(const struct tls_conn *conn)
{
    return conn->peer;
}

unsigned tls_generation(const struct tls *tls)
{
    return atomic_load(&tls->generation);
}

int tls_conn_peer_stands(const struct tls_conn *conn, struct fault *fault)
{
    X509 *peer = SSL_get0_peer_certificate(conn->ssl);
    if (peer == NULL) {
        return fault_set(fault, "the peer has shown no certificate");
    }
    (void)pthread_mutex_lock(&conn->tls->lock);
    X509_STORE *store = SSL_CTX_get_cert_store(conn->tls->context);
    (void)X509_STORE_up_ref(store);
    (void)pthread_mutex_unlock(&conn->tls->lock);
    int result = tls_trust_check(store, peer, conn->tls->side == TLS_SERVER ? TLS_CLIENT : TLS_SERVER, fault);
    X509_STORE_free(store);
    return result;
}

int tls_conn_check(struct tls_conn *conn, struct fault *fault)
{
    unsigned now = atomic_load(&conn->tls->generation);
    X509 *peer = SSL_get0_peer_certificate(conn->ssl);
    if (peer == NULL) {
        return fault_set(fault, "the peer has shown no certificate");
    }
    if (conn->generation == now) {
        if (X509_cmp_current_time(X509_get0_notAfter(peer)) > 0) {
            return 0;
        }
        (void)fault_set(fault, "certificate '%s': %s", conn->peer, tls_trust_text(X509_V_ERR_CERT_HAS_EXPIRED));
        return fault_hint(fault, "%s", tls_trust_hint(X509_V_ERR_CERT_HAS_EXPIRED));
    }
    int result = tls_conn_peer_stands(conn, fault);
    conn->generation = result == 0 ? now : conn->generation;
    return result;
}
