/* SPDX-License-Identifier: Apache-2.0 */
/* tls_text: OpenSSL's errors in words for people (tls_room.h). What a peer sent never gets into one unescaped. */
#include <errno.h>
#include <string.h>

#include <openssl/err.h>

#include "host/lib/tls_room.h"

struct reason {
    int code;
    const char *text;
    const char *hint;
};

/* Alerts that the other side sent (RFC 8446 section 6.2). */
static const struct reason alerts[] = {
    { SSL_AD_BAD_CERTIFICATE, "it calls our certificate bad", NULL },
    { SSL_AD_UNSUPPORTED_CERTIFICATE, "our certificate is not made for this end of a connection",
      "use what 'windlass pki station' or 'windlass pki appliance' issued" },
    { SSL_AD_CERTIFICATE_REVOKED, "our certificate is revoked",
      "the OEM took it back; ask for one with a new key: windlass pki station" },
    { SSL_AD_CERTIFICATE_EXPIRED, "our certificate has expired, or its clock is wrong",
      "issue it again with 'windlass pki station', or check the clocks of both" },
    { SSL_AD_CERTIFICATE_UNKNOWN, "it does not accept our certificate", NULL },
    { SSL_AD_UNKNOWN_CA, "our certificate was not issued by its root",
      "use the certificate that this product's OEM issued: windlass pki station" },
    { SSL_AD_CERTIFICATE_REQUIRED, "it wants a certificate, and we gave none", "give one: windlass pki station" },
    { SSL_AD_PROTOCOL_VERSION, "it does not speak TLS 1.3", NULL },
    { SSL_AD_HANDSHAKE_FAILURE, "it found nothing in common with us", NULL },
    { SSL_AD_DECRYPT_ERROR, "a signature did not verify: key and certificate do not belong together", NULL },
    { SSL_AD_INTERNAL_ERROR, "it has trouble of its own", "its log tells more" },
};

/* What we found ourselves. */
static const struct reason findings[] = {
    { SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, "it showed no certificate", "give it one: windlass pki station" },
    { SSL_R_UNSUPPORTED_PROTOCOL, "it does not speak TLS 1.3", "TLS 1.3 is the only version" },
    { SSL_R_UNKNOWN_PROTOCOL, "it does not speak TLS 1.3", "TLS 1.3 is the only version" },
    { SSL_R_WRONG_VERSION_NUMBER, "what it sends is not TLS", "check address and port" },
    { SSL_R_HTTP_REQUEST, "it speaks HTTP", "stations speak TLS here; the dashboard has a port of its own" },
    { SSL_R_HTTPS_PROXY_REQUEST, "it speaks to a proxy", "check address and port" },
    { SSL_R_NO_SHARED_CIPHER, "no cipher in common", "TLS_AES_128_GCM_SHA256 or TLS_CHACHA20_POLY1305_SHA256" },
    { SSL_R_UNEXPECTED_EOF_WHILE_READING, "the connection ended without a goodbye", NULL },
};

static const struct reason *reason_find(const struct reason *list, size_t count, int code)
{
    for (size_t i = 0; i < count; i++) {
        if (list[i].code == code) {
            return &list[i];
        }
    }
    return NULL;
}

int tls_fault(struct fault *fault, const char *what)
{
    const char *data = NULL;
    int flags = 0;
    unsigned long code = ERR_get_error_all(NULL, NULL, NULL, &data, &flags);
    const char *reason =
        ERR_GET_LIB(code) == ERR_LIB_USER && (flags & ERR_TXT_STRING) != 0 ? data : ERR_reason_error_string(code);
    (void)(reason == NULL ? fault_set(fault, "%s", what) : fault_set(fault, "%s: %s", what, reason));
    ERR_clear_error();
    return -1;
}

static enum tls_step step_certificate(const struct tls_conn *conn, struct fault *fault)
{
    int code = (int)SSL_get_verify_result(conn->ssl);
    ERR_clear_error();
    (void)fault_set(fault, "the certificate of '%s': %s", conn->peer, tls_trust_text(code));
    (void)fault_hint(fault, "%s", tls_trust_hint(code));
    return TLS_BROKEN;
}

static enum tls_step step_protocol(const struct tls_conn *conn, struct fault *fault)
{
    unsigned long code = ERR_peek_error();
    int reason = ERR_GET_REASON(code);
    if (ERR_GET_LIB(code) == ERR_LIB_SSL && reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
        return step_certificate(conn, fault);
    }
    int alert = ERR_GET_LIB(code) == ERR_LIB_SSL && reason >= SSL_AD_REASON_OFFSET;
    const struct reason *known =
        alert ? reason_find(alerts, sizeof alerts / sizeof alerts[0], reason - SSL_AD_REASON_OFFSET)
              : reason_find(findings, sizeof findings / sizeof findings[0], reason);
    if (ERR_GET_LIB(code) == ERR_LIB_SSL && known != NULL) {
        (void)fault_set(fault, "%s: %s", alert ? "the other side refused the connection" : "TLS", known->text);
        if (known->hint != NULL) {
            (void)fault_hint(fault, "%s", known->hint);
        }
    }
    (void)tls_fault(fault, alert ? "the other side refused the connection" : "TLS");
    return TLS_BROKEN;
}

enum tls_step tls_step_of(struct tls_conn *conn, int result, struct fault *fault)
{
    int error = errno;
    switch (SSL_get_error(conn->ssl, result)) {
    case SSL_ERROR_NONE:
        return TLS_DONE;
    case SSL_ERROR_WANT_READ:
        return TLS_WANTS_READ;
    case SSL_ERROR_WANT_WRITE:
        return TLS_WANTS_WRITE;
    case SSL_ERROR_ZERO_RETURN:
        return TLS_ENDED;
    case SSL_ERROR_SYSCALL:
        conn->broken = 1;
        ERR_clear_error();
        (void)fault_set(fault, "the connection broke: %s", error == 0 ? "it ended" : strerror(error));
        return TLS_BROKEN;
    default:
        conn->broken = 1;
        return step_protocol(conn, fault);
    }
}
