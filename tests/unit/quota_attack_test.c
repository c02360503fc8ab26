/* SPDX-License-Identifier: Apache-2.0 */
/* The quota in a TPM, against somebody who owns the appliance's computer and gives the TPM what commands he likes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <tss2/tss2_mu.h>

#include "base/cbor.h"
#include "host/lib/file.h"
#include "host/lib/tpm_shape.h"
#include "tests/unit/host_support.h"
#include "tests/unit/quota_forger.h"

static struct rig_tpm tpm;
static struct rig_tpm other_tpm;
static struct rig rig;
static struct rig other;
static struct quota_link link_;

static const uint8_t digest[32] = { 0x42 };

/* ---- the stranger's commands ---- */

static TSS2_RC index_write(TPM2_HANDLE by, const TSS2L_SYS_AUTH_COMMAND *auth, uint32_t count, uint32_t limit)
{
    TPM2B_MAX_NV_BUFFER data = { .size = 8 };
    tpm_shape_pin(count, limit, data.buffer);
    return Tss2_Sys_NV_Write(link_.sys, by, TPM_SHAPE_INDEX, auth, &data, 0, NULL);
}

static void index_remake(uint32_t more_attributes)
{
    const TPM2B_AUTH no_secret = { .size = 0 };
    uint8_t bytes[TPM_SHAPE_INDEX_LEN];
    size_t at = 0;
    TPM2B_NV_PUBLIC area = { .size = 0 };
    tpm_shape_index(rig_quota_key(), 0, bytes);
    assert_int_equal(Tss2_MU_TPMS_NV_PUBLIC_Unmarshal(bytes, sizeof bytes, &at, &area.nvPublic), 0);
    area.nvPublic.attributes |= more_attributes;
    assert_int_equal(Tss2_Sys_NV_UndefineSpace(link_.sys, TPM2_RH_OWNER, TPM_SHAPE_INDEX, &quota_link_password, NULL),
                     0);
    assert_int_equal(Tss2_Sys_NV_DefineSpace(link_.sys, TPM2_RH_OWNER, &quota_link_password, &no_secret, &area, NULL),
                     0);
}

static TPMI_SH_AUTH_SESSION session_start(TPM2B_NONCE *nonce)
{
    TPMI_SH_AUTH_SESSION session = 0;
    assert_int_equal(quota_link_session(&link_, 32, &session, nonce), 0);
    return session;
}

static TSS2_RC authorise(TPMI_SH_AUTH_SESSION session, int32_t expiration, const TPM2B_NONCE *nonce,
                         TPMT_TK_AUTH *ticket, TPM2B_TIMEOUT *timeout)
{
    const TPM2B_NONCE none = { .size = 0 };
    const TPM2B_DIGEST no_digest = { .size = 0 };
    memset(ticket, 0, sizeof *ticket);
    memset(timeout, 0, sizeof *timeout);
    return Tss2_Sys_PolicySecret(link_.sys, TPM_SHAPE_INDEX, session, &quota_link_password,
                                 nonce == NULL ? &none : nonce, &no_digest, &none, expiration, timeout, ticket, NULL);
}

static TSS2_RC spend_authorised(TPMI_SH_AUTH_SESSION session)
{
    TPMT_TK_AUTH ticket;
    TPM2B_TIMEOUT timeout;
    return authorise(session, 0, NULL, &ticket, &timeout);
}

static TSS2_RC grant_sign(const TSS2L_SYS_AUTH_COMMAND *auth)
{
    const TPMT_SIG_SCHEME of_key = { .scheme = TPM2_ALG_NULL };
    const TPMT_TK_HASHCHECK no_ticket = { .tag = TPM2_ST_HASHCHECK, .hierarchy = TPM2_RH_NULL };
    TPM2B_DIGEST text = { .size = 32 };
    TPMT_SIGNATURE signature;
    memset(&signature, 0, sizeof signature);
    memcpy(text.buffer, digest, 32);
    return Tss2_Sys_Sign(link_.sys, TPM_SHAPE_GRANT, auth, &text, &of_key, &no_ticket, &signature, NULL);
}

