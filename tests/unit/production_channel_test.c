/* SPDX-License-Identifier: Apache-2.0 */
/* A product whose chips have keys of their vendor: vendors in the production package, and the appliance's credential
 * for chips, from the maker's signature to the first letter of a socket. */
#include "tests/unit/production_rig.h"
#include "wire/layout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/pem.h>

#include "host/appliance/appliance.h"
#include "host/chip/vendor.h"
#include "host/ledger/ledger.h"
#include "host/lib/pem.h"
#include "host/lib/silicon.h"
#include "host/pki/enrol.h"
#include "tests/unit/host_support.h"

static struct bytes secure_package;
static struct ledger *ledger;
static struct appliance *appliance;
static struct appliance_socket *chip_socket;
static unsigned ledgers;
static uint8_t answered[LETTER_MAX];

static void chip_vendors_set(const char *file)
{
    (void)snprintf(rig_project.profile.chip_vendors, sizeof rig_project.profile.chip_vendors, "%s", file);
}

static int master(const char *out, struct fault *fault)
{
    struct master_production_order order = production_order_usual(out);
    order.number = 8;
    (void)unsetenv("SOFTHSM2_CONF");
    return master_production(&rig_project, &order, fault);
}

static int group_setup(void **state)
{
    static const uint8_t uid[16] = { 7 };
    static struct vendor_identity identity;
    struct fault fault = FAULT_NONE;
    (void)production_setup(state);
    hsm_close(made_hsm);
    support_check(vendor_identity_make(uid, NULL, &identity, &fault), &fault);
    support_check(file_write(rig_path("pki/chips.pem"), bytes_of(identity.issuer, strlen(identity.issuer)), 0644,
                             FILE_REPLACE, &fault),
                  &fault);
    support_check(file_write(rig_path("pki/leaf.pem"), bytes_of(identity.certificate, strlen(identity.certificate)),
                             0644, FILE_REPLACE, &fault),
                  &fault);
    FILE *profile = fopen(rig_path("product.yaml"), "a");
    assert_non_null(profile);
    assert_true(fputs("chip_vendors: pki/chips.pem\n", profile) > 0);
    assert_int_equal(fclose(profile), 0);
    chip_vendors_set("pki/chips.pem");
    support_check(master("secure.wpp", &fault), &fault);
    secure_package = rig_load("secure.wpp");
    production_reopen();
    return 0;
}

static int group_teardown(void **state)
{
    rig_unload(secure_package);
    return production_teardown(state);
}

static int teardown(void **state)
{
    (void)state;
    appliance_socket_close(chip_socket);
    appliance_close(appliance);
    ledger_close(ledger);
    chip_socket = NULL;
    appliance = NULL;
    ledger = NULL;
    return 0;
}

/* An appliance with a ledger of its own loads the package. */
static int load(struct bytes package, struct fault *fault)
{
    char name[32];
    struct fault none = FAULT_NONE;
    (void)snprintf(name, sizeof name, "ledger-%u.db", ++ledgers);
    const struct ledger_config place = { .place = rig_path(name), .mode = LEDGER_WRITE };
    support_check(ledger_open(&place, &ledger, &none), &none);
    const struct appliance_config config = { &made_folder, made_hsm, ledger, NULL, 0 };
    support_check(appliance_make(&config, &appliance, &none), &none);
    return appliance_load(appliance, package, fault);
}

/* A chip comes. */
static struct letter_answer begin(unsigned channel)
{
    static uint8_t letter[LETTER_MAX];
    struct fault fault = FAULT_NONE;
    struct letter_answer answer;
    size_t len = 0;
    const struct letter_request request = {
        .op = LETTER_BEGIN, .version = LETTER_VERSION, .socket = bytes_of("one", 3), .channel = channel
    };
    struct cbor_writer w = cbor_writer_of(letter, sizeof letter);
    letter_request_build(&request, &w);
    if (chip_socket == NULL) {
        support_check(appliance_socket_open(appliance, "test", &chip_socket, &fault), &fault);
    }
    support_check(appliance_carry(chip_socket, cbor_written(&w), answered, &len, &fault), &fault);
    assert_int_equal(letter_answer_parse(bytes_of(answered, len), &answer), STATUS_OK);
    return answer;
}

static void refused_with(const struct letter_answer *answer, const char *part)
{
    assert_true(answer->refused);
    assert_non_null(memmem(answer->what.data, answer->what.len, part, strlen(part)));
}

/* What the maker signs with `label` for the appliance, or somebody changed. */
struct wanted {
    const char *label;
    uint64_t expires;
    uint8_t class_change;
    uint8_t key_change;
};

