/* SPDX-License-Identifier: Apache-2.0 */
/* Production packages from the maker to the appliance: one is made and opened, and everything that is not quite that
 * package, not for that appliance or not at that time is refused with its own reason. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "host/appliance/folder.h"
#include "host/lib/p256.h"
#include "host/master/signing.h"
#include "host/pki/enrol.h"
#include "tests/unit/host_support.h"
#include "tests/unit/master_rig.h"
#include "wire/cose.h"
#include "wire/layout.h"

#define SBM_LEN 9000
#define BL1_LEN 2000

static const char *const hosts[] = { "127.0.0.1", NULL };
static struct appliance_folder folder;
static struct hsm *hsm; /* the appliance's */
static struct hsm *oem; /* the maker's */
static struct bytes package;
static int64_t made; /* time */
static const struct production_floor nothing = { 0, { 0 }, 0 };

static void image_file(const char *name, size_t len, uint32_t address)
{
    struct fault fault = FAULT_NONE;
    uint8_t *image = (uint8_t *)calloc(1, len);
    assert_non_null(image);
    for (size_t i = 0; i < len; i++) {
        image[i] = (uint8_t)(i * 31 + address);
    }
    bytes_write_le32(image, 0x38020000u);
    bytes_write_le32(image + 4, address + 0x101u);
    support_check(file_write(rig_path(name), bytes_of(image, len), 0644, FILE_REPLACE, &fault), &fault);
    free(image);
}

static void firmware_make(void)
{
    struct fault fault = FAULT_NONE;
    const uint32_t a = LAYOUT_FLASH_SECURE_ADDR + LAYOUT_SBM_A_OFF + LAYOUT_SBM_IMAGE_OFF;
    const uint32_t b = LAYOUT_FLASH_SECURE_ADDR + LAYOUT_SBM_B_OFF + LAYOUT_SBM_IMAGE_OFF;
    struct master_package_order sbm = {
        .input = rig_path("sbm-a.bin"), .input_b = rig_path("sbm-b.bin"), .sequence = 1, .out = rig_path("sbm.suit")
    };
    image_file("bl1.bin", BL1_LEN, LAYOUT_FLASH_SECURE_ADDR);
    image_file("sbm-a.bin", SBM_LEN, a);
    image_file("sbm-b.bin", SBM_LEN, b);
    image_rules_of(IMAGE_SBM_A, &sbm.rules);
    image_rules_of(IMAGE_SBM_B, &sbm.rules_b);
    support_check(master_package(&rig_project, &sbm, &fault), &fault);
    rig_package_make(1, "v1.suit", 0);
}

static void appliance_make(const char *dir, const char *name)
{
    struct fault fault = FAULT_NONE;
    char answer[64];
    const struct folder_order order = { rig_path(dir), rig_path("pki/public.pem"), NULL, NULL };
    char request[64];
    (void)snprintf(request, sizeof request, "%s/request.pem", dir);
    (void)snprintf(answer, sizeof answer, "pki/appliances/%s.pem", name);
    const struct pki_appliance_order issue = { rig_path(request), name, hosts, 3, NULL };
    (void)unsetenv("SOFTHSM2_CONF");
    support_check(appliance_folder_init(&order, &fault), &fault);
    (void)unsetenv("SOFTHSM2_CONF");
    support_check(pki_appliance_issue(&rig_project, &issue, NULL, &fault), &fault);
    (void)unsetenv("SOFTHSM2_CONF");
    support_check(appliance_folder_enrol(rig_path(dir), rig_path(answer), NULL, &fault), &fault);
}

static struct master_production_order order_usual(const char *out)
{
    return (struct master_production_order){ .appliance = "factory-1",
                                             .number = 7,
                                             .quota = 3,
                                             .block = 1,
                                             .days = 30,
                                             .bl1 = rig_path("bl1.bin"),
                                             .sbm = rig_path("sbm.suit"),
                                             .app = rig_path("v1.suit"),
                                             .out = rig_path(out) };
}

