/* SPDX-License-Identifier: Apache-2.0 */
/* store: what provisioning installed is proven at each boot: never another chip's, another type's, or an older one. */
#include "tests/unit/test.h"

#include "boot/counter.h"
#include "boot/journal.h"
#include "sbm/device.h"
#include "sbm/service.h"
#include "sbm/store.h"
#include "tests/unit/boot_maker.h"
#include "tests/unit/boot_rig.h"

#define IMAGE_LEN 1500u

static struct maker maker;
static struct sim good; /* provisioned, version 1 installed */
static struct sim machine;
static struct store store;
static uint8_t package[8192];

static struct {
    uint8_t type;
    struct bytes in;
    uint8_t out[STORE_DATA_MAX];
    size_t capacity;
    size_t len;
    status_t status;
} call;

static int setup(void **state)
{
    (void)state;
    machine = good;
    return 0;
}

static int group_setup(void **state)
{
    size_t block_len;
    maker_start(&maker);
    sim_make(&good, 512, 16, 0xFF);
    maker_geometry(&good);
    const struct maker_package spec = maker_package_right(&maker, 1, IMAGE_LEN);
    size_t len = maker_package_write(&spec, package, sizeof package, &block_len);
    maker_provision(&maker, &good, package, len);
    return setup(state);
}

static void open_run(void)
{
    call.status = store_open(&store, STORE_ITEMS);
}

static status_t opened(void)
{
    assert_int_equal(sim_run(&machine, open_run), SIM_RETURNED);
    return call.status;
}

static void write_run(void)
{
    call.status = store_write(&store, call.type, call.in);
}

static status_t written(uint8_t type, struct bytes data)
{
    call.type = type;
    call.in = data;
    (void)sim_run(&machine, write_run);
    return call.status;
}

static void read_run(void)
{
    call.status = store_read(&store, call.type, call.capacity == 0 ? NULL : call.out, call.capacity, &call.len);
}

static status_t value_read(uint8_t type, size_t capacity)
{
    call.type = type;
    call.capacity = capacity;
    assert_int_equal(sim_run(&machine, read_run), SIM_RETURNED);
    return call.status;
}

static void assert_boots(void)
{
    assert_int_equal(rig_boot(&machine), SIM_STARTED_APPLICATION);
    assert_memory_equal(device.provisioned.identity, maker.identity.secret, 32);
    assert_memory_equal(device.provisioned.update, maker.update.secret, 32);
}

static void assert_halts(status_t why)
{
    assert_int_equal(rig_boot(&machine), SIM_ASLEEP);
    assert_non_null(strstr(machine.log, status_text(why)));
}

static void values_are_read_as_they_were_written(void **state)
{
    (void)state;
    static uint8_t data[STORE_DATA_MAX + 1];
    memset(data, 0x5C, sizeof data);
    assert_int_equal(opened(), STATUS_OK);
    assert_int_equal(value_read(STORE_IDENTITY_KEY, 96), STATUS_OK);
    assert_memory_equal(call.out, maker.identity.secret, 32);
    assert_int_equal(value_read(STORE_IDENTITY_KEY, 95), STATUS_NO_SPACE);
    assert_int_equal(call.len, 96);
    assert_int_equal(value_read(STORE_DEVICE_CERT, 0), STATUS_OK); /* proven only */
    assert_int_equal(call.len, 11);
    assert_int_equal(value_read(9, 10), STATUS_NOT_FOUND);
    assert_int_equal(value_read(0, 10), STATUS_NOT_FOUND);
    assert_int_equal(value_read(JOURNAL_TYPE_MAX + 1, 10), STATUS_NOT_FOUND);
    assert_int_equal(written(9, bytes_of(data, sizeof data)), STATUS_TOO_LONG);
    assert_int_equal(written(0, bytes_of(data, 1)), STATUS_BAD_ARGUMENT);
    assert_int_equal(written(9, bytes_of(data, STORE_DATA_MAX)), STATUS_OK);
    assert_int_equal(opened(), STATUS_OK);
    assert_int_equal(value_read(9, STORE_DATA_MAX), STATUS_OK);
    assert_memory_equal(call.out, data, STORE_DATA_MAX);
}