static size_t credential_sign(const struct wanted *wanted, uint8_t out[CREDENTIAL_MAX])
{
    struct fault fault = FAULT_NONE;
    struct hsm *oem = NULL;
    uint8_t key[64];
    uint8_t class_id[16];
    size_t len = 0;
    memcpy(key, made_folder.channel_key, sizeof key);
    memcpy(class_id, rig_project.profile.class_uuid, sizeof class_id);
    key[3] ^= wanted->key_change;
    class_id[0] ^= wanted->class_change;
    const struct edhoc_claims claims = { bytes_of("factory-1", 9),
                                         wanted->expires,
                                         bytes_of(key, 32),
                                         bytes_of(key + 32, 32),
                                         bytes_of(rig_project.profile.vendor_uuid, 16),
                                         bytes_of(class_id, 16) };
    hsm_close(made_hsm);
    (void)unsetenv("SOFTHSM2_CONF");
    support_check(project_hsm_open(&rig_project, PROJECT_OEM, &oem, &fault), &fault);
    support_check(credential_make(oem, wanted->label, &claims, out, &len, &fault), &fault);
    hsm_close(oem);
    production_reopen();
    return len;
}

static void credential_put(const struct wanted *wanted)
{
    uint8_t cwt[CREDENTIAL_MAX];
    struct fault fault = FAULT_NONE;
    size_t len = credential_sign(wanted, cwt);
    support_check(file_write(rig_path("a/pki/channel.cwt"), bytes_of(cwt, len), 0644, FILE_REPLACE, &fault), &fault);
    hsm_close(made_hsm);
    production_reopen();
}

static const struct wanted right = { KEY_MASTERING, UINT32_MAX, 0, 0 };

/* ---- tests ---- */

static void product_of_vendors_chips_begins_with_a_handshake_and_takes_no_other_channel(void **state)
{
    struct fault fault = FAULT_NONE;
    (void)state;
    support_check(load(secure_package, &fault), &fault);
    struct letter_answer answer = begin(LETTER_CHANNEL_SECURE);
    assert_false(answer.refused);
    assert_int_equal(answer.count, 1);
    assert_int_equal(answer.actions[0].kind, LETTER_FRAME);
    answer = begin(LETTER_CHANNEL_OPEN);
    refused_with(&answer, "over the secure channel only");
}

static void product_without_vendors_has_the_open_channel_alone(void **state)
{
    struct fault fault = FAULT_NONE;
    (void)state;
    support_check(load(made_package, &fault), &fault);
    struct letter_answer answer = begin(LETTER_CHANNEL_OPEN);
    assert_false(answer.refused);
    answer = begin(LETTER_CHANNEL_SECURE);
    refused_with(&answer, "names no silicon vendors");
}

static void appliance_whose_credential_ended_takes_no_chip(void **state)
{
    struct fault fault = FAULT_NONE;
    const struct wanted ended = { KEY_MASTERING, 5000, 0, 0 };
    (void)state;
    credential_put(&ended);
    support_check(load(secure_package, &fault), &fault);
    struct letter_answer answer = begin(LETTER_CHANNEL_SECURE);
    refused_with(&answer, "ended on 1970-01-01");
    credential_put(&right);
}

static void package_is_refused_with_a_credential_that_no_chip_would_take(void **state)
{
    static const struct {
        struct wanted wanted;
        const char *why;
    } cases[] = {
        { { KEY_MASTERING, UINT32_MAX, 1, 0 }, "for another product" },
        { { KEY_MASTERING, UINT32_MAX, 0, 1 }, "for another key" },
        { { KEY_FIRMWARE, UINT32_MAX, 0, 0 }, "does not trust" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fault fault = FAULT_NONE;
        credential_put(&cases[i].wanted);
        support_check_refused(load(secure_package, &fault), &fault, cases[i].why);
        (void)teardown(NULL);
        fault = FAULT_NONE;
        support_check(load(made_package, &fault), &fault); /* chips that do not ask */
        (void)teardown(NULL);
    }
    credential_put(&right);
}

/* The maker's answer with this in the place of its credential; len 0: with none. */
static int answer_enrol(struct bytes credential, struct fault *fault)
{
    struct pem_file pem;
    struct pem_text text = { NULL, 0 };
    struct fault none = FAULT_NONE;
    support_check(pem_read(rig_path("pki/appliances/factory-1.pem"), 65536, &pem, &none), &none);
    for (size_t i = 0; i < pem.count; i++) {
        const int is_it = strcmp(pem.blocks[i].label, ENROLMENT_PEM_CHANNEL) == 0;
        if (!is_it || credential.len > 0) {
            support_check(pem_add(&text, pem.blocks[i].label, is_it ? credential : pem.blocks[i].data, &none), &none);
        }
    }
    support_check(file_write(rig_path("answer.pem"), bytes_of(text.data, text.len), 0644, FILE_REPLACE, &none), &none);
    pem_free(&pem);
    pem_text_free(&text);
    return appliance_folder_enrol(rig_path("a"), rig_path("answer.pem"), NULL, fault);
}

static void credential_for_chips_that_is_not_right_is_refused(void **state)
{
    static const struct {
        struct wanted wanted;
        const char *why;
    } cases[] = {
        { { KEY_MASTERING, 5000, 0, 0 }, "has ended" },
        { { KEY_MASTERING, UINT32_MAX, 0, 1 }, "for another key" },
        { { KEY_FIRMWARE, UINT32_MAX, 0, 0 }, "does not trust" },
    };
    uint8_t cwt[CREDENTIAL_MAX];
    struct fault fault = FAULT_NONE;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t len = credential_sign(&cases[i].wanted, cwt);
        fault = FAULT_NONE;
        support_check_refused(answer_enrol(bytes_of(cwt, len), &fault), &fault, cases[i].why);
    }
    fault = FAULT_NONE;
    support_check_refused(answer_enrol(bytes_of(NULL, 0), &fault), &fault, "no credential for chips");
    size_t len = credential_sign(&right, cwt);
    cwt[len - 1] ^= 1;
    fault = FAULT_NONE;
    support_check_refused(answer_enrol(bytes_of(cwt, len), &fault), &fault, "");
    cwt[len - 1] ^= 1;
    fault = FAULT_NONE;
    support_check(answer_enrol(bytes_of(cwt, len), &fault), &fault);
}

