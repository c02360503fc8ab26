/* SPDX-License-Identifier: Apache-2.0 */
/* tls_trust: which certificates a TLS side believes (tls_room.h): issued by the root itself, for TLS, not revoked. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "host/lib/cert_room.h"
#include "host/lib/file.h"
#include "host/lib/text.h"
#include "host/lib/tls_room.h"

#define CRL_FILE_MAX (1u << 20)

X509 *tls_trust_read(const char *path, struct fault *fault)
{
    struct cert cert;
    return cert_read(path, &cert, fault) != 0 ? NULL : cert_x509(bytes_of(cert.der, cert.len), fault);
}

static X509_CRL *crl_read(const char *path, struct fault *fault)
{
    uint8_t *text = NULL;
    size_t len = 0;
    if (file_read(path, CRL_FILE_MAX, &text, &len, fault) != 0) {
        return NULL;
    }
    BIO *bio = BIO_new_mem_buf(text, (int)len);
    X509_CRL *crl = bio == NULL ? NULL : PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL);
    BIO_free(bio);
    free(text);
    ERR_clear_error();
    if (crl == NULL) {
        (void)fault_set(fault, "%s: no certificate revocation list in PEM", path);
        (void)fault_hint(fault, "carry it over again from the OEM's folder: pki/stations.crl");
    }
    return crl;
}

static int crl_add(X509_STORE *store, const char *path, X509 *root, ASN1_TIME **when, struct fault *fault)
{
    X509_CRL *crl = crl_read(path, fault);
    if (crl == NULL) {
        return -1;
    }
    int ours = X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(root)) == 0 &&
               X509_CRL_verify(crl, X509_get0_pubkey(root)) == 1;
    *when = ours ? ASN1_STRING_dup(X509_CRL_get0_lastUpdate(crl)) : NULL;
    int good =
        *when != NULL && X509_STORE_add_crl(store, crl) == 1 && X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK) == 1;
    X509_CRL_free(crl);
    ERR_clear_error();
    if (!good) {
        (void)fault_set(fault, "%s: the revocation list is not signed by the root", path);
        return fault_hint(fault, "carry it over again from the OEM's folder: pki/stations.crl");
    }
    return 0;
}

/* Nothing between root and leaf, and nothing weaker than 128 bits. */
static X509_STORE *store_make(X509 *root)
{
    X509_STORE *store = X509_STORE_new();
    X509_VERIFY_PARAM *rules = store == NULL ? NULL : X509_STORE_get0_param(store);
    if (rules == NULL || X509_STORE_add_cert(store, root) != 1 ||
        X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_X509_STRICT | X509_V_FLAG_CHECK_SS_SIGNATURE) != 1) {
        X509_STORE_free(store);
        return NULL;
    }
    X509_VERIFY_PARAM_set_depth(rules, 0);
    X509_VERIFY_PARAM_set_auth_level(rules, 2);
    return store;
}

X509_STORE *tls_trust_open(const struct tls *tls, ASN1_TIME **crl_time, struct fault *fault)
{
    *crl_time = NULL;
    X509 *root = tls_trust_read(tls->root, fault);
    if (root == NULL) {
        return NULL;
    }
    X509_STORE *store = store_make(root);
    int result = store == NULL ? tls_fault(fault, "no store of certificates") : 0;
    if (result == 0 && tls->crl[0] != '\0' && access(tls->crl, F_OK) == 0) {
        result = crl_add(store, tls->crl, root, crl_time, fault);
    }
    X509_free(root);
    if (result != 0) {
        ASN1_TIME_free(*crl_time);
        X509_STORE_free(store);
        return NULL;
    }
    return store;
}

void tls_trust_name(X509 *certificate, char name[TLS_NAME_MAX + 1])
{
    const X509_NAME *subject = X509_get_subject_name(certificate);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    unsigned char *text = NULL;
    int len = -1;
    name[0] = '\0';
    if (at >= 0 && X509_NAME_get_index_by_NID(subject, NID_commonName, at) < 0) {
        len = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    }
    if (len >= 1 && len <= TLS_NAME_MAX && memchr(text, 0, (size_t)len) == NULL) {
        text_clean((const char *)text, name, TLS_NAME_MAX + 1);
    }
    OPENSSL_free(text);
    ERR_clear_error();
}

/* What we demand beyond OpenSSL's walk; X509_V_OK, or the reason. A certificate of the same root that is not made for
 * this, such as a device's or a signing key's, opens no connection. */
