/* SPDX-License-Identifier: Apache-2.0 */
/* tpm_check_credential: TPM2_MakeCredential without a TPM (TPM 2.0 Part 1 section 24, key derivation section 11.4.10,
 * secrets for a key annexes B.10 and C.6). */
#include "host/pki/tpm_check_room.h"

#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include "base/cbor.h"
#include "base/wipe.h"

#define SEED_LEN 32
#define LABEL_IDENTITY "IDENTITY"
#define WRAPPED_MAX 256

/* KDFa with SHA-256, at most 256 bits: HMAC(key, 1 || label || 0 || context || bits). */
static int kdfa(const uint8_t key[SEED_LEN], const char *label, struct bytes context, uint32_t bits, uint8_t *out)
{
    uint8_t text[4 + 16 + TPM_SHAPE_NAME_LEN + 4] = { 0, 0, 0, 1 };
    uint8_t full[32];
    unsigned full_len = sizeof full;
    size_t len = 4 + strlen(label) + 1;
    memcpy(text + 4, label, strlen(label));
    if (context.len > 0) {
        memcpy(text + len, context.data, context.len);
    }
    len += context.len;
    bytes_write_be16(text + len, 0);
    bytes_write_be16(text + len + 2, (uint16_t)bits);
    int fine = HMAC(EVP_sha256(), key, SEED_LEN, text, len + 4, full, &full_len) != NULL;
    memcpy(out, full, bits / 8);
    wipe(full, sizeof full);
    return fine;
}

/* ---- the seed, for the EK alone ---- */

static int seed_wrap_rsa(EVP_PKEY *ek, uint8_t seed[SEED_LEN], uint8_t *out, size_t *out_len)
{
    uint8_t *label = OPENSSL_memdup(LABEL_IDENTITY, sizeof LABEL_IDENTITY); /* its zero byte is part of it */
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(ek, NULL);
    *out_len = WRAPPED_MAX;
    int fine = label != NULL && ctx != NULL && RAND_bytes(seed, SEED_LEN) == 1 && EVP_PKEY_encrypt_init(ctx) == 1 &&
               EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
               EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_sha256()) == 1 &&
               EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha256()) == 1;
    if (fine && EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, label, sizeof LABEL_IDENTITY) == 1) {
        label = NULL; /* the context owns it */
        fine = EVP_PKEY_encrypt(ctx, out, out_len, seed, SEED_LEN) == 1;
    } else {
        fine = 0;
    }
    EVP_PKEY_CTX_free(ctx);
    OPENSSL_free(label);
    return fine;
}

static int point_get(EVP_PKEY *key, uint8_t point[65])
{
    size_t len = 0;
    return EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, 65, &len) == 1 && len == 65 &&
           point[0] == 4;
}

static int agree(EVP_PKEY *own, EVP_PKEY *ek, uint8_t z[32])
{
    size_t len = 32;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(own, NULL);
    int fine = ctx != NULL && EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer(ctx, ek) == 1 &&
               EVP_PKEY_derive(ctx, z, &len) == 1 && len == 32;
    EVP_PKEY_CTX_free(ctx);
    return fine;
}

/* KDFe: SHA-256(1 || Z || label || 0 || ephemeral X || EK X). */
static void kdfe(const uint8_t z[32], const uint8_t own[65], const uint8_t ek[65], uint8_t seed[SEED_LEN])
{
    uint8_t text[4 + 32 + sizeof LABEL_IDENTITY + 64] = { 0, 0, 0, 1 };
    memcpy(text + 4, z, 32);
    memcpy(text + 36, LABEL_IDENTITY, sizeof LABEL_IDENTITY);
    memcpy(text + 36 + sizeof LABEL_IDENTITY, own + 1, 32);
    memcpy(text + 68 + sizeof LABEL_IDENTITY, ek + 1, 32);
    (void)EVP_Digest(text, sizeof text, seed, NULL, EVP_sha256(), NULL);
    wipe(text, sizeof text);
}

static int seed_wrap_ecc(EVP_PKEY *ek, uint8_t seed[SEED_LEN], uint8_t *out, size_t *out_len)
{
    uint8_t z[32];
    uint8_t points[2][65];
    EVP_PKEY *own = EVP_EC_gen("P-256");
    int fine = own != NULL && agree(own, ek, z) && point_get(own, points[0]) && point_get(ek, points[1]);
    if (fine) {
        kdfe(z, points[0], points[1], seed);
        bytes_write_be16(out, 32);
        memcpy(out + 2, points[0] + 1, 32);
        bytes_write_be16(out + 34, 32);
        memcpy(out + 36, points[0] + 33, 32);
        *out_len = 68;
    }
    EVP_PKEY_free(own);
    wipe(z, sizeof z);
    return fine;
}

/* ---- the blob, for the attestation key alone ---- */

#define BLOB_LEN (2 + 32 + 2 + TPM_SHAPE_SECRET_LEN)

/* AES-128-CFB with a zero vector, in place. */
static int cfb_encrypt(const uint8_t key[16], uint8_t *data, int len)
{
    static const uint8_t zero[16];
    int done = 0;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int fine = ctx != NULL && EVP_EncryptInit_ex(ctx, EVP_aes_128_cfb128(), NULL, key, zero) == 1 &&
               EVP_EncryptUpdate(ctx, data, &done, data, len) == 1 && done == len;
    EVP_CIPHER_CTX_free(ctx);
    return fine;
}

