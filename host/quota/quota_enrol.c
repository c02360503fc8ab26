/* SPDX-License-Identifier: Apache-2.0 */
/* quota_enrol: what makes the maker believe in this TPM: its EK certificate, and the credential that only it opens. */
#include "host/quota/quota_room.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <tss2/tss2_mu.h>

#include "base/cbor.h"
#include "base/wipe.h"

#define NV_PIECE 512
#define EK_CERTIFICATE_MAX 2048
/* TCG EK Credential Profile: where the TPM's maker puts certificates of the default keys. */
#define EK_CERTIFICATE_RSA 0x01C00002
#define EK_CERTIFICATE_ECC 0x01C0000A

/* ---- the EK ---- */

/* Length of the DER object at the start of `der`: the NV area may be longer than the certificate. 0: none. */
static size_t der_len(const uint8_t *der, size_t len)
{
    if (len < 4 || der[0] != 0x30 || der[1] != 0x82) {
        return 0;
    }
    size_t whole = 4u + bytes_read_be16(der + 2);
    return whole <= len ? whole : 0;
}

/* 0, -1, or 1 when there is none at this index. */
static int ek_certificate_read(struct quota *quota, TPMI_RH_NV_INDEX index, uint8_t *out, size_t *out_len,
                               struct fault *fault)
{
    TPM2B_NV_PUBLIC area = { .size = 0 };
    TPM2B_NAME name = { .size = 0 };
    TPM2B_MAX_NV_BUFFER piece;
    TSS2_RC code = Tss2_Sys_NV_ReadPublic(quota->link.sys, index, NULL, &area, &name, NULL);
    if (quota_link_is(code, TPM2_RC_HANDLE)) {
        return 1;
    }
    size_t whole = area.nvPublic.dataSize;
    if (code == TSS2_RC_SUCCESS && whole > EK_CERTIFICATE_MAX) {
        return fault_set(fault, "TPM: its EK certificate has %zu bytes, more than %d", whole, EK_CERTIFICATE_MAX);
    }
    for (size_t at = 0; code == TSS2_RC_SUCCESS && at < whole; at += piece.size) {
        memset(&piece, 0, sizeof piece);
        UINT16 part = (UINT16)(whole - at < NV_PIECE ? whole - at : NV_PIECE);
        code = Tss2_Sys_NV_Read(quota->link.sys, index, index, &quota_link_password, part, (UINT16)at, &piece, NULL);
        if (code == TSS2_RC_SUCCESS && piece.size != part) {
            code = TSS2_SYS_RC_MALFORMED_RESPONSE;
        }
        memcpy(out + at, piece.buffer, code == TSS2_RC_SUCCESS ? piece.size : 0);
    }
    if (code != TSS2_RC_SUCCESS) {
        return quota_link_fault(&quota->link, fault, "reading its EK certificate", code);
    }
    *out_len = der_len(out, whole);
    return *out_len > 0 ? 0 : fault_set(fault, "TPM: what NV index 0x%08x holds is no EK certificate", index);
}

/* The EK certificate, and which default key it is about. */
static int ek_find(struct quota *quota, uint8_t *out, size_t *out_len, int *is_ecc, struct fault *fault)
{
    *is_ecc = 0;
    int found = ek_certificate_read(quota, EK_CERTIFICATE_RSA, out, out_len, fault);
    if (found == 1) {
        *is_ecc = 1;
        found = ek_certificate_read(quota, EK_CERTIFICATE_ECC, out, out_len, fault);
    }
    if (found == 1) {
        (void)fault_set(fault, "TPM: it holds no EK certificate (RSA 2048 or NIST P-256)");
        return fault_hint(fault,
                          "only a TPM that its maker certified can be enrolled; a simulator gets one from swtpm_setup "
                          "--create-ek-cert");
    }
    return found;
}

