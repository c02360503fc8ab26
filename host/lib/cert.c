/* SPDX-License-Identifier: Apache-2.0 */
/* cert: parsing, reading and writing certificates (cert.h). */
#include "host/lib/cert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "host/lib/cert_room.h"
#include "host/lib/file.h"

#define CERT_FILE_MAX 16384

int cert_openssl_fault(struct fault *fault, const char *what)
{
    char reason[200];
    unsigned long code = ERR_get_error();
    ERR_error_string_n(code, reason, sizeof reason);
    ERR_clear_error();
    return code == 0 ? fault_set(fault, "%s", what) : fault_set(fault, "%s: %s", what, reason);
}

uint32_t cert_kind_usage(enum cert_kind kind)
{
    switch (kind) {
    case CERT_ROOT:
    case CERT_ISSUING:
        return KU_KEY_CERT_SIGN | KU_CRL_SIGN;
    case CERT_SIGNING:
    case CERT_DEVICE:
    case CERT_SERVER:
    case CERT_STATION:
        return KU_DIGITAL_SIGNATURE;
    case CERT_AGREEMENT:
    case CERT_DEVICE_UPDATE:
    default:
        return KU_KEY_AGREEMENT;
    }
}

int cert_kind_purpose(enum cert_kind kind)
{
    return kind == CERT_SERVER ? NID_server_auth : kind == CERT_STATION ? NID_client_auth : NID_undef;
}

int cert_kind_path_len(enum cert_kind kind)
{
    return kind == CERT_ROOT ? 1 : kind == CERT_ISSUING ? 0 : -1;
}

/* The point of a P-256 key given by the curve's name; NULL for anything else. RFC 5480. */
const uint8_t *cert_x509_point(const X509 *x509)
{
    ASN1_OBJECT *algorithm = NULL;
    const unsigned char *point = NULL;
    int point_len = 0;
    X509_ALGOR *parameters = NULL;
    const void *curve = NULL;
    int curve_type = 0;
    X509_PUBKEY *key = X509_get_X509_PUBKEY(x509);
    if (X509_PUBKEY_get0_param(&algorithm, &point, &point_len, &parameters, key) != 1) {
        return NULL;
    }
    X509_ALGOR_get0(NULL, &curve_type, &curve, parameters);
    int named = OBJ_obj2nid(algorithm) == NID_X9_62_id_ecPublicKey && curve_type == V_ASN1_OBJECT &&
                OBJ_obj2nid((const ASN1_OBJECT *)curve) == NID_X9_62_prime256v1;
    /* X509_get0_pubkey decodes the point, and refuses one off the curve. */
    int sound = named && point_len == CERT_POINT_LEN && point[0] == 0x04 && X509_get0_pubkey(x509) != NULL;
    return sound ? point : NULL;
}

/* 1 when `der` is what OpenSSL encodes for it: no BER, no second reading. */
static int cert_is_der(X509 *x509, struct bytes der)
{
    unsigned char *again = NULL;
    unsigned char *tbs = NULL;
    int tbs_len = i2d_re_X509_tbs(x509, &tbs);
    int len = tbs_len > 0 ? i2d_X509(x509, &again) : -1;
    int same = len > 0 && bytes_equal(der, bytes_of(again, (size_t)len));
    OPENSSL_free(tbs);
    OPENSSL_free(again);
    return same;
}

/* What is not acceptable about a parsed certificate, or NULL. */
static const char *cert_wrong(X509 *x509, struct bytes der)
{
    const X509_ALGOR *inner = X509_get0_tbs_sigalg(x509);
    const X509_ALGOR *outer = NULL;
    X509_get0_signature(NULL, &outer, x509);
    if (!cert_is_der(x509, der)) {
        return "not in DER";
    }
    if (X509_get_version(x509) != X509_VERSION_3) {
        return "not X.509 version 3";
    }
    if (X509_get_signature_nid(x509) != NID_ecdsa_with_SHA256 || X509_ALGOR_cmp(inner, outer) != 0) {
        return "not signed with ECDSA and SHA-256";
    }
    return cert_x509_point(x509) == NULL ? "the key is not a P-256 key" : NULL;
}

X509 *cert_x509(struct bytes der, struct fault *fault)
{
    const unsigned char *at = der.data;
    if (der.len == 0 || der.len > CERT_DER_MAX) {
        (void)fault_set(fault, "certificate: %zu bytes; 1 to %d are allowed", der.len, CERT_DER_MAX);
        return NULL;
    }
    X509 *x509 = d2i_X509(NULL, &at, (long)der.len);
    const char *wrong = x509 == NULL               ? "not an X.509 certificate"
                        : at != der.data + der.len ? "there is data after it"
                                                   : cert_wrong(x509, der);
    ERR_clear_error();
    if (wrong != NULL) {
        (void)fault_set(fault, "certificate: %s", wrong);
        (void)fault_hint(fault, "windlass takes X.509 v3 certificates in DER or PEM with P-256 keys and SHA-256");
        X509_free(x509);
        return NULL;
    }
    return x509;
}

int cert_parse(struct bytes der, struct cert *out, struct fault *fault)
{
    X509 *x509 = cert_x509(der, fault);
    if (x509 == NULL) {
        return -1;
    }
    X509_free(x509);
    memcpy(out->der, der.data, der.len);
    out->len = der.len;
    return 0;
}

int cert_public_key(const struct cert *cert, uint8_t public_key[64], struct fault *fault)
{
    X509 *x509 = cert_x509(bytes_of(cert->der, cert->len), fault);
    if (x509 == NULL) {
        return -1;
    }
    memcpy(public_key, cert_x509_point(x509) + 1, 64);
    X509_free(x509);
    return 0;
}

