/* SPDX-License-Identifier: Apache-2.0 */
/* tpm_check_chain: EK certificates (TCG EK Credential Profile) and their path to the TPM's maker. */
#include "host/pki/tpm_check_room.h"

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#define EK_USAGE "2.23.133.8.1" /* tcg-kp-EKCertificate */
#define CA_COUNT_MAX 64

/* 1 when the extended key usage has the purpose of an EK certificate. */
static int usage_is_ek(const X509 *x509)
{
    char text[64];
    int found = 0;
    EXTENDED_KEY_USAGE *usage = X509_get_ext_d2i(x509, NID_ext_key_usage, NULL, NULL);
    for (int i = 0; i < sk_ASN1_OBJECT_num(usage); i++) {
        (void)OBJ_obj2txt(text, sizeof text, sk_ASN1_OBJECT_value(usage, i), 1);
        found |= strcmp(text, EK_USAGE) == 0;
    }
    EXTENDED_KEY_USAGE_free(usage);
    return found;
}

static const char *ek_wrong(X509 *x509)
{
    EVP_PKEY *key = X509_get0_pubkey(x509);
    int rsa = key != NULL && EVP_PKEY_is_a(key, "RSA") && EVP_PKEY_get_bits(key) == 2048;
    int ecc = key != NULL && EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_bits(key) == 256;
    if (!rsa && !ecc) {
        return "its key is neither RSA 2048 nor NIST P-256";
    }
    if (X509_check_ca(x509) != 0) {
        return "it is a CA's";
    }
    if (!usage_is_ek(x509)) {
        return "its extended key usage is not that of an endorsement key";
    }
    if ((X509_get_key_usage(x509) & (uint32_t)(rsa ? KU_KEY_ENCIPHERMENT : KU_KEY_AGREEMENT)) == 0) {
        return "its key usage is not that of an endorsement key";
    }
    return NULL;
}

X509 *tpm_ek_parse(struct bytes der, struct fault *fault)
{
    const uint8_t *at = der.data;
    X509 *x509 = der.len > 4096 ? NULL : d2i_X509(NULL, &at, (long)der.len);
    if (x509 == NULL || at != der.data + der.len) {
        (void)fault_set(fault, "EK certificate: not a certificate");
    } else {
        const char *wrong = ek_wrong(x509);
        if (wrong == NULL) {
            return x509;
        }
        (void)fault_set(fault, "EK certificate: %s", wrong);
    }
    ERR_clear_error();
    X509_free(x509);
    return NULL;
}

/* What is self-signed in the file is a root; the rest may stand between. */
static int authorities_read(const char *path, X509_STORE *roots, STACK_OF(X509) * between, struct fault *fault)
{
    int count = 0;
    X509 *x509 = NULL;
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return fault_errno(fault, "%s", path);
    }
    while (count < CA_COUNT_MAX && (x509 = PEM_read_X509(file, NULL, NULL, NULL)) != NULL) {
        if (X509_self_signed(x509, 1) == 1) {
            count += X509_STORE_add_cert(roots, x509) == 1;
            X509_free(x509);
        } else if (sk_X509_push(between, x509) <= 0) {
            X509_free(x509);
        }
    }
    (void)fclose(file);
    ERR_clear_error();
    return count > 0 ? 0 : fault_set(fault, "%s: no root certificate (PEM) in it", path);
}

static int path_run(X509 *ek, X509_STORE *roots, STACK_OF(X509) * between, struct fault *fault)
{
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    int fine = context != NULL && X509_STORE_CTX_init(context, roots, ek, between) == 1;
    if (fine) {
        X509_VERIFY_PARAM_set_auth_level(X509_STORE_CTX_get0_param(context), 2);
        fine = X509_verify_cert(context) == 1;
    }
    if (!fine) {
        (void)fault_set(fault, "EK certificate: %s",
                        context == NULL ? "out of memory"
                                        : X509_verify_cert_error_string(X509_STORE_CTX_get_error(context)));
        (void)fault_hint(
            fault, "give with --tpm-ca the certificates of the TPM's maker, root first, as the maker publishes them");
    }
    X509_STORE_CTX_free(context);
    ERR_clear_error();
    return fine ? 0 : -1;
}

int tpm_ek_path_check(X509 *ek, const char *ca_pem, struct fault *fault)
{
    X509_STORE *roots = X509_STORE_new();
    STACK_OF(X509) *between = sk_X509_new_null();
    int result = roots == NULL || between == NULL ? fault_set(fault, "EK certificate: out of memory")
                                                  : authorities_read(ca_pem, roots, between, fault);
    if (result == 0) {
        result = path_run(ek, roots, between, fault);
    }
    sk_X509_pop_free(between, X509_free);
    X509_STORE_free(roots);
    return result;
}
