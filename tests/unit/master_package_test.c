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
#include "host/pki/pki.h"
#include "tests/unit/host_support.h"
#include "wire/layout.h"
#include "wire/policy.h"

#define IMAGE_LEN 700000u

static char folder[256];
static struct project project;
static uint8_t *image;

static char *in_folder(const char *name)
{
    static char names[16][512];
    static size_t next;
    char *out = names[next++ % 16];
    (void)snprintf(out, 512, "%s/%s", folder, name);
    return out;
}

static void silent(void *context, const char *line)
{
    (void)context;
    (void)line;
}

static int setup(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    const struct pki_listener listener = { silent, NULL };
    (void)snprintf(folder, sizeof folder, "%s", support_folder_make());
    const struct pki_scaffold scaffold = { folder, "sensor", "Example Devices", "devices.example" };
    (void)unsetenv("SOFTHSM2_CONF");
    support_check(pki_scaffold_make(&scaffold, &listener, &fault), &fault);
    support_check(project_open(folder, &project, &fault), &fault);
    support_check(pki_create(&project, "ceremony.yaml", pki_spec_ceremony(), &listener, &fault), &fault);
    image = (uint8_t *)malloc(IMAGE_LEN);
    assert_non_null(image);
    for (size_t i = 0; i < IMAGE_LEN; i++) {
        image[i] = (uint8_t)(i * 2654435761u >> 13);
    }
    bytes_write_le32(image, 0x28400000u);
    bytes_write_le32(image + 4, 0x00080009u);
    support_check(file_write(in_folder("app.bin"), bytes_of(image, IMAGE_LEN), 0644, FILE_NEW_ONLY, &fault), &fault);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(image);
    support_folder_remove();
    return 0;
}

static struct master_package_order order_of(uint64_t sequence, const char *out)
{
    struct master_package_order order = { .input = in_folder("app.bin"), .sequence = sequence, .out = in_folder(out) };
    image_rules_of(IMAGE_APP, &order.rules);
    return order;
}

static void package_make(uint64_t sequence, const char *out, int development)
{
    struct fault fault = FAULT_NONE;
    struct master_package_order order = order_of(sequence, out);
    order.development = development;
    support_check(master_package(&project, &order, &fault), &fault);
}

static struct bytes load(const char *name)
{
    struct fault fault = FAULT_NONE;
    uint8_t *data = NULL;
    size_t len = 0;
    support_check(file_read(in_folder(name), (size_t)8 << 20, &data, &len, &fault), &fault);
    return bytes_of(data, len);
}

static void unload(struct bytes b)
{
    free((void *)(uintptr_t)b.data);
}

static void key_of(const char *label, uint8_t key[64])
{
    struct cert cert;
    struct fault fault = FAULT_NONE;
    char name[64];
    (void)snprintf(name, sizeof name, "pki/%s.crt", label);
    support_check(cert_read(in_folder(name), &cert, &fault), &fault);
    support_check(cert_public_key(&cert, key, &fault), &fault);
}

