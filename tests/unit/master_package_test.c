/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packages and what belongs to them, with real tokens: what is mastered is what the device's verifier accepts and what
 * decrypts to the image; what may not be mixed is refused; nothing is left behind by a refusal.
 */
#include "tests/unit/test.h"

#include <dirent.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "boot/verify.h"
#include "host/lib/block.h"
#include "host/lib/cert.h"
#include "host/master/master.h"
#include "tests/unit/host_support.h"
#include "tests/unit/master_rig_trust.h"
#include "wire/layout.h"

static void decrypted_package_is_the_image(void **state)
{
    (void)state;
    uint8_t key[64];
    uint8_t mastering[64];
    uint8_t digest[32];
    struct package package;
    struct block_package facts;
    struct session_key session;
    struct hsm *hsm = NULL;
    struct fault fault = FAULT_NONE;
    int len = 0;
    rig_package_make(2, "v2.suit", 0);
    struct bytes whole = rig_load("v2.suit");
    struct bytes block = rig_load("v2.suit.key");
    const struct verify_trust trust = rig_trust(KEY_FIRMWARE, key);
    assert_int_equal(verify_package(whole, &trust, &package), STATUS_OK);
    assert_int_equal(verify_payload(&package), STATUS_OK);
    assert_int_equal(package.manifest.sequence, 2);
    rig_key(KEY_MASTERING, mastering);
    support_check(block_package_read(whole, &facts, &fault), &fault);
    support_check(project_hsm_open(&rig_project, PROJECT_OEM, &hsm, &fault), &fault);
    support_check(block_open(block, &facts, bytes_of(mastering, 64), hsm, KEY_DISTRIBUTION, &session, &fault), &fault);
    hsm_close(hsm);
    uint8_t *plain = (uint8_t *)malloc(RIG_IMAGE_LEN);
    EVP_CIPHER_CTX *ctr = EVP_CIPHER_CTX_new();
    assert_int_equal(package.envelope.payload.len, RIG_IMAGE_LEN);
    assert_int_equal(EVP_DecryptInit_ex(ctr, EVP_aes_128_ctr(), NULL, session.key, session.iv), 1);
    assert_int_equal(EVP_DecryptUpdate(ctr, plain, &len, package.envelope.payload.data, (int)RIG_IMAGE_LEN), 1);
    EVP_CIPHER_CTX_free(ctr);
    assert_memory_equal(plain, rig_image, RIG_IMAGE_LEN);
    assert_int_equal(verify_image(&package, bytes_of(plain, RIG_IMAGE_LEN), digest), STATUS_OK);
    free(plain);
    rig_unload(whole);
    rig_unload(block);
}

static void image_of_any_length_round_the_piece_size_is_written_whole(void **state)
{
    (void)state;
    static const size_t lengths[] = { 16, 524287, 524288, 524289 };
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        uint8_t key[64];
        struct package package;
        uint8_t digest[32];
        struct fault fault = FAULT_NONE;
        struct master_package_order order = rig_order(3, "length.suit");
        order.input = rig_path("length.bin");
        order.replace = FILE_REPLACE;
        support_check(file_write(order.input, bytes_of(rig_image, lengths[i]), 0644, FILE_REPLACE, &fault), &fault);
        support_check(master_package(&rig_project, &order, &fault), &fault);
        struct bytes whole = rig_load("length.suit");
        const struct verify_trust trust = rig_trust(KEY_FIRMWARE, key);
        assert_int_equal(verify_package(whole, &trust, &package), STATUS_OK);
        assert_int_equal(verify_payload(&package), STATUS_OK);
        assert_int_equal(package.image.size, lengths[i]);
        (void)SHA256(rig_image, lengths[i], digest);
        assert_true(bytes_equal(package.image.digest, bytes_of(digest, sizeof digest)));
        rig_unload(whole);
    }
}