static TSS2_RC sign_with(TPMI_SH_AUTH_SESSION session, int keep)
{
    TSS2L_SYS_AUTH_COMMAND auth = quota_link_policy(session);
    auth.auths[0].sessionAttributes = keep ? TPMA_SESSION_CONTINUESESSION : 0;
    return grant_sign(&auth);
}

/* ---- the frame of each test ---- */

/* An appliance with `units` left; the stranger has the TPM. */
static uint32_t take(uint32_t units)
{
    rig_reopen(&rig);
    rig_give(&rig, units);
    rig_close(&rig);
    rig_link_open(&tpm, &link_);
    return rig.last_limit - units;
}

/* The TPM goes back to the appliance: what it holds. */
static struct quota_facts give_back(void)
{
    struct fault fault = FAULT_NONE;
    struct quota_facts facts;
    quota_link_close(&link_);
    rig_reopen(&rig);
    support_check(quota_facts(rig.quota, &facts, &fault), &fault);
    return facts;
}

/* ... and exactly `units` more can be made. */
static void give_back_with(uint32_t units)
{
    struct fault fault = FAULT_NONE;
    uint8_t signature[64];
    uint32_t count;
    struct quota_facts facts = give_back();
    assert_int_equal(facts.limit - facts.count, units);
    for (uint32_t i = 0; i < units; i++) {
        (void)rig_spend(&rig);
    }
    assert_int_equal(quota_sign(rig.quota, digest, signature, &count, &fault), QUOTA_SPENT_OUT);
    rig_close(&rig);
}

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
    rig_close(&rig);
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

/* ---- the limit ---- */

static void limit_is_not_written_without_the_maker(void **state)
{
    (void)state;
    TPM2B_NONCE nonce;
    (void)take(2);
    assert_int_not_equal(index_write(TPM_SHAPE_INDEX, &quota_link_password, 0, 1000), 0);
    assert_int_not_equal(index_write(TPM2_RH_OWNER, &quota_link_password, 0, 1000), 0);
    assert_int_not_equal(index_write(TPM2_RH_PLATFORM, &quota_link_password, 0, 1000), 0);
    TSS2L_SYS_AUTH_COMMAND empty_policy = quota_link_policy(session_start(&nonce));
    assert_int_not_equal(index_write(TPM_SHAPE_INDEX, &empty_policy, 0, 1000), 0);
    assert_int_not_equal(Tss2_Sys_NV_Increment(link_.sys, TPM_SHAPE_INDEX, TPM_SHAPE_INDEX, &quota_link_password, NULL),
                         0);
    give_back_with(2);
}

static void index_with_other_attributes_does_not_open_the_key(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    TPM2B_NONCE nonce;
    (void)take(1);
    index_remake(TPMA_NV_OWNERWRITE);
    assert_int_equal(index_write(TPM2_RH_OWNER, &quota_link_password, 0, 1000), 0);
    TPMI_SH_AUTH_SESSION session = session_start(&nonce);
    assert_int_equal(spend_authorised(session), 0);
    TSS2_RC code = sign_with(session, 0);
    assert_true(quota_link_is(code, TPM2_RC_POLICY_FAIL));
    quota_link_close(&link_);
    struct quota_config config = rig_config(&rig);
    support_check_refused(quota_open(&config, &rig.quota, &fault), &fault, "not as it must be");
    rig_link_open(&tpm, &link_);
    index_remake(0);
    give_back_with(0);
}

static void index_made_anew_alike_has_no_units(void **state)
{
    (void)state;
    TPM2B_NONCE nonce;
    uint32_t before = take(5);
    index_remake(0);
    TPMI_SH_AUTH_SESSION session = session_start(&nonce);
    assert_int_not_equal(spend_authorised(session), 0);
    assert_int_not_equal(sign_with(session, 0), 0);
    give_back_with(0);
    /* What the maker gives then goes on above all that he ever gave: no unit number comes twice. */
    rig_reopen(&rig);
    rig_give(&rig, 1);
    assert_int_equal(rig_spend(&rig), before + 6);
    rig_close(&rig);
}