static void credential_for_chips_is_renewed_and_nothing_else(void **state)
{
    static const char *const hosts[] = { "127.0.0.1", NULL };
    const struct pki_appliance_order order = { rig_path("a/request.pem"), "factory-1", hosts, 3, NULL, 2, 0 };
    struct fault fault = FAULT_NONE;
    struct edhoc_claims claims;
    const struct appliance_folder before = made_folder;
    (void)state;
    hsm_close(made_hsm);
    (void)unsetenv("SOFTHSM2_CONF");
    support_check(pki_appliance_issue(&rig_project, &order, NULL, &fault), &fault);
    (void)unsetenv("SOFTHSM2_CONF");
    support_check(appliance_folder_enrol(rig_path("a"), rig_path("pki/appliances/factory-1.pem"), NULL, &fault),
                  &fault);
    production_reopen();
    support_check(appliance_folder_channel(&made_folder, &claims, &fault), &fault);
    assert_in_range(claims.expires, (uint64_t)time(NULL) + 86400, (uint64_t)time(NULL) + 2 * 86400);
    assert_true(bytes_equal(claims.subject, bytes_of("factory-1", 9)));
    assert_true(bytes_equal(bytes_of(before.trust.issuing.der, before.trust.issuing.len),
                            bytes_of(made_folder.trust.issuing.der, made_folder.trust.issuing.len)));
    support_check(load(secure_package, &fault), &fault);
}

static void vendors_that_are_none_are_refused_by_the_maker(void **state)
{
    struct fault fault = FAULT_NONE;
    (void)state;
    hsm_close(made_hsm);
    chip_vendors_set("pki/leaf.pem");
    support_check_refused(master("leaf.wpp", &fault), &fault, "certificates of CAs");
    fault = FAULT_NONE;
    chip_vendors_set("pki/nothing.pem");
    support_check_refused(master("nothing.wpp", &fault), &fault, "nothing.pem");
    /* product.yaml, which the package carries, names vendors. */
    fault = FAULT_NONE;
    chip_vendors_set("");
    support_check(master("none.wpp", &fault), &fault);
    chip_vendors_set("pki/chips.pem");
    production_reopen();
    struct bytes package = rig_load("none.wpp");
    support_check_refused(load(package, &fault), &fault, "do not belong together");
    rig_unload(package);
}

/* A chip of a silicon vendor would never answer again. */
static void image_that_cannot_speak_the_secure_channel_is_refused_by_the_maker(void **state)
{
    struct master_production_order order = production_order_usual("mute.wpp");
    struct fault fault = FAULT_NONE;
    uint8_t mute[2000] = { 0 };
    (void)state;
    bytes_write_le32(mute + 4, LAYOUT_FLASH_SECURE_ADDR + 0x101u);
    support_check(file_write(rig_path("mute.bin"), bytes_of(mute, sizeof mute), 0644, FILE_REPLACE, &fault), &fault);
    hsm_close(made_hsm);
    (void)unsetenv("SOFTHSM2_CONF");
    order.number = 9;
    order.bl1 = rig_path("mute.bin");
    support_check_refused(master_production(&rig_project, &order, &fault), &fault, "cannot speak the secure channel");
    assert_non_null(strstr(fault.hint, "bl1-agent.bin"));
    fault = FAULT_NONE;
    chip_vendors_set(""); /* over the debug port it is as good as another */
    support_check(master_production(&rig_project, &order, &fault), &fault);
    chip_vendors_set("pki/chips.pem");
    production_reopen();
}

#define CHANNEL_TEST(name) cmocka_unit_test_teardown(name, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHANNEL_TEST(product_of_vendors_chips_begins_with_a_handshake_and_takes_no_other_channel),
        CHANNEL_TEST(product_without_vendors_has_the_open_channel_alone),
        CHANNEL_TEST(appliance_whose_credential_ended_takes_no_chip),
        CHANNEL_TEST(package_is_refused_with_a_credential_that_no_chip_would_take),
        CHANNEL_TEST(credential_for_chips_that_is_not_right_is_refused),
        CHANNEL_TEST(credential_for_chips_is_renewed_and_nothing_else),
        CHANNEL_TEST(vendors_that_are_none_are_refused_by_the_maker),
        CHANNEL_TEST(image_that_cannot_speak_the_secure_channel_is_refused_by_the_maker),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
