/* SPDX-License-Identifier: Apache-2.0 */
/* Station and appliance together, with a real token, against a chip that is honest, cut off, or lies. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/appliance/folder.h"
#include "host/ledger/ledger.h"
#include "host/lib/file.h"
#include "host/lib/p256.h"
#include "host/sign1/sign1.h"
#include "host/station/station.h"
#include "tests/unit/host_support.h"
#include "tests/unit/provision_chip.h"
#include "tests/unit/provision_factory.h"
#include "wire/policy.h"
#include "wire/suit.h"

static struct factory factory;
static struct chip chip;

static int setup(void **state)
{
    (void)state;
    factory_open(&factory);
    chip = (struct chip){ .hsm = factory.chip,
                          .identity_label = "identity",
                          .update_label = "update",
                          .sbm_sequence = FACTORY_SBM_SEQUENCE,
                          .app_sequence = FACTORY_APP_SEQUENCE };
    chip_start(&chip);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    chip_stop(&chip);
    chip_free(&chip);
    factory_close(&factory);
    return 0;
}

/* What the station changes in its receipt. */
static enum station_lie { LIE_NONE, LIE_BOOT, LIE_SBM, LIE_APP } lie;

static int letter_carry(void *socket, struct bytes request, uint8_t *answer, size_t *answer_len, struct fault *fault)
{
    static const uint8_t other[32];
    static uint8_t changed[LETTER_MAX];
    static uint8_t receipt[1024];
    struct letter_request letter;
    struct provision_answer chips = { 0 };
    struct cbor_writer w = cbor_writer_of(changed, sizeof changed);
    struct cbor_writer r = cbor_writer_of(receipt, sizeof receipt);
    size_t at = 0;
    if (letter_request_parse(request, &letter) == STATUS_OK) {
        while (at < letter.count &&
               (provision_answer_parse(letter.results[at].data, &chips) != STATUS_OK || chips.op != PROVISION_CHECK)) {
            at++;
        }
    }
    if (lie == LIE_NONE || at >= letter.count) {
        return appliance_carry(socket, request, answer, answer_len, fault);
    }
    chips.boot_digest = lie == LIE_BOOT ? bytes_of(other, sizeof other) : chips.boot_digest;
    chips.sbm_digest = lie == LIE_SBM ? bytes_of(other, sizeof other) : chips.sbm_digest;
    chips.app_sequence -= lie == LIE_APP ? 1 : 0;
    provision_answer_build(&chips, &r);
    letter.results[at].data = cbor_written(&r);
    letter_request_build(&letter, &w);
    return appliance_carry(socket, cbor_written(&w), answer, answer_len, fault);
}

static int provision_with(int proof, struct station_result *result, struct fault *fault)
{
    struct appliance *appliance = NULL;
    struct appliance_socket *socket = NULL;
    struct image_cache *cache = image_cache_make(1 << 20);
    *fault = FAULT_NONE;
    if (factory_appliance_open(&factory, &appliance, fault) != 0) {
        image_cache_free(cache);
        return -1;
    }
    support_check(appliance_socket_open(appliance, "test", &socket, fault), fault);
    const struct station_job job = { .target = chip.locked ? NULL : chip.target,
                                     .socket = "socket 1",
                                     .timeout_ms = chip_patience_ms(&chip),
                                     .carrier = { socket, letter_carry },
                                     .prover = { &chip, proof ? chip_prove : NULL },
                                     .cache = cache };
    int done = station_provision(&job, result, fault);
    appliance_socket_close(socket);
    factory_appliance_close(&factory, appliance);
    image_cache_free(cache);
    return done;
}

static int provision(struct station_result *result, struct fault *fault)
{
    factory.token_needed = 1;
    return provision_with(1, result, fault);
}

/* The one unit of the ledger; 0 when it has none. */
static int unit_find(struct ledger_unit *unit)
{
    struct ledger *ledger = NULL;
    struct fault fault = FAULT_NONE;
    const struct ledger_config config = { .place = support_path(LEDGER_FILE), .mode = LEDGER_READ };
    support_check(ledger_open(&config, &ledger, &fault), &fault);
    int found = ledger_unit_find(ledger, chip.uid, unit, &fault);
    ledger_close(ledger);
    assert_int_not_equal(found, -1);
    return found;
}

