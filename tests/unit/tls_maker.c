/* SPDX-License-Identifier: Apache-2.0 */
/* tls_maker: see tls_maker.h. */
#include "tests/unit/tls_maker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "host/lib/p256.h"
#include "tests/unit/host_support.h"

#define ROOTS 4

static struct {
    char name[32];
    EVP_PKEY *key;
    X509 *cert;
} roots[ROOTS];

static const char *file_of(const char *name, const char *ending)
{
    char file[80];
    (void)snprintf(file, sizeof file, "%s%s", name, ending);
    return support_path(file);
}

static size_t root_find(const char *name)
{
    for (size_t i = 0; i < ROOTS; i++) {
        if (strcmp(roots[i].name, name) == 0) {
            return i;
        }
    }
    fail_msg("there is no root '%s'", name);
    return 0;
}

static void cert_save(const char *name, X509 *cert)
{
    FILE *file = fopen(file_of(name, ".crt"), "w");
    assert_non_null(file);
    assert_int_equal(PEM_write_X509(file, cert), 1);
    assert_int_equal(fclose(file), 0);
}

static void key_save(const char *name, EVP_PKEY *key)
{
    const char *path = file_of(name, ".key");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0600), 0);
}

static void extension_add(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(cert, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

static X509 *cert_begin(const char *cn, EVP_PKEY *key, X509 *issuer, long from_s, long to_s)
{
    static long serial = 1000;
    X509 *cert = X509_new();
    assert_non_null(cert);
    assert_int_equal(X509_set_version(cert, X509_VERSION_3), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(cert), ++serial), 1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(cert), from_s));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(cert), to_s));
    assert_int_equal(X509_set_pubkey(cert, key), 1);
    X509_NAME *subject = X509_get_subject_name(cert);
    if (cn[0] != '\0') {
        assert_int_equal(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)cn, -1, -1, 0),
                         1);
    }
    assert_int_equal(X509_set_issuer_name(cert, issuer == NULL ? subject : X509_get_subject_name(issuer)), 1);
    return cert;
}

void maker_root(const char *name)
{
    size_t at = 0;
    while (roots[at].name[0] != '\0') {
        assert_true(++at < ROOTS);
    }
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = cert_begin(name, key, NULL, -3600, 86400);
    extension_add(cert, cert, NID_basic_constraints, "critical,CA:TRUE,pathlen:1");
    extension_add(cert, cert, NID_key_usage, "critical,keyCertSign,cRLSign");
    extension_add(cert, cert, NID_subject_key_identifier, "hash");
    extension_add(cert, cert, NID_authority_key_identifier, "keyid:always");
    assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
    (void)snprintf(roots[at].name, sizeof roots[at].name, "%s", name);
    roots[at].key = key;
    roots[at].cert = cert;
    cert_save(name, cert);
}

void maker_cert(const char *root, const struct maker_spec *spec)
{
    size_t at = root_find(root);
    EVP_PKEY *key = spec->public_key != NULL ? p256_import(spec->public_key)
                                             : EVP_EC_gen(spec->curve != NULL ? spec->curve : "P-256");
    assert_non_null(key);
    X509 *cert = cert_begin(spec->cn != NULL ? spec->cn : spec->name, key, roots[at].cert, spec->from_s, spec->to_s);
    extension_add(cert, roots[at].cert, NID_basic_constraints, "critical,CA:FALSE");
    extension_add(cert, roots[at].cert, NID_key_usage, "critical,digitalSignature");
    extension_add(cert, roots[at].cert, NID_subject_key_identifier, "hash");
    extension_add(cert, roots[at].cert, NID_authority_key_identifier, "keyid:always");
    if (spec->use != MAKER_NEITHER) {
        extension_add(cert, roots[at].cert, NID_ext_key_usage, spec->use == MAKER_SERVER ? "serverAuth" : "clientAuth");
    }
    if (spec->use == MAKER_SERVER) {
        extension_add(cert, roots[at].cert, NID_subject_alt_name, "IP:127.0.0.1,DNS:appliance.example");
    }
    assert_true(X509_sign(cert, roots[at].key, EVP_sha256()) > 0);
    cert_save(spec->name, cert);
    if (spec->public_key == NULL) {
        key_save(spec->name, key);
    }
    X509_free(cert);
    EVP_PKEY_free(key);
}