/* As on two machines: the maker makes the package, then the appliance's token is opened. */
static int setup(void **state)
{
    struct fault fault = FAULT_NONE;
    (void)rig_setup(state);
    appliance_make("a", "factory-1");
    appliance_make("b", "factory-2");
    (void)unsetenv("SOFTHSM2_CONF");
    firmware_make();
    const struct master_production_order order = order_usual("run.wpp");
    support_check(master_production(&rig_project, &order, &fault), &fault);
    made = (int64_t)time(NULL);
    package = rig_load("run.wpp");
    (void)unsetenv("SOFTHSM2_CONF");
    support_check(appliance_folder_open(rig_path("a"), &folder, &hsm, &fault), &fault);
    return 0;
}

static int teardown(void **state)
{
    rig_unload(package);
    hsm_close(hsm);
    return rig_teardown(state);
}

static int try_open(struct bytes bytes, int64_t now, const struct production_floor *floor, struct fault *fault)
{
    struct production_run run;
    const struct production_inputs in = { bytes, hsm, &folder.trust, floor, now };
    *fault = FAULT_NONE;
    int result = production_open(&in, &run, fault);
    production_close(&run);
    return result;
}

static void refused(struct bytes bytes, int64_t now, const struct production_floor *floor, const char *part)
{
    struct fault fault = FAULT_NONE;
    int result = try_open(bytes, now, floor, &fault);
    support_check_refused(result, &fault, part);
}

static void what_the_maker_put_in_is_what_the_appliance_finds(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct production_run run;
    struct bytes app = rig_load("v1.suit");
    struct bytes bl1 = rig_load("bl1.bin");
    struct bytes profile = rig_load("product.yaml");
    const struct production_inputs in = { package, hsm, &folder.trust, &nothing, made };
    support_check(production_open(&in, &run, &fault), &fault);
    assert_true(bytes_equal(run.content.app, app));
    assert_true(bytes_equal(run.content.bl1, bl1));
    assert_true(bytes_equal(run.content.profile, profile));
    assert_int_equal(run.terms.number, 7);
    assert_int_equal(run.terms.quota, 3);
    assert_int_equal(run.terms.not_after - run.terms.not_before, 30 * 86400 + 300);
    assert_int_equal(run.resumed, 0);
    assert_int_equal(run.app.sequence, 1);
    assert_int_equal(run.sbm.sequence, 1);
    assert_memory_equal(run.terms.grant_key, folder.provisioner_key, 64);
    production_close(&run);
    assert_null(run.memory);
    rig_unload(app);
    rig_unload(bl1);
    rig_unload(profile);
}

/* What the kernel says of the mapping that `at` lies in: locked, and left out of core files. */
static void mapping_look(const void *at, int *locked, int *undumped)
{
    char line[256];
    unsigned long from = 0;
    unsigned long to = 0;
    int inside = 0;
    FILE *maps = fopen("/proc/self/smaps", "r");
    assert_non_null(maps);
    *locked = 0;
    *undumped = 0;
    while (fgets(line, sizeof line, maps) != NULL) {
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2) {
            inside = from <= (uintptr_t)at && (uintptr_t)at < to;
        }
        *locked |= inside && strncmp(line, "VmFlags:", 8) == 0 && strstr(line, " lo") != NULL;
        *undumped |= inside && strncmp(line, "VmFlags:", 8) == 0 && strstr(line, " dd") != NULL;
    }
    (void)fclose(maps);
}

/* AddressSanitizer makes mlock do nothing: then there is nothing to see of it. */
static int mlock_works(void)
{
    int locked = 0;
    int ignored = 0;
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(page != MAP_FAILED);
    assert_int_equal(mlock(page, 4096), 0);
    mapping_look(page, &locked, &ignored);
    (void)munmap(page, 4096);
    return locked;
}