static void any_flipped_bit_boots_with_the_same_keys(void **state)
{
    (void)state;
    for (unsigned mirror = 0; mirror < 2; mirror++) {
        for (uint32_t bit = 0; bit < 1500 * 8; bit += 7) {
            sim_copy(&machine, &good);
            machine.flash[machine.map.store[mirror].off + bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_int_equal(opened(), STATUS_OK);
            for (uint8_t type = STORE_IDENTITY_KEY; type <= STORE_ROOT_CERT; type++) {
                assert_int_equal(value_read(type, sizeof call.out), STATUS_OK);
            }
        }
    }
    assert_boots();
}

static void an_older_copy_of_the_store_ends_in_halt(void **state)
{
    (void)state;
    assert_int_equal(opened(), STATUS_OK);
    assert_int_equal(written(STORE_ROOT_CERT, bytes_of("a newer one", 11)), STATUS_OK);
    assert_boots();
    for (unsigned i = 0; i < 2; i++) {
        memcpy(machine.flash + good.map.store[i].off, good.flash + good.map.store[i].off, good.map.store[i].len);
    }
    assert_halts(STATUS_STORE_REPLAY);
    assert_int_equal(machine.sealed, 1);
}

static void one_older_mirror_is_brought_up_to_date(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        sim_copy(&machine, &good);
        assert_int_equal(opened(), STATUS_OK);
        assert_int_equal(written(STORE_ROOT_CERT, bytes_of("a newer one", 11)), STATUS_OK);
        memcpy(machine.flash + good.map.store[i].off, good.flash + good.map.store[i].off, good.map.store[i].len);
        assert_boots();
        memset(machine.flash + good.map.store[1 - i].off, 0, good.map.store[1 - i].len);
        assert_int_equal(opened(), STATUS_OK);
        assert_int_equal(value_read(STORE_ROOT_CERT, 100), STATUS_OK);
        assert_memory_equal(call.out, "a newer one", 11);
    }
}

/* The newest record of `type` in one mirror, as it lies in the machine. */
static struct journal_record record_of(unsigned mirror, uint8_t type)
{
    struct journal journal;
    struct journal_record record;
    journal_open(&journal, machine.map.store);
    assert_true(journal_find(&journal, mirror, type, 0, &record));
    return record;
}

/* Appends a record with a right head and tag to both mirrors: what somebody who can write the flash can make. */
static struct journal forger;
static uint8_t forged[STORE_OVERHEAD + STORE_DATA_MAX];
static size_t forged_len;
static uint8_t forged_type;

static void forge_run(void)
{
    journal_open(&forger, port_flash()->store);
    call.status = journal_append(&forger, forged_type, bytes_of(forged, forged_len));
}

static void forge(uint8_t type, const struct journal_record *from)
{
    forged_type = type;
    forged_len = from->payload.len;
    memcpy(forged, from->payload.data, forged_len);
    (void)sim_run(&machine, forge_run);
    assert_int_equal(call.status, STATUS_OK);
}

static void records_of_another_type_place_or_time_prove_nothing(void **state)
{
    (void)state;
    const struct journal_record identity = record_of(0, STORE_IDENTITY_KEY);
    forge(STORE_UPDATE_KEY, &identity); /* ahead of the counter, so it is taken for a torn one */
    assert_boots();
    sim_copy(&machine, &good);
    struct journal_record record = record_of(0, STORE_IDENTITY_KEY);
    forge(STORE_IDENTITY_KEY, &record); /* the same payload with a new sequence in its head */
    assert_int_equal(opened(), STATUS_OK);
    assert_int_equal(store.sequence[STORE_IDENTITY_KEY - 1], record.sequence);
    assert_boots();
}

/* A chip's first and only record, of type 1 in its payload and of type 2 in its head. */
static void a_payload_is_bound_to_the_type_in_its_head(void **state)
{
    (void)state;
    sim_make(&machine, 512, 16, 0xFF);
    assert_int_equal(opened(), STATUS_OK);
    assert_int_equal(written(1, bytes_of("first", 5)), STATUS_OK);
    struct journal_record record = record_of(0, 1);
    memcpy(forged, record.payload.data, record.payload.len);
    forged_len = record.payload.len;
    for (unsigned i = 0; i < 2; i++) {
        memset(machine.flash + machine.map.store[i].off, 0xFF, machine.map.store[i].len);
    }
    forged_type = 2;
    (void)sim_run(&machine, forge_run);
    assert_int_equal(record_of(0, 2).sequence, record.sequence);
    assert_int_equal(opened(), STATUS_CRYPTO_TAG);
}