static void unit_expect(enum ledger_state state)
{
    struct ledger_unit unit;
    assert_int_equal(unit_find(&unit), 1);
    assert_int_equal(unit.state, state);
}

/* ---- what an honest chip gets ---- */

/* The current key first, then the next. */
static void trusted_keys_check(struct bytes keys, const char *current, const char *next)
{
    struct fault fault = FAULT_NONE;
    uint8_t expected[128];
    support_check(hsm_key_public(factory.oem, current, expected, &fault), &fault);
    support_check(hsm_key_public(factory.oem, next, expected + 64, &fault), &fault);
    assert_true(bytes_equal(keys, bytes_of(expected, sizeof expected)));
}

static void boot_flash_check(void)
{
    struct anchor anchor;
    uint8_t digest[32];
    size_t len = 0;
    const uint8_t *page = chip.flash + LAYOUT_ANCHOR0_OFF;
    assert_int_equal(anchor_parse(bytes_of(page, LAYOUT_ANCHOR_LEN), &anchor, &len), STATUS_OK);
    p256_sha256(bytes_of(page, len), digest);
    assert_memory_equal(page + len, digest, 32);
    assert_memory_equal(anchor.sbm_class.data, factory.project.profile.sbm_class_uuid, 16);
    assert_int_equal(anchor.least_sequence, 1);
    trusted_keys_check(anchor.firmware_keys, KEY_FIRMWARE, KEY_FIRMWARE_NEXT);
    assert_memory_equal(page, chip.flash + LAYOUT_ANCHOR1_OFF, LAYOUT_ANCHOR_LEN);
    assert_int_equal(chip.flash[100], 0x5A);
    assert_int_equal(chip.flash[2000], 0xFF);
}

static void sbm_slot_check(uint32_t off, uint8_t content)
{
    struct suit_envelope e;
    struct suit_manifest m;
    const uint8_t *slot = chip.flash + off;
    assert_int_equal(suit_envelope_parse(bytes_of(slot, LAYOUT_SBM_IMAGE_OFF), &e), STATUS_OK);
    assert_int_equal(e.payload_count, 0);
    assert_int_equal(suit_manifest_parse(e.manifest, &m), STATUS_OK);
    assert_int_equal(m.sequence, FACTORY_SBM_SEQUENCE);
    assert_int_equal(slot[LAYOUT_SBM_IMAGE_OFF], content);
    assert_int_equal(slot[LAYOUT_SBM_IMAGE_OFF + 8999], content);
    assert_int_equal(slot[LAYOUT_SBM_IMAGE_OFF + 9000], 0xFF);
}

/* The chip's own update key opens the key block, which the provisioner signed; the package follows it. */
static void package_slot_check(void)
{
    struct fault fault = FAULT_NONE;
    struct suit_envelope e;
    struct session_key key;
    struct block_package facts;
    const uint8_t *slot = chip.flash + LAYOUT_PACKAGE0_OFF;
    assert_int_equal(suit_envelope_parse(bytes_of(slot, BLOCK_MAX), &e), STATUS_OK);
    support_check(block_open(e.encoded, &factory.facts, bytes_of(factory.folder->provisioner_key, 64), factory.chip,
                             chip.update_label, &key, &fault),
                  &fault);
    assert_memory_equal(&key, &factory.session, sizeof key);
    support_check(
        block_package_read(bytes_of(slot + e.encoded.len, (size_t)factory.facts.envelope_len), &facts, &fault), &fault);
    assert_int_equal(facts.sequence, FACTORY_APP_SEQUENCE);
}