static void plaintext_is_in_locked_memory_and_in_no_core_file(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct production_run run;
    int locked = 0;
    int undumped = 0;
    const struct production_inputs in = { package, hsm, &folder.trust, &nothing, made };
    support_check(production_open(&in, &run, &fault), &fault);
    mapping_look(run.memory, &locked, &undumped);
    production_close(&run);
    assert_int_equal(locked, mlock_works());
    assert_true(undumped);
}

static void another_appliance_cannot_take_it(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct appliance_folder other;
    struct hsm *other_hsm = NULL;
    struct production_run run;
    hsm_close(hsm);
    (void)unsetenv("SOFTHSM2_CONF");
    support_check(appliance_folder_open(rig_path("b"), &other, &other_hsm, &fault), &fault);
    const struct production_inputs in = { package, other_hsm, &other.trust, &nothing, made };
    support_check_refused(production_open(&in, &run, &fault), &fault, "is for another appliance");
    /* Nor when it takes itself for the right one: its token has another key. */
    fault = FAULT_NONE;
    const struct production_inputs liar = { package, other_hsm, &folder.trust, &nothing, made };
    support_check_refused(production_open(&liar, &run, &fault), &fault, "does not open");
    hsm_close(other_hsm);
    (void)unsetenv("SOFTHSM2_CONF");
    fault = FAULT_NONE;
    support_check(appliance_folder_open(rig_path("a"), &folder, &hsm, &fault), &fault);
}

/* Every byte of what stands around the content, and samples of the content. */
static void every_changed_byte_is_refused(void **state)
{
    (void)state;
    uint8_t *copy = (uint8_t *)malloc(package.len);
    size_t tried = 0;
    memcpy(copy, package.data, package.len);
    size_t at = 0;
    while (at < package.len) {
        struct fault fault = FAULT_NONE;
        copy[at] ^= (uint8_t)(1u << at % 8);
        assert_int_equal(try_open(bytes_of(copy, package.len), made, &nothing, &fault), -1);
        assert_true(fault.what[0] != '\0');
        copy[at] ^= (uint8_t)(1u << at % 8);
        tried++;
        const size_t tail = package.len - 300;
        at += at < 700 || at >= tail ? 1 : at + 9973 < tail ? 9973 : tail - at;
    }
    struct fault fault = FAULT_NONE;
    support_check(try_open(bytes_of(copy, package.len), made, &nothing, &fault), &fault);
    assert_true(tried > 1050);
    free(copy);
}

static void a_package_cut_short_or_with_more_behind_it_is_refused(void **state)
{
    (void)state;
    uint8_t *copy = (uint8_t *)calloc(1, package.len + 1);
    memcpy(copy, package.data, package.len);
    refused(bytes_of(copy, package.len + 1), made, &nothing, "data after the end");
    for (size_t len = 0; len < package.len; len += len < 600 ? 1 : 50021) {
        struct fault fault = FAULT_NONE;
        assert_int_equal(try_open(bytes_of(copy, len), made, &nothing, &fault), -1);
    }
    free(copy);
}

static void it_counts_only_in_its_time(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    refused(package, made - 1000, &nothing, "not valid yet");
    refused(package, made + 31 * 86400, &nothing, "no longer valid");
    support_check(try_open(package, made + 29 * 86400, &nothing, &fault), &fault);
}

static void a_clock_that_was_set_back_is_noticed(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct production_floor floor = { 0, { 0 }, made + 61 };
    refused(package, made, &floor, "clock was set back");
    floor.latest = made + 60;
    support_check(try_open(package, made, &floor, &fault), &fault);
    refused(package, -5, &nothing, "clock was set back");
}

