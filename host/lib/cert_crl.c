/* SPDX-License-Identifier: Apache-2.0 */
/* cert_crl: see cert_crl.h. */
#include "host/lib/cert_crl.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "host/lib/cert_room.h"
#include "host/lib/file.h"
#include "host/lib/pem.h"

static X509_CRL *crl_parse(struct bytes der)
{
    const unsigned char *at = der.data;
    X509_CRL *crl = der.len == 0 || der.len > CERT_CRL_MAX ? NULL : d2i_X509_CRL(NULL, &at, (long)der.len);
    if (crl != NULL && at != der.data + der.len) {
        X509_CRL_free(crl);
        crl = NULL;
    }
    ERR_clear_error();
    return crl;
}

/* What is wrong with a list that `issuer` should have signed, or NULL. */
static const char *crl_wrong(X509_CRL *crl, X509 *issuer)
{
    if (crl == NULL) {
        return "not a revocation list (X.509 CRL)";
    }
    if (X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(issuer)) != 0 ||
        X509_CRL_get_signature_nid(crl) != NID_ecdsa_with_SHA256 ||
        X509_CRL_verify(crl, X509_get0_pubkey(issuer)) != 1) {
        return "the revocation list is not signed by this root";
    }
    if (X509_cmp_current_time(X509_CRL_get0_lastUpdate(crl)) >= 0) {
        return "the revocation list is of a later time than this machine's clock shows";
    }
    const ASN1_TIME *next = X509_CRL_get0_nextUpdate(crl);
    return next == NULL || X509_cmp_current_time(next) <= 0 ? "the revocation list has expired" : NULL;
}

static int crl_check(struct bytes der, const struct cert *issuer, struct fault *fault)
{
    X509 *x509 = cert_x509(bytes_of(issuer->der, issuer->len), fault);
    if (x509 == NULL) {
        return -1;
    }
    X509_CRL *crl = crl_parse(der);
    const char *wrong = crl_wrong(crl, x509);
    ERR_clear_error();
    X509_CRL_free(crl);
    X509_free(x509);
    return wrong == NULL ? 0 : fault_set(fault, "%s", wrong);
}

static int crl_copy(struct bytes der, struct cert_crl *out, struct fault *fault)
{
    out->der = (uint8_t *)malloc(der.len);
    if (out->der == NULL) {
        return fault_set(fault, "no memory");
    }
    memcpy(out->der, der.data, der.len);
    out->len = der.len;
    return 0;
}

int cert_crl_read(const char *path, const struct cert *issuer, struct cert_crl *out, struct fault *fault)
{
    struct pem_file pem;
    struct fault inner = FAULT_NONE;
    memset(out, 0, sizeof *out);
    if (access(path, F_OK) != 0) {
        return 0;
    }
    if (pem_read(path, 2 * CERT_CRL_MAX, &pem, fault) != 0) {
        return -1;
    }
    const struct pem_block *block = &pem.blocks[0];
    int result = pem.count != 1 || strcmp(block->label, PEM_STRING_X509_CRL) != 0
                     ? fault_set(&inner, "not a PEM file with one revocation list")
                     : crl_check(block->data, issuer, &inner);
    if (result == 0) {
        result = crl_copy(block->data, out, &inner);
    }
    pem_free(&pem);
    if (result != 0) {
        (void)fault_set(fault, "%s: %s", path, inner.what);
        return fault_hint(fault, "bring pki/stations.crl of the maker's project again, or check this machine's clock");
    }
    return 0;
}

/* Unix seconds of an entry's date; 1, before all that was made, when it cannot be read. */
static uint64_t entry_time(const X509_REVOKED *entry)
{
    struct tm tm;
    const time_t at = ASN1_TIME_to_tm(X509_REVOKED_get0_revocationDate(entry), &tm) == 1 ? timegm(&tm) : 0;
    return at > 0 ? (uint64_t)at : 1;
}

