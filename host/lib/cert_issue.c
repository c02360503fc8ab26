/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cert_issue: makes certificates (cert.h). OpenSSL encodes what is signed; the HSM signs its digest; the two are put
 * together (cert_sign.c) and read back as any reader would.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "host/lib/cert_room.h"
#include "host/lib/p256.h"

#define NEVER_ENDS "99991231235959Z" /* RFC 5280 section 4.1.2.5 */

static int is_device(enum cert_kind kind)
{
    return kind == CERT_DEVICE || kind == CERT_DEVICE_UPDATE;
}

int cert_number_make(struct hsm *hsm, uint8_t number[CERT_NUMBER_LEN], struct fault *fault)
{
    int result = hsm_random(hsm, number, CERT_NUMBER_LEN, fault);
    number[0] = (uint8_t)((number[0] & 0x7f) | 0x40);
    return result;
}

static int issue_serial(X509 *x509, struct hsm *hsm, struct fault *fault)
{
    uint8_t random[CERT_NUMBER_LEN] = { 0 };
    if (cert_number_make(hsm, random, fault) != 0) {
        return -1;
    }
    BIGNUM *number = BN_bin2bn(random, sizeof random, NULL);
    int good = number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x509)) != NULL;
    BN_free(number);
    return good ? 0 : cert_openssl_fault(fault, "certificate: no serial number");
}

static int issue_name_add(X509_NAME *name, const char *field, const char *text, struct fault *fault)
{
    if (X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, (const unsigned char *)text, -1, -1, 0) == 1) {
        return 0;
    }
    ERR_clear_error();
    return fault_set(fault, "certificate: '%.80s' cannot be the subject's %s (1 to 64 characters of UTF-8)", text,
                     field);
}

static int issue_subject(X509 *x509, const struct cert_spec *spec, struct fault *fault)
{
    X509_NAME *name = X509_get_subject_name(x509);
    if ((spec->serial_number != NULL) != is_device(spec->kind)) {
        return fault_set(fault, "certificate: a subject serialNumber stands in device certificates, and only there");
    }
    if (issue_name_add(name, "O", spec->organisation, fault) != 0 ||
        issue_name_add(name, "CN", spec->common_name, fault) != 0) {
        return -1;
    }
    return spec->serial_number == NULL ? 0 : issue_name_add(name, "serialNumber", spec->serial_number, fault);
}

/* The last second before the same date `years` later. */
static time_t years_later(time_t from, unsigned years)
{
    struct tm tm;
    (void)gmtime_r(&from, &tm);
    if (tm.tm_mon == 1 && tm.tm_mday == 29) {
        tm.tm_mday = 28;
    }
    tm.tm_year += (int)years;
    return timegm(&tm) - 1;
}

/* A key's certificate does not outlast its issuer's. RFC 5280 section 4.1.2.5: UTCTime until 2049, then
 * GeneralizedTime; OpenSSL chooses. */
static int issue_validity(X509 *x509, const struct cert_spec *spec, const X509 *issuer, struct fault *fault)
{
    time_t now = time(NULL);
    int good = ASN1_TIME_set(X509_getm_notBefore(x509), now) != NULL;
    if (is_device(spec->kind)) {
        good = good && ASN1_TIME_set_string_X509(X509_getm_notAfter(x509), NEVER_ENDS) == 1;
    } else if (spec->years < 1 || spec->years > 50) {
        return fault_set(fault, "certificate: a validity of %u years; 1 to 50 are allowed", spec->years);
    } else {
        good = good && ASN1_TIME_set(X509_getm_notAfter(x509), years_later(now, spec->years)) != NULL;
    }
    if (good && !is_device(spec->kind) && issuer != NULL &&
        ASN1_TIME_compare(X509_get0_notAfter(x509), X509_get0_notAfter(issuer)) > 0) {
        good = X509_set1_notAfter(x509, X509_get0_notAfter(issuer));
    }
    return good ? 0 : cert_openssl_fault(fault, "certificate: no validity");
}

static int issue_public_key(X509 *x509, const struct cert_spec *spec, struct fault *fault)
{
    EVP_PKEY *key = p256_import(spec->public_key);
    int good = key != NULL && X509_set_pubkey(x509, key) == 1;
    EVP_PKEY_free(key);
    ERR_clear_error();
    return good ? 0 : fault_set(fault, "certificate: the public key is not a point of P-256");
}

/* ---- extensions ---- */

