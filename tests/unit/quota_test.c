/* SPDX-License-Identifier: Apache-2.0 */
/* The quota in a TPM: from a new TPM to units that are used up, and on. A real TPM simulator, started here. */
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/host_support.h"
#include "tests/unit/quota_rig.h"

static struct rig_tpm tpm;
static struct rig rig;

static struct quota_facts facts_now(void)
{
    struct fault fault = FAULT_NONE;
    struct quota_facts facts;
    support_check(quota_facts(rig.quota, &facts, &fault), &fault);
    return facts;
}

static void spent_out(const char *part)
{
    struct fault fault = FAULT_NONE;
    static const uint8_t digest[32] = { 1 };
    uint8_t signature[64];
    uint32_t count;
    int result = quota_sign(rig.quota, digest, signature, &count, &fault);
    if (result != QUOTA_SPENT_OUT || strstr(fault.what, part) == NULL) {
        print_error("%d: %s\n", result, fault.what);
        fail();
    }
}

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

static void fresh_tpm_has_no_units(void **state)
{
    (void)state;
    struct quota_facts facts = facts_now();
    assert_int_equal(facts.count, 0);
    assert_int_equal(facts.limit, 0);
    spent_out("counted 0 of 0 units");
}

static void making_it_again_changes_nothing(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    uint8_t before[64];
    struct quota_config config = rig_config(&rig);
    memcpy(before, facts_now().grant_key, 64);
    rig_close(&rig);
    support_check(quota_make(&config, &fault), &fault);
    rig_reopen(&rig);
    assert_memory_equal(facts_now().grant_key, before, 64);
}

static void exactly_as_many_units_as_were_given(void **state)
{
    (void)state;
    rig_give(&rig, 3);
    for (uint32_t unit = 1; unit <= 3; unit++) {
        assert_int_equal(rig_spend(&rig), unit);
    }
    spent_out("counted 3 of 3 units");
    spent_out("counted 3 of 3 units");
    assert_int_equal(facts_now().count, 3);
}

static void next_refill_goes_on_where_the_last_ended(void **state)
{
    (void)state;
    rig_give(&rig, 2);
    assert_int_equal(rig_spend(&rig), 4);
    rig_give(&rig, 2); /* unit 5 was given and is void now */
    assert_int_equal(facts_now().count, 5);
    assert_int_equal(facts_now().limit, 7);
    assert_int_equal(rig_spend(&rig), 6);
    assert_int_equal(rig_spend(&rig), 7);
    spent_out("counted 7 of 7 units");
    assert_int_equal(facts_now().strays, 0);
}

static void units_between_order_and_refill_are_not_numbered_twice(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct tpm_order order;
    uint8_t refill[TPM_CHECK_REFILL_MAX];
    rig_give(&rig, 2);
    rig_order(&rig, &order);
    assert_int_equal(order.count, 7);
    assert_int_equal(order.limit, 9);
    assert_int_equal(rig_spend(&rig), 8);
    assert_int_equal(rig_spend(&rig), 9);
    support_check(quota_refill(rig.quota, rig_answer(&rig, &order, 1, refill), &fault), &fault);
    assert_int_equal(rig_spend(&rig), 10);
    spent_out("counted 10 of 10 units");
}

static void same_refill_again_changes_nothing(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    uint8_t refill[TPM_CHECK_REFILL_MAX];
    struct bytes answer = rig_refill(&rig, 2, refill);
    support_check(quota_refill(rig.quota, answer, &fault), &fault);
    assert_int_equal(rig_spend(&rig), 11);
    support_check(quota_refill(rig.quota, answer, &fault), &fault);
    assert_int_equal(rig_spend(&rig), 12);
    support_check(quota_refill(rig.quota, answer, &fault), &fault);
    spent_out("counted 12 of 12 units");
}

