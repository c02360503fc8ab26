/* SPDX-License-Identifier: Apache-2.0 */
/* SBM packages, keys and their successors, and the command that retires one, with real tokens. */
#include "tests/unit/test.h"

#include <openssl/sha.h>
#include <string.h>
#include <unistd.h>

#include "host/lib/block.h"
#include "host/lib/cert.h"
#include "host/lib/file.h"
#include "host/sign1/sign1.h"
#include "tests/unit/host_support.h"
#include "tests/unit/master_rig_trust.h"
#include "wire/command.h"
#include "wire/cose.h"
#include "wire/layout.h"
#include "wire/policy.h"

static struct master_package_order sbm_order_of(const char *out)
{
    struct master_package_order order = rig_order(1, out);
    order.input = rig_path("sbm-a.bin");
    order.input_b = rig_path("sbm-b.bin");
    image_rules_of(IMAGE_SBM_A, &order.rules);
    image_rules_of(IMAGE_SBM_B, &order.rules_b);
    return order;
}

/* An image for each slot, of different lengths; gives their bytes. */
static void sbm_images_write(uint8_t a[4096], uint8_t b[5000])
{
    struct fault fault = FAULT_NONE;
    memcpy(a, rig_image, 4096);
    memcpy(b, rig_image + 4096, 5000);
    bytes_write_le32(a, 0x38010000u);
    bytes_write_le32(a + 4, 0x10021101u);
    bytes_write_le32(b, 0x38010000u);
    bytes_write_le32(b + 4, 0x10051101u);
    support_check(file_write(rig_path("sbm-a.bin"), bytes_of(a, 4096), 0644, FILE_REPLACE, &fault), &fault);
    support_check(file_write(rig_path("sbm-b.bin"), bytes_of(b, 5000), 0644, FILE_REPLACE, &fault), &fault);
}

static struct verify_trust sbm_trust_of(uint8_t key[64], enum verify_target target)
{
    struct verify_trust trust = rig_trust(KEY_FIRMWARE, key);
    trust.target = target;
    trust.class_id = bytes_of(rig_project.profile.sbm_class_uuid, 16);
    return trust;
}

static void sbm_package_is_signed_and_plain_for_both_slots(void **state)
{
    (void)state;
    uint8_t key[64];
    uint8_t digest[32];
    struct package package;
    struct fault fault = FAULT_NONE;
    uint8_t a[4096];
    uint8_t b[5000];
    sbm_images_write(a, b);
    struct master_package_order order = sbm_order_of("sbm.suit");
    support_check(master_package(&rig_project, &order, &fault), &fault);
    struct bytes whole = rig_load("sbm.suit");
    for (unsigned slot = 0; slot < 2; slot++) {
        struct verify_trust trust = sbm_trust_of(key, slot == 0 ? VERIFY_SBM_A : VERIFY_SBM_B);
        assert_int_equal(verify_package(whole, &trust, &package), STATUS_OK);
        assert_int_equal(verify_payload(&package), STATUS_OK);
        struct bytes payload = package.envelope.payloads[slot].data;
        assert_int_equal(verify_image(&package, payload, digest), STATUS_OK);
        assert_true(bytes_equal(payload, slot == 0 ? bytes_of(a, sizeof a) : bytes_of(b, sizeof b)));
    }
    assert_int_equal(package.envelope.encoded.len, whole.len);
    assert_int_equal(access(rig_path("sbm.suit.key"), F_OK), -1);
    struct verify_trust trust = sbm_trust_of(key, VERIFY_APP);
    assert_int_equal(verify_package(whole, &trust, &package), STATUS_SUIT_COMPONENT);
    rig_unload(whole);
}

static void sbm_image_for_the_other_slot_is_refused(void **state)
{
    (void)state;
    uint8_t a[4096];
    uint8_t b[5000];
    sbm_images_write(a, b);
    for (int which = 0; which < 2; which++) {
        struct fault fault = FAULT_NONE;
        struct master_package_order order = sbm_order_of("twice.suit");
        order.input = rig_path(which == 0 ? "sbm-b.bin" : "sbm-a.bin");
        order.input_b = order.input;
        support_check_refused(master_package(&rig_project, &order, &fault), &fault, "reset vector");
        assert_int_equal(access(rig_path("twice.suit"), F_OK), -1);
    }
}