static void items_check(const struct station_result *result)
{
    struct fault fault = FAULT_NONE;
    struct policy policy;
    struct cert device;
    struct cert issuer;
    uint8_t key[64];
    uint8_t identity[64];
    char serial[64];
    assert_int_equal(policy_parse(bytes_of(chip.items[0], chip.item_lens[0]), &policy), STATUS_OK);
    assert_int_equal(policy.provisioned_sequence, FACTORY_APP_SEQUENCE);
    assert_int_equal(policy.kind, POLICY_PRODUCTION);
    trusted_keys_check(policy.firmware_keys, KEY_FIRMWARE, KEY_FIRMWARE_NEXT);
    trusted_keys_check(policy.mastering_keys, KEY_MASTERING, KEY_MASTERING_NEXT);
    assert_memory_equal(policy.provisioner_key.data, factory.folder->provisioner_key, 64);
    support_check(cert_parse(bytes_of(chip.items[1], chip.item_lens[1]), &device, &fault), &fault);
    support_check(cert_parse(bytes_of(chip.items[2], chip.item_lens[2]), &issuer, &fault), &fault);
    support_check(cert_check(&device, &issuer, &factory.folder->trust.root, CERT_DEVICE, key, &fault), &fault);
    support_check(hsm_key_public(factory.chip, chip.identity_label, identity, &fault), &fault);
    assert_memory_equal(key, identity, 64);
    support_check(cert_serial_number(&device, serial, sizeof serial, &fault), &fault);
    assert_string_equal(serial, "42424242424242424242424242424242");
    assert_int_equal(chip.item_lens[1], result->device_cert_len);
    assert_memory_equal(chip.items[1], result->device_cert, result->device_cert_len);
    assert_int_equal(chip.item_lens[3], factory.folder->trust.root.len);
}

static void bare_chip_becomes_a_locked_device(void **state)
{
    struct station_result result;
    struct ledger_unit unit;
    struct fault fault = FAULT_NONE;
    (void)state;
    support_check(provision(&result, &fault), &fault);
    assert_int_equal(result.number, 1);
    assert_int_equal(chip.locked, 1);
    boot_flash_check();
    sbm_slot_check(LAYOUT_SBM_A_OFF, FACTORY_SBM_A_BYTE);
    sbm_slot_check(LAYOUT_SBM_B_OFF, FACTORY_SBM_B_BYTE);
    package_slot_check();
    items_check(&result);
    assert_int_equal(unit_find(&unit), 1);
    assert_int_equal(unit.state, LEDGER_DONE);
    assert_int_equal(unit.package_sequence, FACTORY_APP_SEQUENCE);
    assert_int_equal(unit.device_cert.len, result.device_cert_len);
}

/* ---- interruptions ---- */

static unsigned packets_of_a_whole_run(void)
{
    struct station_result result;
    struct fault fault = FAULT_NONE;
    chip.cut_at = UINT32_MAX;
    chip.vice = CHIP_BAD_DIGEST; /* goes as far as the receipt */
    assert_int_equal(provision(&result, &fault), -1);
    chip.vice = CHIP_HONEST;
    return chip.packets;
}

static void run_cut_anywhere_resumes_and_counts_once(void **state)
{
    struct station_result result;
    struct ledger_unit unit;
    struct fault fault = FAULT_NONE;
    struct cert first;
    (void)state;
    unsigned packets = packets_of_a_whole_run();
    assert_int_equal(unit_find(&unit), 1);
    first = unit.device_cert;
    for (unsigned i = 1; i <= 10; i++) {
        chip.packets = 0;
        chip.cut_at = 1 + packets * i / 11;
        assert_int_equal(provision(&result, &fault), -1);
        assert_string_not_equal(fault.what, "");
        assert_int_equal(unit_find(&unit), 1);
        assert_int_not_equal(unit.state, LEDGER_DONE);
    }
    chip.cut_at = 0;
    support_check(provision(&result, &fault), &fault);
    assert_int_equal(unit_find(&unit), 1);
    assert_int_equal(unit.number, 1);
    assert_int_equal(unit.state, LEDGER_DONE);
    assert_int_equal(unit.device_cert.len, first.len);
    assert_memory_equal(unit.device_cert.der, first.der, first.len);
}

/* ---- lies ---- */

static void refused_before_it_is_counted(enum chip_vice vice, const char *part)
{
    struct station_result result;
    struct ledger_unit unit;
    struct fault fault = FAULT_NONE;
    chip.vice = vice;
    support_check_refused(provision(&result, &fault), &fault, part);
    assert_int_equal(unit_find(&unit), 0);
    assert_int_equal(chip.locked, 0);
}