static void vault_fill_run(void)
{
    uint32_t newest = counter_read(COUNTER_STORE);
    call.status = store_open(&store, STORE_VAULT);
    for (uint32_t i = 0; i < newest + 2 && call.status == STATUS_OK; i++) {
        call.status = store_write(&store, (uint8_t)(1 + i % STORE_ROOT_CERT), bytes_of("of the application", 18));
    }
}

/* What the application put into its storage, whole and newer than the counter asks for, in the place of the keys. */
static void copy_of_the_vault_is_no_store(void **state)
{
    (void)state;
    assert_int_equal(sim_run(&machine, vault_fill_run), SIM_RETURNED);
    assert_int_equal(call.status, STATUS_OK);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(machine.map.store[i].len, machine.map.vault[i].len);
        memcpy(machine.flash + machine.map.store[i].off, machine.flash + machine.map.vault[i].off,
               machine.map.vault[i].len);
    }
    assert_int_equal(opened(), STATUS_CRYPTO_TAG);
    for (uint8_t type = STORE_IDENTITY_KEY; type <= STORE_ROOT_CERT; type++) {
        assert_int_not_equal(value_read(type, sizeof call.out), STATUS_OK);
    }
    assert_halts(STATUS_BOOT_NOT_PROVISIONED);
}

static uint32_t counted;

static void counter_run(void)
{
    counted = counter_read(COUNTER_STORE);
}

/* Else the copy from before that write could be put back. */
static void a_counter_left_behind_by_a_cut_is_brought_up(void **state)
{
    (void)state;
    assert_int_equal(opened(), STATUS_OK);
    machine.cut_at = machine.operations + 3; /* behind the records of both mirrors */
    machine.cut_mode = SIM_CUT_BEFORE;
    (void)written(STORE_ROOT_CERT, bytes_of("a newer one", 11));
    machine.cut_at = 0;
    uint32_t sequence = record_of(1, STORE_ROOT_CERT).sequence;
    (void)sim_run(&machine, counter_run);
    assert_int_equal(counted, sequence - 1);
    assert_boots();
    (void)sim_run(&machine, counter_run);
    assert_int_equal(counted, sequence);
    for (unsigned i = 0; i < 2; i++) {
        memcpy(machine.flash + good.map.store[i].off, good.flash + good.map.store[i].off, good.map.store[i].len);
    }
    assert_halts(STATUS_STORE_REPLAY);
}

static void a_chip_with_another_root_key_is_not_provisioned(void **state)
{
    (void)state;
    machine.root_key[0] ^= 0x80;
    assert_halts(STATUS_BOOT_NOT_PROVISIONED);
    memset(machine.root_key, 0, sizeof machine.root_key);
    assert_halts(STATUS_CRYPTO_KEY);
}

static int flash_has(const uint8_t *what, size_t len)
{
    return memmem(machine.flash, machine.flash_len, what, len) != NULL;
}

static void no_item_is_in_flash_as_it_is(void **state)
{
    (void)state;
    for (size_t i = 0; i + 8 <= 32; i += 8) {
        assert_false(flash_has(maker.identity.secret + i, 8));
        assert_false(flash_has(maker.update.secret + i, 8));
    }
    assert_false(flash_has(maker.mastering.open, 16));
    assert_false(flash_has((const uint8_t *)"certificate", 11));
}

static void lost_store_is_emptied_and_goes_on_behind_its_counter(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        memset(machine.flash + machine.map.store[i].off, 0x33, machine.map.store[i].len);
    }
    assert_int_equal(opened(), STATUS_CRYPTO_TAG);
    assert_int_equal(written(STORE_POLICY, bytes_of("x", 1)), STATUS_CRYPTO_TAG);
    assert_int_equal(store_reset(&store), STATUS_OK);
    assert_int_equal(written(STORE_POLICY, bytes_of("x", 1)), STATUS_OK);
    assert_int_equal(opened(), STATUS_OK);
    assert_int_equal(value_read(STORE_POLICY, 1), STATUS_OK);
    assert_int_equal(value_read(STORE_UPDATE_KEY, 96), STATUS_NOT_FOUND);
    for (unsigned i = 0; i < 2; i++) {
        memcpy(machine.flash + good.map.store[i].off, good.flash + good.map.store[i].off, good.map.store[i].len);
    }
    assert_int_equal(opened(), STATUS_STORE_REPLAY);
}