/* ---- the maker's answer ---- */

/* Order and answer, taken apart: nonce, signature, and a copy of the saved session. */
struct answer {
    uint8_t nonce[32];
    uint8_t pin[8];
    uint8_t write[32];
    uint8_t signature[64];
    uint8_t *file;
    size_t file_len;
    uint8_t encoded[TPM_CHECK_REFILL_MAX];
    struct bytes refill;
};

static TPMS_CONTEXT answer_session(const struct answer *answer)
{
    TPMS_CONTEXT context;
    size_t at = 0;
    struct cbor_reader r = cbor_reader_of(bytes_of(answer->file, answer->file_len));
    struct cbor_map map = cbor_read_map(&r);
    int64_t key;
    (void)cbor_map_next(&map, &key);
    (void)cbor_read_bstr(&r);
    (void)cbor_map_next(&map, &key);
    struct bytes session = cbor_read_bstr(&r);
    memset(&context, 0, sizeof context);
    assert_int_equal(Tss2_MU_TPMS_CONTEXT_Unmarshal(session.data, session.len, &at, &context), 0);
    return context;
}

static void answer_get(struct rig *of, uint32_t units, struct answer *out)
{
    struct fault fault = FAULT_NONE;
    struct tpm_order order;
    char path[200];
    rig_order(of, &order);
    out->refill = rig_answer(of, &order, units, out->encoded);
    memcpy(out->nonce, order.nonce, 32);
    tpm_shape_pin(of->last_limit - units, of->last_limit, out->pin);
    tpm_shape_write(rig_quota_key(), order.written, out->pin, out->write);
    /* {1: count, 2: limit, 3: h'64 bytes', 4: written}: the signature stands before the last two bytes */
    memcpy(out->signature, out->refill.data + out->refill.len - 66, 64);
    (void)snprintf(path, sizeof path, "%s/order.session", of->folder);
    support_check(file_read(path, 8192, &out->file, &out->file_len, &fault), &fault);
}

static void old_answer_is_not_taken_twice(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct answer answer;
    TPMI_DH_CONTEXT loaded;
    TPM2B_NONCE nonce;
    rig_reopen(&rig);
    answer_get(&rig, 2, &answer);
    support_check(quota_refill(rig.quota, answer.refill, &fault), &fault);
    (void)rig_spend(&rig);
    (void)rig_spend(&rig);
    rig_close(&rig);
    rig_link_open(&tpm, &link_);
    TPMS_CONTEXT copy = answer_session(&answer);
    assert_int_not_equal(Tss2_Sys_ContextLoad(link_.sys, &copy, &loaded), 0);
    TPMI_SH_AUTH_SESSION session = session_start(&nonce);
    assert_int_not_equal(forger_maker_say(&link_, session, nonce.buffer, answer.write, answer.signature), 0);
    assert_int_not_equal(forger_maker_say(&link_, session, answer.nonce, answer.write, answer.signature), 0);
    index_remake(0);
    assert_int_not_equal(forger_maker_say(&link_, session, answer.nonce, answer.write, answer.signature), 0);
    give_back_with(0);
    free(answer.file);
}

static void answer_is_good_for_its_own_count_and_limit_only(void **state)
{
    (void)state;
    struct answer answer;
    TPMI_DH_CONTEXT session;
    uint8_t more[8];
    uint8_t write[32];
    rig_reopen(&rig);
    rig_give(&rig, 1);
    answer_get(&rig, 1, &answer);
    rig_close(&rig);
    rig_link_open(&tpm, &link_);
    TPMS_CONTEXT context = answer_session(&answer);
    assert_int_equal(Tss2_Sys_ContextLoad(link_.sys, &context, &session), 0);
    tpm_shape_pin(0, 1000, more);
    tpm_shape_write(rig_quota_key(), 1, more, write);
    assert_int_not_equal(forger_maker_say(&link_, session, answer.nonce, write, answer.signature), 0);
    assert_int_equal(forger_maker_say(&link_, session, answer.nonce, answer.write, answer.signature), 0);
    TSS2L_SYS_AUTH_COMMAND auth = quota_link_policy(session);
    auth.auths[0].sessionAttributes = TPMA_SESSION_CONTINUESESSION;
    assert_int_not_equal(index_write(TPM_SHAPE_INDEX, &auth, 0, 1000), 0);
    assert_int_equal(index_write(TPM_SHAPE_INDEX, &auth, rig.last_limit - 1, rig.last_limit), 0);
    /* the session goes on, and its permission with it is gone */
    assert_int_not_equal(index_write(TPM_SHAPE_INDEX, &auth, rig.last_limit - 1, rig.last_limit), 0);
    give_back_with(1);
    free(answer.file);
}