static void chip_that_proves_nothing_is_not_counted(void **state)
{
    (void)state;
    refused_before_it_is_counted(CHIP_OTHER_CHALLENGE, "another challenge");
    refused_before_it_is_counted(CHIP_OTHER_UID, "another unique ID");
    refused_before_it_is_counted(CHIP_BAD_SIGNATURE, "signature is wrong");
    refused_before_it_is_counted(CHIP_SAME_KEYS, "two purposes");
    refused_before_it_is_counted(CHIP_MUTE_AGENT, "did not start");
    refused_before_it_is_counted(CHIP_WRONG_OP, "another request");
    refused_before_it_is_counted(CHIP_ENDLESS_ANSWER, "claims");
}

static void chip_that_holds_something_else_is_never_done(void **state)
{
    static const struct {
        enum chip_vice vice;
        const char *part;
    } cases[] = { { CHIP_BAD_DIGEST, "another policy" }, { CHIP_STUCK_BIT, "does not hold" } };
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct station_result result;
        struct fault fault = FAULT_NONE;
        chip.vice = cases[i].vice;
        memset(chip.flash, 0xFF, FLASHCTL_FLASH_LEN);
        support_check_refused(provision(&result, &fault), &fault, cases[i].part);
        unit_expect(LEDGER_RESERVED);
        assert_int_equal(chip.locked, 0);
    }
}

static void receipt_of_something_else_is_refused(void **state)
{
    static const char *const parts[] = { "another boot flash", "another Secure Boot Manager",
                                         "application 6 instead of 7" };
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct station_result result;
        struct fault fault = FAULT_NONE;
        lie = (enum station_lie)(LIE_BOOT + i);
        int done = provision(&result, &fault);
        lie = LIE_NONE;
        support_check_refused(done, &fault, parts[i]);
        unit_expect(LEDGER_RESERVED);
        assert_int_equal(chip.locked, 0);
    }
}

static void chip_whose_debug_port_stays_open_is_never_done(void **state)
{
    struct station_result result;
    struct fault fault = FAULT_NONE;
    (void)state;
    chip.vice = CHIP_STAYS_OPEN;
    support_check_refused(provision(&result, &fault), &fault, "not seen closed");
    unit_expect(LEDGER_CHECKED);
}

static void closed_port_alone_does_not_close_a_record(void **state)
{
    static const struct {
        enum chip_vice vice;
        const char *part;
    } cases[] = { { CHIP_DEAD_AT_LOCK, "nobody answers" },
                  { CHIP_NOT_SECURED, "does not say that it is secured" },
                  { CHIP_OLD_TOKEN, "replay" },
                  { CHIP_OTHER_SOFTWARE, "another application" } };
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct station_result result;
        struct fault fault = FAULT_NONE;
        chip.vice = cases[i].vice;
        support_check_refused(provision(&result, &fault), &fault, cases[i].part);
        unit_expect(LEDGER_CHECKED);
        chip_stop(&chip);
        chip.locked = 0; /* it only looked so */
        chip_power_on(&chip);
    }
}

static void missing_token_is_refused_where_one_is_needed(void **state)
{
    struct station_result result;
    struct fault fault = FAULT_NONE;
    (void)state;
    factory.token_needed = 1;
    support_check_refused(provision_with(0, &result, &fault), &fault, "token");
    unit_expect(LEDGER_CHECKED);
}

static void chip_without_data_link_is_done_when_its_port_is_seen_closed(void **state)
{
    struct station_result result;
    struct fault fault = FAULT_NONE;
    (void)state;
    factory.token_needed = 0;
    support_check(provision_with(0, &result, &fault), &fault);
    unit_expect(LEDGER_DONE);
}

static void second_key_for_one_unique_id_is_quarantined(void **state)
{
    struct station_result result;
    struct fault fault = FAULT_NONE;
    (void)state;
    chip.vice = CHIP_STUCK_BIT;
    assert_int_equal(provision(&result, &fault), -1);
    chip.vice = CHIP_HONEST;
    chip.identity_label = "identity2";
    chip.update_label = "update2";
    support_check_refused(provision(&result, &fault), &fault, "quarantined");
    unit_expect(LEDGER_QUARANTINED);
    assert_int_equal(chip.locked, 0);
}