static void the_same_package_again_is_resumed_and_an_older_one_refused(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct production_run run;
    struct production_floor floor = { 7, { 0 }, made };
    p256_sha256(package, floor.digest);
    const struct production_inputs in = { package, hsm, &folder.trust, &floor, made };
    support_check(production_open(&in, &run, &fault), &fault);
    assert_int_equal(run.resumed, 1);
    production_close(&run);
    floor.digest[0] ^= 1;
    refused(package, made, &floor, "another one with it was loaded");
    floor.number = 8;
    refused(package, made, &floor, "number 8 was loaded already");
    floor.digest[0] ^= 1;
    refused(package, made, &floor, "number 8 was loaded already");
    floor.number = 6;
    support_check(try_open(package, made, &floor, &fault), &fault);
}

/* ---- packages that the maker never made, signed with its own keys ---- */

typedef void (*edit)(struct production *terms);

/* The package with other terms, signed with `label` of a token of the maker's. */
static struct bytes forged(enum project_token token, const char *label, edit change)
{
    struct fault fault = FAULT_NONE;
    struct cose_sign1 sign1;
    struct production terms;
    uint8_t head[PRODUCTION_STRUCTURE_MAX];
    uint8_t digest[32];
    uint8_t key[64];
    uint8_t kid[8];
    uint8_t signature[64];
    uint8_t *payload = (uint8_t *)malloc(package.len + 1024);
    uint8_t *out = (uint8_t *)malloc(package.len + 1024);
    uint8_t *signed_bytes = (uint8_t *)malloc(package.len + 1024);
    assert_int_equal(cose_sign1_parse(package, &sign1), STATUS_OK);
    assert_int_equal(production_parse(sign1.payload, &terms), STATUS_OK);
    change(&terms);
    struct cbor_writer p = cbor_writer_of(payload, package.len + 1024);
    production_build(&terms, &p);
    struct cbor_writer h = cbor_writer_of(head, sizeof head);
    production_sig_head_build(p.len, &h);
    memcpy(signed_bytes, head, h.len);
    memcpy(signed_bytes + h.len, payload, p.len);
    p256_sha256(bytes_of(signed_bytes, h.len + p.len), digest);
    hsm_close(hsm);
    (void)unsetenv("SOFTHSM2_CONF");
    support_check(project_hsm_open(&rig_project, token, &oem, &fault), &fault);
    support_check(hsm_key_public(oem, label, key, &fault), &fault);
    support_check(hsm_sign(oem, label, digest, signature, &fault), &fault);
    hsm_close(oem);
    (void)unsetenv("SOFTHSM2_CONF");
    support_check(appliance_folder_open(rig_path("a"), &folder, &hsm, &fault), &fault);
    p256_kid(key, kid);
    const struct cose_sign1 again = { .kid = bytes_of(kid, 8),
                                      .payload = cbor_written(&p),
                                      .signature = bytes_of(signature, 64) };
    struct cbor_writer w = cbor_writer_of(out, package.len + 1024);
    cose_sign1_build(&again, &w);
    assert_int_equal(w.status, STATUS_OK);
    free(payload);
    free(signed_bytes);
    return cbor_written(&w);
}

static void forged_refused(enum project_token token, const char *label, edit change, const char *part)
{
    struct bytes bytes = forged(token, label, change);
    refused(bytes, made, &nothing, part);
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
    support_check(try_open(next, made, &nothing, &fault), &fault);
    rig_unload(next);
}

static void a_revoked_mastering_key_signs_nothing_more(void **state)
{
    (void)state;
    struct production_trust trust = folder.trust;
    struct production_run run;
    struct fault fault = FAULT_NONE;
    memmove(trust.mastering_keys, trust.mastering_keys + 64, 64);
    trust.mastering_len = 64;
    const struct production_inputs in = { package, hsm, &trust, &nothing, made };
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
    support_check(try_open(bytes, made, &nothing, &fault), &fault);
    rig_unload(bytes);
}

/* ---- what mastering refuses ---- */

