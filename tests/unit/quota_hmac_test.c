/* SPDX-License-Identifier: Apache-2.0 */
/* The quota in a TPM, asked through sessions of every kind by a stranger who uses the whole software stack (ESAPI):
 * each authorisation is counted, however it is given. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <tss2/tss2_esys.h>
#include <tss2/tss2_tctildr.h>

#include "host/lib/tpm_shape.h"
#include "tests/unit/host_support.h"
#include "tests/unit/quota_rig.h"

static struct rig_tpm tpm;
static struct rig rig;

/* ---- the stranger ---- */

struct stranger {
    TSS2_TCTI_CONTEXT *tcti;
    ESYS_CONTEXT *esys;
    ESYS_TR index;
    ESYS_TR grant;
};

static void stranger_begin(struct stranger *s)
{
    rig_close(&rig);
    assert_int_equal(Tss2_TctiLdr_Initialize(tpm.tcti, &s->tcti), 0);
    assert_int_equal(Esys_Initialize(&s->esys, s->tcti, NULL), 0);
    assert_int_equal(
        Esys_TR_FromTPMPublic(s->esys, TPM_SHAPE_INDEX, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &s->index), 0);
    assert_int_equal(
        Esys_TR_FromTPMPublic(s->esys, TPM_SHAPE_GRANT, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &s->grant), 0);
}

/* What the TPM has counted since. */
static uint32_t stranger_end(struct stranger *s, uint32_t before)
{
    struct fault fault = FAULT_NONE;
    struct quota_facts facts;
    Esys_Finalize(&s->esys);
    Tss2_TctiLdr_Finalize(&s->tcti);
    rig_reopen(&rig);
    support_check(quota_facts(rig.quota, &facts, &fault), &fault);
    return facts.count - before;
}

static ESYS_TR session_start(struct stranger *s, TPM2_SE kind, ESYS_TR salt, ESYS_TR bind)
{
    const TPMT_SYM_DEF none = { .algorithm = TPM2_ALG_NULL };
    ESYS_TR session = ESYS_TR_NONE;
    assert_int_equal(Esys_StartAuthSession(s->esys, salt, bind, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, NULL, kind,
                                           &none, TPM2_ALG_SHA256, &session),
                     0);
    /* one that authorises by an HMAC goes on, a policy's ends with the command that it permits */
    const TPMA_SESSION keep = kind == TPM2_SE_HMAC ? TPMA_SESSION_CONTINUESESSION : 0;
    assert_int_equal(Esys_TRSess_SetAttributes(s->esys, session, keep, 0xFF), 0);
    return session;
}

static TSS2_RC authorise(struct stranger *s, ESYS_TR policy, ESYS_TR by)
{
    const TPM2B_NONCE none = { .size = 0 };
    TPM2B_TIMEOUT *timeout = NULL;
    TPMT_TK_AUTH *ticket = NULL;
    TSS2_RC code = Esys_PolicySecret(s->esys, s->index, policy, by, ESYS_TR_NONE, ESYS_TR_NONE, &none,
                                     (const TPM2B_DIGEST *)&none, &none, 0, &timeout, &ticket);
    Esys_Free(timeout);
    Esys_Free(ticket);
    return code;
}

static TSS2_RC grant_sign(struct stranger *s, ESYS_TR by)
{
    const TPMT_SIG_SCHEME of_key = { .scheme = TPM2_ALG_NULL };
    const TPMT_TK_HASHCHECK no_ticket = { .tag = TPM2_ST_HASHCHECK, .hierarchy = TPM2_RH_NULL };
    const TPM2B_DIGEST digest = { .size = 32 };
    TPMT_SIGNATURE *signature = NULL;
    TSS2_RC code =
        Esys_Sign(s->esys, s->grant, by, ESYS_TR_NONE, ESYS_TR_NONE, &digest, &of_key, &no_ticket, &signature);
    Esys_Free(signature);
    return code;
}

static uint32_t count_now(void)
{
    struct fault fault = FAULT_NONE;
    struct quota_facts facts;
    support_check(quota_facts(rig.quota, &facts, &fault), &fault);
    return facts.count;
}