void maker_server(const char *root, const char *name)
{
    const struct maker_spec spec = { .name = name, .use = MAKER_SERVER, .from_s = -60, .to_s = 86000 };
    maker_cert(root, &spec);
}

void maker_station(const char *root, const char *name)
{
    const struct maker_spec spec = { .name = name, .use = MAKER_CLIENT, .from_s = -60, .to_s = 86000 };
    maker_cert(root, &spec);
}

static void crl_revoke(X509_CRL *crl, const char *name)
{
    FILE *file = fopen(file_of(name, ".crt"), "r");
    assert_non_null(file);
    X509 *cert = PEM_read_X509(file, NULL, NULL, NULL);
    assert_non_null(cert);
    (void)fclose(file);
    X509_REVOKED *entry = X509_REVOKED_new();
    ASN1_TIME *when = X509_gmtime_adj(NULL, 0);
    assert_int_equal(X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(cert)), 1);
    assert_int_equal(X509_REVOKED_set_revocationDate(entry, when), 1);
    assert_int_equal(X509_CRL_add0_revoked(crl, entry), 1);
    ASN1_TIME_free(when);
    X509_free(cert);
}

void maker_crl(const char *root, const char *file, const char *const *revoked, long from_s, long to_s)
{
    size_t at = root_find(root);
    X509_CRL *crl = X509_CRL_new();
    ASN1_TIME *from = X509_gmtime_adj(NULL, from_s);
    ASN1_TIME *to = X509_gmtime_adj(NULL, to_s);
    X509V3_CTX context;
    assert_int_equal(X509_CRL_set_version(crl, X509_CRL_VERSION_2), 1);
    assert_int_equal(X509_CRL_set_issuer_name(crl, X509_get_subject_name(roots[at].cert)), 1);
    assert_int_equal(X509_CRL_set1_lastUpdate(crl, from), 1);
    assert_int_equal(X509_CRL_set1_nextUpdate(crl, to), 1);
    for (; *revoked != NULL; revoked++) {
        crl_revoke(crl, *revoked);
    }
    X509V3_set_ctx(&context, roots[at].cert, NULL, NULL, crl, 0);
    X509_EXTENSION *id = X509V3_EXT_conf_nid(NULL, &context, NID_authority_key_identifier, "keyid:always");
    ASN1_INTEGER *number = ASN1_INTEGER_new();
    assert_int_equal(ASN1_INTEGER_set(number, 1), 1);
    assert_int_equal(X509_CRL_add_ext(crl, id, -1), 1);
    assert_int_equal(X509_CRL_add1_ext_i2d(crl, NID_crl_number, number, 0, X509V3_ADD_DEFAULT), 1);
    assert_true(X509_CRL_sign(crl, roots[at].key, EVP_sha256()) > 0);
    FILE *out = fopen(support_path(file), "w");
    assert_non_null(out);
    assert_int_equal(PEM_write_X509_CRL(out, crl), 1);
    assert_int_equal(fclose(out), 0);
    X509_EXTENSION_free(id);
    ASN1_INTEGER_free(number);
    ASN1_TIME_free(from);
    ASN1_TIME_free(to);
    X509_CRL_free(crl);
}

void maker_end(void)
{
    for (size_t i = 0; i < ROOTS; i++) {
        EVP_PKEY_free(roots[i].key);
        X509_free(roots[i].cert);
        memset(&roots[i], 0, sizeof roots[i]);
    }
}

struct tls_config maker_config(const char *root, const char *name, const char *crl)
{
    return (struct tls_config){ .cert = file_of(name, ".crt"),
                                .root = file_of(root, ".crt"),
                                .crl = crl == NULL ? NULL : support_path(crl),
                                .key = file_of(name, ".key") };
}
