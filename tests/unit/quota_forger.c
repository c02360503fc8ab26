/* SPDX-License-Identifier: Apache-2.0 */
/* quota_forger: see quota_forger.h. */
#include "tests/unit/quota_forger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/x509v3.h>
#include <tss2/tss2_mu.h>

#include "base/cbor.h"
#include "host/lib/tpm_shape.h"

void forger_block_split(const struct rig *of, struct forger_block *out)
{
    int64_t key;
    struct cbor_reader r = cbor_reader_of(bytes_of(of->block, of->block_len));
    struct cbor_map map = cbor_read_map(&r);
    while (cbor_map_next(&map, &key)) {
        out->fields[key - 1] = cbor_read_bstr(&r);
    }
    assert_int_equal(cbor_reader_finish(&r), STATUS_OK);
}

struct bytes forger_block_join(struct forger_block *block)
{
    struct cbor_writer w = cbor_writer_of(block->text, sizeof block->text);
    cbor_write_map(&w, 6);
    for (unsigned i = 0; i < 6; i++) {
        cbor_write_uint(&w, i + 1);
        cbor_write_bstr(&w, block->fields[i]);
    }
    assert_int_equal(w.status, STATUS_OK);
    block->len = w.len;
    return cbor_written(&w);
}

/* ---- EK certificates of our own making ---- */

X509 *forger_certificate(EVP_PKEY *key, const char *usage, const char *key_usage, const char *ca, X509 *issuer,
                         EVP_PKEY *issuer_key, long days)
{
    const int kinds[3] = { NID_basic_constraints, NID_key_usage, NID_ext_key_usage };
    const char *const values[3] = { ca, key_usage, usage };
    X509 *x509 = X509_new();
    (void)X509_set_version(x509, 2);
    (void)ASN1_INTEGER_set(X509_get_serialNumber(x509), 77);
    (void)X509_gmtime_adj(X509_getm_notBefore(x509), -86400 * 3);
    (void)X509_gmtime_adj(X509_getm_notAfter(x509), 86400 * days);
    (void)X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_ASC,
                                     (const uint8_t *)(issuer == NULL ? "another maker" : "an EK"), -1, -1, 0);
    (void)X509_set_issuer_name(x509, X509_get_subject_name(issuer == NULL ? x509 : issuer));
    (void)X509_set_pubkey(x509, key);
    for (int i = 0; i < 3; i++) {
        X509_EXTENSION *extension = values[i] == NULL ? NULL : X509V3_EXT_conf_nid(NULL, NULL, kinds[i], values[i]);
        if (extension != NULL) {
            (void)X509_add_ext(x509, extension, -1);
            X509_EXTENSION_free(extension);
        }
    }
    assert_true(X509_sign(x509, issuer_key, EVP_sha256()) > 0);
    return x509;
}

struct bytes forger_der(X509 *x509, uint8_t *out, size_t room)
{
    uint8_t *at = out;
    int len = i2d_X509(x509, NULL);
    assert_true(len > 0 && (size_t)len <= room);
    (void)i2d_X509(x509, &at);
    X509_free(x509);
    return bytes_of(out, (size_t)len);
}

/* The attestation key of `of` states about its grant key with this EK certificate: its holder can have that at will. */
void forger_statement(struct quota_link *link, struct bytes ek, TPM2_HANDLE key, TPM2_HANDLE by, uint8_t *attest,
                      size_t *attest_len, uint8_t raw[64])
{
    const TPMT_SIG_SCHEME scheme = { .scheme = TPM2_ALG_ECDSA, .details.ecdsa.hashAlg = TPM2_ALG_SHA256 };
    const TSS2L_SYS_AUTH_COMMAND two = {
        .count = 2, .auths = { { .sessionHandle = TPM2_RS_PW }, { .sessionHandle = TPM2_RS_PW } }
    };
    TPM2B_DATA qualifying = { .size = 32 };
    TPM2B_ATTEST out = { .size = 0 };
    TPMT_SIGNATURE signature;
    memset(&signature, 0, sizeof signature);
    tpm_shape_enrolment(ek, qualifying.buffer);
    assert_int_equal(Tss2_Sys_Certify(link->sys, key, by, &two, &qualifying, &scheme, &out, &signature, NULL), 0);
    memcpy(attest, out.attestationData, out.size);
    *attest_len = out.size;
    memset(raw, 0, 64);
    const TPMS_SIGNATURE_ECDSA *pair = &signature.signature.ecdsa;
    memcpy(raw + 32 - pair->signatureR.size, pair->signatureR.buffer, pair->signatureR.size);
    memcpy(raw + 64 - pair->signatureS.size, pair->signatureS.buffer, pair->signatureS.size);
}

/* The block of `of` with another EK certificate, as far as its holder can make it right. */
struct bytes forger_block_with_ek(struct rig *of, struct bytes ek, struct forger_block *block)
{
    static uint8_t attest[512];
    static uint8_t raw[64];
    struct quota_link link;
    size_t len;
    forger_block_split(of, block);
    rig_close(of);
    rig_link_open(of->tpm, &link);
    forger_statement(&link, ek, TPM_SHAPE_GRANT, TPM_SHAPE_ATTESTATION, attest, &len, raw);
    quota_link_close(&link);
    rig_reopen(of);
    block->fields[0] = ek;
    block->fields[3] = bytes_of(attest, len);
    block->fields[4] = bytes_of(raw, 64);
    return forger_block_join(block);
}

TSS2_RC forger_maker_say(struct quota_link *link, TPMI_SH_AUTH_SESSION session, const uint8_t nonce[32],
                         const uint8_t write[32], const uint8_t raw[64])
{
    const TPM2B_NONCE no_reference = { .size = 0 };
    const uint8_t *maker = rig_quota_key();
    uint8_t bytes[TPM_SHAPE_KEY_MAX];
    size_t at = 0;
    size_t len = tpm_shape_key(TPM_SHAPE_KEY_QUOTA, maker, maker, bytes);
    TPM2B_PUBLIC area = { .size = 0 };
    TPM2B_NAME name = { .size = 0 };
    TPM2_HANDLE key = 0;
    TPM2B_NONCE nonce_tpm = { .size = 32 };
    TPM2B_DIGEST command = { .size = 32 };
    TPM2B_TIMEOUT timeout = { .size = 0 };
    TPMT_TK_AUTH ticket;
    TPMT_SIGNATURE signature = { .sigAlg = TPM2_ALG_ECDSA,
                                 .signature.ecdsa = {
                                     .hash = TPM2_ALG_SHA256, .signatureR.size = 32, .signatureS.size = 32 } };
    assert_int_equal(Tss2_MU_TPMT_PUBLIC_Unmarshal(bytes, len, &at, &area.publicArea), 0);
    assert_int_equal(Tss2_Sys_LoadExternal(link->sys, NULL, NULL, &area, TPM2_RH_NULL, &key, &name, NULL), 0);
    memset(&ticket, 0, sizeof ticket);
    memcpy(nonce_tpm.buffer, nonce, 32);
    memcpy(command.buffer, write, 32);
    memcpy(signature.signature.ecdsa.signatureR.buffer, raw, 32);
    memcpy(signature.signature.ecdsa.signatureS.buffer, raw + 32, 32);
    TSS2_RC code = Tss2_Sys_PolicySigned(link->sys, key, session, NULL, &nonce_tpm, &command, &no_reference, 0,
                                         &signature, &timeout, &ticket, NULL);
    assert_int_equal(Tss2_Sys_FlushContext(link->sys, key), 0);
    return code;
}