static int issue_constraints(X509 *x509, int path_len)
{
    BASIC_CONSTRAINTS *constraints = BASIC_CONSTRAINTS_new();
    int good = constraints != NULL;
    if (good && path_len >= 0) {
        constraints->ca = 1;
        constraints->pathlen = ASN1_INTEGER_new();
        good = constraints->pathlen != NULL && ASN1_INTEGER_set(constraints->pathlen, path_len) == 1;
    }
    good = good && X509_add1_ext_i2d(x509, NID_basic_constraints, constraints, 1, X509V3_ADD_DEFAULT) == 1;
    BASIC_CONSTRAINTS_free(constraints);
    return good;
}

/* KU_... values are the first byte of the bit string; bit 0 is the most significant one. */
static int issue_usage(X509 *x509, uint32_t usage)
{
    ASN1_BIT_STRING *bits = ASN1_BIT_STRING_new();
    int good = bits != NULL;
    for (int i = 0; good && i < 8; i++) {
        if ((usage & (0x80u >> i)) != 0) {
            good = ASN1_BIT_STRING_set_bit(bits, i, 1);
        }
    }
    good = good && X509_add1_ext_i2d(x509, NID_key_usage, bits, 1, X509V3_ADD_DEFAULT) == 1;
    ASN1_BIT_STRING_free(bits);
    return good;
}

void cert_key_id(const uint8_t public_key[64], uint8_t digest[32])
{
    uint8_t point[CERT_POINT_LEN] = { 0x04 };
    memcpy(point + 1, public_key, 64);
    p256_sha256(bytes_of(point, sizeof point), digest);
}

/* The caller frees; NULL when there is no memory. */
static ASN1_OCTET_STRING *issue_key_id(const X509 *x509)
{
    uint8_t digest[32];
    ASN1_OCTET_STRING *id = ASN1_OCTET_STRING_new();
    cert_key_id(cert_x509_point(x509) + 1, digest);
    if (id != NULL && ASN1_OCTET_STRING_set(id, digest, CERT_KEY_ID_LEN) == 1) {
        return id;
    }
    ASN1_OCTET_STRING_free(id);
    return NULL;
}

static int issue_subject_key_id(X509 *x509)
{
    ASN1_OCTET_STRING *id = issue_key_id(x509);
    int good = id != NULL && X509_add1_ext_i2d(x509, NID_subject_key_identifier, id, 0, X509V3_ADD_DEFAULT) == 1;
    ASN1_OCTET_STRING_free(id);
    return good;
}

/* A root has its own identifier; it is not asked for it, because OpenSSL can only ask certificates that are whole. */
static int issue_authority_key_id(X509 *x509, X509 *issuer)
{
    AUTHORITY_KEYID *id = AUTHORITY_KEYID_new();
    if (id == NULL) {
        return 0;
    }
    const ASN1_OCTET_STRING *of_issuer = issuer == NULL ? NULL : X509_get0_subject_key_id(issuer);
    id->keyid = issuer == NULL ? issue_key_id(x509) : of_issuer == NULL ? NULL : ASN1_OCTET_STRING_dup(of_issuer);
    int good =
        id->keyid != NULL && X509_add1_ext_i2d(x509, NID_authority_key_identifier, id, 0, X509V3_ADD_DEFAULT) == 1;
    AUTHORITY_KEYID_free(id);
    return good;
}

static int issue_extensions(X509 *x509, const struct cert_spec *spec, X509 *issuer, struct fault *fault)
{
    if ((spec->host != NULL) != (spec->kind == CERT_SERVER)) {
        return fault_set(fault, "certificate: a host name stands in server certificates, and only there");
    }
    int good = issue_constraints(x509, cert_kind_path_len(spec->kind)) &&
               issue_usage(x509, cert_kind_usage(spec->kind)) && issue_subject_key_id(x509) &&
               issue_authority_key_id(x509, issuer);
    if (good && cert_kind_purpose(spec->kind) != NID_undef && !cert_tls_extensions(x509, spec)) {
        ERR_clear_error();
        return fault_set(fault, "certificate: '%.80s'%s is neither a DNS name nor an IP address",
                         spec->host != NULL ? spec->host : spec->common_name,
                         spec->other_hosts != NULL ? ", or a further one," : "");
    }
    return good ? 0 : cert_openssl_fault(fault, "certificate: cannot make its extensions");
}