/* Templates L-1 and L-2 of the TCG EK Credential Profile. */
static void ek_template(int is_ecc, TPM2B_PUBLIC *out)
{
    /* PolicySecret of the endorsement hierarchy */
    static const uint8_t policy[32] = { 0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xB3, 0xF8, 0x1A, 0x90, 0xCC,
                                        0x8D, 0x46, 0xA5, 0xD7, 0x24, 0xFD, 0x52, 0xD7, 0x6E, 0x06, 0x52,
                                        0x0B, 0x64, 0xF2, 0xA1, 0xDA, 0x1B, 0x33, 0x14, 0x69, 0xAA };
    const TPMT_SYM_DEF_OBJECT cipher = { .algorithm = TPM2_ALG_AES, .keyBits.aes = 128, .mode.aes = TPM2_ALG_CFB };
    TPMT_PUBLIC *area = &out->publicArea;
    memset(out, 0, sizeof *out);
    area->type = is_ecc ? TPM2_ALG_ECC : TPM2_ALG_RSA;
    area->nameAlg = TPM2_ALG_SHA256;
    area->objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |
                             TPMA_OBJECT_ADMINWITHPOLICY | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT;
    area->authPolicy.size = sizeof policy;
    memcpy(area->authPolicy.buffer, policy, sizeof policy);
    if (is_ecc) {
        area->parameters.eccDetail.symmetric = cipher;
        area->parameters.eccDetail.scheme.scheme = TPM2_ALG_NULL;
        area->parameters.eccDetail.curveID = TPM2_ECC_NIST_P256;
        area->parameters.eccDetail.kdf.scheme = TPM2_ALG_NULL;
        area->unique.ecc.x.size = 32;
        area->unique.ecc.y.size = 32;
    } else {
        area->parameters.rsaDetail.symmetric = cipher;
        area->parameters.rsaDetail.scheme.scheme = TPM2_ALG_NULL;
        area->parameters.rsaDetail.keyBits = 2048;
        area->unique.rsa.size = 256;
    }
}

static TSS2_RC ek_make(struct quota *quota, int is_ecc, TPM2_HANDLE *handle)
{
    const TPM2B_SENSITIVE_CREATE no_secret = { .size = 0 };
    const TPM2B_DATA nothing = { .size = 0 };
    const TPML_PCR_SELECTION no_pcr = { .count = 0 };
    TPM2B_PUBLIC template;
    TPM2B_PUBLIC area = { .size = 0 };
    TPM2B_CREATION_DATA data = { .size = 0 };
    TPM2B_DIGEST hash = { .size = 0 };
    TPMT_TK_CREATION ticket;
    TPM2B_NAME name = { .size = 0 };
    memset(&ticket, 0, sizeof ticket);
    ek_template(is_ecc, &template);
    return Tss2_Sys_CreatePrimary(quota->link.sys, TPM2_RH_ENDORSEMENT, &quota_link_password, &no_secret, &template,
                                  &nothing, &no_pcr, handle, &area, &data, &hash, &ticket, &name, NULL);
}

/* ---- enrolment ---- */

struct enrolment {
    uint8_t certificate[EK_CERTIFICATE_MAX];
    size_t certificate_len;
    uint8_t keys[2][TPM_SHAPE_KEY_MAX]; /* grant, attestation */
    size_t key_lens[2];
    struct quota_statement statement;
    uint8_t index[TPM_SHAPE_INDEX_LEN];
};

static int enrolment_encode(const struct enrolment *e, uint8_t *block, size_t *block_len, struct fault *fault)
{
    const struct bytes fields[6] = { bytes_of(e->certificate, e->certificate_len),
                                     bytes_of(e->keys[TPM_SHAPE_KEY_ATTESTATION],
                                              e->key_lens[TPM_SHAPE_KEY_ATTESTATION]),
                                     bytes_of(e->keys[TPM_SHAPE_KEY_GRANT], e->key_lens[TPM_SHAPE_KEY_GRANT]),
                                     bytes_of(e->statement.attest, e->statement.attest_len),
                                     bytes_of(e->statement.signature, 64),
                                     bytes_of(e->index, sizeof e->index) };
    struct cbor_writer w = cbor_writer_of(block, QUOTA_ENROLMENT_MAX);
    cbor_write_map(&w, 6);
    for (size_t i = 0; i < 6; i++) {
        cbor_write_uint(&w, i + 1);
        cbor_write_bstr(&w, fields[i]);
    }
    *block_len = w.len;
    return w.status == STATUS_OK ? 0 : fault_status(fault, "enrolment", w.status);
}

