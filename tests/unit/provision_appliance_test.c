/* SPDX-License-Identifier: Apache-2.0 */
/* The appliance on its own: packages that are not for it, letters that lie or come out of turn, keys of others. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/appliance/appliance.h"
#include "host/appliance/package.h"
#include "host/letter/letter.h"
#include "host/lib/file.h"
#include "tests/unit/host_support.h"
#include "tests/unit/provision_factory.h"

static struct factory factory;
static uint8_t firmware_keys[128];

static int group_setup(void **state)
{
    struct fault fault = FAULT_NONE;
    (void)state;
    factory_open(&factory);
    support_check(hsm_key_public(factory.oem, KEY_FIRMWARE, firmware_keys, &fault), &fault);
    support_check(hsm_key_public(factory.oem, KEY_FIRMWARE_NEXT, firmware_keys + 64, &fault), &fault);
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    factory_close(&factory);
    return 0;
}

/* ---- packages ---- */

static struct package_rules rules_of(int sbm)
{
    const struct profile *profile = &factory.project.profile;
    return (struct package_rules){ sbm, bytes_of(firmware_keys, sizeof firmware_keys), profile->vendor_uuid,
                                   sbm ? profile->sbm_class_uuid : profile->class_uuid };
}

static int checked(const uint8_t *data, size_t len, const struct package_rules *rules, struct fault *fault)
{
    struct package package;
    *fault = FAULT_NONE;
    return package_check("package", bytes_of(data, len), rules, &package, fault);
}

static uint8_t *package_load(int sbm, size_t *len)
{
    struct fault fault = FAULT_NONE;
    uint8_t *data = NULL;
    support_check(file_read(factory.paths[sbm ? 1 : 2], 1 << 20, &data, len, &fault), &fault);
    return data;
}

static void package_with_any_byte_changed_is_refused(void **state)
{
    (void)state;
    for (int sbm = 0; sbm < 2; sbm++) {
        const struct package_rules rules = rules_of(sbm);
        struct fault fault;
        size_t len = 0;
        uint8_t *data = package_load(sbm, &len);
        support_check(checked(data, len, &rules, &fault), &fault);
        for (size_t at = 0; at < len; at += at < 1000 ? 1 : 997) {
            data[at] ^= 0x01;
            assert_int_equal(checked(data, len, &rules, &fault), -1);
            assert_string_not_equal(fault.what, "");
            data[at] ^= 0x01;
        }
        assert_int_equal(checked(data, len - 1, &rules, &fault), -1);
        free(data);
    }
}

static void package_of_another_vendor_product_or_maker_is_refused(void **state)
{
    (void)state;
    for (int sbm = 0; sbm < 2; sbm++) {
        static const uint8_t other[128] = { 4 };
        struct fault fault;
        size_t len = 0;
        uint8_t *data = package_load(sbm, &len);
        struct package_rules rules = rules_of(sbm);
        rules.vendor = other;
        support_check_refused(checked(data, len, &rules, &fault), &fault, "vendor");
        rules = rules_of(sbm);
        rules.class_id = other;
        support_check_refused(checked(data, len, &rules, &fault), &fault, "class");
        rules = rules_of(!sbm);
        support_check_refused(checked(data, len, &rules, &fault), &fault, "component");
        rules = rules_of(sbm);
        rules.firmware_keys = bytes_of(other, sizeof other);
        support_check_refused(checked(data, len, &rules, &fault), &fault, "key");
        free(data);
    }
}

/* ---- letters ---- */

static struct appliance *appliance_make(void)
{
    struct appliance *appliance = NULL;
    struct fault fault = FAULT_NONE;
    support_check(appliance_open(&factory.project, &factory.inputs, &appliance, &fault), &fault);
    return appliance;
}

/* The appliance refuses the letter, and says why. */
static void letter_refused(struct appliance *appliance, const struct letter_request *request, const char *part)
{
    static uint8_t encoded[LETTER_MAX];
    static uint8_t out[LETTER_MAX];
    struct letter_answer answer;
    struct fault fault = FAULT_NONE;
    size_t len = 0;
    struct cbor_writer w = cbor_writer_of(encoded, sizeof encoded);
    letter_request_build(request, &w);
    support_check(appliance_carry(appliance, cbor_written(&w), out, &len, &fault), &fault);
    assert_int_equal(letter_answer_parse(bytes_of(out, len), &answer), STATUS_OK);
    assert_int_equal(answer.refused, part != NULL);
    assert_true(part == NULL || memmem(answer.what.data, answer.what.len, part, strlen(part)) != NULL);
}