int cert_fill(X509 *x509, const struct cert_spec *spec, X509 *issuer, struct hsm *hsm, struct fault *fault)
{
    /* The algorithm belongs to what is signed; OpenSSL would only set it when it signs itself. */
    X509_ALGOR *algorithm = (X509_ALGOR *)(uintptr_t)X509_get0_tbs_sigalg(x509);
    if (X509_set_version(x509, X509_VERSION_3) != 1 ||
        X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_ecdsa_with_SHA256), V_ASN1_UNDEF, NULL) != 1) {
        return cert_openssl_fault(fault, "certificate: cannot be made");
    }
    if (issue_serial(x509, hsm, fault) != 0 || issue_subject(x509, spec, fault) != 0 ||
        issue_validity(x509, spec, issuer, fault) != 0 || issue_public_key(x509, spec, fault) != 0 ||
        issue_extensions(x509, spec, issuer, fault) != 0) {
        return -1;
    }
    const X509_NAME *name = X509_get_subject_name(issuer == NULL ? x509 : issuer);
    return X509_set_issuer_name(x509, name) == 1 ? 0 : cert_openssl_fault(fault, "certificate: no issuer name");
}

static int issue_sign(X509 *x509, struct hsm *hsm, const char *issuer_key, struct cert *out, struct fault *fault)
{
    unsigned char *tbs = NULL;
    int tbs_len = i2d_re_X509_tbs(x509, &tbs);
    if (tbs_len <= 0) {
        return cert_openssl_fault(fault, "certificate: cannot be encoded");
    }
    int result =
        cert_sign(bytes_of(tbs, (size_t)tbs_len), hsm, issuer_key, out->der, sizeof out->der, &out->len, fault);
    OPENSSL_free(tbs);
    return result;
}

/* Reads the result as others will, and verifies the signature with the issuer's key. */
static int issue_read_back(const struct cert *cert, X509 *issuer, struct fault *fault)
{
    X509 *x509 = cert_x509(bytes_of(cert->der, cert->len), fault);
    if (x509 == NULL) {
        return -1;
    }
    int good = X509_verify(x509, X509_get0_pubkey(issuer == NULL ? x509 : issuer)) == 1;
    ERR_clear_error();
    X509_free(x509);
    return good ? 0 : fault_set(fault, "certificate: the token's signature does not verify");
}

static int issue_check_key(X509 *issuer, const struct cert_spec *spec, struct hsm *hsm, const char *issuer_key,
                           struct fault *fault)
{
    uint8_t in_token[64];
    const uint8_t *named = issuer == NULL ? spec->public_key : cert_x509_point(issuer) + 1;
    if (hsm_key_public(hsm, issuer_key, in_token, fault) != 0) {
        return -1;
    }
    if (memcmp(in_token, named, sizeof in_token) != 0) {
        return fault_set(fault, "the key '%s' does not belong to the issuer's certificate", issuer_key);
    }
    if (issuer != NULL && (X509_get_extension_flags(issuer) & EXFLAG_CA) == 0) {
        return fault_set(fault, "the issuer's certificate is not that of a CA");
    }
    return 0;
}

static int issue_with(X509 *issuer, const struct cert_spec *spec, struct hsm *hsm, const char *issuer_key,
                      struct cert *out, struct fault *fault)
{
    X509 *x509 = X509_new();
    if (x509 == NULL) {
        return fault_set(fault, "certificate: no memory");
    }
    int result = issue_check_key(issuer, spec, hsm, issuer_key, fault);
    if (result == 0) {
        result = cert_fill(x509, spec, issuer, hsm, fault);
    }
    if (result == 0) {
        result = issue_sign(x509, hsm, issuer_key, out, fault);
    }
    if (result == 0) {
        result = issue_read_back(out, issuer, fault);
    }
    X509_free(x509);
    return result;
}

int cert_issue(const struct cert_spec *spec, const struct cert *issuer, struct hsm *hsm, const char *issuer_key,
               struct cert *out, struct fault *fault)
{
    memset(out, 0, sizeof *out);
    if ((issuer == NULL) != (spec->kind == CERT_ROOT)) {
        return fault_set(fault, "certificate: a root certificate has no issuer but itself, every other has one");
    }
    if (issuer == NULL) {
        return issue_with(NULL, spec, hsm, issuer_key, out, fault);
    }
    X509 *parsed = cert_x509(bytes_of(issuer->der, issuer->len), fault);
    if (parsed == NULL) {
        return -1;
    }
    int result = issue_with(parsed, spec, hsm, issuer_key, out, fault);
    X509_free(parsed);
    return result;
}