static int group_setup(void **state)
{
    (void)state;
    (void)support_folder_make();
    rig_tpm_make(&tpm, "tpm");
    rig_tpm_start(&tpm);
    rig_enrol(&rig, &tpm);
    rig_give(&rig, 100);
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

/* ---- */

static void session_with_hmac_is_counted_each_time(void **state)
{
    (void)state;
    struct stranger s;
    const uint32_t before = count_now();
    stranger_begin(&s);
    ESYS_TR by = session_start(&s, TPM2_SE_HMAC, ESYS_TR_NONE, ESYS_TR_NONE);
    for (int i = 0; i < 3; i++) {
        ESYS_TR policy = session_start(&s, TPM2_SE_POLICY, ESYS_TR_NONE, ESYS_TR_NONE);
        assert_int_equal(authorise(&s, policy, by), 0);
        assert_int_equal(grant_sign(&s, policy), 0);
    }
    assert_int_equal(stranger_end(&s, before), 3);
}

static void no_session_is_bound_to_the_index(void **state)
{
    (void)state;
    struct stranger s;
    const TPMT_SYM_DEF none = { .algorithm = TPM2_ALG_NULL };
    ESYS_TR session = ESYS_TR_NONE;
    const uint32_t before = count_now();
    stranger_begin(&s);
    assert_int_not_equal(Esys_StartAuthSession(s.esys, ESYS_TR_NONE, s.index, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                               NULL, TPM2_SE_HMAC, &none, TPM2_ALG_SHA256, &session),
                         0);
    assert_int_equal(stranger_end(&s, before), 0);
}

static void session_bound_to_the_grant_key_signs_nothing(void **state)
{
    (void)state;
    struct stranger s;
    const uint32_t before = count_now();
    stranger_begin(&s);
    assert_int_not_equal(grant_sign(&s, session_start(&s, TPM2_SE_HMAC, ESYS_TR_NONE, s.grant)), 0);
    assert_int_not_equal(grant_sign(&s, session_start(&s, TPM2_SE_POLICY, ESYS_TR_NONE, s.grant)), 0);
    assert_int_equal(stranger_end(&s, before), 0);
}

static void session_on_trial_opens_nothing(void **state)
{
    (void)state;
    struct stranger s;
    const uint32_t before = count_now();
    stranger_begin(&s);
    ESYS_TR trial = session_start(&s, TPM2_SE_TRIAL, ESYS_TR_NONE, ESYS_TR_NONE);
    assert_int_equal(authorise(&s, trial, ESYS_TR_PASSWORD), 0);
    assert_int_not_equal(grant_sign(&s, trial), 0);
    assert_int_equal(stranger_end(&s, before), 1);
}

static void session_started_over_has_forgotten_its_unit(void **state)
{
    (void)state;
    struct stranger s;
    const uint32_t before = count_now();
    stranger_begin(&s);
    ESYS_TR policy = session_start(&s, TPM2_SE_POLICY, ESYS_TR_NONE, ESYS_TR_NONE);
    assert_int_equal(authorise(&s, policy, ESYS_TR_PASSWORD), 0);
    assert_int_equal(Esys_PolicyRestart(s.esys, policy, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE), 0);
    assert_int_not_equal(grant_sign(&s, policy), 0);
    assert_int_equal(stranger_end(&s, before), 1);
}

/* Two units on one session are another policy, and no two signatures. */
static void two_units_on_one_session_open_nothing(void **state)
{
    (void)state;
    struct stranger s;
    const uint32_t before = count_now();
    stranger_begin(&s);
    ESYS_TR policy = session_start(&s, TPM2_SE_POLICY, ESYS_TR_NONE, ESYS_TR_NONE);
    assert_int_equal(authorise(&s, policy, ESYS_TR_PASSWORD), 0);
    assert_int_equal(authorise(&s, policy, ESYS_TR_PASSWORD), 0);
    assert_int_not_equal(grant_sign(&s, policy), 0);
    assert_int_equal(stranger_end(&s, before), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(session_with_hmac_is_counted_each_time),
        cmocka_unit_test(no_session_is_bound_to_the_index),
        cmocka_unit_test(session_bound_to_the_grant_key_signs_nothing),
        cmocka_unit_test(session_on_trial_opens_nothing),
        cmocka_unit_test(session_started_over_has_forgotten_its_unit),
        cmocka_unit_test(two_units_on_one_session_open_nothing),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
