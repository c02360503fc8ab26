/* SPDX-License-Identifier: Apache-2.0 */
/* quota_keys: index and keys in the TPM: read, made, and what the attestation key states about them. */
#include "host/quota/quota_room.h"

#include <string.h>

#include <tss2/tss2_mu.h>

static const char *const key_names[] = {
    [TPM_SHAPE_KEY_GRANT] = "grant key", [TPM_SHAPE_KEY_ATTESTATION] = "attestation key"
};

TPMI_DH_PERSISTENT quota_key_handle(enum tpm_shape_key kind)
{
    return kind == TPM_SHAPE_KEY_GRANT ? TPM_SHAPE_GRANT : TPM_SHAPE_ATTESTATION;
}

/* ---- the index ---- */

static int index_public_read(struct quota *quota, struct quota_index *out, struct fault *fault)
{
    uint8_t wanted[2][TPM_SHAPE_INDEX_LEN];
    uint8_t found[128];
    size_t len = 0;
    TPM2B_NV_PUBLIC area = { .size = 0 };
    TPM2B_NAME name = { .size = 0 };
    TSS2_RC code = Tss2_Sys_NV_ReadPublic(quota->link.sys, TPM_SHAPE_INDEX, NULL, &area, &name, NULL);
    memset(out, 0, sizeof *out);
    if (quota_link_is(code, TPM2_RC_HANDLE)) {
        return 0;
    }
    if (code != TSS2_RC_SUCCESS) {
        return quota_link_fault(&quota->link, fault, "reading about the quota's index", code);
    }
    tpm_shape_index(quota->quota_key, 0, wanted[0]);
    tpm_shape_index(quota->quota_key, 1, wanted[1]);
    code = Tss2_MU_TPMS_NV_PUBLIC_Marshal(&area.nvPublic, found, sizeof found, &len);
    for (int written = 0; code == TSS2_RC_SUCCESS && written < 2; written++) {
        if (bytes_equal(bytes_of(found, len), bytes_of(wanted[written], TPM_SHAPE_INDEX_LEN))) {
            out->there = 1;
            out->written = written;
            return 0;
        }
    }
    (void)fault_set(fault,
                    "TPM: NV index 0x%08x is there but not as it must be: other attributes, or of another maker's key",
                    TPM_SHAPE_INDEX);
    return fault_hint(fault, "if it is of no use to anybody: tpm2_nvundefine 0x%08x, then 'windlassd init'",
                      TPM_SHAPE_INDEX);
}

int quota_index_read(struct quota *quota, struct quota_index *out, struct fault *fault)
{
    TPM2B_MAX_NV_BUFFER data = { .size = 0 };
    if (index_public_read(quota, out, fault) != 0) {
        return -1;
    }
    if (!out->written) {
        return 0;
    }
    TSS2_RC code =
        Tss2_Sys_NV_Read(quota->link.sys, TPM2_RH_OWNER, TPM_SHAPE_INDEX, &quota_link_password, 8, 0, &data, NULL);
    if (code != TSS2_RC_SUCCESS || data.size != 8) {
        return quota_link_fault(&quota->link, fault, "reading count and limit as owner", code);
    }
    out->count = (uint32_t)bytes_read_be16(data.buffer) << 16 | bytes_read_be16(data.buffer + 2);
    out->limit = (uint32_t)bytes_read_be16(data.buffer + 4) << 16 | bytes_read_be16(data.buffer + 6);
    return 0;
}

static int index_make(struct quota *quota, struct fault *fault)
{
    struct quota_index index;
    uint8_t bytes[TPM_SHAPE_INDEX_LEN];
    size_t at = 0;
    const TPM2B_AUTH no_secret = { .size = 0 };
    TPM2B_NV_PUBLIC area = { .size = 0 };
    if (quota_index_read(quota, &index, fault) != 0 || index.there) {
        return index.there ? 0 : -1;
    }
    tpm_shape_index(quota->quota_key, 0, bytes);
    TSS2_RC code = Tss2_MU_TPMS_NV_PUBLIC_Unmarshal(bytes, sizeof bytes, &at, &area.nvPublic);
    if (code == TSS2_RC_SUCCESS) {
        code = Tss2_Sys_NV_DefineSpace(quota->link.sys, TPM2_RH_OWNER, &quota_link_password, &no_secret, &area, NULL);
    }
    if (quota_link_is(code, TPM2_RC_ATTRIBUTES)) {
        (void)quota_link_fault(&quota->link, fault, "making the quota's index", code);
        return fault_hint(fault,
                          "a TPM of revision 1.38 or later is needed: this one may know no index of type PIN Pass");
    }
    return code == TSS2_RC_SUCCESS ? 0
                                   : quota_link_fault(&quota->link, fault, "making the quota's index as owner", code);
}