static void answer_for_another_tpm_is_refused(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct answer answer;
    struct answer own;
    TPMI_DH_CONTEXT session;
    rig_reopen(&rig);
    answer_get(&rig, 1, &own);
    answer_get(&other, 1000, &answer);
    support_check_refused(quota_refill(rig.quota, answer.refill, &fault), &fault, "did not sign it for the order");
    rig_close(&rig);
    rig_link_open(&tpm, &link_);
    TPMS_CONTEXT context = answer_session(&own);
    assert_int_equal(Tss2_Sys_ContextLoad(link_.sys, &context, &session), 0);
    assert_int_not_equal(forger_maker_say(&link_, session, answer.nonce, answer.write, answer.signature), 0);
    assert_int_not_equal(forger_maker_say(&link_, session, own.nonce, answer.write, answer.signature), 0);
    context = answer_session(&answer);
    assert_int_not_equal(Tss2_Sys_ContextLoad(link_.sys, &context, &session), 0);
    give_back_with(0);
    free(answer.file);
    free(own.file);
}

/* ---- the key ---- */

static void key_signs_only_by_its_policy(void **state)
{
    (void)state;
    TPM2B_NONCE nonce;
    (void)take(1);
    assert_int_not_equal(grant_sign(&quota_link_password), 0);
    assert_int_not_equal(sign_with(session_start(&nonce), 0), 0);
    give_back_with(1);
    rig_link_open(&tpm, &link_);
    TPMI_SH_AUTH_SESSION session = session_start(&nonce);
    assert_int_not_equal(spend_authorised(session), 0);
    assert_int_not_equal(sign_with(session, 0), 0);
    assert_int_not_equal(grant_sign(&quota_link_password), 0);
    give_back_with(0);
}

static void one_authorisation_is_one_signature(void **state)
{
    (void)state;
    TPM2B_NONCE nonce;
    (void)take(2);
    TPMI_SH_AUTH_SESSION session = session_start(&nonce);
    assert_int_equal(spend_authorised(session), 0);
    assert_int_equal(sign_with(session, 1), 0);
    assert_int_not_equal(sign_with(session, 1), 0);
    give_back_with(1);
}

static void copied_session_authorises_once(void **state)
{
    (void)state;
    TPM2B_NONCE nonce;
    TPMS_CONTEXT copy;
    TPMI_DH_CONTEXT session = 0;
    (void)take(2);
    TPMI_SH_AUTH_SESSION first = session_start(&nonce);
    assert_int_equal(spend_authorised(first), 0);
    memset(&copy, 0, sizeof copy);
    assert_int_equal(Tss2_Sys_ContextSave(link_.sys, first, &copy), 0);
    assert_int_equal(Tss2_Sys_ContextLoad(link_.sys, &copy, &session), 0);
    assert_int_not_equal(Tss2_Sys_ContextLoad(link_.sys, &copy, &session), 0);
    assert_int_equal(sign_with(first, 0), 0);
    assert_int_not_equal(Tss2_Sys_ContextLoad(link_.sys, &copy, &session), 0);
    assert_int_not_equal(sign_with(first, 0), 0);
    give_back_with(1);
}