static void needed_version_of_the_other_component_is_demanded(void **state)
{
    (void)state;
    uint8_t key[64];
    struct package package;
    struct fault fault = FAULT_NONE;
    uint8_t a[4096];
    uint8_t b[5000];
    sbm_images_write(a, b);
    for (int sbm = 0; sbm < 2; sbm++) {
        struct master_package_order order = sbm ? sbm_order_of("needs.suit") : rig_order(1, "needs.suit");
        order.needs_version = 9;
        order.replace = FILE_REPLACE;
        support_check(master_package(&rig_project, &order, &fault), &fault);
        struct bytes whole = rig_load("needs.suit");
        struct verify_trust trust = sbm ? sbm_trust_of(key, VERIFY_SBM_B) : rig_trust(KEY_FIRMWARE, key);
        trust.other_version = 9;
        assert_int_equal(verify_package(whole, &trust, &package), STATUS_OK);
        trust.other_version = 8;
        assert_int_equal(verify_package(whole, &trust, &package), STATUS_SUIT_VERSION);
        rig_unload(whole);
    }
}

static void next_keys_sign_what_devices_take(void **state)
{
    (void)state;
    uint8_t keys[128];
    struct package package;
    struct block_package facts;
    struct session_key session;
    struct hsm *hsm = NULL;
    struct fault fault = FAULT_NONE;
    struct master_package_order order = rig_order(6, "next.suit");
    order.key = KEY_FIRMWARE_NEXT;
    support_check(master_package(&rig_project, &order, &fault), &fault);
    struct bytes whole = rig_load("next.suit");
    struct verify_trust trust = rig_trust(KEY_FIRMWARE, keys);
    assert_int_equal(verify_package(whole, &trust, &package), STATUS_SUIT_KEY_UNKNOWN);
    rig_key(KEY_FIRMWARE_NEXT, keys + 64);
    trust.keys.keys = bytes_of(keys, sizeof keys);
    assert_int_equal(verify_package(whole, &trust, &package), STATUS_OK);
    trust.keys.retired = 1;
    assert_int_equal(verify_package(whole, &trust, &package), STATUS_OK);
    trust.keys.retired = 2;
    assert_int_equal(verify_package(whole, &trust, &package), STATUS_SUIT_KEY_RETIRED);
    struct master_block_order block_order =
        rig_block_order("next.suit", "pki/appliances/factory-1/transport.crt", "next.block");
    block_order.key = KEY_MASTERING_NEXT;
    support_check(master_block(&rig_project, &block_order, &fault), &fault);
    struct bytes block = rig_load("next.block");
    rig_key(KEY_MASTERING, keys);
    rig_key(KEY_MASTERING_NEXT, keys + 64);
    support_check(block_package_read(whole, &facts, &fault), &fault);
    hsm = rig_appliance_open();
    support_check_refused(block_open(block, &facts, bytes_of(keys, 64), hsm, KEY_TRANSPORT, &session, &fault), &fault,
                          "key block");
    fault = FAULT_NONE;
    support_check(block_open(block, &facts, bytes_of(keys, 128), hsm, KEY_TRANSPORT, &session, &fault), &fault);
    hsm_close(hsm);
    rig_unload(whole);
    rig_unload(block);
}

static void key_of_another_kind_signs_nothing(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct master_package_order order = rig_order(6, "wrong.suit");
    order.key = KEY_MASTERING;
    support_check_refused(master_package(&rig_project, &order, &fault), &fault, "'mastering' is not a key for this");
    order.key = KEY_FIRMWARE_NEXT;
    order.development = 1;
    fault = FAULT_NONE;
    support_check_refused(master_package(&rig_project, &order, &fault), &fault, "is not a key for this");
    assert_int_equal(access(rig_path("wrong.suit"), F_OK), -1);
}

/* A right certificate of the right kind, and not that of the key which would sign. */
static void key_that_is_not_its_certificates_signs_nothing(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct cert own;
    struct cert next;
    support_check(cert_read(rig_path("pki/firmware.crt"), &own, &fault), &fault);
    support_check(cert_read(rig_path("pki/firmware-next.crt"), &next, &fault), &fault);
    assert_int_equal(unlink(rig_path("pki/firmware.crt")), 0);
    support_check(cert_write(rig_path("pki/firmware.crt"), &next, &fault), &fault);
    struct master_package_order order = rig_order(6, "mixed.suit");
    support_check_refused(master_package(&rig_project, &order, &fault), &fault,
                          "is not the certificate of the key 'firmware'");
    assert_int_equal(access(rig_path("mixed.suit"), F_OK), -1);
    assert_int_equal(unlink(rig_path("pki/firmware.crt")), 0);
    fault = FAULT_NONE;
    support_check(cert_write(rig_path("pki/firmware.crt"), &own, &fault), &fault);
}

