/* SPDX-License-Identifier: Apache-2.0 */
/* cert_sign: what OpenSSL encoded and the HSM signed, put together: certificates, requests, revocation lists. */
#include <string.h>

#include <openssl/ecdsa.h>
#include <openssl/evp.h>

#include "host/lib/cert_room.h"
#include "host/lib/p256.h"

/* ECDSA-Sig-Value (RFC 3279 section 2.2.3) from r and s; gives its length, or 0. */
static size_t signature_der(const uint8_t signature[64], uint8_t *out, size_t out_len)
{
    uint8_t *der = NULL;
    ECDSA_SIG *value = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(signature, 32, NULL);
    BIGNUM *s = BN_bin2bn(signature + 32, 32, NULL);
    if (value == NULL || ECDSA_SIG_set0(value, r, s) != 1) {
        BN_free(r);
        BN_free(s);
        ECDSA_SIG_free(value);
        return 0;
    }
    int len = i2d_ECDSA_SIG(value, &der);
    int fits = len > 0 && (size_t)len <= out_len;
    if (fits) {
        memcpy(out, der, (size_t)len);
    }
    OPENSSL_free(der);
    ECDSA_SIG_free(value);
    return fits ? (size_t)len : 0;
}

int cert_assemble(struct bytes tbs, const uint8_t signature[64], uint8_t *out, size_t out_max, size_t *out_len,
                  struct fault *fault)
{
    static const uint8_t algorithm[] = { 0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02 };
    uint8_t value[80];
    size_t value_len = signature_der(signature, value, sizeof value);
    if (value_len == 0) {
        return cert_openssl_fault(fault, "certificate: the token's signature is not one");
    }
    size_t content = tbs.len + sizeof algorithm + 3 + value_len;
    if (content + 6 > out_max) {
        return fault_set(fault, "certificate: longer than %zu bytes", out_max);
    }
    unsigned char *at = out;
    ASN1_put_object(&at, 1, (int)content, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
    memcpy(at, tbs.data, tbs.len);
    at += tbs.len;
    memcpy(at, algorithm, sizeof algorithm);
    at += sizeof algorithm;
    ASN1_put_object(&at, 0, (int)value_len + 1, V_ASN1_BIT_STRING, V_ASN1_UNIVERSAL);
    *at++ = 0;
    memcpy(at, value, value_len);
    *out_len = (size_t)(at + value_len - out);
    return 0;
}

int cert_sign(struct bytes tbs, struct hsm *hsm, const char *label, uint8_t *out, size_t out_max, size_t *out_len,
              struct fault *fault)
{
    uint8_t digest[32];
    uint8_t signature[64];
    p256_sha256(tbs, digest);
    if (hsm_sign(hsm, label, digest, signature, fault) != 0) {
        return -1;
    }
    return cert_assemble(tbs, signature, out, out_max, out_len, fault);
}