int cert_serial_number(const struct cert *cert, char *out, size_t out_len, struct fault *fault)
{
    X509 *x509 = cert_x509(bytes_of(cert->der, cert->len), fault);
    if (x509 == NULL) {
        return -1;
    }
    const X509_NAME *subject = X509_get_subject_name(x509);
    int at = X509_NAME_get_index_by_NID(subject, NID_serialNumber, -1);
    const ASN1_STRING *text = at < 0 ? NULL : X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
    size_t len = text == NULL ? 0 : (size_t)ASN1_STRING_length(text);
    int result = -1;
    if (len == 0 || len >= out_len || memchr(ASN1_STRING_get0_data(text), 0, len) != NULL) {
        (void)fault_set(fault, "certificate: its subject has no serialNumber%s", len == 0 ? "" : " that is sound");
    } else if (X509_NAME_get_index_by_NID(subject, NID_serialNumber, at) >= 0) {
        (void)fault_set(fault, "certificate: its subject has two serialNumbers");
    } else {
        memcpy(out, ASN1_STRING_get0_data(text), len);
        out[len] = '\0';
        result = 0;
    }
    X509_free(x509);
    return result;
}

/* ---- PEM ---- */

/* Takes the one PEM block of `bio`. */
static int cert_from_pem(BIO *bio, struct cert *out, struct fault *fault)
{
    char *name = NULL;
    char *header = NULL;
    unsigned char *data = NULL;
    long len = 0;
    if (PEM_read_bio(bio, &name, &header, &data, &len) != 1) {
        ERR_clear_error();
        return fault_set(fault, "no PEM certificate in it");
    }
    int result = -1;
    if (strcmp(name, PEM_STRING_X509) != 0) {
        (void)fault_set(fault, "holds a PEM block '%.40s', not a certificate", name);
    } else {
        result = cert_parse(bytes_of(data, (size_t)len), out, fault);
    }
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_clear_free(data, (size_t)len);
    return result;
}

static int cert_pem_ends(BIO *bio)
{
    char *name = NULL;
    char *header = NULL;
    unsigned char *data = NULL;
    long len = 0;
    if (PEM_read_bio(bio, &name, &header, &data, &len) == 1) {
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_clear_free(data, (size_t)len);
        return 0;
    }
    int clean = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    return clean;
}

int cert_read(const char *path, struct cert *out, struct fault *fault)
{
    uint8_t *text;
    size_t len;
    struct fault inner = FAULT_NONE;
    if (file_read(path, CERT_FILE_MAX, &text, &len, fault) != 0) {
        return -1;
    }
    BIO *bio = BIO_new_mem_buf(text, (int)len);
    int result = bio == NULL ? fault_set(&inner, "no memory") : cert_from_pem(bio, out, &inner);
    if (result == 0 && !cert_pem_ends(bio)) {
        result = fault_set(&inner, "holds more than one certificate");
    }
    if (result != 0) {
        (void)fault_set(fault, "%s: %s", path, inner.what);
        (void)fault_hint(fault, "%s", inner.hint[0] != '\0' ? inner.hint : "give a PEM file with one certificate");
    }
    BIO_free(bio);
    free(text);
    return result;
}

int cert_write(const char *path, const struct cert *cert, struct fault *fault)
{
    char *text = NULL;
    BIO *bio = BIO_new(BIO_s_mem());
    if (bio == NULL || PEM_write_bio(bio, PEM_STRING_X509, "", cert->der, (long)cert->len) <= 0) {
        BIO_free(bio);
        return cert_openssl_fault(fault, "cannot write a certificate as PEM");
    }
    long len = BIO_get_mem_data(bio, &text);
    int result = file_write(path, bytes_of(text, (size_t)len), 0644, FILE_NEW_ONLY, fault);
    BIO_free(bio);
    return result;
}

/* ---- facts ---- */

static int cert_time_text(const ASN1_TIME *time, char out[24])
{
    struct tm tm;
    return ASN1_TIME_to_tm(time, &tm) == 1 && strftime(out, 24, "%Y-%m-%dT%H:%M:%SZ", &tm) != 0;
}

static int cert_subject_text(X509 *x509, char *out, size_t out_len)
{
    char *text = NULL;
    BIO *bio = BIO_new(BIO_s_mem());
    int sound = bio != NULL && X509_NAME_print_ex(bio, X509_get_subject_name(x509), 0, XN_FLAG_RFC2253) >= 0;
    if (sound) {
        long len = BIO_get_mem_data(bio, &text);
        (void)snprintf(out, out_len, "%.*s", (int)len, text);
    }
    BIO_free(bio);
    return sound;
}

int cert_facts_read(const struct cert *cert, struct cert_facts *out, struct fault *fault)
{
    X509 *x509 = cert_x509(bytes_of(cert->der, cert->len), fault);
    if (x509 == NULL) {
        return -1;
    }
    memset(out, 0, sizeof *out);
    int sound = cert_subject_text(x509, out->subject, sizeof out->subject) &&
                cert_time_text(X509_get0_notBefore(x509), out->not_before) &&
                cert_time_text(X509_get0_notAfter(x509), out->not_after) &&
                EVP_Digest(cert->der, cert->len, out->fingerprint, NULL, EVP_sha256(), NULL) == 1;
    X509_free(x509);
    return sound ? 0 : cert_openssl_fault(fault, "certificate: cannot read its subject and validity");
}