static int peer_wrong(X509 *certificate, enum tls_side side)
{
    char name[TLS_NAME_MAX + 1];
    uint32_t wanted = side == TLS_SERVER ? XKU_SSL_SERVER : XKU_SSL_CLIENT;
    uint32_t flags = X509_get_extension_flags(certificate);
    tls_trust_name(certificate, name);
    if ((flags & EXFLAG_XKUSAGE) == 0 || (X509_get_extended_key_usage(certificate) & wanted) == 0 ||
        (flags & EXFLAG_KUSAGE) == 0 || (X509_get_key_usage(certificate) & KU_DIGITAL_SIGNATURE) == 0 ||
        (flags & EXFLAG_CA) != 0) {
        return X509_V_ERR_INVALID_PURPOSE;
    }
    if (cert_x509_point(certificate) == NULL) {
        return X509_V_ERR_EE_KEY_TOO_SMALL;
    }
    return name[0] == '\0' || strchr(name, '?') != NULL ? X509_V_ERR_SUBJECT_ISSUER_MISMATCH : X509_V_OK;
}

int tls_trust_peer(int good, X509_STORE_CTX *walk)
{
    const SSL *ssl = X509_STORE_CTX_get_ex_data(walk, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tls_conn *conn = ssl == NULL ? NULL : SSL_get_app_data(ssl);
    X509 *leaf = X509_STORE_CTX_get0_cert(walk);
    if (conn == NULL || leaf == NULL) {
        return 0;
    }
    tls_trust_name(leaf, conn->peer);
    if (!good || X509_STORE_CTX_get_error_depth(walk) != 0) {
        return good;
    }
    int wrong = peer_wrong(leaf, conn->tls->side == TLS_SERVER ? TLS_CLIENT : TLS_SERVER);
    if (wrong != X509_V_OK) {
        X509_STORE_CTX_set_error(walk, wrong);
    }
    return wrong == X509_V_OK;
}

const char *tls_trust_text(int code)
{
    switch (code) {
    case X509_V_ERR_INVALID_PURPOSE:
        return "it is not made for this end of a TLS connection";
    case X509_V_ERR_EE_KEY_TOO_SMALL:
        return "its key is not a P-256 key";
    case X509_V_ERR_SUBJECT_ISSUER_MISMATCH:
        return "its subject has no sound name";
    case X509_V_ERR_CERT_REVOKED:
        return "it is revoked";
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return "it has expired";
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return "it is not valid yet";
    case X509_V_ERR_CRL_HAS_EXPIRED:
        return "the revocation list has expired";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_CERT_CHAIN_TOO_LONG:
        return "it was not issued by the root";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return "it is for another host";
    default:
        return X509_verify_cert_error_string(code);
    }
}

const char *tls_trust_hint(int code)
{
    switch (code) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return "issue it again with 'windlass pki', or check the clock";
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return "check the clock of this machine";
    case X509_V_ERR_CERT_REVOKED:
        return "the OEM took it back; ask for one with a new key: windlass pki station";
    case X509_V_ERR_CRL_HAS_EXPIRED:
        return "carry over a fresh pki/stations.crl from the OEM's folder, then reload";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return "use the host name that stands in the appliance's certificate";
    default:
        return "use a certificate that this product's root issued: windlass pki station, windlass pki appliance";
    }
}

int tls_trust_check(X509_STORE *store, X509 *certificate, enum tls_side side, struct fault *fault)
{
    char name[TLS_NAME_MAX + 1];
    X509_STORE_CTX *walk = X509_STORE_CTX_new();
    int code = X509_V_ERR_UNSPECIFIED;
    if (walk != NULL && X509_STORE_CTX_init(walk, store, certificate, NULL) == 1 &&
        X509_STORE_CTX_set_purpose(walk, side == TLS_SERVER ? X509_PURPOSE_SSL_SERVER : X509_PURPOSE_SSL_CLIENT) == 1) {
        code = X509_verify_cert(walk) == 1 ? peer_wrong(certificate, side) : X509_STORE_CTX_get_error(walk);
    }
    X509_STORE_CTX_free(walk);
    ERR_clear_error();
    if (code == X509_V_OK) {
        return 0;
    }
    tls_trust_name(certificate, name);
    (void)fault_set(fault, "certificate '%s': %s", name, tls_trust_text(code));
    return fault_hint(fault, "%s", tls_trust_hint(code));
}