static struct verify_trust trust_of(const char *label, uint8_t key[64])
{
    key_of(label, key);
    return (struct verify_trust){ .keys = { bytes_of(key, 64), 0 },
                                  .vendor = bytes_of(project.profile.vendor_uuid, 16),
                                  .class_id = bytes_of(project.profile.class_uuid, 16),
                                  .target = VERIFY_APP,
                                  .other_version = VERIFY_ANY_VERSION };
}

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
    package_make(2, "v2.suit", 0);
    struct bytes whole = load("v2.suit");
    struct bytes block = load("v2.suit.key");
    const struct verify_trust trust = trust_of(KEY_FIRMWARE, key);
    assert_int_equal(verify_package(whole, &trust, &package), STATUS_OK);
    assert_int_equal(verify_payload(&package), STATUS_OK);
    assert_int_equal(package.manifest.sequence, 2);
    key_of(KEY_MASTERING, mastering);
    support_check(block_package_read(whole, &facts, &fault), &fault);
    support_check(project_hsm_open(&project, PROJECT_OEM, &hsm, &fault), &fault);
    support_check(block_open(block, &facts, bytes_of(mastering, 64), hsm, KEY_DISTRIBUTION, &session, &fault), &fault);
    hsm_close(hsm);
    uint8_t *plain = (uint8_t *)malloc(IMAGE_LEN);
    EVP_CIPHER_CTX *ctr = EVP_CIPHER_CTX_new();
    assert_int_equal(package.envelope.payload.len, IMAGE_LEN);
    assert_int_equal(EVP_DecryptInit_ex(ctr, EVP_aes_128_ctr(), NULL, session.key, session.iv), 1);
    assert_int_equal(EVP_DecryptUpdate(ctr, plain, &len, package.envelope.payload.data, (int)IMAGE_LEN), 1);
    EVP_CIPHER_CTX_free(ctr);
    assert_memory_equal(plain, image, IMAGE_LEN);
    assert_int_equal(verify_image(&package, bytes_of(plain, IMAGE_LEN), digest), STATUS_OK);
    free(plain);
    unload(whole);
    unload(block);
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
        struct master_package_order order = order_of(3, "length.suit");
        order.input = in_folder("length.bin");
        order.replace = FILE_REPLACE;
        support_check(file_write(order.input, bytes_of(image, lengths[i]), 0644, FILE_REPLACE, &fault), &fault);
        support_check(master_package(&project, &order, &fault), &fault);
        struct bytes whole = load("length.suit");
        const struct verify_trust trust = trust_of(KEY_FIRMWARE, key);
        assert_int_equal(verify_package(whole, &trust, &package), STATUS_OK);
        assert_int_equal(verify_payload(&package), STATUS_OK);
        assert_int_equal(package.image.size, lengths[i]);
        (void)SHA256(image, lengths[i], digest);
        assert_true(bytes_equal(package.image.digest, bytes_of(digest, sizeof digest)));
        unload(whole);
    }
}

static void two_packages_of_one_image_share_no_ciphertext(void **state)
{
    (void)state;
    struct suit_envelope a;
    struct suit_envelope b;
    package_make(4, "first.suit", 0);
    package_make(4, "second.suit", 0);
    struct bytes first = load("first.suit");
    struct bytes second = load("second.suit");
    assert_int_equal(suit_envelope_parse(first, &a), STATUS_OK);
    assert_int_equal(suit_envelope_parse(second, &b), STATUS_OK);
    size_t same = 0;
    for (size_t i = 0; i + 16 <= IMAGE_LEN; i += 16) {
        same += memcmp(a.payload.data + i, b.payload.data + i, 16) == 0;
        assert_int_not_equal(memcmp(a.payload.data + i, image + i, 16), 0);
    }
    assert_int_equal(same, 0);
    unload(first);
    unload(second);
}

static void development_package_does_not_verify_for_production(void **state)
{
    (void)state;
    uint8_t key[64];
    struct package package;
    package_make(2, "dev.suit", 1);
    struct bytes whole = load("dev.suit");
    struct verify_trust trust = trust_of(KEY_FIRMWARE, key);
    assert_int_equal(verify_package(whole, &trust, &package), STATUS_SUIT_KEY_UNKNOWN);
    trust = trust_of(KEY_DEV_FIRMWARE, key);
    assert_int_equal(verify_package(whole, &trust, &package), STATUS_OK);
    unload(whole);
}

