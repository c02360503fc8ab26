/* SPDX-License-Identifier: Apache-2.0 */
/* What the maker believes of a TPM: enrolments, credentials and orders, true and forged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <tss2/tss2_mu.h>

#include "host/lib/tpm_shape.h"
#include "tests/unit/host_support.h"
#include "tests/unit/quota_forger.h"

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
    rig_close(&rig);
    rig_close(&other);
    rig_tpm_kill(&tpm);
    rig_tpm_kill(&other_tpm);
    support_folder_remove();
    return 0;
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
    struct forger_block block;
    uint8_t area[TPM_SHAPE_KEY_MAX];
    uint8_t attest[512];
    uint8_t raw[64];
    size_t len;
    size_t area_len;
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        forger_block_split(&rig, &block);
        rig_close(&rig);
        rig_link_open(&tpm, &link_);
        TPM2_HANDLE key = primary_make(TPM_SHAPE_KEY_GRANT, sets[i], 0, area, &area_len);
        forger_statement(&link_, block.fields[0], key, TPM_SHAPE_ATTESTATION, attest, &len, raw);
        quota_link_close(&link_);
        rig_reopen(&rig);
        block.fields[2] = bytes_of(area, area_len);
        block.fields[3] = bytes_of(attest, len);
        block.fields[4] = bytes_of(raw, 64);
        refused(forger_block_join(&block), "attributes and policy");
    }
}

static void attestation_key_that_signs_anything_is_refused(void **state)
{
    (void)state;
    struct forger_block block;
    uint8_t area[TPM_SHAPE_KEY_MAX];
    uint8_t attest[512];
    uint8_t raw[64];
    size_t len;
    size_t area_len;
    forger_block_split(&rig, &block);
    rig_close(&rig);
    rig_link_open(&tpm, &link_);
    TPM2_HANDLE key = primary_make(TPM_SHAPE_KEY_ATTESTATION, 0, TPMA_OBJECT_RESTRICTED, area, &area_len);
    forger_statement(&link_, block.fields[0], TPM_SHAPE_GRANT, key, attest, &len, raw);
    quota_link_close(&link_);
    rig_reopen(&rig);
    block.fields[1] = bytes_of(area, area_len);
    block.fields[3] = bytes_of(attest, len);
    block.fields[4] = bytes_of(raw, 64);
    refused(forger_block_join(&block), "attributes and policy");
}

static void statement_about_another_key_is_refused(void **state)
{
    (void)state;
    struct forger_block block;
    struct forger_block strange;
    forger_block_split(&rig, &block);
    forger_block_split(&other, &strange);
    block.fields[2] = strange.fields[2];
    refused(forger_block_join(&block), "not about this grant key");
    block.fields[3] = strange.fields[3];
    block.fields[4] = strange.fields[4];
    refused(forger_block_join(&block), "not signed by this appliance's attestation key");
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
    struct forger_block block;
    struct forger_block strange;
    struct tpm_enrolment e;
    uint8_t credential[TPM_CHECK_CREDENTIAL_MAX];
    uint8_t certificate[QUOTA_CERTIFICATE_MAX];
    size_t len;
    size_t certificate_len;
    struct rig *const both[2] = { &rig, &other };
    struct fault fault = FAULT_NONE;
    forger_block_split(&other, &strange);
    struct bytes text = forger_block_with_ek(&rig, strange.fields[0], &block);
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
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fault fault = FAULT_NONE;
        struct tpm_order order = { .written = 1, .limit = cases[i].order_limit };
        const struct tpm_grant grant = { cases[i].last_limit, cases[i].quota, rig_quota_key(), rig_signer() };
        struct tpm_refill refill;
        assert_int_equal(tpm_refill_build(&order, &grant, &refill, &fault), cases[i].limit == 0 ? -1 : 0);
        assert_int_equal(refill.limit, cases[i].limit);
    }
}

static void refill_by_another_key_is_not_made(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct tpm_order order = { .written = 1 };
    const struct tpm_grant grant = { 0, 1, rig.enrolment.grant_key, rig_signer() };
    struct tpm_refill refill;
    support_check_refused(tpm_refill_build(&order, &grant, &refill, &fault), &fault, "not the key `quota`");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_flipped_byte_of_an_enrolment_is_refused),
        cmocka_unit_test(every_shortened_enrolment_is_refused),
        cmocka_unit_test(enrolment_for_another_maker_is_refused),
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
