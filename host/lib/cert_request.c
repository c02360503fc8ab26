/* SPDX-License-Identifier: Apache-2.0 */
/* cert_request: certificate requests (PKCS#10, RFC 2986): made with a token's key, and read. */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "host/lib/cert_room.h"
#include "host/lib/file.h"
#include "host/lib/p256.h"

#define REQUEST_MAX 16384

/* X and Y of a P-256 key; 0 when it is none. */
static int key_take(EVP_PKEY *key, uint8_t public_key[64])
{
    uint8_t point[CERT_POINT_LEN];
    char group[32] = "";
    size_t len = 0;
    int good = key != NULL && EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
               EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1 && strcmp(group, "prime256v1") == 0 &&
               EVP_PKEY_get_octet_string_param(key, "pub", point, sizeof point, &len) == 1 && len == sizeof point &&
               point[0] == 0x04;
    if (good) {
        memcpy(public_key, point + 1, 64);
    }
    return good;
}

static int request_key(X509_REQ *request, uint8_t public_key[64])
{
    EVP_PKEY *key = X509_REQ_get0_pubkey(request);
    int good = key_take(key, public_key) && X509_REQ_verify(request, key) == 1;
    ERR_clear_error();
    return good;
}

int cert_request_read(const char *path, uint8_t public_key[64], struct fault *fault)
{
    uint8_t *text = NULL;
    size_t len = 0;
    if (file_read(path, REQUEST_MAX, &text, &len, fault) != 0) {
        return -1;
    }
    BIO *bio = BIO_new_mem_buf(text, (int)len);
    X509_REQ *request = bio == NULL ? NULL : PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL);
    ERR_clear_error();
    int good = request != NULL && request_key(request, public_key);
    X509_REQ_free(request);
    BIO_free(bio);
    free(text);
    if (!good) {
        (void)fault_set(fault, "%s: not a certificate request for a P-256 key, signed with that key", path);
        return fault_hint(fault, "make one: openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
                                 "-subj /CN=server -keyout server.key -out server.csr");
    }
    return 0;
}

static int request_name(X509_REQ *request, char common_name[65])
{
    const X509_NAME *subject = X509_REQ_get_subject_name(request);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    const ASN1_STRING *text = at < 0 ? NULL : X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
    size_t len = text == NULL ? 0 : (size_t)ASN1_STRING_length(text);
    if (len == 0 || len > 64 || memchr(ASN1_STRING_get0_data(text), 0, len) != NULL) {
        return 0;
    }
    memcpy(common_name, ASN1_STRING_get0_data(text), len);
    common_name[len] = '\0';
    return 1;
}

int cert_request_parse(struct bytes der, char common_name[65], uint8_t public_key[64], struct fault *fault)
{
    const unsigned char *at = der.data;
    X509_REQ *request = der.len > REQUEST_MAX ? NULL : d2i_X509_REQ(NULL, &at, (long)der.len);
    int good = request != NULL && at == der.data + der.len && request_key(request, public_key) &&
               request_name(request, common_name);
    ERR_clear_error();
    X509_REQ_free(request);
    return good ? 0
                : fault_set(fault, "a certificate request is not for a P-256 key, not signed with that key, or has no "
                                   "common name");
}

static int request_fill(X509_REQ *request, const char *label, const uint8_t public_key[64])
{
    EVP_PKEY *key = p256_import(public_key);
    int good = request != NULL && key != NULL && X509_REQ_set_version(request, X509_REQ_VERSION_1) == 1 &&
               X509_REQ_set_pubkey(request, key) == 1 &&
               X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request), "CN", MBSTRING_UTF8,
                                          (const unsigned char *)label, -1, -1, 0) == 1;
    EVP_PKEY_free(key);
    return good;
}

int cert_request_make(struct hsm *hsm, const char *label, uint8_t *out, size_t *out_len, struct fault *fault)
{
    uint8_t public_key[64];
    char again[65];
    unsigned char *tbs = NULL;
    if (hsm_key_public(hsm, label, public_key, fault) != 0) {
        return -1;
    }
    X509_REQ *request = X509_REQ_new();
    int tbs_len = request_fill(request, label, public_key) ? i2d_re_X509_REQ_tbs(request, &tbs) : -1;
    int result = tbs_len <= 0 ? cert_openssl_fault(fault, "certificate request: cannot be encoded") : 0;
    if (result == 0) {
        result = cert_sign(bytes_of(tbs, (size_t)tbs_len), hsm, label, out, CERT_REQUEST_MAX, out_len, fault);
    }
    if (result == 0) {
        result = cert_request_parse(bytes_of(out, *out_len), again, public_key, fault);
    }
    OPENSSL_free(tbs);
    X509_REQ_free(request);
    return result;
}

int cert_spki_make(const uint8_t public_key[64], uint8_t *out, size_t *out_len, struct fault *fault)
{
    unsigned char *der = NULL;
    EVP_PKEY *key = p256_import(public_key);
    int len = key != NULL ? i2d_PUBKEY(key, &der) : -1;
    int good = len > 0 && len <= CERT_REQUEST_MAX;
    if (good) {
        memcpy(out, der, (size_t)len);
        *out_len = (size_t)len;
    }
    OPENSSL_free(der);
    EVP_PKEY_free(key);
    return good ? 0 : cert_openssl_fault(fault, "public key: cannot be encoded");
}

int cert_spki_parse(struct bytes der, uint8_t public_key[64], struct fault *fault)
{
    const unsigned char *at = der.data;
    EVP_PKEY *key = der.len > CERT_REQUEST_MAX ? NULL : d2i_PUBKEY(NULL, &at, (long)der.len);
    int good = key != NULL && at == der.data + der.len && key_take(key, public_key);
    ERR_clear_error();
    EVP_PKEY_free(key);
    return good ? 0 : fault_set(fault, "a public key is not one of P-256");
}