static void no_ticket_stands_for_further_units(void **state)
{
    (void)state;
    TPM2B_NONCE nonce;
    TPMT_TK_AUTH ticket;
    TPM2B_TIMEOUT timeout;
    const TPM2B_NONCE none = { .size = 0 };
    const TPM2B_DIGEST no_digest = { .size = 0 };
    TPM2B_NAME name = { .size = TPM_SHAPE_NAME_LEN };
    uint8_t index[TPM_SHAPE_INDEX_LEN];
    (void)take(2);
    tpm_shape_index(rig_quota_key(), 1, index);
    tpm_shape_name(bytes_of(index, sizeof index), name.name);
    TPMI_SH_AUTH_SESSION session = session_start(&nonce);
    assert_int_equal(authorise(session, -100000, &nonce, &ticket, &timeout), 0);
    assert_int_equal(sign_with(session, 0), 0);
    session = session_start(&nonce);
    assert_int_not_equal(
        Tss2_Sys_PolicyTicket(link_.sys, session, NULL, &timeout, &no_digest, &none, &name, &ticket, NULL), 0);
    assert_int_not_equal(sign_with(session, 0), 0);
    give_back_with(1);
}

static void secret_of_another_index_does_not_count(void **state)
{
    (void)state;
    TPM2B_NONCE nonce;
    TPMT_TK_AUTH ticket;
    TPM2B_TIMEOUT timeout;
    const TPM2B_NONCE none = { .size = 0 };
    const TPM2B_DIGEST no_digest = { .size = 0 };
    (void)take(1);
    TPMI_SH_AUTH_SESSION session = session_start(&nonce);
    memset(&ticket, 0, sizeof ticket);
    memset(&timeout, 0, sizeof timeout);
    assert_int_equal(Tss2_Sys_PolicySecret(link_.sys, TPM2_RH_OWNER, session, &quota_link_password, &none, &no_digest,
                                           &none, 0, &timeout, &ticket, NULL),
                     0);
    assert_int_not_equal(sign_with(session, 0), 0);
    give_back_with(1);
}

static void key_with_a_new_secret_still_asks_its_policy(void **state)
{
    (void)state;
    const TPM2B_AUTH fresh = { .size = 2, .buffer = { 'n', 'o' } };
    TPM2B_PRIVATE sealed = { .size = 0 };
    (void)take(1);
    (void)Tss2_Sys_ObjectChangeAuth(link_.sys, TPM_SHAPE_GRANT, TPM2_RH_OWNER, &quota_link_password, &fresh, &sealed,
                                    NULL);
    assert_int_not_equal(grant_sign(&quota_link_password), 0);
    give_back_with(1);
}

/* ---- what is seen of it ---- */

static void unit_spent_by_others_moves_the_count(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct quota_facts before;
    TPM2B_NONCE nonce;
    rig_reopen(&rig);
    rig_give(&rig, 4);
    (void)rig_spend(&rig);
    support_check(quota_facts(rig.quota, &before, &fault), &fault);
    rig_close(&rig);
    rig_link_open(&tpm, &link_);
    assert_int_equal(spend_authorised(session_start(&nonce)), 0);
    struct quota_facts after = give_back();
    assert_int_equal(after.count, before.count + 1);
    assert_int_equal(rig_spend(&rig), before.count + 2);
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limit_is_not_written_without_the_maker),
        cmocka_unit_test(index_with_other_attributes_does_not_open_the_key),
        cmocka_unit_test(index_made_anew_alike_has_no_units),
        cmocka_unit_test(old_answer_is_not_taken_twice),
        cmocka_unit_test(answer_is_good_for_its_own_count_and_limit_only),
        cmocka_unit_test(answer_for_another_tpm_is_refused),
        cmocka_unit_test(key_signs_only_by_its_policy),
        cmocka_unit_test(one_authorisation_is_one_signature),
        cmocka_unit_test(copied_session_authorises_once),
        cmocka_unit_test(no_ticket_stands_for_further_units),
        cmocka_unit_test(secret_of_another_index_does_not_count),
        cmocka_unit_test(key_with_a_new_secret_still_asks_its_policy),
        cmocka_unit_test(unit_spent_by_others_moves_the_count),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