/* ---- inputs ---- */

/* Though the maker signed the package that they are in. */
static void damaged_firmware_or_block_never_reaches_a_chip(void **state)
{
    struct ledger_unit unit;
    (void)state;
    for (size_t file = 1; file <= 3; file++) {
        for (size_t at = 0; at < 1000; at += 83) {
            struct station_result result;
            struct fault fault = FAULT_NONE;
            factory_file_flip(&factory, file, at);
            assert_int_equal(provision(&result, &fault), -1);
            assert_string_not_equal(fault.what, "");
            factory_file_flip(&factory, file, at);
        }
    }
    assert_int_equal(chip.flash[0], 0xFF);
    assert_int_equal(unit_find(&unit), 0);
}

static void refused_in_the_place_of(size_t file, size_t other, const char *part)
{
    struct station_result result;
    struct fault fault = FAULT_NONE;
    factory.files[file] = factory.paths[other];
    factory_package_forget(&factory);
    support_check_refused(provision(&result, &fault), &fault, part);
    factory.files[file] = factory.paths[file];
}

static void firmware_in_the_place_of_another_is_refused(void **state)
{
    (void)state;
    refused_in_the_place_of(1, 2, "component");
    refused_in_the_place_of(2, 1, "component");
    refused_in_the_place_of(0, 2, "BL1 in the production package");
    refused_in_the_place_of(3, 1, "parts do not fit together");
    factory.project.profile.class_uuid[3] ^= 1;
    factory_packages_make(&factory);
    factory.project.profile.class_uuid[3] ^= 1;
    refused_in_the_place_of(2, 2, "product class");
}

static void packages_of_the_next_keys_are_provisioned(void **state)
{
    struct station_result result;
    struct fault fault = FAULT_NONE;
    (void)state;
    factory.next_key = 1;
    factory_packages_make(&factory);
    support_check(provision(&result, &fault), &fault);
    assert_int_equal(chip.locked, 1);
    package_slot_check();
}

static void packages_that_need_later_ones_of_each_other_are_refused(void **state)
{
    struct station_result result;
    struct fault fault = FAULT_NONE;
    (void)state;
    factory.app_needs = FACTORY_SBM_SEQUENCE + 1;
    factory_packages_make(&factory);
    support_check_refused(provision(&result, &fault), &fault, "needs Secure Boot Manager 4, and this one is 3");
    factory.app_needs = FACTORY_SBM_SEQUENCE;
    factory.sbm_needs = FACTORY_APP_SEQUENCE + 1;
    factory_packages_make(&factory);
    fault = FAULT_NONE;
    support_check_refused(provision(&result, &fault), &fault, "needs application 8, and this one is 7");
    assert_int_equal(chip.flash[0], 0xFF);
    factory.sbm_needs = FACTORY_APP_SEQUENCE;
    factory_packages_make(&factory);
    fault = FAULT_NONE;
    support_check(provision(&result, &fault), &fault);
}

#define FLOW_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FLOW_TEST(bare_chip_becomes_a_locked_device),
        FLOW_TEST(run_cut_anywhere_resumes_and_counts_once),
        FLOW_TEST(chip_that_proves_nothing_is_not_counted),
        FLOW_TEST(chip_that_holds_something_else_is_never_done),
        FLOW_TEST(receipt_of_something_else_is_refused),
        FLOW_TEST(chip_whose_debug_port_stays_open_is_never_done),
        FLOW_TEST(closed_port_alone_does_not_close_a_record),
        FLOW_TEST(missing_token_is_refused_where_one_is_needed),
        FLOW_TEST(chip_without_data_link_is_done_when_its_port_is_seen_closed),
        FLOW_TEST(second_key_for_one_unique_id_is_quarantined),
        FLOW_TEST(damaged_firmware_or_block_never_reaches_a_chip),
        FLOW_TEST(firmware_in_the_place_of_another_is_refused),
        FLOW_TEST(packages_of_the_next_keys_are_provisioned),
        FLOW_TEST(packages_that_need_later_ones_of_each_other_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
