/* SPDX-License-Identifier: Apache-2.0 */
/* What the maker believes of a TPM: enrolments, credentials and orders, true and forged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <tss2/tss2_mu.h>

#include "base/cbor.h"
#include "host/lib/file.h"
#include "host/lib/p256.h"
#include "host/lib/tpm_shape.h"
#include "tests/unit/host_support.h"
#include "tests/unit/quota_rig.h"

static struct rig_tpm tpm;
static struct rig_tpm other_tpm;
static struct rig rig;
static struct rig other;
static struct quota_link link_;

static int group_setup(void **state)
{
    (void)state;
    (void)support_folder_make();
    rig_tpm_make(&tpm, "tpm");
    rig_tpm_make(&other_tpm, "other");
    rig_tpm_start(&tpm);
    rig_tpm_start(&other_tpm);
    rig_enrol(&rig, &tpm);
    rig_enrol(&other, &other_tpm);
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    quota_link_close(&link_);
    rig_close(&rig);
    rig_close(&other);
    rig_tpm_kill(&tpm);
    rig_tpm_kill(&other_tpm);
    support_folder_remove();
    return 0;
}

/* ---- blocks taken apart and put together ---- */

struct block {
    struct bytes fields[6]; /* EK certificate, attestation key, grant key, statement, signature, index */
    uint8_t text[QUOTA_ENROLMENT_MAX];
    size_t len;
};

static void block_split(const struct rig *of, struct block *out)
{
    int64_t key;
    struct cbor_reader r = cbor_reader_of(bytes_of(of->block, of->block_len));
    struct cbor_map map = cbor_read_map(&r);
    while (cbor_map_next(&map, &key)) {
        out->fields[key - 1] = cbor_read_bstr(&r);
    }
    assert_int_equal(cbor_reader_finish(&r), STATUS_OK);
}

static struct bytes block_join(struct block *block)
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

static void refused(struct bytes text, const char *part)
{
    struct fault fault = FAULT_NONE;
    struct tpm_enrolment e;
    support_check_refused(tpm_enrolment_check(text, rig_ca(), rig_quota_key(), &e, &fault), &fault, part);
}

static void every_flipped_byte_of_an_enrolment_is_refused(void **state)
{
    (void)state;
    for (size_t at = 0; at < rig.block_len; at++) {
        struct fault fault = FAULT_NONE;
        struct tpm_enrolment e;
        rig.block[at] ^= (uint8_t)(1u << at % 8);
        assert_int_equal(tpm_enrolment_check(bytes_of(rig.block, rig.block_len), rig_ca(), rig_quota_key(), &e, &fault),
                         -1);
        assert_true(fault.what[0] != '\0');
        rig.block[at] ^= (uint8_t)(1u << at % 8);
    }
}

static void every_shortened_enrolment_is_refused(void **state)
{
    (void)state;
    for (size_t len = 0; len < rig.block_len; len += 7) {
        struct fault fault = FAULT_NONE;
        struct tpm_enrolment e;
        uint8_t *exact = malloc(len + 1); /* so that reading past the end is seen */
        memcpy(exact, rig.block, len);
        assert_int_equal(tpm_enrolment_check(bytes_of(exact, len), rig_ca(), rig_quota_key(), &e, &fault), -1);
        free(exact);
    }
}