/* TPMS_ID_OBJECT: HMAC (TPM2B), then the encrypted TPM2B of the secret. */
static int blob_build(const uint8_t seed[SEED_LEN], const uint8_t name[TPM_SHAPE_NAME_LEN],
                      const uint8_t secret[TPM_SHAPE_SECRET_LEN], uint8_t blob[BLOB_LEN])
{
    uint8_t key[16];
    uint8_t mac_key[32];
    uint8_t text[2 + TPM_SHAPE_SECRET_LEN + TPM_SHAPE_NAME_LEN];
    unsigned mac_len = 32;
    bytes_write_be16(text, TPM_SHAPE_SECRET_LEN);
    memcpy(text + 2, secret, TPM_SHAPE_SECRET_LEN);
    memcpy(text + 2 + TPM_SHAPE_SECRET_LEN, name, TPM_SHAPE_NAME_LEN);
    bytes_write_be16(blob, 32);
    int fine = kdfa(seed, "STORAGE", bytes_of(name, TPM_SHAPE_NAME_LEN), 128, key) &&
               kdfa(seed, "INTEGRITY", bytes_of(NULL, 0), 256, mac_key) &&
               cfb_encrypt(key, text, 2 + TPM_SHAPE_SECRET_LEN) &&
               HMAC(EVP_sha256(), mac_key, sizeof mac_key, text, sizeof text, blob + 2, &mac_len) != NULL;
    memcpy(blob + 34, text, 2 + TPM_SHAPE_SECRET_LEN);
    wipe(key, sizeof key);
    wipe(mac_key, sizeof mac_key);
    wipe(text, sizeof text);
    return fine;
}

/* AES-256-GCM; the key is used once, so the nonce is zero. `out` gets ciphertext and tag. */
static int certificate_seal(const uint8_t secret[TPM_SHAPE_SECRET_LEN], struct bytes certificate, uint8_t *out)
{
    static const uint8_t nonce[12];
    int len = 0;
    int rest = 0;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int fine = ctx != NULL && EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, secret, nonce) == 1 &&
               EVP_EncryptUpdate(ctx, out, &len, certificate.data, (int)certificate.len) == 1 &&
               EVP_EncryptFinal_ex(ctx, out + len, &rest) == 1 &&
               EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TPM_SHAPE_TAG_LEN, out + certificate.len) == 1;
    EVP_CIPHER_CTX_free(ctx);
    return fine;
}

/* ---- all of it ---- */

struct parts {
    uint8_t blob[BLOB_LEN];
    uint8_t wrapped[WRAPPED_MAX];
    size_t wrapped_len;
    uint8_t sealed[1536 + TPM_SHAPE_TAG_LEN];
};

static int parts_make(EVP_PKEY *ek, const struct tpm_enrolment *enrolment, struct bytes certificate, struct parts *out)
{
    uint8_t seed[SEED_LEN];
    uint8_t secret[TPM_SHAPE_SECRET_LEN];
    int fine = RAND_bytes(secret, sizeof secret) == 1 &&
               (EVP_PKEY_is_a(ek, "RSA") ? seed_wrap_rsa(ek, seed, out->wrapped, &out->wrapped_len)
                                         : seed_wrap_ecc(ek, seed, out->wrapped, &out->wrapped_len)) &&
               blob_build(seed, enrolment->attestation_name, secret, out->blob) &&
               certificate_seal(secret, certificate, out->sealed);
    wipe(seed, sizeof seed);
    wipe(secret, sizeof secret);
    ERR_clear_error();
    return fine;
}

int tpm_credential_build(const struct tpm_enrolment *enrolment, struct bytes grant_certificate, uint8_t *out,
                         size_t *out_len, struct fault *fault)
{
    struct parts parts;
    if (grant_certificate.len == 0 || grant_certificate.len > 1536) {
        return fault_set(fault, "credential: a grant certificate has 1 to 1536 bytes, not %zu", grant_certificate.len);
    }
    X509 *ek = tpm_ek_parse(enrolment->ek_certificate, fault);
    if (ek == NULL) {
        return -1;
    }
    int fine = parts_make(X509_get0_pubkey(ek), enrolment, grant_certificate, &parts);
    X509_free(ek);
    if (!fine) {
        return fault_set(fault, "credential: it cannot be made for this EK certificate");
    }
    struct cbor_writer w = cbor_writer_of(out, TPM_CHECK_CREDENTIAL_MAX);
    cbor_write_map(&w, 3);
    cbor_write_uint(&w, 1);
    cbor_write_bstr(&w, bytes_of(parts.blob, sizeof parts.blob));
    cbor_write_uint(&w, 2);
    cbor_write_bstr(&w, bytes_of(parts.wrapped, parts.wrapped_len));
    cbor_write_uint(&w, 3);
    cbor_write_bstr(&w, bytes_of(parts.sealed, grant_certificate.len + TPM_SHAPE_TAG_LEN));
    *out_len = w.len;
    return w.status == STATUS_OK ? 0 : fault_status(fault, "credential", w.status);
}