static void anchor_page_holds_both_firmware_keys(void **state)
{
    (void)state;
    uint8_t keys[128];
    uint8_t digest[32];
    size_t len = 0;
    struct anchor anchor;
    struct fault fault = FAULT_NONE;
    const struct master_anchor_order order = { .least_sequence = 3, .out = rig_path("anchor.bin") };
    support_check(master_anchor(&rig_project, &order, &fault), &fault);
    struct bytes page = rig_load("anchor.bin");
    assert_int_equal(page.len, LAYOUT_ANCHOR_LEN);
    assert_int_equal(anchor_parse(page, &anchor, &len), STATUS_OK);
    rig_key(KEY_FIRMWARE, keys);
    rig_key(KEY_FIRMWARE_NEXT, keys + 64);
    assert_true(bytes_equal(anchor.firmware_keys, bytes_of(keys, sizeof keys)));
    assert_true(bytes_equal(anchor.sbm_class, bytes_of(rig_project.profile.sbm_class_uuid, 16)));
    assert_int_equal(anchor.least_sequence, 3);
    (void)SHA256(page.data, len, digest);
    assert_memory_equal(page.data + len, digest, sizeof digest);
    for (size_t i = len + 32; i < page.len; i++) {
        assert_int_equal(page.data[i], 0xFF);
    }
    rig_unload(page);
}

static void retirement_is_signed_by_the_key_that_stays(void **state)
{
    (void)state;
    static const struct {
        const char *retire;
        const char *signed_by; /* as ordered */
        const char *signer;    /* as it must be */
        uint64_t set;
    } rows[] = {
        { KEY_FIRMWARE, NULL, KEY_FIRMWARE_NEXT, COMMAND_FIRMWARE_KEYS },
        { KEY_FIRMWARE_NEXT, KEY_FIRMWARE, KEY_FIRMWARE, COMMAND_FIRMWARE_KEYS },
        { KEY_MASTERING, KEY_FIRMWARE_NEXT, KEY_FIRMWARE_NEXT, COMMAND_MASTERING_KEYS },
        { KEY_MASTERING_NEXT, NULL, KEY_FIRMWARE, COMMAND_MASTERING_KEYS },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fault fault = FAULT_NONE;
        uint8_t key[64];
        uint8_t kid[COSE_KID_LEN];
        struct command command;
        struct bytes payload;
        const struct master_retire_order order = { rows[i].retire, rows[i].signed_by, rig_path("retire.command"),
                                                   FILE_REPLACE };
        support_check(master_retire(&rig_project, &order, &fault), &fault);
        struct bytes encoded = rig_load("retire.command");
        const struct sign1 sign1 = { encoded, bytes_of(COMMAND_AAD, strlen(COMMAND_AAD)), { NULL, 0 } };
        rig_key(rows[i].signer, key);
        assert_int_equal(sign1_check(&sign1, key, &payload), STATUS_OK);
        assert_int_equal(command_parse(payload, &command), STATUS_OK);
        assert_int_equal(command.set, rows[i].set);
        rig_key(rows[i].retire, key);
        verify_key_id(bytes_of(key, sizeof key), kid);
        assert_true(bytes_equal(command.kid, bytes_of(kid, sizeof kid)));
        assert_true(bytes_equal(command.vendor, bytes_of(rig_project.profile.vendor_uuid, 16)));
        assert_true(bytes_equal(command.class_id, bytes_of(rig_project.profile.class_uuid, 16)));
        rig_unload(encoded);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sbm_package_is_signed_and_plain_for_both_slots),
        cmocka_unit_test(sbm_image_for_the_other_slot_is_refused),
        cmocka_unit_test(needed_version_of_the_other_component_is_demanded),
        cmocka_unit_test(next_keys_sign_what_devices_take),
        cmocka_unit_test(key_of_another_kind_signs_nothing),
        cmocka_unit_test(key_that_is_not_its_certificates_signs_nothing),
        cmocka_unit_test(anchor_page_holds_both_firmware_keys),
        cmocka_unit_test(retirement_is_signed_by_the_key_that_stays),
    };
    return cmocka_run_group_tests(tests, rig_setup_with_appliance, rig_teardown);
}