static struct master_block_order block_order_of(const char *package, const char *to, const char *out)
{
    return (struct master_block_order){ .package = in_folder(package), .to = in_folder(to), .out = in_folder(out) };
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
    package_make(5, "v5.suit", 0);
    const struct master_block_order order = block_order_of("v5.suit", "pki/transport.crt", "v5.block");
    support_check(master_block(&project, &order, &fault), &fault);
    struct bytes whole = load("v5.suit");
    struct bytes own = load("v5.suit.key");
    struct bytes block = load("v5.block");
    key_of(KEY_MASTERING, mastering);
    support_check(block_package_read(whole, &facts, &fault), &fault);
    support_check(project_hsm_open(&project, PROJECT_APPLIANCE, &hsm, &fault), &fault);
    support_check(block_open(block, &facts, bytes_of(mastering, 64), hsm, KEY_TRANSPORT, &appliance, &fault), &fault);
    hsm_close(hsm);
    support_check(project_hsm_open(&project, PROJECT_OEM, &hsm, &fault), &fault);
    support_check(block_open(own, &facts, bytes_of(mastering, 64), hsm, KEY_DISTRIBUTION, &oem, &fault), &fault);
    hsm_close(hsm);
    assert_memory_equal(&oem, &appliance, sizeof oem);
    unload(whole);
    unload(own);
    unload(block);
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
    support_check(project_hsm_open(&project, PROJECT_APPLIANCE, &hsm, &fault), &fault);
    support_check(hsm_key_generate(hsm, "device-update", HSM_KEY_AGREE, spec.public_key, &fault), &fault);
    support_check(cert_read(in_folder("pki/issuing.crt"), &issuer, &fault), &fault);
    support_check(cert_issue(&spec, &issuer, hsm, KEY_ISSUING, &cert, &fault), &fault);
    support_check(cert_write(in_folder(out), &cert, &fault), &fault);
    hsm_close(hsm);
}

static void update_for_a_device_joins_its_block_and_the_package(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    device_cert_make("device.crt");
    struct master_package_order order = order_of(6, "v6.suit");
    order.recipients[0] = (struct master_recipient){ in_folder("device.crt"), in_folder("v6.block") };
    order.recipient_count = 1;
    support_check(master_package(&project, &order, &fault), &fault);
    support_check(master_update(order.out, in_folder("v6.block"), in_folder("v6.bin"), FILE_NEW_ONLY, &fault), &fault);
    struct bytes package = load("v6.suit");
    struct bytes block = load("v6.block");
    struct bytes update = load("v6.bin");
    assert_int_equal(update.len, block.len + package.len);
    assert_memory_equal(update.data, block.data, block.len);
    assert_memory_equal(update.data + block.len, package.data, package.len);
    unload(package);
    unload(block);
    unload(update);
}

static void what_does_not_belong_together_is_refused(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    package_make(8, "v8.suit", 0);
    package_make(8, "v8b.suit", 0);
    package_make(8, "v8d.suit", 1);
    support_check_refused(
        master_update(in_folder("v8.suit"), in_folder("v8b.suit.key"), in_folder("x.bin"), FILE_NEW_ONLY, &fault),
        &fault, "belongs to another package");
    fault = FAULT_NONE;
    support_check_refused(
        master_update(in_folder("v8.suit.key"), in_folder("v8.suit.key"), in_folder("x.bin"), FILE_NEW_ONLY, &fault),
        &fault, "");
    struct master_block_order order = block_order_of("v8d.suit", "pki/transport.crt", "x.block");
    fault = FAULT_NONE;
    support_check_refused(master_block(&project, &order, &fault), &fault, "--development");
    order = block_order_of("v8.suit", "pki/firmware.crt", "x.block");
    fault = FAULT_NONE;
    support_check_refused(master_block(&project, &order, &fault), &fault, "a key block goes to");
    order = block_order_of("v8.suit", "pki/dev-distribution.crt", "x.block");
    fault = FAULT_NONE;
    support_check_refused(master_block(&project, &order, &fault), &fault, "issued by another CA");
}

static size_t files_count(void)
{
    size_t n = 0;
    DIR *dir = opendir(folder);
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
    package_make(9, "v9.suit", 0);
    struct bytes before = load("v9.suit");
    size_t files = files_count();
    struct master_package_order order = order_of(9, "v9.suit");
    support_check_refused(master_package(&project, &order, &fault), &fault, "exists already");
    struct bytes after = load("v9.suit");
    assert_true(bytes_equal(before, after));
    order = order_of(9, "new.suit");
    order.recipients[0] = (struct master_recipient){ in_folder("pki/mastering.crt"), in_folder("new.block") };
    order.recipient_count = 1;
    fault = FAULT_NONE;
    support_check_refused(master_package(&project, &order, &fault), &fault, "a key block goes to");
    order = order_of(9, "nowhere/new.suit");
    fault = FAULT_NONE;
    support_check_refused(master_package(&project, &order, &fault), &fault, "cannot write");
    order = order_of(9, "new.suit");
    order.rules.max_len = 1000;
    fault = FAULT_NONE;
    support_check_refused(master_package(&project, &order, &fault), &fault, "takes 1000");
    assert_int_equal(files_count(), files);
    unload(before);
    unload(after);
}