static void two_packages_of_one_image_share_no_ciphertext(void **state)
{
    (void)state;
    struct suit_envelope a;
    struct suit_envelope b;
    rig_package_make(4, "first.suit", 0);
    rig_package_make(4, "second.suit", 0);
    struct bytes first = rig_load("first.suit");
    struct bytes second = rig_load("second.suit");
    assert_int_equal(suit_envelope_parse(first, &a), STATUS_OK);
    assert_int_equal(suit_envelope_parse(second, &b), STATUS_OK);
    size_t same = 0;
    for (size_t i = 0; i + 16 <= RIG_IMAGE_LEN; i += 16) {
        same += memcmp(a.payload.data + i, b.payload.data + i, 16) == 0;
        assert_int_not_equal(memcmp(a.payload.data + i, rig_image + i, 16), 0);
    }
    assert_int_equal(same, 0);
    rig_unload(first);
    rig_unload(second);
}

static void development_package_does_not_verify_for_production(void **state)
{
    (void)state;
    uint8_t key[64];
    struct package package;
    rig_package_make(2, "dev.suit", 1);
    struct bytes whole = rig_load("dev.suit");
    struct verify_trust trust = rig_trust(KEY_FIRMWARE, key);
    assert_int_equal(verify_package(whole, &trust, &package), STATUS_SUIT_KEY_UNKNOWN);
    trust = rig_trust(KEY_DEV_FIRMWARE, key);
    assert_int_equal(verify_package(whole, &trust, &package), STATUS_OK);
    rig_unload(whole);
}

static void block_for_the_appliance_opens_there(void **state)
{
    (void)state;
    uint8_t mastering[64];
    struct block_package facts;
    struct session_key oem;
    struct session_key appliance;
    struct hsm *hsm = NULL;
    struct fault fault = FAULT_NONE;
    rig_package_make(5, "v5.suit", 0);
    const struct master_block_order order =
        rig_block_order("v5.suit", "pki/appliances/factory-1/transport.crt", "v5.block");
    support_check(master_block(&rig_project, &order, &fault), &fault);
    struct bytes whole = rig_load("v5.suit");
    struct bytes own = rig_load("v5.suit.key");
    struct bytes block = rig_load("v5.block");
    rig_key(KEY_MASTERING, mastering);
    support_check(block_package_read(whole, &facts, &fault), &fault);
    hsm = rig_appliance_open();
    support_check(block_open(block, &facts, bytes_of(mastering, 64), hsm, KEY_TRANSPORT, &appliance, &fault), &fault);
    hsm_close(hsm);
    support_check(project_hsm_open(&rig_project, PROJECT_OEM, &hsm, &fault), &fault);
    support_check(block_open(own, &facts, bytes_of(mastering, 64), hsm, KEY_DISTRIBUTION, &oem, &fault), &fault);
    hsm_close(hsm);
    assert_memory_equal(&oem, &appliance, sizeof oem);
    rig_unload(whole);
    rig_unload(own);
    rig_unload(block);
}

/* A certificate of a device's update key, issued as the appliance issues it. */
static void device_cert_make(const char *out)
{
    struct hsm *hsm = NULL;
    struct cert issuer;
    struct cert cert;
    struct fault fault = FAULT_NONE;
    struct cert_spec spec = { .kind = CERT_DEVICE_UPDATE,
                              .organisation = "Example Devices",
                              .common_name = "sensor",
                              .serial_number = "00112233445566778899aabbccddeeff" };
    hsm = rig_appliance_open();
    support_check(hsm_key_generate(hsm, "device-update", HSM_KEY_AGREE, spec.public_key, &fault), &fault);
    support_check(cert_read(rig_path("pki/appliances/factory-1/issuing.crt"), &issuer, &fault), &fault);
    support_check(cert_issue(&spec, &issuer, hsm, KEY_ISSUING, &cert, &fault), &fault);
    support_check(cert_write(rig_path(out), &cert, &fault), &fault);
    hsm_close(hsm);
}