/* All four cuts of one write: record in mirror 0, in mirror 1, counter in page 0, in page 1. */
static void a_write_cut_anywhere_boots(void **state)
{
    (void)state;
    unsigned old = 0;
    unsigned new = 0;
    for (uint32_t operation = 1; operation <= 4; operation++) {
        for (enum sim_cut_mode mode = SIM_CUT_BEFORE; mode <= SIM_CUT_RANDOM; mode++) {
            sim_copy(&machine, &good);
            assert_int_equal(opened(), STATUS_OK);
            machine.cut_at = machine.operations + operation;
            machine.cut_mode = mode;
            machine.cut_len = 30;
            machine.cut_seed = operation;
            (void)written(STORE_ROOT_CERT, bytes_of("a newer one", 11));
            machine.cut_at = 0;
            assert_boots();
            assert_int_equal(opened(), STATUS_OK);
            assert_int_equal(value_read(STORE_ROOT_CERT, 100), STATUS_OK);
            int is_new = memcmp(call.out, "a newer one", 11) == 0;
            assert_true(is_new || memcmp(call.out, "certificate", 11) == 0);
            old += !is_new;
            new += is_new != 0;
        }
    }
    assert_true(old > 2 && new > 12);
}

static void wiped_store_forgets_its_key(void **state)
{
    (void)state;
    static const uint8_t none[32];
    assert_int_equal(opened(), STATUS_OK);
    assert_memory_not_equal(store.key, none, sizeof none);
    store_wipe(&store);
    assert_memory_equal(store.key, none, sizeof none);
    assert_int_equal(value_read(STORE_IDENTITY_KEY, 96), STATUS_CRYPTO_TAG);
}

static void certificates_go_into_the_callers_buffer(void **state)
{
    (void)state;
    uint8_t buffer[16];
    size_t len = 99;
    assert_boots();
    assert_int_equal(service_certificate(SBM_CERTIFICATE_ROOT, buffer, sizeof buffer, &len), PSA_SUCCESS);
    assert_int_equal(len, 11);
    assert_memory_equal(buffer, "certificate", 11);
    assert_int_equal(service_certificate(SBM_CERTIFICATE_ROOT, buffer, 10, &len), PSA_ERROR_BUFFER_TOO_SMALL);
    assert_int_equal(len, 11);
    assert_int_equal(service_certificate(3, buffer, sizeof buffer, &len), PSA_ERROR_DOES_NOT_EXIST);
    assert_int_equal(service_certificate(256, buffer, sizeof buffer, &len), PSA_ERROR_DOES_NOT_EXIST);
    assert_int_equal(service_certificate(UINT32_MAX, buffer, sizeof buffer, &len), PSA_ERROR_DOES_NOT_EXIST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(values_are_read_as_they_were_written, setup),
        cmocka_unit_test_setup(any_flipped_bit_boots_with_the_same_keys, setup),
        cmocka_unit_test_setup(an_older_copy_of_the_store_ends_in_halt, setup),
        cmocka_unit_test_setup(one_older_mirror_is_brought_up_to_date, setup),
        cmocka_unit_test_setup(records_of_another_type_place_or_time_prove_nothing, setup),
        cmocka_unit_test_setup(a_payload_is_bound_to_the_type_in_its_head, setup),
        cmocka_unit_test_setup(copy_of_the_vault_is_no_store, setup),
        cmocka_unit_test_setup(a_counter_left_behind_by_a_cut_is_brought_up, setup),
        cmocka_unit_test_setup(a_chip_with_another_root_key_is_not_provisioned, setup),
        cmocka_unit_test_setup(no_item_is_in_flash_as_it_is, setup),
        cmocka_unit_test_setup(lost_store_is_emptied_and_goes_on_behind_its_counter, setup),
        cmocka_unit_test_setup(a_write_cut_anywhere_boots, setup),
        cmocka_unit_test_setup(wiped_store_forgets_its_key, setup),
        cmocka_unit_test_setup(certificates_go_into_the_callers_buffer, setup),
    };
    return cmocka_run_group_tests(tests, group_setup, NULL);
}