static struct master_package_order sbm_order_of(const char *out)
{
    struct master_package_order order = order_of(1, out);
    order.input = in_folder("sbm-a.bin");
    order.input_b = in_folder("sbm-b.bin");
    image_rules_of(IMAGE_SBM_A, &order.rules);
    image_rules_of(IMAGE_SBM_B, &order.rules_b);
    return order;
}

/* An image for each slot, of different lengths; gives their bytes. */
static void sbm_images_write(uint8_t a[4096], uint8_t b[5000])
{
    struct fault fault = FAULT_NONE;
    memcpy(a, image, 4096);
    memcpy(b, image + 4096, 5000);
    bytes_write_le32(a, 0x38010000u);
    bytes_write_le32(a + 4, 0x10021101u);
    bytes_write_le32(b, 0x38010000u);
    bytes_write_le32(b + 4, 0x10051101u);
    support_check(file_write(in_folder("sbm-a.bin"), bytes_of(a, 4096), 0644, FILE_REPLACE, &fault), &fault);
    support_check(file_write(in_folder("sbm-b.bin"), bytes_of(b, 5000), 0644, FILE_REPLACE, &fault), &fault);
}

static struct verify_trust sbm_trust_of(uint8_t key[64], enum verify_target target)
{
    struct verify_trust trust = trust_of(KEY_FIRMWARE, key);
    trust.target = target;
    trust.class_id = bytes_of(project.profile.sbm_class_uuid, 16);
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
    support_check(master_package(&project, &order, &fault), &fault);
    struct bytes whole = load("sbm.suit");
    for (unsigned slot = 0; slot < 2; slot++) {
        struct verify_trust trust = sbm_trust_of(key, slot == 0 ? VERIFY_SBM_A : VERIFY_SBM_B);
        assert_int_equal(verify_package(whole, &trust, &package), STATUS_OK);
        assert_int_equal(verify_payload(&package), STATUS_OK);
        struct bytes payload = package.envelope.payloads[slot].data;
        assert_int_equal(verify_image(&package, payload, digest), STATUS_OK);
        assert_true(bytes_equal(payload, slot == 0 ? bytes_of(a, sizeof a) : bytes_of(b, sizeof b)));
    }
    assert_int_equal(package.envelope.encoded.len, whole.len);
    assert_int_equal(access(in_folder("sbm.suit.key"), F_OK), -1);
    struct verify_trust trust = sbm_trust_of(key, VERIFY_APP);
    assert_int_equal(verify_package(whole, &trust, &package), STATUS_SUIT_COMPONENT);
    unload(whole);
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
        order.input = in_folder(which == 0 ? "sbm-b.bin" : "sbm-a.bin");
        order.input_b = order.input;
        support_check_refused(master_package(&project, &order, &fault), &fault, "reset vector");
        assert_int_equal(access(in_folder("twice.suit"), F_OK), -1);
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
        struct master_package_order order = sbm ? sbm_order_of("needs.suit") : order_of(1, "needs.suit");
        order.needs_version = 9;
        order.replace = FILE_REPLACE;
        support_check(master_package(&project, &order, &fault), &fault);
        struct bytes whole = load("needs.suit");
        struct verify_trust trust = sbm ? sbm_trust_of(key, VERIFY_SBM_B) : trust_of(KEY_FIRMWARE, key);
        trust.other_version = 9;
        assert_int_equal(verify_package(whole, &trust, &package), STATUS_OK);
        trust.other_version = 8;
        assert_int_equal(verify_package(whole, &trust, &package), STATUS_SUIT_VERSION);
        unload(whole);
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
    struct master_package_order order = order_of(6, "next.suit");
    order.key = KEY_FIRMWARE_NEXT;
    support_check(master_package(&project, &order, &fault), &fault);
    struct bytes whole = load("next.suit");
    struct verify_trust trust = trust_of(KEY_FIRMWARE, keys);
    assert_int_equal(verify_package(whole, &trust, &package), STATUS_SUIT_KEY_UNKNOWN);
    key_of(KEY_FIRMWARE_NEXT, keys + 64);
    trust.keys.keys = bytes_of(keys, sizeof keys);
    assert_int_equal(verify_package(whole, &trust, &package), STATUS_OK);
    trust.keys.retired = 1;
    assert_int_equal(verify_package(whole, &trust, &package), STATUS_OK);
    trust.keys.retired = 2;
    assert_int_equal(verify_package(whole, &trust, &package), STATUS_SUIT_KEY_RETIRED);
    struct master_block_order block_order = block_order_of("next.suit", "pki/transport.crt", "next.block");
    block_order.key = KEY_MASTERING_NEXT;
    support_check(master_block(&project, &block_order, &fault), &fault);
    struct bytes block = load("next.block");
    key_of(KEY_MASTERING, keys);
    key_of(KEY_MASTERING_NEXT, keys + 64);
    support_check(block_package_read(whole, &facts, &fault), &fault);
    support_check(project_hsm_open(&project, PROJECT_APPLIANCE, &hsm, &fault), &fault);
    support_check_refused(block_open(block, &facts, bytes_of(keys, 64), hsm, KEY_TRANSPORT, &session, &fault), &fault,
                          "key block");
    fault = FAULT_NONE;
    support_check(block_open(block, &facts, bytes_of(keys, 128), hsm, KEY_TRANSPORT, &session, &fault), &fault);
    hsm_close(hsm);
    unload(whole);
    unload(block);
}

