/* SPDX-License-Identifier: Apache-2.0 */
/* cert_form: see cert_form.h. */
#include "host/lib/cert_form.h"

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "host/lib/cert_room.h"
#include "host/lib/p256.h"

#define UTC_TIME_LEN 13 /* "YYMMDDHHMMSSZ", RFC 5280 section 4.1.2.5.1: until 2049 */
#define UTC_TIME_YEARS_END 150

static const char serial_mark[] = "0123456789abcdeffedcba9876543210";

/* ---- making ---- */

/* Where `mark` stands in the form, which must be just once. */
static int mark_find(const struct cert_form *form, struct bytes mark, size_t *at)
{
    unsigned found = 0;
    for (size_t i = 0; mark.len > 0 && i + mark.len <= form->len; i++) {
        if (memcmp(form->tbs + i, mark.data, mark.len) == 0) {
            *at = i;
            found++;
        }
    }
    return found == 1 ? 0 : -1;
}

static struct bytes string_bytes(const ASN1_STRING *string)
{
    return bytes_of(ASN1_STRING_get0_data(string), (size_t)ASN1_STRING_length(string));
}

static int marks_find(struct cert_form *form, const X509 *x509, const uint8_t key[64])
{
    uint8_t key_id[32];
    const struct bytes number = string_bytes(X509_get0_serialNumber(x509));
    const struct bytes begin = string_bytes(X509_get0_notBefore(x509));
    cert_key_id(key, key_id);
    return number.len == CERT_NUMBER_LEN && begin.len == UTC_TIME_LEN &&
                   mark_find(form, number, &form->number_at) == 0 && mark_find(form, begin, &form->begin_at) == 0 &&
                   mark_find(form, bytes_of(serial_mark, CERT_FORM_SERIAL_LEN), &form->serial_at) == 0 &&
                   mark_find(form, bytes_of(key, 64), &form->key_at) == 0 &&
                   mark_find(form, bytes_of(key_id, CERT_KEY_ID_LEN), &form->key_id_at) == 0
               ? 0
               : -1;
}

/* The key of nobody: it only marks its place. */
static int mark_key_make(uint8_t key[64])
{
    uint8_t point[CERT_POINT_LEN];
    size_t len = 0;
    EVP_PKEY *pair = EVP_EC_gen("P-256");
    int good = pair != NULL && EVP_PKEY_get_octet_string_param(pair, "pub", point, sizeof point, &len) == 1 &&
               len == sizeof point;
    EVP_PKEY_free(pair);
    memcpy(key, point + 1, good ? 64 : 0);
    return good ? 0 : -1;
}

static int issuer_take(struct cert_form *form, const X509 *issuer)
{
    struct tm begin;
    struct tm end;
    if (ASN1_TIME_to_tm(X509_get0_notBefore(issuer), &begin) != 1 ||
        ASN1_TIME_to_tm(X509_get0_notAfter(issuer), &end) != 1) {
        return -1;
    }
    form->issuer_begin = timegm(&begin);
    form->issuer_end = timegm(&end);
    memcpy(form->issuer_key, cert_x509_point(issuer) + 1, sizeof form->issuer_key);
    return 0;
}

/* What would be signed; it never is. */
static int form_fill(struct cert_form *form, const struct cert_spec *spec, X509 *issuer, struct hsm *hsm,
                     struct fault *fault)
{
    unsigned char *tbs = NULL;
    X509 *x509 = X509_new();
    if (x509 == NULL || cert_fill(x509, spec, issuer, hsm, fault) != 0) {
        X509_free(x509);
        return x509 == NULL ? fault_set(fault, "no memory") : -1;
    }
    int len = i2d_re_X509_tbs(x509, &tbs);
    int fits = len > 0 && (size_t)len <= sizeof form->tbs;
    if (fits) {
        memcpy(form->tbs, tbs, (size_t)len);
        form->len = (size_t)len;
    }
    int found = fits && marks_find(form, x509, spec->public_key) == 0;
    OPENSSL_free(tbs);
    X509_free(x509);
    return found ? 0 : fault_set(fault, "certificate: its fields are not where they should be");
}