static int enrolment_collect(struct quota *quota, struct enrolment *e, struct fault *fault)
{
    uint8_t point[64];
    uint8_t qualifying[32];
    int is_ecc;
    if (ek_find(quota, e->certificate, &e->certificate_len, &is_ecc, fault) != 0) {
        return -1;
    }
    for (int kind = 0; kind < 2; kind++) {
        int found = quota_key_read(quota, (enum tpm_shape_key)kind, e->keys[kind], &e->key_lens[kind], point, fault);
        if (found != 0) {
            return found < 0 ? -1
                             : fault_set(fault, "TPM: it holds no %s", kind == 0 ? "grant key" : "attestation key");
        }
    }
    tpm_shape_index(quota->quota_key, 0, e->index);
    tpm_shape_enrolment(bytes_of(e->certificate, e->certificate_len), qualifying);
    TSS2_RC code = quota_state_grant(quota, qualifying, &e->statement);
    return code == TSS2_RC_SUCCESS
               ? 0
               : quota_link_fault(&quota->link, fault, "stating that the grant key is its own", code);
}

int quota_enrolment_build(struct quota *quota, uint8_t *block, size_t *block_len, struct fault *fault)
{
    struct enrolment e;
    (void)pthread_mutex_lock(&quota->lock);
    int result = quota_connect(quota, fault);
    if (result == 0) {
        result = enrolment_collect(quota, &e, fault);
    }
    (void)pthread_mutex_unlock(&quota->lock);
    return result == 0 ? enrolment_encode(&e, block, block_len, fault) : -1;
}

/* ---- credential ---- */

struct credential {
    struct bytes blob;   /* TPMS_ID_OBJECT */
    struct bytes secret; /* for the EK */
    struct bytes sealed; /* certificate, then tag */
};

static int credential_parse(struct bytes text, struct credential *out, struct fault *fault)
{
    struct bytes *const fields[3] = { &out->blob, &out->secret, &out->sealed };
    int64_t key;
    unsigned seen = 0;
    struct cbor_reader r = cbor_reader_of(text);
    struct cbor_map map = cbor_read_map(&r);
    while (cbor_map_next(&map, &key)) {
        if (key < 1 || key > 3) {
            cbor_fail(&r, STATUS_UNKNOWN_FIELD);
            break;
        }
        *fields[key - 1] = cbor_read_bstr(&r);
        seen++;
    }
    status_t status = cbor_reader_finish(&r);
    if (status != STATUS_OK || seen != 3) {
        return fault_status(fault, "credential", status != STATUS_OK ? status : STATUS_MISSING_FIELD);
    }
    if (out->blob.len > sizeof(TPMS_ID_OBJECT) || out->secret.len > sizeof(TPMU_ENCRYPTED_SECRET) ||
        out->sealed.len <= TPM_SHAPE_TAG_LEN || out->sealed.len - TPM_SHAPE_TAG_LEN > QUOTA_CERTIFICATE_MAX) {
        return fault_status(fault, "credential", STATUS_TOO_LONG);
    }
    return 0;
}