static void master_refused(const struct master_production_order *order, const char *part)
{
    struct fault fault = FAULT_NONE;
    hsm_close(hsm);
    (void)unsetenv("SOFTHSM2_CONF");
    support_check_refused(master_production(&rig_project, order, &fault), &fault, part);
    assert_int_not_equal(access(rig_path("x.wpp"), F_OK), 0);
    fault = FAULT_NONE;
    (void)unsetenv("SOFTHSM2_CONF");
    support_check(appliance_folder_open(rig_path("a"), &folder, &hsm, &fault), &fault);
}

static void mastering_refuses_what_the_appliance_would(void **state)
{
    (void)state;
    struct master_production_order order = order_usual("x.wpp");
    order.appliance = "factory-9";
    master_refused(&order, "there is no appliance");
    order = order_usual("x.wpp");
    order.quota = 0;
    master_refused(&order, "--quota");
    order = order_usual("x.wpp");
    order.app = rig_path("sbm.suit");
    master_refused(&order, "a device would refuse");
    order = order_usual("x.wpp");
    order.sbm = rig_path("bl1.bin");
    master_refused(&order, "a device would refuse");
    order = order_usual("x.wpp");
    order.bl1 = rig_path("product.yaml");
    master_refused(&order, "not a BL1 image");
    order = order_usual("x.wpp");
    order.refill = bytes_of(other, 8);
    master_refused(&order, "has no TPM");
    order = order_usual("run.wpp");
    master_refused(&order, "exists already");
}

/* A device that the appliance certified gets its key block without being asked which appliance that was. */
static void a_device_of_any_appliance_gets_a_key_block(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct cert update;
    struct cert_spec spec = { .kind = CERT_DEVICE_UPDATE,
                              .organisation = "Example Devices",
                              .common_name = "sensor",
                              .serial_number = "00112233445566778899aabbccddeeff" };
    struct master_block_order order = rig_block_order("v1.suit", "update.crt", "device.block");
    memcpy(spec.public_key, folder.records_key, sizeof spec.public_key);
    support_check(cert_issue(&spec, &folder.trust.issuing, hsm, KEY_ISSUING, &update, &fault), &fault);
    support_check(cert_write(rig_path("update.crt"), &update, &fault), &fault);
    hsm_close(hsm);
    (void)unsetenv("SOFTHSM2_CONF");
    support_check(master_block(&rig_project, &order, &fault), &fault);
    assert_int_equal(access(rig_path("device.block"), F_OK), 0);
    assert_int_equal(rename(rig_path("pki/appliances/factory-1"), rig_path("gone")), 0);
    order.out = rig_path("x.block");
    support_check_refused(master_block(&rig_project, &order, &fault), &fault, "");
    assert_int_equal(rename(rig_path("gone"), rig_path("pki/appliances/factory-1")), 0);
    fault = FAULT_NONE;
    (void)unsetenv("SOFTHSM2_CONF");
    support_check(appliance_folder_open(rig_path("a"), &folder, &hsm, &fault), &fault);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_maker_put_in_is_what_the_appliance_finds),
        cmocka_unit_test(plaintext_is_in_locked_memory_and_in_no_core_file),
        cmocka_unit_test(another_appliance_cannot_take_it),
        cmocka_unit_test(every_changed_byte_is_refused),
        cmocka_unit_test(a_package_cut_short_or_with_more_behind_it_is_refused),
        cmocka_unit_test(it_counts_only_in_its_time),
        cmocka_unit_test(a_clock_that_was_set_back_is_noticed),
        cmocka_unit_test(the_same_package_again_is_resumed_and_an_older_one_refused),
        cmocka_unit_test(only_a_mastering_key_may_sign_it),
        cmocka_unit_test(a_revoked_mastering_key_signs_nothing_more),
        cmocka_unit_test(terms_that_do_not_fit_are_refused_each_for_its_reason),
        cmocka_unit_test(a_forgery_by_the_maker_itself_opens),
        cmocka_unit_test(mastering_refuses_what_the_appliance_would),
        cmocka_unit_test(a_device_of_any_appliance_gets_a_key_block),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