static void key_of_another_kind_signs_nothing(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct master_package_order order = order_of(6, "wrong.suit");
    order.key = KEY_MASTERING;
    support_check_refused(master_package(&project, &order, &fault), &fault, "'mastering' is not a key for this");
    order.key = KEY_FIRMWARE_NEXT;
    order.development = 1;
    fault = FAULT_NONE;
    support_check_refused(master_package(&project, &order, &fault), &fault, "is not a key for this");
    assert_int_equal(access(in_folder("wrong.suit"), F_OK), -1);
}

static void anchor_page_holds_both_firmware_keys(void **state)
{
    (void)state;
    uint8_t keys[128];
    uint8_t digest[32];
    size_t len = 0;
    struct anchor anchor;
    struct fault fault = FAULT_NONE;
    const struct master_anchor_order order = { .least_sequence = 3, .out = in_folder("anchor.bin") };
    support_check(master_anchor(&project, &order, &fault), &fault);
    struct bytes page = load("anchor.bin");
    assert_int_equal(page.len, LAYOUT_ANCHOR_LEN);
    assert_int_equal(anchor_parse(page, &anchor, &len), STATUS_OK);
    key_of(KEY_FIRMWARE, keys);
    key_of(KEY_FIRMWARE_NEXT, keys + 64);
    assert_true(bytes_equal(anchor.firmware_keys, bytes_of(keys, sizeof keys)));
    assert_true(bytes_equal(anchor.sbm_class, bytes_of(project.profile.sbm_class_uuid, 16)));
    assert_int_equal(anchor.least_sequence, 3);
    (void)SHA256(page.data, len, digest);
    assert_memory_equal(page.data + len, digest, sizeof digest);
    for (size_t i = len + 32; i < page.len; i++) {
        assert_int_equal(page.data[i], 0xFF);
    }
    unload(page);
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
        cmocka_unit_test(sbm_package_is_signed_and_plain_for_both_slots),
        cmocka_unit_test(sbm_image_for_the_other_slot_is_refused),
        cmocka_unit_test(needed_version_of_the_other_component_is_demanded),
        cmocka_unit_test(next_keys_sign_what_devices_take),
        cmocka_unit_test(key_of_another_kind_signs_nothing),
        cmocka_unit_test(anchor_page_holds_both_firmware_keys),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
