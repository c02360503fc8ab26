/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_key: the private key of a TLS side (tls_room.h). For a key in a token OpenSSL gets the public half and a function
 * that asks the token to sign. OpenSSL 3 calls that way deprecated; the other is a provider of ten times the size.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <stdlib.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/wipe.h"
#include "host/lib/cert_room.h"
#include "host/lib/file.h"
#include "host/lib/tls_room.h"

#define KEY_FILE_MAX 8192

static pthread_once_t method_once = PTHREAD_ONCE_INIT;
static EC_KEY_METHOD *method;
static int method_index = -1;

/* The signature of a digest, made by the token. */
static ECDSA_SIG *key_sign(const unsigned char *digest, int digest_len, const BIGNUM *inverse, const BIGNUM *r,
                           EC_KEY *key)
{
    uint8_t raw[64];
    struct fault fault = FAULT_NONE;
    const struct tls *tls = EC_KEY_get_ex_data(key, method_index);
    (void)inverse;
    (void)r;
    if (tls == NULL || digest_len != 32 || hsm_sign(tls->hsm, tls->label, digest, raw, &fault) != 0) {
        ERR_raise_data(ERR_LIB_USER, ERR_R_OPERATION_FAIL, "%s", fault.what);
        return NULL;
    }
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *first = BN_bin2bn(raw, 32, NULL);
    BIGNUM *second = BN_bin2bn(raw + 32, 32, NULL);
    if (pair == NULL || first == NULL || second == NULL || ECDSA_SIG_set0(pair, first, second) != 1) {
        BN_free(first);
        BN_free(second);
        ECDSA_SIG_free(pair);
        return NULL;
    }
    return pair;
}

static void method_make(void)
{
    int (*sign)(int, const unsigned char *, int, unsigned char *, unsigned int *, const BIGNUM *, const BIGNUM *,
                EC_KEY *) = NULL;
    method_index = EC_KEY_get_ex_new_index(0, NULL, NULL, NULL, NULL);
    method = EC_KEY_METHOD_new(EC_KEY_OpenSSL());
    if (method != NULL) {
        EC_KEY_METHOD_get_sign(method, &sign, NULL, NULL);
        EC_KEY_METHOD_set_sign(method, sign, NULL, key_sign);
    }
}

static EVP_PKEY *key_of_token(const struct tls *tls, X509 *certificate, struct fault *fault)
{
    uint8_t public_key[64];
    (void)pthread_once(&method_once, method_make);
    if (hsm_key_public(tls->hsm, tls->label, public_key, fault) != 0) {
        return NULL;
    }
    const uint8_t *point = cert_x509_point(certificate);
    if (memcmp(point + 1, public_key, sizeof public_key) != 0) {
        (void)fault_set(fault, "%s: not the certificate of the key '%s' in %s", tls->cert, tls->label,
                        hsm_description(tls->hsm));
        return NULL;
    }
    EC_KEY *key = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);
    EVP_PKEY *out = EVP_PKEY_new();
    if (method == NULL || method_index < 0 || key == NULL || out == NULL || EC_KEY_set_method(key, method) != 1 ||
        EC_KEY_oct2key(key, point, CERT_POINT_LEN, NULL) != 1 ||
        EC_KEY_set_ex_data(key, method_index, (void *)(uintptr_t)tls) != 1 || EVP_PKEY_assign_EC_KEY(out, key) != 1) {
        EC_KEY_free(key);
        EVP_PKEY_free(out);
        (void)tls_fault(fault, "a key in the token cannot be used for TLS");
        return NULL;
    }
    return out;
}

static EVP_PKEY *key_of_file(const struct tls *tls, X509 *certificate, struct fault *fault)
{
    uint8_t *text = NULL;
    size_t len = 0;
    if (file_read_secret(tls->key, KEY_FILE_MAX, &text, &len, fault) != 0) {
        return NULL;
    }
    char nothing[] = "";
    BIO *bio = BIO_new_mem_buf(text, (int)len);
    EVP_PKEY *key = bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, NULL, nothing);
    BIO_free(bio);
    wipe(text, len);
    free(text);
    if (key == NULL || X509_check_private_key(certificate, key) != 1) {
        ERR_clear_error();
        (void)fault_set(fault, key == NULL ? "%s: no private key in PEM" : "%s: not the private key of %s", tls->key,
                        tls->cert);
        EVP_PKEY_free(key);
        return NULL;
    }
    return key;
}

EVP_PKEY *tls_key_open(const struct tls *tls, X509 *certificate, struct fault *fault)
{
    return tls->key[0] != '\0' ? key_of_file(tls, certificate, fault) : key_of_token(tls, certificate, fault);
}