static void enrolment_for_another_maker_is_refused(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct tpm_enrolment e;
    uint8_t key[64];
    memcpy(key, rig.enrolment.grant_key, 64); /* some other key */
    support_check_refused(tpm_enrolment_check(bytes_of(rig.block, rig.block_len), rig_ca(), key, &e, &fault), &fault,
                          "not made for this maker's key");
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

/* ---- EK certificates of our own making ---- */

static X509 *certificate_make(EVP_PKEY *key, const char *usage, const char *key_usage, const char *ca, X509 *issuer,
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

static struct bytes certificate_der(X509 *x509, uint8_t *out, size_t room)
{
    uint8_t *at = out;
    int len = i2d_X509(x509, NULL);
    assert_true(len > 0 && (size_t)len <= room);
    (void)i2d_X509(x509, &at);
    X509_free(x509);
    return bytes_of(out, (size_t)len);
}

/* The attestation key of `of` states about its grant key with this EK certificate: its holder can have that at will. */
static void statement_make(struct rig_tpm *of, struct bytes ek, TPM2_HANDLE key, TPM2_HANDLE by, uint8_t *attest,
                           size_t *attest_len, uint8_t raw[64])
{
    const TPMT_SIG_SCHEME scheme = { .scheme = TPM2_ALG_ECDSA, .details.ecdsa.hashAlg = TPM2_ALG_SHA256 };
    const TSS2L_SYS_AUTH_COMMAND two = {
        .count = 2, .auths = { { .sessionHandle = TPM2_RS_PW }, { .sessionHandle = TPM2_RS_PW } }
    };
    TPM2B_DATA qualifying = { .size = 32 };
    TPM2B_ATTEST out = { .size = 0 };
    TPMT_SIGNATURE signature;
    (void)of;
    memset(&signature, 0, sizeof signature);
    tpm_shape_enrolment(ek, qualifying.buffer);
    assert_int_equal(Tss2_Sys_Certify(link_.sys, key, by, &two, &qualifying, &scheme, &out, &signature, NULL), 0);
    memcpy(attest, out.attestationData, out.size);
    *attest_len = out.size;
    memset(raw, 0, 64);
    const TPMS_SIGNATURE_ECDSA *pair = &signature.signature.ecdsa;
    memcpy(raw + 32 - pair->signatureR.size, pair->signatureR.buffer, pair->signatureR.size);
    memcpy(raw + 64 - pair->signatureS.size, pair->signatureS.buffer, pair->signatureS.size);
}

/* The block of `of` with another EK certificate, as far as its holder can make it right. */
static struct bytes block_with_ek(struct rig *of, struct bytes ek, struct block *block)
{
    static uint8_t attest[512];
    static uint8_t raw[64];
    size_t len;
    block_split(of, block);
    rig_close(of);
    rig_link_open(of->tpm, &link_);
    statement_make(of->tpm, ek, TPM_SHAPE_GRANT, TPM_SHAPE_ATTESTATION, attest, &len, raw);
    quota_link_close(&link_);
    rig_reopen(of);
    block->fields[0] = ek;
    block->fields[3] = bytes_of(attest, len);
    block->fields[4] = bytes_of(raw, 64);
    return block_join(block);
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
    X509 *root = certificate_make(root_key, NULL, "critical,keyCertSign", "critical,CA:TRUE", NULL, root_key, 30);
    FILE *file = fopen(support_path("root2.pem"), "w");
    assert_int_equal(PEM_write_X509(file, root), 1);
    (void)fclose(file);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fault fault = FAULT_NONE;
        struct tpm_enrolment e;
        struct block block;
        uint8_t der[2048];
        EVP_PKEY *key = cases[i].rsa_bits > 0 ? EVP_RSA_gen((unsigned)cases[i].rsa_bits) : EVP_EC_gen("P-384");
        struct bytes ek = certificate_der(
            certificate_make(key, cases[i].usage, cases[i].key_usage, cases[i].ca, root, root_key, cases[i].days), der,
            sizeof der);
        EVP_PKEY_free(key);
        int result =
            tpm_enrolment_check(block_with_ek(&rig, ek, &block),
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

/* ---- keys that are not what they must be ---- */

static TPM2_HANDLE primary_make(enum tpm_shape_key kind, uint32_t set, uint32_t clear, uint8_t *area_bytes, size_t *len)
{
    const TPM2B_SENSITIVE_CREATE no_secret = { .size = 0 };
    const TPM2B_DATA nothing = { .size = 0 };
    const TPML_PCR_SELECTION no_pcr = { .count = 0 };
    uint8_t head[TPM_SHAPE_KEY_MAX] = { 0 };
    size_t at = 0;
    TPM2_HANDLE handle = 0;
    TPM2B_PUBLIC template = { .size = 0 };
    TPM2B_PUBLIC area = { .size = 0 };
    TPM2B_CREATION_DATA data = { .size = 0 };
    TPM2B_DIGEST hash = { .size = 0 };
    TPMT_TK_CREATION ticket;
    TPM2B_NAME name = { .size = 0 };
    memset(&ticket, 0, sizeof ticket);
    size_t head_len = tpm_shape_key_head(kind, rig_quota_key(), head);
    assert_int_equal(Tss2_MU_TPMT_PUBLIC_Unmarshal(head, head_len + 4, &at, &template.publicArea), 0);
    template.publicArea.objectAttributes = (template.publicArea.objectAttributes | set) & ~clear;
    assert_int_equal(Tss2_Sys_CreatePrimary(link_.sys, TPM2_RH_ENDORSEMENT, &quota_link_password, &no_secret, &template,
                                            &nothing, &no_pcr, &handle, &area, &data, &hash, &ticket, &name, NULL),
                     0);
    *len = 0;
    assert_int_equal(Tss2_MU_TPMT_PUBLIC_Marshal(&area.publicArea, area_bytes, TPM_SHAPE_KEY_MAX, len), 0);
    return handle;
}

static void grant_key_with_another_policy_is_refused(void **state)
{
    (void)state;
    static const uint32_t sets[] = { TPMA_OBJECT_USERWITHAUTH, TPMA_OBJECT_NODA };
    struct block block;
    uint8_t area[TPM_SHAPE_KEY_MAX];
    uint8_t attest[512];
    uint8_t raw[64];
    size_t len;
    size_t area_len;
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        block_split(&rig, &block);
        rig_close(&rig);
        rig_link_open(&tpm, &link_);
        TPM2_HANDLE key = primary_make(TPM_SHAPE_KEY_GRANT, sets[i], 0, area, &area_len);
        statement_make(&tpm, block.fields[0], key, TPM_SHAPE_ATTESTATION, attest, &len, raw);
        quota_link_close(&link_);
        rig_reopen(&rig);
        block.fields[2] = bytes_of(area, area_len);
        block.fields[3] = bytes_of(attest, len);
        block.fields[4] = bytes_of(raw, 64);
        refused(block_join(&block), "attributes and policy");
    }
}

static void attestation_key_that_signs_anything_is_refused(void **state)
{
    (void)state;
    struct block block;
    uint8_t area[TPM_SHAPE_KEY_MAX];
    uint8_t attest[512];
    uint8_t raw[64];
    size_t len;
    size_t area_len;
    block_split(&rig, &block);
    rig_close(&rig);
    rig_link_open(&tpm, &link_);
    TPM2_HANDLE key = primary_make(TPM_SHAPE_KEY_ATTESTATION, 0, TPMA_OBJECT_RESTRICTED, area, &area_len);
    statement_make(&tpm, block.fields[0], TPM_SHAPE_GRANT, key, attest, &len, raw);
    quota_link_close(&link_);
    rig_reopen(&rig);
    block.fields[1] = bytes_of(area, area_len);
    block.fields[3] = bytes_of(attest, len);
    block.fields[4] = bytes_of(raw, 64);
    refused(block_join(&block), "attributes and policy");
}

static void statement_about_another_key_is_refused(void **state)
{
    (void)state;
    struct block block;
    struct block strange;
    block_split(&rig, &block);
    block_split(&other, &strange);
    block.fields[2] = strange.fields[2];
    refused(block_join(&block), "not about this grant key");
    block.fields[3] = strange.fields[3];
    block.fields[4] = strange.fields[4];
    refused(block_join(&block), "not signed by this appliance's attestation key");
}

/* ---- the credential ---- */

static void credential_of_another_tpm_does_not_open(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    uint8_t credential[TPM_CHECK_CREDENTIAL_MAX];
    uint8_t certificate[QUOTA_CERTIFICATE_MAX];
    size_t len;
    size_t certificate_len;
    support_check(tpm_credential_build(&other.enrolment, bytes_of(other.certificate, sizeof other.certificate),
                                       credential, &len, &fault),
                  &fault);
    support_check_refused(
        quota_credential_open(rig.quota, bytes_of(credential, len), certificate, &certificate_len, &fault), &fault,
        "does not open it");
}

/* Keys of one TPM shown with the EK certificate of another: the statement can be made to fit, the credential opens in
 * neither. */
static void attestation_key_beside_a_strange_ek_opens_nothing(void **state)
{
    (void)state;
    struct block block;
    struct block strange;
    struct tpm_enrolment e;
    uint8_t credential[TPM_CHECK_CREDENTIAL_MAX];
    uint8_t certificate[QUOTA_CERTIFICATE_MAX];
    size_t len;
    size_t certificate_len;
    struct rig *const both[2] = { &rig, &other };
    struct fault fault = FAULT_NONE;
    block_split(&other, &strange);
    struct bytes text = block_with_ek(&rig, strange.fields[0], &block);
    support_check(tpm_enrolment_check(text, rig_ca(), rig_quota_key(), &e, &fault), &fault);
    support_check(tpm_credential_build(&e, bytes_of(rig.certificate, sizeof rig.certificate), credential, &len, &fault),
                  &fault);
    for (int i = 0; i < 2; i++) {
        struct fault refusal = FAULT_NONE;
        support_check_refused(
            quota_credential_open(both[i]->quota, bytes_of(credential, len), certificate, &certificate_len, &refusal),
            &refusal, "does not open it");
    }
}

/* ---- orders ---- */

static size_t order_make(struct rig *of, uint8_t *text)
{
    struct fault fault = FAULT_NONE;
    size_t len;
    support_check(quota_order_build(of->quota, of->transport, bytes_of(of->certificate, sizeof of->certificate), text,
                                    &len, &fault),
                  &fault);
    return len;
}

static int order_check(const struct rig *by, struct bytes text, struct tpm_order *out, struct fault *fault)
{
    return tpm_order_check(text, &by->enrolment, by->transport, bytes_of(by->certificate, sizeof by->certificate), out,
                           fault);
}

static void every_flipped_bit_of_an_order_is_refused(void **state)
{
    (void)state;
    uint8_t text[QUOTA_ORDER_MAX];
    struct tpm_order order;
    rig_give(&rig, 2);
    size_t len = order_make(&rig, text);
    for (size_t bit = 0; bit < len * 8; bit++) {
        struct fault fault = FAULT_NONE;
        text[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(order_check(&rig, bytes_of(text, len), &order, &fault), -1);
        text[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    struct fault fault = FAULT_NONE;
    support_check(order_check(&rig, bytes_of(text, len), &order, &fault), &fault);
    assert_int_equal(order.written, 1);
    assert_int_equal(order.limit - order.count, 2);
    for (size_t cut = 0; cut < len; cut++) {
        struct fault refusal = FAULT_NONE;
        assert_int_equal(order_check(&rig, bytes_of(text, cut), &order, &refusal), -1);
    }
}

static void order_of_another_tpm_or_appliance_is_refused(void **state)
{
    (void)state;
    uint8_t text[QUOTA_ORDER_MAX];
    struct tpm_order order;
    struct rig mixed = rig;
    struct fault fault = FAULT_NONE;
    size_t len = order_make(&rig, text);
    mixed.enrolment = other.enrolment;
    support_check_refused(order_check(&mixed, bytes_of(text, len), &order, &fault), &fault, "attestation key");
    mixed = rig;
    mixed.transport[3] ^= 1;
    struct fault again = FAULT_NONE;
    support_check_refused(order_check(&mixed, bytes_of(text, len), &order, &again), &again, "another appliance's");
}

static void order_without_an_opened_credential_is_refused(void **state)
{
    (void)state;
    uint8_t text[QUOTA_ORDER_MAX];
    struct tpm_order order;
    struct rig mixed = rig;
    struct fault fault = FAULT_NONE;
    size_t len = order_make(&rig, text);
    mixed.certificate[0] ^= 1; /* that in the credential is another than the TPM's holder knows */
    support_check_refused(order_check(&mixed, bytes_of(text, len), &order, &fault), &fault, "opened its credential");
}

static void refill_adds_up_and_never_goes_back(void **state)
{
    (void)state;
    static const struct {
        uint32_t order_limit;
        uint32_t last_limit;
        uint32_t quota;
        uint32_t limit; /* 0: refused */
    } cases[] = {
        { 0, 0, 1, 1 },
        { 5, 5, 3, 8 },
        { 5, 9, 3, 12 },
        { 9, 5, 3, 12 },
        { 0, 0, 0, 0 },
        { 0, 0, TPM_CHECK_QUOTA_MAX + 1, 0 },
        { 0, UINT32_MAX - 10, 11, 0 },
        { 0, UINT32_MAX - 10, 10, UINT32_MAX },
    };
    const struct tpm_signer signer = rig_signer();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fault fault = FAULT_NONE;
        struct tpm_order order = { .written = 1, .limit = cases[i].order_limit };
        struct tpm_grant grant = { cases[i].last_limit, cases[i].quota };
        uint8_t refill[TPM_CHECK_REFILL_MAX];
        size_t len;
        uint32_t limit = 0;
        int result = tpm_refill_build(&order, &grant, rig_quota_key(), &signer, refill, &len, &limit, &fault);
        assert_int_equal(result, cases[i].limit == 0 ? -1 : 0);
        assert_int_equal(limit, cases[i].limit);
    }
}

static void refill_by_another_key_is_not_made(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    const struct tpm_signer signer = rig_signer();
    struct tpm_order order = { .written = 1 };
    struct tpm_grant grant = { 0, 1 };
    uint8_t refill[TPM_CHECK_REFILL_MAX];
    size_t len;
    uint32_t limit;
    support_check_refused(
        tpm_refill_build(&order, &grant, rig.enrolment.grant_key, &signer, refill, &len, &limit, &fault), &fault,
        "not the key `quota`");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_flipped_byte_of_an_enrolment_is_refused),
        cmocka_unit_test(every_shortened_enrolment_is_refused),
        cmocka_unit_test(enrolment_for_another_maker_is_refused),
        cmocka_unit_test(ek_of_an_unknown_maker_is_refused),
        cmocka_unit_test(certificates_that_are_not_of_an_ek_are_refused),
        cmocka_unit_test(grant_key_with_another_policy_is_refused),
        cmocka_unit_test(attestation_key_that_signs_anything_is_refused),
        cmocka_unit_test(statement_about_another_key_is_refused),
        cmocka_unit_test(credential_of_another_tpm_does_not_open),
        cmocka_unit_test(attestation_key_beside_a_strange_ek_opens_nothing),
        cmocka_unit_test(every_flipped_bit_of_an_order_is_refused),
        cmocka_unit_test(order_of_another_tpm_or_appliance_is_refused),
        cmocka_unit_test(order_without_an_opened_credential_is_refused),
        cmocka_unit_test(refill_adds_up_and_never_goes_back),
        cmocka_unit_test(refill_by_another_key_is_not_made),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