/* ---- keys ---- */

int quota_public_build(const struct quota *quota, enum tpm_shape_key kind, const uint8_t *point, TPM2B_PUBLIC *out,
                       struct fault *fault)
{
    uint8_t bytes[TPM_SHAPE_KEY_MAX] = { 0 };
    size_t at = 0;
    size_t len = point == NULL ? tpm_shape_key_head(kind, quota->quota_key, bytes) + 4 /* an empty point */
                               : tpm_shape_key(kind, quota->quota_key, point, bytes);
    memset(out, 0, sizeof *out);
    TSS2_RC code = Tss2_MU_TPMT_PUBLIC_Unmarshal(bytes, len, &at, &out->publicArea);
    return code == TSS2_RC_SUCCESS
               ? 0
               : fault_set(fault, "quota: a key's template is not understood (0x%x)", (unsigned)code);
}

static int point_take(const TPMS_ECC_POINT *from, uint8_t point[64])
{
    if (from->x.size > 32 || from->y.size > 32) {
        return 0;
    }
    memset(point, 0, 64);
    memcpy(point + 32 - from->x.size, from->x.buffer, from->x.size);
    memcpy(point + 64 - from->y.size, from->y.buffer, from->y.size);
    return 1;
}

int quota_key_read(struct quota *quota, enum tpm_shape_key kind, uint8_t *out, size_t *out_len, uint8_t point[64],
                   struct fault *fault)
{
    uint8_t head[TPM_SHAPE_KEY_MAX];
    TPM2B_PUBLIC area = { .size = 0 };
    TPM2B_NAME name = { .size = 0 };
    TPM2B_NAME qualified = { .size = 0 };
    TSS2_RC code = Tss2_Sys_ReadPublic(quota->link.sys, quota_key_handle(kind), NULL, &area, &name, &qualified, NULL);
    if (quota_link_is(code, TPM2_RC_HANDLE)) {
        return 1;
    }
    if (code != TSS2_RC_SUCCESS) {
        return quota_link_fault(&quota->link, fault, key_names[kind], code);
    }
    *out_len = 0;
    code = Tss2_MU_TPMT_PUBLIC_Marshal(&area.publicArea, out, TPM_SHAPE_KEY_MAX, out_len);
    size_t head_len = tpm_shape_key_head(kind, quota->quota_key, head);
    if (code != TSS2_RC_SUCCESS || *out_len < head_len || memcmp(out, head, head_len) != 0 ||
        !point_take(&area.publicArea.unique.ecc, point)) {
        (void)fault_set(fault, "TPM: handle 0x%08x holds something else than the %s of this maker's appliance",
                        quota_key_handle(kind), key_names[kind]);
        return fault_hint(fault, "if it is of no use to anybody: tpm2_evictcontrol -c 0x%08x, then 'windlassd init'",
                          quota_key_handle(kind));
    }
    return 0;
}

