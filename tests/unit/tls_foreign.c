/* SPDX-License-Identifier: Apache-2.0 */
/* tls_foreign: see tls_foreign.h. */
#include "tests/unit/tls_foreign.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/host_support.h"

void foreign_make(struct foreign *f, const char *name, int version)
{
    char file[80];
    memset(f, 0, sizeof *f);
    f->context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_verify(f->context, SSL_VERIFY_NONE, NULL);
    assert_int_equal(SSL_CTX_set_max_proto_version(f->context, version), 1);
    if (name != NULL) {
        (void)snprintf(file, sizeof file, "%s.crt", name);
        assert_int_equal(SSL_CTX_use_certificate_chain_file(f->context, support_path(file)), 1);
        (void)snprintf(file, sizeof file, "%s.key", name);
        assert_int_equal(SSL_CTX_use_PrivateKey_file(f->context, support_path(file), SSL_FILETYPE_PEM), 1);
    }
    f->ssl = SSL_new(f->context);
}

void foreign_run(struct foreign *f, struct tls *server)
{
    int ends[2];
    struct fault fault = FAULT_NONE;
    char byte;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    f->fd = ends[1];
    support_check(tls_conn_accept(server, ends[0], &f->server, &fault), &fault);
    assert_int_equal(SSL_set_fd(f->ssl, ends[1]), 1);
    f->step = TLS_WANTS_READ;
    for (int i = 0; i < 20 && (f->step == TLS_WANTS_READ || f->step == TLS_WANTS_WRITE); i++) {
        (void)SSL_connect(f->ssl);
        f->step = tls_conn_handshake(f->server, &f->fault);
    }
    ERR_clear_error();
    (void)SSL_read(f->ssl, &byte, 1);
    f->heard = ERR_peek_error();
    ERR_clear_error();
}

void foreign_free(struct foreign *f)
{
    tls_conn_close(f->server);
    SSL_free(f->ssl);
    SSL_CTX_free(f->context);
    (void)close(f->fd);
}