int cert_form_make(const struct cert_spec *spec, const struct cert *issuer, struct hsm *hsm, struct cert_form *out,
                   struct fault *fault)
{
    struct cert_spec marked = *spec;
    memset(out, 0, sizeof *out);
    marked.serial_number = serial_mark;
    if (mark_key_make(marked.public_key) != 0) {
        return cert_openssl_fault(fault, "certificate: no key can be made");
    }
    X509 *parsed = cert_x509(bytes_of(issuer->der, issuer->len), fault);
    if (parsed == NULL) {
        return -1;
    }
    int result = issuer_take(out, parsed) != 0 ? cert_openssl_fault(fault, "certificate: the issuer's has no validity")
                                               : form_fill(out, &marked, parsed, hsm, fault);
    X509_free(parsed);
    out->len = result == 0 ? out->len : 0;
    return result;
}

/* ---- filling ---- */

static int begin_fill(const struct cert_form *form, uint8_t *tbs, struct fault *fault)
{
    char text[48];
    struct tm tm;
    time_t now = time(NULL);
    if (now < form->issuer_begin || now > form->issuer_end) {
        (void)fault_set(fault, "certificate: the issuer's is not valid now");
        return fault_hint(fault,
                          "check this machine's clock; if it is right, the maker issues the key's certificate again");
    }
    (void)gmtime_r(&now, &tm);
    if (tm.tm_year >= UTC_TIME_YEARS_END) {
        return fault_set(fault, "certificate: this program cannot issue after 2049");
    }
    (void)snprintf(text, sizeof text, "%02d%02d%02d%02d%02d%02dZ", tm.tm_year % 100, tm.tm_mon + 1, tm.tm_mday,
                   tm.tm_hour, tm.tm_min, tm.tm_sec);
    memcpy(tbs + form->begin_at, text, UTC_TIME_LEN);
    return 0;
}

static int tbs_fill(const struct cert_form *form, const struct cert_spec *spec, struct hsm *hsm, uint8_t *tbs,
                    struct fault *fault)
{
    uint8_t key_id[32];
    memcpy(tbs, form->tbs, form->len);
    if (spec->serial_number == NULL || strlen(spec->serial_number) != CERT_FORM_SERIAL_LEN) {
        return fault_set(fault, "certificate: a device's serialNumber has %d characters", CERT_FORM_SERIAL_LEN);
    }
    if (!p256_is_point(spec->public_key)) {
        return fault_set(fault, "certificate: the public key is not a point of P-256");
    }
    cert_key_id(spec->public_key, key_id);
    memcpy(tbs + form->serial_at, spec->serial_number, CERT_FORM_SERIAL_LEN);
    memcpy(tbs + form->key_at, spec->public_key, 64);
    memcpy(tbs + form->key_id_at, key_id, CERT_KEY_ID_LEN);
    return cert_number_make(hsm, tbs + form->number_at, fault) != 0 ? -1 : begin_fill(form, tbs, fault);
}

int cert_form_issue(const struct cert_form *form, const struct cert_spec *spec, struct hsm *hsm, const char *issuer_key,
                    struct cert *out, struct fault *fault)
{
    uint8_t tbs[CERT_DER_MAX];
    uint8_t digest[32];
    uint8_t signature[64];
    memset(out, 0, sizeof *out);
    if (form->len == 0) {
        return fault_set(fault, "certificate: there is no form for it");
    }
    if (tbs_fill(form, spec, hsm, tbs, fault) != 0) {
        return -1;
    }
    p256_sha256(bytes_of(tbs, form->len), digest);
    if (hsm_sign(hsm, issuer_key, digest, signature, fault) != 0) {
        return -1;
    }
    if (p256_verify(form->issuer_key, digest, signature) != STATUS_OK) {
        (void)fault_set(fault, "certificate: the token's signature does not verify");
        return fault_hint(fault, "does the key '%s' belong to the issuer's certificate?", issuer_key);
    }
    return cert_assemble(bytes_of(tbs, form->len), signature, out->der, sizeof out->der, &out->len, fault);
}