/* A storage key in the owner's hierarchy: parent of the grant key, made anew each time from the TPM's own seed. */
static TSS2_RC storage_make(struct quota *quota, TPM2_HANDLE *handle)
{
    const TPM2B_SENSITIVE_CREATE no_secret = { .size = 0 };
    const TPM2B_DATA nothing = { .size = 0 };
    const TPML_PCR_SELECTION no_pcr = { .count = 0 };
    TPM2B_PUBLIC area = { .size = 0 };
    TPM2B_NAME name = { .size = 0 };
    TPM2B_PUBLIC template = { .publicArea = { .type = TPM2_ALG_ECC,
                                              .nameAlg = TPM2_ALG_SHA256,
                                              .objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                                                                  TPMA_OBJECT_SENSITIVEDATAORIGIN |
                                                                  TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA |
                                                                  TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT,
                                              .parameters.eccDetail = { .symmetric = { .algorithm = TPM2_ALG_AES,
                                                                                       .keyBits.aes = 128,
                                                                                       .mode.aes = TPM2_ALG_CFB },
                                                                        .scheme.scheme = TPM2_ALG_NULL,
                                                                        .curveID = TPM2_ECC_NIST_P256,
                                                                        .kdf.scheme = TPM2_ALG_NULL } } };
    TPM2B_CREATION_DATA data = { .size = 0 };
    TPM2B_DIGEST hash = { .size = 0 };
    TPMT_TK_CREATION ticket;
    memset(&ticket, 0, sizeof ticket);
    return Tss2_Sys_CreatePrimary(quota->link.sys, TPM2_RH_OWNER, &quota_link_password, &no_secret, &template, &nothing,
                                  &no_pcr, handle, &area, &data, &hash, &ticket, &name, NULL);
}

static TSS2_RC grant_make(struct quota *quota, const TPM2B_PUBLIC *template, TPM2_HANDLE *handle)
{
    const TPM2B_SENSITIVE_CREATE no_secret = { .size = 0 };
    const TPM2B_DATA nothing = { .size = 0 };
    const TPML_PCR_SELECTION no_pcr = { .count = 0 };
    TPM2_HANDLE parent = 0;
    TPM2B_PRIVATE sealed = { .size = 0 };
    TPM2B_PUBLIC area = { .size = 0 };
    TPM2B_CREATION_DATA data = { .size = 0 };
    TPM2B_DIGEST hash = { .size = 0 };
    TPMT_TK_CREATION ticket;
    TPM2B_NAME name = { .size = 0 };
    memset(&ticket, 0, sizeof ticket);
    TSS2_RC code = storage_make(quota, &parent);
    if (code != TSS2_RC_SUCCESS) {
        return code;
    }
    code = Tss2_Sys_Create(quota->link.sys, parent, &quota_link_password, &no_secret, template, &nothing, &no_pcr,
                           &sealed, &area, &data, &hash, &ticket, NULL);
    if (code == TSS2_RC_SUCCESS) {
        code = Tss2_Sys_Load(quota->link.sys, parent, &quota_link_password, &sealed, &area, handle, &name, NULL);
    }
    TSS2_RC flushed = Tss2_Sys_FlushContext(quota->link.sys, parent);
    return code == TSS2_RC_SUCCESS ? flushed : code;
}

static TSS2_RC attestation_make(struct quota *quota, const TPM2B_PUBLIC *template, TPM2_HANDLE *handle)
{
    const TPM2B_SENSITIVE_CREATE no_secret = { .size = 0 };
    const TPM2B_DATA nothing = { .size = 0 };
    const TPML_PCR_SELECTION no_pcr = { .count = 0 };
    TPM2B_PUBLIC area = { .size = 0 };
    TPM2B_CREATION_DATA data = { .size = 0 };
    TPM2B_DIGEST hash = { .size = 0 };
    TPMT_TK_CREATION ticket;
    TPM2B_NAME name = { .size = 0 };
    memset(&ticket, 0, sizeof ticket);
    return Tss2_Sys_CreatePrimary(quota->link.sys, TPM2_RH_ENDORSEMENT, &quota_link_password, &no_secret, template,
                                  &nothing, &no_pcr, handle, &area, &data, &hash, &ticket, &name, NULL);
}

static int key_make(struct quota *quota, enum tpm_shape_key kind, struct fault *fault)
{
    uint8_t public_area[TPM_SHAPE_KEY_MAX];
    uint8_t point[64];
    size_t len;
    TPM2B_PUBLIC template;
    TPM2_HANDLE handle = 0;
    int missing = quota_key_read(quota, kind, public_area, &len, point, fault);
    if (missing != 1) {
        return missing;
    }
    if (quota_public_build(quota, kind, NULL, &template, fault) != 0) {
        return -1;
    }
    TSS2_RC code = kind == TPM_SHAPE_KEY_GRANT ? grant_make(quota, &template, &handle)
                                               : attestation_make(quota, &template, &handle);
    if (code == TSS2_RC_SUCCESS) {
        code = Tss2_Sys_EvictControl(quota->link.sys, TPM2_RH_OWNER, handle, &quota_link_password,
                                     quota_key_handle(kind), NULL);
    }
    if (code == TSS2_RC_SUCCESS) {
        code = Tss2_Sys_FlushContext(quota->link.sys, handle);
    }
    return code == TSS2_RC_SUCCESS ? 0 : quota_link_fault(&quota->link, fault, key_names[kind], code);
}

