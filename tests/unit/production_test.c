/* SPDX-License-Identifier: Apache-2.0 */
/* Production packages from the maker to the appliance: one is made and opened, and everything that is not quite that
 * package, not for that appliance or not at that time is refused with its own reason. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host/lib/p256.h"
#include "tests/unit/host_support.h"
#include "tests/unit/production_rig.h"

static void what_the_maker_put_in_is_what_the_appliance_finds(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct production_run run;
    struct bytes app = rig_load("v1.suit");
    struct bytes bl1 = rig_load("bl1.bin");
    struct bytes profile = rig_load("product.yaml");
    const struct production_inputs in = { made_package, made_hsm, &made_folder.trust, &made_floor, made_at };
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
    assert_memory_equal(run.terms.grant_key, made_folder.provisioner_key, 64);
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
    const struct production_inputs in = { made_package, made_hsm, &made_folder.trust, &made_floor, made_at };
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
    hsm_close(made_hsm);
    (void)unsetenv("SOFTHSM2_CONF");
    support_check(appliance_folder_open(rig_path("b"), &other, &other_hsm, &fault), &fault);
    const struct production_inputs in = { made_package, other_hsm, &other.trust, &made_floor, made_at };
    support_check_refused(production_open(&in, &run, &fault), &fault, "is for another appliance");
    /* Nor when it takes itself for the right one: its token has another key. */
    fault = FAULT_NONE;
    const struct production_inputs liar = { made_package, other_hsm, &made_folder.trust, &made_floor, made_at };
    support_check_refused(production_open(&liar, &run, &fault), &fault, "does not open");
    hsm_close(other_hsm);
    production_reopen();
}

/* Every byte of what stands around the content, and samples of the content. */
static void every_changed_byte_is_refused(void **state)
{
    (void)state;
    uint8_t *copy = (uint8_t *)malloc(made_package.len);
    size_t tried = 0;
    memcpy(copy, made_package.data, made_package.len);
    size_t at = 0;
    while (at < made_package.len) {
        struct fault fault = FAULT_NONE;
        copy[at] ^= (uint8_t)(1u << at % 8);
        assert_int_equal(production_try(bytes_of(copy, made_package.len), made_at, &made_floor, &fault), -1);
        assert_true(fault.what[0] != '\0');
        copy[at] ^= (uint8_t)(1u << at % 8);
        tried++;
        const size_t tail = made_package.len - 300;
        at += at < 700 || at >= tail ? 1 : at + 9973 < tail ? 9973 : tail - at;
    }
    struct fault fault = FAULT_NONE;
    support_check(production_try(bytes_of(copy, made_package.len), made_at, &made_floor, &fault), &fault);
    assert_true(tried > 1050);
    free(copy);
}

static void a_package_cut_short_or_with_more_behind_it_is_refused(void **state)
{
    (void)state;
    uint8_t *copy = (uint8_t *)calloc(1, made_package.len + 1);
    memcpy(copy, made_package.data, made_package.len);
    production_refused(bytes_of(copy, made_package.len + 1), made_at, &made_floor, "data after the end");
    for (size_t len = 0; len < made_package.len; len += len < 600 ? 1 : 50021) {
        struct fault fault = FAULT_NONE;
        assert_int_equal(production_try(bytes_of(copy, len), made_at, &made_floor, &fault), -1);
    }
    free(copy);
}

static void it_counts_only_in_its_time(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    production_refused(made_package, made_at - 1000, &made_floor, "not valid yet");
    production_refused(made_package, made_at + 31 * 86400, &made_floor, "no longer valid");
    support_check(production_try(made_package, made_at + 29 * 86400, &made_floor, &fault), &fault);
}

static void a_clock_that_was_set_back_is_noticed(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct production_floor floor = { 0, { 0 }, made_at + 61 };
    production_refused(made_package, made_at, &floor, "clock was set back");
    floor.latest = made_at + 60;
    support_check(production_try(made_package, made_at, &floor, &fault), &fault);
    production_refused(made_package, -5, &made_floor, "clock was set back");
}

static void the_same_package_again_is_resumed_and_an_older_one_refused(void **state)
{
    (void)state;
    struct fault fault = FAULT_NONE;
    struct production_run run;
    struct production_floor floor = { 7, { 0 }, made_at };
    p256_sha256(made_package, floor.digest);
    const struct production_inputs in = { made_package, made_hsm, &made_folder.trust, &floor, made_at };
    support_check(production_open(&in, &run, &fault), &fault);
    assert_int_equal(run.resumed, 1);
    production_close(&run);
    floor.digest[0] ^= 1;
    production_refused(made_package, made_at, &floor, "another one with it was loaded");
    floor.number = 8;
    production_refused(made_package, made_at, &floor, "number 8 was loaded already");
    floor.digest[0] ^= 1;
    production_refused(made_package, made_at, &floor, "number 8 was loaded already");
    floor.number = 6;
    support_check(production_try(made_package, made_at, &floor, &fault), &fault);
}

/* ---- what mastering refuses ---- */

static const uint8_t other[64] = { 1, 2, 3 };

static void master_refused(const struct master_production_order *order, const char *part)
{
    struct fault fault = FAULT_NONE;
    hsm_close(made_hsm);
    (void)unsetenv("SOFTHSM2_CONF");
    support_check_refused(master_production(&rig_project, order, &fault), &fault, part);
    assert_int_not_equal(access(rig_path("x.wpp"), F_OK), 0);
    production_reopen();
}

static void mastering_refuses_what_the_appliance_would(void **state)
{
    (void)state;
    struct master_production_order order = production_order_usual("x.wpp");
    order.appliance = "factory-9";
    master_refused(&order, "there is no appliance");
    order = production_order_usual("x.wpp");
    order.quota = 0;
    master_refused(&order, "--quota");
    order = production_order_usual("x.wpp");
    order.app = rig_path("sbm.suit");
    master_refused(&order, "a device would refuse");
    order = production_order_usual("x.wpp");
    order.sbm = rig_path("bl1.bin");
    master_refused(&order, "a device would refuse");
    order = production_order_usual("x.wpp");
    order.bl1 = rig_path("product.yaml");
    master_refused(&order, "not a BL1 image");
    order = production_order_usual("x.wpp");
    order.refill = bytes_of(other, 8);
    master_refused(&order, "has no TPM");
    order = production_order_usual("run.wpp");
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
    memcpy(spec.public_key, made_folder.records_key, sizeof spec.public_key);
    support_check(cert_issue(&spec, &made_folder.trust.issuing, made_hsm, KEY_ISSUING, &update, &fault), &fault);
    support_check(cert_write(rig_path("update.crt"), &update, &fault), &fault);
    hsm_close(made_hsm);
    (void)unsetenv("SOFTHSM2_CONF");
    support_check(master_block(&rig_project, &order, &fault), &fault);
    assert_int_equal(access(rig_path("device.block"), F_OK), 0);
    assert_int_equal(rename(rig_path("pki/appliances/factory-1"), rig_path("gone")), 0);
    order.out = rig_path("x.block");
    support_check_refused(master_block(&rig_project, &order, &fault), &fault, "");
    assert_int_equal(rename(rig_path("gone"), rig_path("pki/appliances/factory-1")), 0);
    production_reopen();
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
        cmocka_unit_test(mastering_refuses_what_the_appliance_would),
        cmocka_unit_test(a_device_of_any_appliance_gets_a_key_block),
    };
    return cmocka_run_group_tests(tests, production_setup, production_teardown);
}