static void update_for_a_device_joins_its_block_and_the_package(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    device_cert_make("device.crt");
    struct master_package_order order = rig_order(6, "v6.suit");
    order.recipients[0] = (struct master_recipient){ rig_path("device.crt"), rig_path("v6.block") };
    order.recipient_count = 1;
    support_check(master_package(&rig_project, &order, &fault), &fault);
    support_check(master_update(order.out, rig_path("v6.block"), rig_path("v6.bin"), FILE_NEW_ONLY, &fault), &fault);
    struct bytes package = rig_load("v6.suit");
    struct bytes block = rig_load("v6.block");
    struct bytes update = rig_load("v6.bin");
    assert_int_equal(update.len, block.len + package.len);
    assert_memory_equal(update.data, block.data, block.len);
    assert_memory_equal(update.data + block.len, package.data, package.len);
    rig_unload(package);
    rig_unload(block);
    rig_unload(update);
}

static void what_does_not_belong_together_is_refused(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    rig_package_make(8, "v8.suit", 0);
    rig_package_make(8, "v8b.suit", 0);
    rig_package_make(8, "v8d.suit", 1);
    support_check_refused(
        master_update(rig_path("v8.suit"), rig_path("v8b.suit.key"), rig_path("x.bin"), FILE_NEW_ONLY, &fault), &fault,
        "belongs to another package");
    fault = FAULT_NONE;
    support_check_refused(
        master_update(rig_path("v8.suit.key"), rig_path("v8.suit.key"), rig_path("x.bin"), FILE_NEW_ONLY, &fault),
        &fault, "");
    struct master_block_order order = rig_block_order("v8d.suit", "pki/appliances/factory-1/transport.crt", "x.block");
    fault = FAULT_NONE;
    support_check_refused(master_block(&rig_project, &order, &fault), &fault, "--development");
    order = rig_block_order("v8.suit", "pki/firmware.crt", "x.block");
    fault = FAULT_NONE;
    support_check_refused(master_block(&rig_project, &order, &fault), &fault, "a key block goes to");
    order = rig_block_order("v8.suit", "pki/dev-distribution.crt", "x.block");
    fault = FAULT_NONE;
    support_check_refused(master_block(&rig_project, &order, &fault), &fault, "issued by another CA");
}

static size_t files_count(void)
{
    size_t n = 0;
    DIR *dir = opendir(rig_path("."));
    assert_non_null(dir);
    while (readdir(dir) != NULL) {
        n++;
    }
    (void)closedir(dir);
    return n;
}

static void refusal_leaves_nothing_behind(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    rig_package_make(9, "v9.suit", 0);
    struct bytes before = rig_load("v9.suit");
    size_t files = files_count();
    struct master_package_order order = rig_order(9, "v9.suit");
    support_check_refused(master_package(&rig_project, &order, &fault), &fault, "exists already");
    struct bytes after = rig_load("v9.suit");
    assert_true(bytes_equal(before, after));
    order = rig_order(9, "new.suit");
    order.recipients[0] = (struct master_recipient){ rig_path("pki/mastering.crt"), rig_path("new.block") };
    order.recipient_count = 1;
    fault = FAULT_NONE;
    support_check_refused(master_package(&rig_project, &order, &fault), &fault, "a key block goes to");
    order = rig_order(9, "nowhere/new.suit");
    fault = FAULT_NONE;
    support_check_refused(master_package(&rig_project, &order, &fault), &fault, "cannot write");
    order = rig_order(9, "new.suit");
    order.rules.max_len = 1000;
    fault = FAULT_NONE;
    support_check_refused(master_package(&rig_project, &order, &fault), &fault, "takes 1000");
    assert_int_equal(files_count(), files);
    rig_unload(before);
    rig_unload(after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decrypted_package_is_the_image),
        cmocka_unit_test(image_of_any_length_round_the_piece_size_is_written_whole),
        cmocka_unit_test(two_packages_of_one_image_share_no_ciphertext),
        cmocka_unit_test(development_package_does_not_verify_for_production),
        cmocka_unit_test(block_for_the_appliance_opens_there),
        cmocka_unit_test(update_for_a_device_joins_its_block_and_the_package),
        cmocka_unit_test(what_does_not_belong_together_is_refused),
        cmocka_unit_test(refusal_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, rig_setup_with_appliance, rig_teardown);
}
