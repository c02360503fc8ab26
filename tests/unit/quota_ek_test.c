/* SPDX-License-Identifier: Apache-2.0 */
/* Which endorsement keys the maker takes, of either kind, and which not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <tss2/tss2_mu.h>

#include "host/lib/file.h"
#include "host/lib/p256.h"
#include "tests/unit/host_support.h"
#include "tests/unit/quota_forger.h"

static struct rig_tpm tpm;
static struct rig rig;
static struct quota_link link_;

static int group_setup(void **state)
{
    (void)state;
    (void)support_folder_make();
    rig_tpm_make(&tpm, "tpm");
    rig_tpm_start(&tpm);
    rig_enrol(&rig, &tpm);
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    rig_close(&rig);
    rig_tpm_kill(&tpm);
    support_folder_remove();
    return 0;
}

static void ek_of_an_unknown_maker_is_refused(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct tpm_enrolment e;
    uint8_t *text;
    size_t len;
    /* a file with the issuer alone has no root in it; and another root */
    support_check(file_read(support_path("ca/issuercert.pem"), 8192, &text, &len, &fault), &fault);
    support_write("issuer.pem", (const char *)text, 0600);
    free(text);
    support_check_refused(tpm_enrolment_check(bytes_of(rig.block, rig.block_len), support_path("issuer.pem"),
                                              rig_quota_key(), &e, &fault),
                          &fault, "no root certificate");
    struct fault again = FAULT_NONE;
    support_check_refused(
        tpm_enrolment_check(bytes_of(rig.block, rig.block_len), support_path("none.pem"), rig_quota_key(), &e, &again),
        &again, "none.pem");
}

static void certificates_that_are_not_of_an_ek_are_refused(void **state)
{
    (void)state;
    static const struct {
        int rsa_bits;
        const char *usage;
        const char *key_usage;
        const char *ca;
        int own_root;
        long days;
        const char *why;
    } cases[] = {
        { 2048, "2.23.133.8.1", "critical,keyEncipherment", "critical,CA:FALSE", 0, 9, "unable to get local issuer" },
        { 2048, "2.23.133.8.1", "critical,keyEncipherment", "critical,CA:FALSE", 1, 9, NULL },
        { 2048, "2.23.133.8.1", "critical,keyEncipherment", "critical,CA:FALSE", 1, -1, "expired" },
        { 2048, "serverAuth", "critical,keyEncipherment", "critical,CA:FALSE", 1, 9, "extended key usage" },
        { 2048, NULL, "critical,keyEncipherment", "critical,CA:FALSE", 1, 9, "extended key usage" },
        { 2048, "2.23.133.8.1", "critical,digitalSignature", "critical,CA:FALSE", 1, 9, "its key usage" },
        { 2048, "2.23.133.8.1", "critical,keyEncipherment,keyCertSign", "critical,CA:TRUE", 1, 9, "it is a CA's" },
        { 1024, "2.23.133.8.1", "critical,keyEncipherment", "critical,CA:FALSE", 1, 9, "neither RSA 2048" },
        { 0, "2.23.133.8.1", "critical,keyEncipherment", "critical,CA:FALSE", 1, 9, "neither RSA 2048" },
    };
    EVP_PKEY *root_key = EVP_EC_gen("P-256");
    X509 *root = forger_certificate(root_key, NULL, "critical,keyCertSign", "critical,CA:TRUE", NULL, root_key, 30);
    FILE *file = fopen(support_path("root2.pem"), "w");
    assert_int_equal(PEM_write_X509(file, root), 1);
    (void)fclose(file);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fault fault = FAULT_NONE;
        struct tpm_enrolment e;
        struct forger_block block;
        uint8_t der[2048];
        EVP_PKEY *key = cases[i].rsa_bits > 0 ? EVP_RSA_gen((unsigned)cases[i].rsa_bits) : EVP_EC_gen("P-384");
        struct bytes ek = forger_der(
            forger_certificate(key, cases[i].usage, cases[i].key_usage, cases[i].ca, root, root_key, cases[i].days),
            der, sizeof der);
        EVP_PKEY_free(key);
        int result =
            tpm_enrolment_check(forger_block_with_ek(&rig, ek, &block),
                                cases[i].own_root ? support_path("root2.pem") : rig_ca(), rig_quota_key(), &e, &fault);
        if (cases[i].why == NULL) {
            support_check(result, &fault);
        } else {
            support_check_refused(result, &fault, cases[i].why);
        }
    }
    X509_free(root);
    EVP_PKEY_free(root_key);
}

