/* SPDX-License-Identifier: Apache-2.0 */
/* render_cert: see render.h. The fields of a certificate that people look at, and its PEM. */
#include "host/dashboard/render.h"

#include <jansson.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "host/lib/text.h"

#define CERT_TEXT_MAX 4096

/* What was written to `bio`, which ends. */
static json_t *bio_json(BIO *bio)
{
    char text[CERT_TEXT_MAX];
    int len = bio == NULL ? -1 : BIO_read(bio, text, sizeof text);
    BIO_free(bio);
    return len < 0 ? json_string("") : json_stringn(text, (size_t)len);
}

static json_t *name_json(const X509_NAME *name)
{
    BIO *bio = BIO_new(BIO_s_mem());
    if (bio != NULL) {
        (void)X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
    }
    return bio_json(bio);
}

static json_t *time_json(const ASN1_TIME *time)
{
    BIO *bio = BIO_new(BIO_s_mem());
    if (bio != NULL) {
        (void)ASN1_TIME_print_ex(bio, time, ASN1_DTFLGS_ISO8601);
    }
    return bio_json(bio);
}

static json_t *serial_json(const X509 *cert)
{
    BIO *bio = BIO_new(BIO_s_mem());
    if (bio != NULL) {
        (void)i2a_ASN1_INTEGER(bio, X509_get0_serialNumber(cert));
    }
    return bio_json(bio);
}

static json_t *pem_json(X509 *cert)
{
    BIO *bio = BIO_new(BIO_s_mem());
    if (bio != NULL) {
        (void)PEM_write_bio_X509(bio, cert);
    }
    return bio_json(bio);
}

static json_t *digest_json(const X509 *cert)
{
    unsigned char digest[32];
    char text[65] = "";
    unsigned len = sizeof digest;
    if (X509_digest(cert, EVP_sha256(), digest, &len) == 1) {
        text_hex(digest, len, text);
    }
    return json_string(text);
}

static const char *usage_text(X509 *cert)
{
    uint32_t usage = X509_get_key_usage(cert);
    return usage == KU_DIGITAL_SIGNATURE ? "digital signature" : usage == KU_KEY_AGREEMENT ? "key agreement" : "other";
}

json_t *render_cert(const struct cert *cert)
{
    const unsigned char *at = cert->der;
    X509 *x509 = cert->len == 0 ? NULL : d2i_X509(NULL, &at, (long)cert->len);
    if (x509 == NULL) {
        return json_null();
    }
    json_t *out =
        json_pack("{s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:o}", "subject", name_json(X509_get_subject_name(x509)),
                  "issuer", name_json(X509_get_issuer_name(x509)), "serial", serial_json(x509), "not_before",
                  time_json(X509_get0_notBefore(x509)), "not_after", time_json(X509_get0_notAfter(x509)), "usage",
                  usage_text(x509), "sha256", digest_json(x509), "pem", pem_json(x509));
    X509_free(x509);
    return out;
}