int cert_crl_since(const struct cert_crl *crl, const struct cert *cert, uint64_t *since, struct fault *fault)
{
    X509_REVOKED *entry = NULL;
    *since = 0;
    if (crl->len == 0) {
        return 0;
    }
    X509 *x509 = cert_x509(bytes_of(cert->der, cert->len), fault);
    X509_CRL *list = x509 == NULL ? NULL : crl_parse(bytes_of(crl->der, crl->len));
    int has = list == NULL ? -1 : X509_CRL_get0_by_cert(list, &entry, x509) != 0;
    if (has == 1) {
        *since = entry_time(entry);
    }
    X509_CRL_free(list);
    X509_free(x509);
    return has >= 0 ? has : fault_set(fault, "the revocation list cannot be read");
}

int cert_crl_has(const struct cert_crl *crl, const struct cert *cert, struct fault *fault)
{
    uint64_t since;
    return cert_crl_since(crl, cert, &since, fault);
}

/* ---- issuing ---- */

/* The number of the list after `old` (RFC 5280 section 5.2.3). */
static int number_set(X509_CRL *crl, const X509_CRL *old)
{
    long number = 1;
    ASN1_INTEGER *before = old == NULL ? NULL : X509_CRL_get_ext_d2i(old, NID_crl_number, NULL, NULL);
    ASN1_INTEGER *next = ASN1_INTEGER_new();
    if (before != NULL) {
        number = ASN1_INTEGER_get(before) + 1;
    }
    int good = next != NULL && number > 0 && ASN1_INTEGER_set(next, number) == 1 &&
               X509_CRL_add1_ext_i2d(crl, NID_crl_number, next, 0, X509V3_ADD_DEFAULT) == 1;
    ASN1_INTEGER_free(before);
    ASN1_INTEGER_free(next);
    return good;
}

static int authority_set(X509_CRL *crl, X509 *issuer)
{
    AUTHORITY_KEYID *id = AUTHORITY_KEYID_new();
    const ASN1_OCTET_STRING *of_issuer = X509_get0_subject_key_id(issuer);
    int good = id != NULL && of_issuer != NULL && (id->keyid = ASN1_OCTET_STRING_dup(of_issuer)) != NULL &&
               X509_CRL_add1_ext_i2d(crl, NID_authority_key_identifier, id, 0, X509V3_ADD_DEFAULT) == 1;
    AUTHORITY_KEYID_free(id);
    return good;
}

static int entry_add(X509_CRL *crl, const ASN1_INTEGER *serial, const ASN1_TIME *when)
{
    X509_REVOKED *entry = X509_REVOKED_new();
    if (entry == NULL || X509_REVOKED_set_serialNumber(entry, (ASN1_INTEGER *)(uintptr_t)serial) != 1 ||
        X509_REVOKED_set_revocationDate(entry, (ASN1_TIME *)(uintptr_t)when) != 1 ||
        X509_CRL_add0_revoked(crl, entry) != 1) {
        X509_REVOKED_free(entry);
        return 0;
    }
    return 1;
}

static int old_entries_add(X509_CRL *crl, X509_CRL *old)
{
    STACK_OF(X509_REVOKED) *entries = old == NULL ? NULL : X509_CRL_get_REVOKED(old);
    int good = 1;
    for (int i = 0; good && i < sk_X509_REVOKED_num(entries); i++) {
        const X509_REVOKED *entry = sk_X509_REVOKED_value(entries, i);
        good = entry_add(crl, X509_REVOKED_get0_serialNumber(entry), X509_REVOKED_get0_revocationDate(entry));
    }
    return good;
}

static int new_entries_add(X509_CRL *crl, X509_CRL *old, const struct cert *revoked, size_t count, struct fault *fault)
{
    for (size_t i = 0; i < count; i++) {
        X509_REVOKED *known = NULL;
        X509 *x509 = cert_x509(bytes_of(revoked[i].der, revoked[i].len), fault);
        if (x509 == NULL) {
            return 0;
        }
        int good = X509_NAME_cmp(X509_get_issuer_name(x509), X509_CRL_get_issuer(crl)) == 0;
        if (good && (old == NULL || X509_CRL_get0_by_cert(old, &known, x509) == 0)) {
            good = entry_add(crl, X509_get0_serialNumber(x509), X509_CRL_get0_lastUpdate(crl));
        }
        X509_free(x509);
        if (!good) {
            return 0;
        }
    }
    return 1;
}

