/* SPDX-License-Identifier: Apache-2.0 */
/* tls: see tls.h. The session's secrets are made and used by SBM; the application's memory holds certificates, records
 * and the traffic secrets of this one session. */
#include "app/tls.h"

#include <mbedtls/memory_buffer_alloc.h>
#include <mbedtls/ssl.h>

#include "app/app.h"
#include "app/tls_identity.h"
#include "app/tls_memory.h"
#include "base/wipe.h"
#include "psa/update.h"

#define HEAP_LEN (96u * 1024u)
#define READ_MAX 256u

static struct tls_session session;
static struct tls_identity identity;
static mbedtls_ssl_config config;
static mbedtls_ssl_context ssl;
static int ready; /* the four above are in use */
static char line[TLS_LINE_MAX];
static size_t line_len;
static size_t line_sent;

static union {
    uint64_t align;
    uint8_t bytes[HEAP_LEN];
} heap;

void tls_memory_damaged(int code)
{
    (void)code;
    app_print("[app] TLS: memory was damaged\n");
    for (;;) {
        (void)psa_fwu_request_reboot();
    }
}

static int record_send(void *context, const unsigned char *data, size_t len)
{
    (void)context;
    size_t count = tls_stream_add(&session.out, bytes_of(data, len));
    return count == 0 ? MBEDTLS_ERR_SSL_WANT_WRITE : (int)count;
}

static int record_receive(void *context, unsigned char *out, size_t len)
{
    (void)context;
    size_t count = tls_stream_take(&session.in, out, len);
    return count == 0 && !session.ended ? MBEDTLS_ERR_SSL_WANT_READ : (int)count;
}

static int random_fill(void *context, unsigned char *out, size_t len)
{
    (void)context;
    return psa_generate_random(out, len) == PSA_SUCCESS ? 0 : MBEDTLS_ERR_SSL_INTERNAL_ERROR;
}

/* The device has no clock. It knows one moment that has passed: when its own certificate was made. */
static int certificate_look(void *context, mbedtls_x509_crt *certificate, int depth, uint32_t *flags)
{
    (void)context, (void)depth;
    if (mbedtls_x509_time_cmp(&certificate->valid_to, &identity.own.valid_from) < 0) {
        *flags |= MBEDTLS_X509_BADCERT_EXPIRED;
    }
    return 0;
}

static const char *failure_text(int code)
{
    uint32_t flags = mbedtls_ssl_get_verify_result(&ssl);
    if (code == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED) {
        return (flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED) != 0 ? "the server's certificate is not from the maker's root"
               : (flags & MBEDTLS_X509_BADCERT_CN_MISMATCH) != 0 ? "the server's certificate is for another name"
               : (flags & MBEDTLS_X509_BADCERT_EXPIRED) != 0
                   ? "the server's certificate ended before the device was made"
                   : "the server's certificate is not acceptable";
    }
    switch (code) {
    case MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE:
        return "the server refuses";
    case MBEDTLS_ERR_SSL_CONN_EOF:
        return "the connection was cut";
    default:
        return session.state == TLS_HANDSHAKE ? "no handshake" : "the session broke";
    }
}

static void session_fail(int code)
{
    session.why = failure_text(code);
    session.code = code;
    session.state = TLS_FAILED;
    app_console_say("[app] TLS: ", session.why);
}

static void session_forget(void)
{
    if (ready) {
        mbedtls_ssl_free(&ssl);
        mbedtls_ssl_config_free(&config);
        tls_identity_free(&identity);
        wipe(&heap, sizeof heap);
    }
    ready = 0;
}

static int session_configure(const char *name)
{
    int result = tls_identity_load(&identity);
    if (result == 0) {
        result = mbedtls_ssl_config_defaults(&config, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM,
                                             MBEDTLS_SSL_PRESET_DEFAULT);
    }
    if (result != 0) {
        return result;
    }
    mbedtls_ssl_conf_authmode(&config, MBEDTLS_SSL_VERIFY_REQUIRED);
    mbedtls_ssl_conf_ca_chain(&config, &identity.root, NULL);
    mbedtls_ssl_conf_verify(&config, certificate_look, NULL);
    mbedtls_ssl_conf_rng(&config, random_fill, NULL);
    result = mbedtls_ssl_conf_own_cert(&config, &identity.own, &identity.key);
    if (result == 0) {
        result = mbedtls_ssl_setup(&ssl, &config);
    }
    return result == 0 ? mbedtls_ssl_set_hostname(&ssl, name) : result;
}

struct tls_session *tls_session(void)
{
    return &session;
}

struct tls_session *tls_open(struct bytes name)
{
    char host[TLS_NAME_MAX + 1];
    if (name.len == 0 || name.len > TLS_NAME_MAX || memchr(name.data, 0, name.len) != NULL) {
        return NULL;
    }
    memcpy(host, name.data, name.len);
    host[name.len] = '\0';
    session_forget();
    memset(&session, 0, sizeof session);
    session.why = "";
    mbedtls_memory_buffer_alloc_init(heap.bytes, sizeof heap.bytes);
    mbedtls_ssl_init(&ssl);
    mbedtls_ssl_config_init(&config);
    tls_identity_init(&identity);
    ready = 1;
    session.state = TLS_HANDSHAKE;
    line_len = tls_identity_line(line);
    line_sent = 0;
    int result = session_configure(host);
    if (result != 0) {
        session_fail(result);
        return NULL;
    }
    mbedtls_ssl_set_bio(&ssl, NULL, record_send, record_receive, NULL);
    return &session;
}

/* What Mbed TLS said: 1 to go on, 0 when it waits or has ended. */
static int outcome(int result)
{
    if (result == MBEDTLS_ERR_SSL_WANT_READ || result == MBEDTLS_ERR_SSL_WANT_WRITE) {
        return 0;
    }
    if (result == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) {
        session.state = TLS_CLOSED;
        session.why = "the server ended the session without an answer";
        return 0;
    }
    if (result < 0) {
        session_fail(result);
        return 0;
    }
    return 1;
}

static int handshake_step(void)
{
    int result = mbedtls_ssl_handshake(&ssl);
    if (result == 0) {
        session.state = TLS_OPEN;
        app_console_say("[app] TLS: ", "the server is genuine, the session is open");
    }
    return outcome(result);
}

static int line_step(void)
{
    int result = mbedtls_ssl_write(&ssl, (const unsigned char *)line + line_sent, line_len - line_sent);
    line_sent += result > 0 ? (size_t)result : 0;
    return outcome(result);
}

static int answer_step(void)
{
    uint8_t piece[READ_MAX];
    int result = mbedtls_ssl_read(&ssl, piece, sizeof piece);
    if (result == 0) {
        result = MBEDTLS_ERR_SSL_CONN_EOF;
    }
    if (result > 0) {
        (void)tls_stream_add(&session.text, bytes_of(piece, (size_t)result));
        if (memchr(piece, '\n', (size_t)result) != NULL || session.text.len == TLS_STREAM_MAX) {
            (void)mbedtls_ssl_close_notify(&ssl);
            session.state = TLS_DONE;
            app_console_say("[app] TLS: ", "the server answered");
        }
    }
    return outcome(result);
}

void tls_step(void)
{
    int going = 1;
    while (going) {
        switch (session.state) {
        case TLS_HANDSHAKE:
            going = handshake_step();
            break;
        case TLS_OPEN:
            going = line_sent < line_len ? line_step() : answer_step();
            break;
        default:
            going = 0;
            break;
        }
    }
    if (session.state >= TLS_DONE) {
        session_forget();
    }
}