static TSS2_RC credential_activate(struct quota *quota, TPM2_HANDLE ek, const struct credential *credential,
                                   TPM2B_DIGEST *secret)
{
    const TPM2B_NONCE none = { .size = 0 };
    TPMI_SH_AUTH_SESSION session;
    TPM2B_NONCE nonce;
    TPM2B_TIMEOUT timeout = { .size = 0 };
    TPMT_TK_AUTH ticket;
    TPM2B_ID_OBJECT blob = { .size = (UINT16)credential->blob.len };
    TPM2B_ENCRYPTED_SECRET wrapped = { .size = (UINT16)credential->secret.len };
    memset(&ticket, 0, sizeof ticket);
    memcpy(blob.credential, credential->blob.data, credential->blob.len);
    memcpy(wrapped.secret, credential->secret.data, credential->secret.len);
    TSS2_RC code = quota_link_session(&quota->link, 16, &session, &nonce);
    if (code == TSS2_RC_SUCCESS) {
        code = Tss2_Sys_PolicySecret(quota->link.sys, TPM2_RH_ENDORSEMENT, session, &quota_link_password, &none,
                                     (const TPM2B_DIGEST *)&none, &none, 0, &timeout, &ticket, NULL);
    }
    const TSS2L_SYS_AUTH_COMMAND both = { .count = 2,
                                          .auths = { { .sessionHandle = TPM2_RS_PW }, { .sessionHandle = session } } };
    return code == TSS2_RC_SUCCESS ? Tss2_Sys_ActivateCredential(quota->link.sys, TPM_SHAPE_ATTESTATION, ek, &both,
                                                                 &blob, &wrapped, secret, NULL)
                                   : code;
}

/* AES-256-GCM; the key is used once, so the nonce is zero. */
static int certificate_open(struct bytes sealed, const uint8_t key[TPM_SHAPE_SECRET_LEN], uint8_t *out, size_t *out_len)
{
    static const uint8_t nonce[12];
    uint8_t tag[TPM_SHAPE_TAG_LEN];
    int len = 0;
    int rest = 0;
    int text_len = (int)(sealed.len - TPM_SHAPE_TAG_LEN);
    memcpy(tag, sealed.data + text_len, sizeof tag);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int fine = ctx != NULL && EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, nonce) == 1 &&
               EVP_DecryptUpdate(ctx, out, &len, sealed.data, text_len) == 1 &&
               EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, (int)sizeof tag, tag) == 1 &&
               EVP_DecryptFinal_ex(ctx, out + len, &rest) == 1;
    EVP_CIPHER_CTX_free(ctx);
    *out_len = fine ? (size_t)(len + rest) : 0;
    return fine;
}

static int credential_secret(struct quota *quota, const struct credential *credential, TPM2B_DIGEST *secret,
                             struct fault *fault)
{
    uint8_t certificate[EK_CERTIFICATE_MAX];
    size_t len;
    int is_ecc;
    TPM2_HANDLE ek;
    if (ek_find(quota, certificate, &len, &is_ecc, fault) != 0) {
        return -1;
    }
    TSS2_RC code = ek_make(quota, is_ecc, &ek);
    if (code != TSS2_RC_SUCCESS) {
        return quota_link_fault(&quota->link, fault, "making its endorsement key", code);
    }
    code = credential_activate(quota, ek, credential, secret);
    quota_link_close(&quota->link); /* flushes the endorsement key and the session when it is opened again */
    if (code == TSS2_RC_SUCCESS && secret->size == TPM_SHAPE_SECRET_LEN) {
        return 0;
    }
    if ((code & TSS2_RC_LAYER_MASK) != TSS2_TPM_RC_LAYER) {
        return quota_link_fault(&quota->link, fault, "opening the credential", code);
    }
    (void)fault_set(fault,
                    "credential: this TPM does not open it (0x%x): it was made for another TPM or key, or changed",
                    (unsigned)code);
    return fault_hint(fault, "take the file that 'windlass pki appliance' made for this appliance's newest request");
}

int quota_credential_open(struct quota *quota, struct bytes credential, uint8_t *certificate, size_t *certificate_len,
                          struct fault *fault)
{
    struct credential parsed;
    TPM2B_DIGEST secret = { .size = 0 };
    if (credential_parse(credential, &parsed, fault) != 0) {
        return -1;
    }
    (void)pthread_mutex_lock(&quota->lock);
    int result = quota_connect(quota, fault);
    if (result == 0) {
        result = credential_secret(quota, &parsed, &secret, fault);
    }
    (void)pthread_mutex_unlock(&quota->lock);
    if (result == 0 && !certificate_open(parsed.sealed, secret.buffer, certificate, certificate_len)) {
        result = fault_set(fault, "credential: its certificate was changed");
    }
    wipe(&secret, sizeof secret);
    return result;
}