/* ---- a TPM whose EK is of the other kind ---- */

static void nv_put(TPMI_RH_NV_INDEX index, struct bytes data)
{
    const TPM2B_AUTH no_secret = { .size = 0 };
    TPM2B_NV_PUBLIC area = {
        .nvPublic = { .nvIndex = index,
                      .nameAlg = TPM2_ALG_SHA256,
                      .attributes = TPMA_NV_OWNERWRITE | TPMA_NV_OWNERREAD | TPMA_NV_AUTHREAD | TPMA_NV_NO_DA,
                      .dataSize = (UINT16)(data.len + 40) } /* areas may be longer than what is in them */
    };
    assert_int_equal(Tss2_Sys_NV_DefineSpace(link_.sys, TPM2_RH_OWNER, &quota_link_password, &no_secret, &area, NULL),
                     0);
    for (size_t at = 0; at < data.len + 40; at += 256) {
        TPM2B_MAX_NV_BUFFER piece = { .size = (UINT16)(data.len + 40 - at < 256 ? data.len + 40 - at : 256) };
        memset(piece.buffer, 0xFF, piece.size);
        if (at < data.len) {
            memcpy(piece.buffer, data.data + at, data.len - at < piece.size ? data.len - at : piece.size);
        }
        assert_int_equal(
            Tss2_Sys_NV_Write(link_.sys, TPM2_RH_OWNER, index, &quota_link_password, &piece, (UINT16)at, NULL), 0);
    }
}

/* Template L-2 of the TCG EK Credential Profile. */
static EVP_PKEY *ek_ecc_get(void)
{
    static const uint8_t template_head[] = {
        0x00, 0x23, 0x00, 0x0B, 0x00, 0x03, 0x00, 0xB2, 0x00, 0x20, 0x83, 0x71, 0x97, 0x67,
        0x44, 0x84, 0xB3, 0xF8, 0x1A, 0x90, 0xCC, 0x8D, 0x46, 0xA5, 0xD7, 0x24, 0xFD, 0x52,
        0xD7, 0x6E, 0x06, 0x52, 0x0B, 0x64, 0xF2, 0xA1, 0xDA, 0x1B, 0x33, 0x14, 0x69, 0xAA,
        0x00, 0x06, 0x00, 0x80, 0x00, 0x43, 0x00, 0x10, 0x00, 0x03, 0x00, 0x10, 0x00, 0x20,
    };
    const TPM2B_SENSITIVE_CREATE no_secret = { .size = 0 };
    const TPM2B_DATA nothing = { .size = 0 };
    const TPML_PCR_SELECTION no_pcr = { .count = 0 };
    uint8_t bytes[sizeof template_head + 66] = { 0 };
    uint8_t point[64];
    size_t at = 0;
    TPM2_HANDLE handle = 0;
    TPM2B_PUBLIC template = { .size = 0 };
    TPM2B_PUBLIC area = { .size = 0 };
    TPM2B_CREATION_DATA data = { .size = 0 };
    TPM2B_DIGEST hash = { .size = 0 };
    TPMT_TK_CREATION ticket;
    TPM2B_NAME name = { .size = 0 };
    memset(&ticket, 0, sizeof ticket);
    memcpy(bytes, template_head, sizeof template_head);
    bytes[sizeof template_head + 33] = 32; /* Y, as X: 32 zeros */
    assert_int_equal(Tss2_MU_TPMT_PUBLIC_Unmarshal(bytes, sizeof bytes, &at, &template.publicArea), 0);
    assert_int_equal(Tss2_Sys_CreatePrimary(link_.sys, TPM2_RH_ENDORSEMENT, &quota_link_password, &no_secret, &template,
                                            &nothing, &no_pcr, &handle, &area, &data, &hash, &ticket, &name, NULL),
                     0);
    memcpy(point, area.publicArea.unique.ecc.x.buffer, 32);
    memcpy(point + 32, area.publicArea.unique.ecc.y.buffer, 32);
    return p256_import(point);
}

