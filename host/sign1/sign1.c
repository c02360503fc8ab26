/* SPDX-License-Identifier: Apache-2.0 */
/* sign1: see sign1.h. */
#include "host/sign1/sign1.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include "wire/cose.h"

void sign1_sha256(struct bytes data, uint8_t digest[32])
{
    static const uint8_t none[1];
    (void)SHA256(data.len > 0 ? data.data : none, data.len, digest);
}

void sign1_kid(const uint8_t public_key[64], uint8_t kid[8])
{
    uint8_t digest[32];
    sign1_sha256(bytes_of(public_key, 64), digest);
    memcpy(kid, digest, 8);
}

/* NULL when the point is not on the curve. */
static EVP_PKEY *key_import(const uint8_t public_key[64])
{
    uint8_t point[65] = { 0x04 };
    char group[] = "P-256";
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    memcpy(point + 1, public_key, 64);
    OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
                            OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
                            OSSL_PARAM_construct_end() };
    if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1) {
        key = NULL;
    }
    EVP_PKEY_CTX_free(ctx);
    return key;
}

/* DER of a raw signature, to be freed by OPENSSL_free; its length, or 0. */
static int signature_encode(const uint8_t raw[64], uint8_t **der)
{
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw, 32, NULL);
    BIGNUM *s = BN_bin2bn(raw + 32, 32, NULL);
    int len = 0;
    if (sig != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(sig, r, s) == 1) {
        r = NULL;
        s = NULL;
        len = i2d_ECDSA_SIG(sig, der);
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(sig);
    return len > 0 ? len : 0;
}

status_t sign1_p256_verify(const uint8_t public_key[64], const uint8_t digest[32], const uint8_t signature[64])
{
    uint8_t *der = NULL;
    status_t status = STATUS_CRYPTO_SIGNATURE;
    EVP_PKEY *key = key_import(public_key);
    int der_len = signature_encode(signature, &der);
    EVP_PKEY_CTX *ctx = key != NULL ? EVP_PKEY_CTX_new(key, NULL) : NULL;
    if (key == NULL) {
        status = STATUS_CRYPTO_KEY;
    } else if (der_len > 0 && ctx != NULL && EVP_PKEY_verify_init(ctx) == 1 &&
               EVP_PKEY_verify(ctx, der, (size_t)der_len, digest, 32) == 1) {
        status = STATUS_OK;
    }
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
    OPENSSL_free(der);
    ERR_clear_error();
    return status;
}

status_t sign1_check(const struct sign1 *in, const uint8_t public_key[64], struct bytes *payload)
{
    struct cose_sign1 parsed;
    uint8_t kid[8];
    uint8_t structure[SIGN1_PAYLOAD_MAX + 256];
    uint8_t digest[32];
    status_t status = cose_sign1_parse(in->encoded, &parsed);
    if (status != STATUS_OK) {
        return status;
    }
    sign1_kid(public_key, kid);
    if (parsed.kid.data != NULL && !bytes_equal(parsed.kid, bytes_of(kid, sizeof kid))) {
        return STATUS_SUIT_KEY_UNKNOWN;
    }
    if ((parsed.payload.data == NULL) == (in->detached.data == NULL)) {
        return STATUS_MISSING_FIELD;
    }
    struct bytes content = in->detached.data != NULL ? in->detached : parsed.payload;
    struct cbor_writer w = cbor_writer_of(structure, sizeof structure);
    cose_sig_structure_build(in->external_aad, content, &w);
    if (w.status != STATUS_OK) {
        return STATUS_TOO_LONG;
    }
    sign1_sha256(cbor_written(&w), digest);
    status = sign1_p256_verify(public_key, digest, parsed.signature.data);
    if (status == STATUS_OK && payload != NULL) {
        *payload = content;
    }
    return status;
}