int quota_make(const struct quota_config *config, struct fault *fault)
{
    struct quota quota;
    if (quota_config_take(config, &quota, fault) != 0) {
        return -1;
    }
    int result = quota_link_open(&quota.link, quota.tcti, quota.seconds, fault);
    if (result == 0) {
        result = index_make(&quota, fault);
    }
    if (result == 0) {
        result = key_make(&quota, TPM_SHAPE_KEY_ATTESTATION, fault);
    }
    if (result == 0) {
        result = key_make(&quota, TPM_SHAPE_KEY_GRANT, fault);
    }
    quota_link_close(&quota.link);
    (void)pthread_mutex_destroy(&quota.lock);
    return result;
}

/* ---- statements ---- */

int quota_signature_raw(const TPMT_SIGNATURE *signature, uint8_t raw[64])
{
    const TPMS_SIGNATURE_ECDSA *pair = &signature->signature.ecdsa;
    if (signature->sigAlg != TPM2_ALG_ECDSA || pair->signatureR.size > 32 || pair->signatureS.size > 32) {
        return 0;
    }
    memset(raw, 0, 64);
    memcpy(raw + 32 - pair->signatureR.size, pair->signatureR.buffer, pair->signatureR.size);
    memcpy(raw + 64 - pair->signatureS.size, pair->signatureS.buffer, pair->signatureS.size);
    return 1;
}

static TSS2_RC statement_take(TSS2_RC code, const TPM2B_ATTEST *attest, const TPMT_SIGNATURE *signature,
                              struct quota_statement *out)
{
    if (code != TSS2_RC_SUCCESS) {
        return code;
    }
    if (attest->size > sizeof out->attest || !quota_signature_raw(signature, out->signature)) {
        return TSS2_SYS_RC_MALFORMED_RESPONSE;
    }
    memcpy(out->attest, attest->attestationData, attest->size);
    out->attest_len = attest->size;
    return TSS2_RC_SUCCESS;
}

static const TSS2L_SYS_AUTH_COMMAND two_passwords = {
    .count = 2, .auths = { { .sessionHandle = TPM2_RS_PW }, { .sessionHandle = TPM2_RS_PW } }
};

TSS2_RC quota_state_grant(struct quota *quota, const uint8_t qualifying[32], struct quota_statement *out)
{
    const TPMT_SIG_SCHEME of_key = { .scheme = TPM2_ALG_NULL };
    TPM2B_DATA data = { .size = 32 };
    TPM2B_ATTEST attest = { .size = 0 };
    TPMT_SIGNATURE signature;
    memset(&signature, 0, sizeof signature);
    memcpy(data.buffer, qualifying, 32);
    TSS2_RC code = Tss2_Sys_Certify(quota->link.sys, TPM_SHAPE_GRANT, TPM_SHAPE_ATTESTATION, &two_passwords, &data,
                                    &of_key, &attest, &signature, NULL);
    return statement_take(code, &attest, &signature, out);
}

TSS2_RC quota_state_index(struct quota *quota, const uint8_t qualifying[32], struct quota_statement *out)
{
    const TPMT_SIG_SCHEME of_key = { .scheme = TPM2_ALG_NULL };
    TPM2B_DATA data = { .size = 32 };
    TPM2B_ATTEST attest = { .size = 0 };
    TPMT_SIGNATURE signature;
    memset(&signature, 0, sizeof signature);
    memcpy(data.buffer, qualifying, 32);
    TSS2_RC code = Tss2_Sys_NV_Certify(quota->link.sys, TPM_SHAPE_ATTESTATION, TPM2_RH_OWNER, TPM_SHAPE_INDEX,
                                       &two_passwords, &data, &of_key, 8, 0, &attest, &signature, NULL);
    return statement_take(code, &attest, &signature, out);
}