static int crl_fill(X509_CRL *crl, X509_CRL *old, X509 *issuer)
{
    ASN1_TIME *now = ASN1_TIME_set(NULL, time(NULL) - 1);
    int good = now != NULL && X509_CRL_set_version(crl, X509_CRL_VERSION_2) == 1 &&
               X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer)) == 1 &&
               X509_CRL_set1_lastUpdate(crl, now) == 1 &&
               X509_CRL_set1_nextUpdate(crl, X509_get0_notAfter(issuer)) == 1 && authority_set(crl, issuer) &&
               number_set(crl, old) && old_entries_add(crl, old);
    ASN1_TIME_free(now);
    return good;
}

/* OpenSSL names the algorithm inside only when it signs: so it signs with a key that nobody keeps, and only what it
 * signed is used. */
static int tbs_build(X509_CRL *crl, unsigned char **tbs)
{
    EVP_PKEY *nobody = EVP_EC_gen("P-256");
    int good = nobody != NULL && X509_CRL_sort(crl) == 1 && X509_CRL_sign(crl, nobody, EVP_sha256()) > 0;
    EVP_PKEY_free(nobody);
    return good ? i2d_re_X509_CRL_tbs(crl, tbs) : -1;
}

static int crl_sign(X509_CRL *crl, struct hsm *hsm, const char *key, struct cert_crl *out, struct fault *fault)
{
    unsigned char *tbs = NULL;
    int len = tbs_build(crl, &tbs);
    int result = len > 0 && len < CERT_CRL_MAX - 256 ? 0 : cert_openssl_fault(fault, "revocation list: too long");
    if (result == 0) {
        out->der = (uint8_t *)malloc((size_t)len + 256);
        result = out->der == NULL ? fault_set(fault, "no memory") : 0;
    }
    if (result == 0) {
        result = cert_sign(bytes_of(tbs, (size_t)len), hsm, key, out->der, (size_t)len + 256, &out->len, fault);
    }
    OPENSSL_free(tbs);
    return result;
}

int cert_crl_issue(const struct cert_crl *old, const struct cert *revoked, size_t count, const struct cert *issuer,
                   struct hsm *hsm, const char *key, struct cert_crl *out, struct fault *fault)
{
    memset(out, 0, sizeof *out);
    X509 *root = cert_x509(bytes_of(issuer->der, issuer->len), fault);
    X509_CRL *before = old->len == 0 ? NULL : crl_parse(bytes_of(old->der, old->len));
    X509_CRL *crl = root == NULL ? NULL : X509_CRL_new();
    int result = -1;
    if (crl == NULL || !crl_fill(crl, before, root) || !new_entries_add(crl, before, revoked, count, fault)) {
        (void)cert_openssl_fault(fault, "revocation list: cannot be made");
    } else if (crl_sign(crl, hsm, key, out, fault) == 0) {
        result = crl_check(bytes_of(out->der, out->len), issuer, fault);
    }
    if (result != 0) {
        cert_crl_free(out);
    }
    X509_CRL_free(crl);
    X509_CRL_free(before);
    X509_free(root);
    return result;
}

int cert_crl_write(const char *path, const struct cert_crl *crl, struct fault *fault)
{
    struct pem_text text = { NULL, 0 };
    int result = pem_add(&text, PEM_STRING_X509_CRL, bytes_of(crl->der, crl->len), fault);
    if (result == 0) {
        result = file_write(path, bytes_of(text.data, text.len), 0644, FILE_REPLACE, fault);
    }
    pem_text_free(&text);
    return result;
}

void cert_crl_free(struct cert_crl *crl)
{
    free(crl->der);
    memset(crl, 0, sizeof *crl);
}
