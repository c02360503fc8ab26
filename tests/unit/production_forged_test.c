/* SPDX-License-Identifier: Apache-2.0 */
/* Production packages that the maker never made: signed with other keys, or with the right one over other terms. */
#include <stdlib.h>
#include <unistd.h>

#include "host/lib/p256.h"
#include "tests/unit/host_support.h"
#include "tests/unit/production_rig.h"
#include "wire/cose.h"

typedef void (*edit)(struct production *terms);

/* The package with other terms, signed with `label` of a token of the maker's. */
static struct bytes forged(enum project_token token, const char *label, edit change)
{
    struct fault fault = FAULT_NONE;
    struct hsm *oem = NULL;
    struct cose_sign1 sign1;
    struct production terms;
    uint8_t head[PRODUCTION_STRUCTURE_MAX];
    uint8_t digest[32];
    uint8_t key[64];
    uint8_t kid[8];
    uint8_t signature[64];
    uint8_t *payload = (uint8_t *)malloc(made_package.len + 1024);
    uint8_t *out = (uint8_t *)malloc(made_package.len + 1024);
    uint8_t *signed_bytes = (uint8_t *)malloc(made_package.len + 1024);
    assert_int_equal(cose_sign1_parse(made_package, &sign1), STATUS_OK);
    assert_int_equal(production_parse(sign1.payload, &terms), STATUS_OK);
    change(&terms);
    struct cbor_writer p = cbor_writer_of(payload, made_package.len + 1024);
    production_build(&terms, &p);
    struct cbor_writer h = cbor_writer_of(head, sizeof head);
    production_sig_head_build(p.len, &h);
    memcpy(signed_bytes, head, h.len);
    memcpy(signed_bytes + h.len, payload, p.len);
    p256_sha256(bytes_of(signed_bytes, h.len + p.len), digest);
    hsm_close(made_hsm);
    (void)unsetenv("SOFTHSM2_CONF");
    support_check(project_hsm_open(&rig_project, token, &oem, &fault), &fault);
    support_check(hsm_key_public(oem, label, key, &fault), &fault);
    support_check(hsm_sign(oem, label, digest, signature, &fault), &fault);
    hsm_close(oem);
    production_reopen();
    p256_kid(key, kid);
    const struct cose_sign1 again = { .kid = bytes_of(kid, 8),
                                      .payload = cbor_written(&p),
                                      .signature = bytes_of(signature, 64) };
    struct cbor_writer w = cbor_writer_of(out, made_package.len + 1024);
    cose_sign1_build(&again, &w);
    assert_int_equal(w.status, STATUS_OK);
    free(payload);
    free(signed_bytes);
    return cbor_written(&w);
}

static void forged_refused(enum project_token token, const char *label, edit change, const char *part)
{
    struct bytes bytes = forged(token, label, change);
    production_refused(bytes, made_at, &made_floor, part);
    rig_unload(bytes);
}

static const uint8_t other[64] = { 1, 2, 3 };
static void same(struct production *terms)
{
    (void)terms;
}
static void no_quota(struct production *terms)
{
    terms->quota = 0;
}
static void more_quota(struct production *terms)
{
    terms->quota = 4;
}
static void other_recipient(struct production *terms)
{
    terms->recipient = bytes_of(other, 32);
}
static void other_issuing(struct production *terms)
{
    terms->issuing = bytes_of(other, 32);
}
static void other_grant_key(struct production *terms)
{
    terms->grant_key = bytes_of(other, 64);
}
static void with_tpm(struct production *terms)
{
    terms->tpm = 1;
}
static void with_refill(struct production *terms)
{
    terms->refill = bytes_of(other, 8);
}
static void other_vendor(struct production *terms)
{
    terms->vendor = bytes_of(other, 16);
}
static void other_number(struct production *terms)
{
    terms->number = 8;
}
static void other_block(struct production *terms)
{
    terms->block = 2;
}

static void only_a_mastering_key_may_sign_it(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    forged_refused(PROJECT_DEVELOPMENT, KEY_DEV_MASTERING, same, "not signed by a mastering key");
    forged_refused(PROJECT_OEM, KEY_FIRMWARE, same, "not signed by a mastering key");
    forged_refused(PROJECT_OEM, KEY_QUOTA, same, "not signed by a mastering key");
    struct bytes next = forged(PROJECT_OEM, KEY_MASTERING_NEXT, same);
    support_check(production_try(next, made_at, &made_floor, &fault), &fault);
    rig_unload(next);
}

static void a_revoked_mastering_key_signs_nothing_more(void **state)
{
    (void)state;
    struct production_trust trust = made_folder.trust;
    struct production_run run;
    struct fault fault = FAULT_NONE;
    memmove(trust.mastering_keys, trust.mastering_keys + 64, 64);
    trust.mastering_len = 64;
    const struct production_inputs in = { made_package, made_hsm, &trust, &made_floor, made_at };
    support_check_refused(production_open(&in, &run, &fault), &fault, "not signed by a mastering key");
}

static void terms_that_do_not_fit_are_refused_each_for_its_reason(void **state)
{
    (void)state;
    forged_refused(PROJECT_OEM, KEY_MASTERING, no_quota, "its quota is 0");
    forged_refused(PROJECT_OEM, KEY_MASTERING, other_recipient, "is for another appliance");
    forged_refused(PROJECT_OEM, KEY_MASTERING, other_issuing, "another issuing certificate");
    forged_refused(PROJECT_OEM, KEY_MASTERING, other_grant_key, "another grant key");
    forged_refused(PROJECT_OEM, KEY_MASTERING, with_tpm, "for an appliance with a TPM");
    forged_refused(PROJECT_OEM, KEY_MASTERING, with_refill, "for an appliance with a TPM");
    forged_refused(PROJECT_OEM, KEY_MASTERING, other_vendor, "product.yaml is of another product");
    forged_refused(PROJECT_OEM, KEY_MASTERING, other_number, "the ticket is for another package");
    forged_refused(PROJECT_OEM, KEY_MASTERING, other_block, "the ticket is for another package");
}

/* What the tests above forge is otherwise right: with the quota alone changed it opens. */
static void a_forgery_by_the_maker_itself_opens(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct bytes bytes = forged(PROJECT_OEM, KEY_MASTERING, more_quota);
    support_check(production_try(bytes, made_at, &made_floor, &fault), &fault);
    rig_unload(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_a_mastering_key_may_sign_it),
        cmocka_unit_test(a_revoked_mastering_key_signs_nothing_more),
        cmocka_unit_test(terms_that_do_not_fit_are_refused_each_for_its_reason),
        cmocka_unit_test(a_forgery_by_the_maker_itself_opens),
    };
    return cmocka_run_group_tests(tests, production_setup, production_teardown);
}