static void tpm_with_an_elliptic_ek_is_enrolled_as_well(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    uint8_t der[2048];
    uint8_t credential[TPM_CHECK_CREDENTIAL_MAX];
    uint8_t certificate[QUOTA_CERTIFICATE_MAX];
    size_t len;
    size_t certificate_len;
    struct tpm_enrolment e;
    EVP_PKEY *root_key = EVP_EC_gen("P-256");
    X509 *root = forger_certificate(root_key, NULL, "critical,keyCertSign", "critical,CA:TRUE", NULL, root_key, 30);
    FILE *file = fopen(support_path("root3.pem"), "w");
    assert_int_equal(PEM_write_X509(file, root), 1);
    (void)fclose(file);
    rig_close(&rig);
    rig_link_open(&tpm, &link_);
    EVP_PKEY *ek = ek_ecc_get();
    struct bytes ek_der = forger_der(
        forger_certificate(ek, "2.23.133.8.1", "critical,keyAgreement", "critical,CA:FALSE", root, root_key, 9), der,
        sizeof der);
    /* the certificate of its RSA key is the platform's, who takes it away */
    assert_int_equal(Tss2_Sys_NV_UndefineSpace(link_.sys, TPM2_RH_PLATFORM, 0x01C00002, &quota_link_password, NULL), 0);
    nv_put(0x01C0000A, ek_der);
    quota_link_close(&link_);
    rig_reopen(&rig);
    support_check(quota_enrolment_build(rig.quota, rig.block, &rig.block_len, &fault), &fault);
    support_check(
        tpm_enrolment_check(bytes_of(rig.block, rig.block_len), support_path("root3.pem"), rig_quota_key(), &e, &fault),
        &fault);
    for (int i = 0; i < 20; i++) {
        support_check(
            tpm_credential_build(&e, bytes_of(rig.certificate, sizeof rig.certificate), credential, &len, &fault),
            &fault);
        support_check(
            quota_credential_open(rig.quota, bytes_of(credential, len), certificate, &certificate_len, &fault), &fault);
        assert_int_equal(certificate_len, sizeof rig.certificate);
        assert_memory_equal(certificate, rig.certificate, certificate_len);
    }
    EVP_PKEY_free(ek);
    X509_free(root);
    EVP_PKEY_free(root_key);
}

static void tpm_without_ek_certificate_is_told_so(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    uint8_t block[QUOTA_ENROLMENT_MAX];
    size_t len;
    rig_close(&rig);
    rig_link_open(&tpm, &link_);
    assert_int_equal(Tss2_Sys_NV_UndefineSpace(link_.sys, TPM2_RH_OWNER, 0x01C0000A, &quota_link_password, NULL), 0);
    quota_link_close(&link_);
    rig_reopen(&rig);
    support_check_refused(quota_enrolment_build(rig.quota, block, &len, &fault), &fault, "no EK certificate");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ek_of_an_unknown_maker_is_refused),
        cmocka_unit_test(certificates_that_are_not_of_an_ek_are_refused),
        cmocka_unit_test(tpm_with_an_elliptic_ek_is_enrolled_as_well),
        cmocka_unit_test(tpm_without_ek_certificate_is_told_so),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