static const uint8_t some[32];

static struct letter_request begin_with(uint64_t lifecycle, uint64_t sbm_sequence)
{
    return (struct letter_request){
        .op = LETTER_BEGIN, .uid = bytes_of(some, 16), .lifecycle = lifecycle, .sbm_sequence = sbm_sequence
    };
}

static void chip_that_is_locked_or_runs_another_sbm_is_not_begun(void **state)
{
    struct appliance *appliance = appliance_make();
    struct letter_request begin;
    (void)state;
    for (uint64_t lifecycle = 2; lifecycle <= 4; lifecycle++) {
        begin = begin_with(lifecycle, FACTORY_SBM_SEQUENCE);
        letter_refused(appliance, &begin, "not open for provisioning");
    }
    begin = begin_with(0, FACTORY_SBM_SEQUENCE - 1);
    letter_refused(appliance, &begin, "Secure Boot Manager 2 instead of 3");
    begin = begin_with(1, FACTORY_SBM_SEQUENCE + 1);
    letter_refused(appliance, &begin, "Secure Boot Manager 4 instead of 3");
    begin = begin_with(1, FACTORY_SBM_SEQUENCE);
    letter_refused(appliance, &begin, NULL);
    appliance_close(appliance);
}

static void letters_out_of_turn_are_refused_and_a_challenge_is_good_for_one_proof(void **state)
{
    const struct letter_request begin = begin_with(0, FACTORY_SBM_SEQUENCE);
    const struct letter_request proof = { .op = LETTER_POSSESSION, .possession = bytes_of(some, 32) };
    const struct letter_request receipt = { .op = LETTER_RECEIPT,
                                            .items_digest = bytes_of(some, 32),
                                            .boot_digest = bytes_of(some, 32),
                                            .sbm_digest = bytes_of(some, 32),
                                            .app_sequence = FACTORY_APP_SEQUENCE };
    const struct letter_request close = { .op = LETTER_CLOSE };
    struct appliance *appliance = appliance_make();
    (void)state;
    for (unsigned begun = 0; begun < 2; begun++) {
        if (begun) {
            letter_refused(appliance, &begin, NULL);
        } else {
            letter_refused(appliance, &proof, "out of turn");
        }
        letter_refused(appliance, &receipt, "out of turn");
        letter_refused(appliance, &close, "out of turn");
    }
    letter_refused(appliance, &proof, "proof of possession");
    letter_refused(appliance, &proof, "out of turn");
    letter_refused(appliance, &begin, NULL);
    letter_refused(appliance, &proof, "proof of possession");
    appliance_close(appliance);
}

/* ---- keys ---- */

/* A right certificate, of a key that is in another token. */
static void certificate_of_a_key_that_the_token_lacks_is_refused(void **state)
{
    struct appliance *appliance = NULL;
    struct fault fault = FAULT_NONE;
    struct cert own;
    struct cert other;
    (void)state;
    support_check(cert_read(support_path("pki/provisioner.crt"), &own, &fault), &fault);
    support_check(cert_read(support_path("pki/firmware.crt"), &other, &fault), &fault);
    assert_int_equal(remove(support_path("pki/provisioner.crt")), 0);
    support_check(cert_write(support_path("pki/provisioner.crt"), &other, &fault), &fault);
    support_check_refused(appliance_open(&factory.project, &factory.inputs, &appliance, &fault), &fault,
                          "is not the one that pki/provisioner.crt certifies");
    assert_int_equal(remove(support_path("pki/provisioner.crt")), 0);
    fault = FAULT_NONE;
    support_check(cert_write(support_path("pki/provisioner.crt"), &own, &fault), &fault);
    appliance_close(appliance_make());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(package_with_any_byte_changed_is_refused),
        cmocka_unit_test(package_of_another_vendor_product_or_maker_is_refused),
        cmocka_unit_test(chip_that_is_locked_or_runs_another_sbm_is_not_begun),
        cmocka_unit_test(letters_out_of_turn_are_refused_and_a_challenge_is_good_for_one_proof),
        cmocka_unit_test(certificate_of_a_key_that_the_token_lacks_is_refused),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