static void changed_refill_is_refused_and_the_right_one_still_taken(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    uint8_t refill[TPM_CHECK_REFILL_MAX];
    struct bytes answer = rig_refill(&rig, 1, refill);
    for (size_t bit = 0; bit < answer.len * 8; bit++) {
        struct fault refusal = FAULT_NONE;
        refill[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(quota_refill(rig.quota, answer, &refusal), -1);
        assert_true(refusal.what[0] != '\0');
        refill[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t len = 0; len < answer.len; len++) {
        struct fault refusal = FAULT_NONE;
        assert_int_equal(quota_refill(rig.quota, bytes_of(refill, len), &refusal), -1);
    }
    support_check(quota_refill(rig.quota, answer, &fault), &fault);
    assert_int_equal(rig_spend(&rig), rig.last_limit);
}

static void refill_without_an_order_is_told_so(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    uint8_t refill[TPM_CHECK_REFILL_MAX];
    struct bytes answer = rig_refill(&rig, 1, refill);
    char path[200];
    (void)snprintf(path, sizeof path, "%s/order.session", rig.folder);
    assert_int_equal(unlink(path), 0);
    support_check_refused(quota_refill(rig.quota, answer, &fault), &fault, "no order waits");
    support_write("tpm.folder/order.session", "what is this", 0600);
    fault = FAULT_NONE;
    support_check_refused(quota_refill(rig.quota, answer, &fault), &fault, "damaged");
    rig_give(&rig, 1);
    assert_int_equal(rig_spend(&rig), rig.last_limit);
}

static void order_survives_the_appliance_and_hundreds_of_units(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct tpm_order order;
    uint8_t refill[TPM_CHECK_REFILL_MAX];
    rig_give(&rig, 600);
    rig_order(&rig, &order);
    rig_close(&rig);
    rig_reopen(&rig);
    for (int i = 0; i < 600; i++) {
        (void)rig_spend(&rig);
    }
    support_check(quota_refill(rig.quota, rig_answer(&rig, &order, 1, refill), &fault), &fault);
    assert_int_equal(rig_spend(&rig), rig.last_limit);
}

static void credential_opens_in_its_tpm(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    uint8_t credential[TPM_CHECK_CREDENTIAL_MAX];
    uint8_t certificate[QUOTA_CERTIFICATE_MAX];
    size_t len;
    size_t certificate_len;
    support_check(tpm_credential_build(&rig.enrolment, bytes_of(rig.certificate, sizeof rig.certificate), credential,
                                       &len, &fault),
                  &fault);
    support_check(quota_credential_open(rig.quota, bytes_of(credential, len), certificate, &certificate_len, &fault),
                  &fault);
    assert_int_equal(certificate_len, sizeof rig.certificate);
    assert_memory_equal(certificate, rig.certificate, certificate_len);
}

static void changed_credential_is_refused(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    uint8_t credential[TPM_CHECK_CREDENTIAL_MAX];
    uint8_t certificate[QUOTA_CERTIFICATE_MAX];
    size_t len;
    size_t certificate_len;
    support_check(tpm_credential_build(&rig.enrolment, bytes_of(rig.certificate, sizeof rig.certificate), credential,
                                       &len, &fault),
                  &fault);
    for (size_t at = 0; at < len; at += 37) {
        struct fault refusal = FAULT_NONE;
        credential[at] ^= 0x20;
        assert_int_equal(
            quota_credential_open(rig.quota, bytes_of(credential, len), certificate, &certificate_len, &refusal), -1);
        assert_true(refusal.what[0] != '\0');
        credential[at] ^= 0x20;
    }
}

static void power_cycle_in_between_is_survived(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    static const uint8_t digest[32] = { 9 };
    uint8_t signature[64];
    uint32_t count;
    rig_give(&rig, 3);
    uint32_t before = rig_spend(&rig);
    rig_tpm_kill(&tpm);
    support_check_refused(quota_sign(rig.quota, digest, signature, &count, &fault), &fault, "TPM");
    fault = FAULT_NONE;
    support_check_refused(quota_sign(rig.quota, digest, signature, &count, &fault), &fault, "no connection");
    rig_tpm_start(&tpm);
    assert_int_equal(rig_spend(&rig), before + 1);
    assert_int_equal(facts_now().strays, 0);
    assert_int_equal(rig_spend(&rig), before + 2);
    spent_out("units");
}

static void order_from_before_a_restart_is_void_in_words(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    uint8_t refill[TPM_CHECK_REFILL_MAX];
    struct bytes answer = rig_refill(&rig, 1, refill);
    rig_tpm_kill(&tpm);
    rig_tpm_start(&tpm);
    struct fault first = FAULT_NONE;
    int result = quota_refill(rig.quota, answer, &first); /* the first may only find out that the way is gone */
    assert_int_equal(result, -1);
    support_check_refused(quota_refill(rig.quota, answer, &fault), &fault, "restarted");
    rig_give(&rig, 1);
    assert_int_equal(rig_spend(&rig), rig.last_limit);
}

/* A confined daemon may map no new code: what it needs to come back must have stayed. */
static void library_of_the_way_stays_when_it_is_closed(void **state)
{
    (void)state;
    rig_close(&rig);
    void *held = dlopen("libtss2-tcti-swtpm.so.0", RTLD_NOW | RTLD_NOLOAD);
    assert_non_null(held);
    (void)dlclose(held);
    rig_reopen(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fresh_tpm_has_no_units),
        cmocka_unit_test(making_it_again_changes_nothing),
        cmocka_unit_test(exactly_as_many_units_as_were_given),
        cmocka_unit_test(next_refill_goes_on_where_the_last_ended),
        cmocka_unit_test(units_between_order_and_refill_are_not_numbered_twice),
        cmocka_unit_test(same_refill_again_changes_nothing),
        cmocka_unit_test(changed_refill_is_refused_and_the_right_one_still_taken),
        cmocka_unit_test(refill_without_an_order_is_told_so),
        cmocka_unit_test(order_survives_the_appliance_and_hundreds_of_units),
        cmocka_unit_test(credential_opens_in_its_tpm),
        cmocka_unit_test(changed_credential_is_refused),
        cmocka_unit_test(power_cycle_in_between_is_survived),
        cmocka_unit_test(order_from_before_a_restart_is_void_in_words),
        cmocka_unit_test(library_of_the_way_stays_when_it_is_closed),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
