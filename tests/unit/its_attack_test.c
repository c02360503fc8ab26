/* SPDX-License-Identifier: Apache-2.0 */
/* its_attack: the vault's flash in the hands of chance and of an attacker; and what it does to the flash. */
#include "tests/unit/test.h"

#include <stdlib.h>

#include "boot/journal.h"
#include "sbm/store.h"
#include "tests/unit/its_rig.h"

#define APP STORE_ITS_APPLICATION

static struct sim saved;

static int setup(void **state)
{
    (void)state;
    its_make(&its_geometries[4]);
    return 0;
}

static void three_set(void)
{
    assert_int_equal(its_set(APP, 1, its_pattern(1, 1, 30), 0), PSA_SUCCESS);
    assert_int_equal(its_set(2, 2, its_pattern(2, 1, 5), 0), PSA_SUCCESS);
    assert_int_equal(its_set(APP, 3, its_pattern(3, 1, 20), 0), PSA_SUCCESS);
    assert_int_equal(its_set(APP, 1, its_pattern(1, 2, 25), 0), PSA_SUCCESS);
    assert_int_equal(its_remove(APP, 3), PSA_SUCCESS);
}

static void three_hold(void)
{
    assert_true(its_holds(APP, 1, 2, 25));
    assert_true(its_holds(2, 2, 1, 5));
    assert_int_equal(its_get(APP, 3, 0, 1), PSA_ERROR_DOES_NOT_EXIST);
}

static void any_flipped_bit_of(const struct port_region *region, uint32_t len)
{
    for (uint32_t bit = 0; bit < len * 8; bit++) {
        sim_copy(&its_machine, &saved);
        its_restart();
        its_machine.flash[region->off + bit / 8] ^= (uint8_t)(1u << bit % 8);
        three_hold();
        if (bit % 64 == 0) { /* and what healed it holds */
            its_restart();
            three_hold();
        }
    }
}

static void any_flipped_bit_leaves_every_entry(void **state)
{
    (void)state;
    for (size_t g = 1; g < ITS_GEOMETRIES; g += 3) {
        its_make(&its_geometries[g]);
        three_set();
        sim_copy(&saved, &its_machine);
        for (unsigned i = 0; i < 2; i++) {
            any_flipped_bit_of(&saved.map.vault[i], 640);
            any_flipped_bit_of(&saved.map.counter[i], 224);
        }
    }
}

/* A flip in each mirror, at the same place of the same record. */
static void the_same_flip_in_both_mirrors_is_noticed(void **state)
{
    (void)state;
    its_make(&its_geometries[4]);
    three_set();
    sim_copy(&saved, &its_machine);
    for (uint32_t at = 0; at < 5 * 144; at++) {
        sim_copy(&its_machine, &saved);
        its_restart();
        for (unsigned i = 0; i < 2; i++) {
            its_machine.flash[saved.map.vault[i].off + at] ^= 0x10;
        }
        psa_status_t first = its_get(APP, 1, 0, 2048);
        assert_true(first == PSA_ERROR_DATA_CORRUPT || its_holds(APP, 1, 2, 25));
        psa_status_t second = its_get(2, 2, 0, 2048);
        assert_true(second == PSA_ERROR_DATA_CORRUPT || its_holds(2, 2, 1, 5));
        psa_status_t removed = its_get(APP, 3, 0, 2048);
        assert_true(removed == PSA_ERROR_DATA_CORRUPT || removed == PSA_ERROR_DOES_NOT_EXIST);
    }
}

static void vault_copy(struct sim *to, const struct sim *from)
{
    for (unsigned i = 0; i < 2; i++) {
        const struct port_region *region = &from->map.vault[i];
        memcpy(to->flash + region->off, from->flash + region->off, region->len);
    }
}

static void an_older_copy_of_the_vault_is_noticed(void **state)
{
    (void)state;
    three_set();
    sim_copy(&saved, &its_machine);
    assert_int_equal(its_set(APP, 1, its_pattern(1, 3, 25), 0), PSA_SUCCESS);
    vault_copy(&its_machine, &saved);
    its_restart();
    assert_int_equal(its_get(APP, 1, 0, 100), PSA_ERROR_DATA_CORRUPT);
    assert_int_equal(its_get(2, 2, 0, 100), PSA_ERROR_DATA_CORRUPT);
    assert_int_equal(its_set(APP, 1, its_pattern(1, 4, 25), 0), PSA_ERROR_DATA_CORRUPT);
    assert_int_equal(its_remove(APP, 1), PSA_ERROR_DATA_CORRUPT);
}

static void a_lost_vault_works_again_after_a_reset_only(void **state)
{
    (void)state;
    three_set();
    sim_copy(&saved, &its_machine);
    assert_int_equal(its_reset(), PSA_ERROR_BAD_STATE);
    three_hold();
    for (unsigned i = 0; i < 2; i++) {
        memset(its_machine.flash + its_machine.map.vault[i].off, 0xFF, its_machine.map.vault[i].len);
    }
    its_restart();
    assert_int_equal(its_get(APP, 3, 0, 1), PSA_ERROR_DATA_CORRUPT);
    assert_int_equal(its_set(APP, 3, its_pattern(3, 1, 3), 0), PSA_ERROR_DATA_CORRUPT);
    assert_int_equal(its_reset(), PSA_SUCCESS);
    assert_int_equal(its_get(APP, 1, 0, 1), PSA_ERROR_DOES_NOT_EXIST);
    assert_int_equal(its_set(APP, 1, its_pattern(1, 7, 70), 0), PSA_SUCCESS);
    its_restart();
    assert_true(its_holds(APP, 1, 7, 70));
    assert_int_equal(its_reset(), PSA_ERROR_BAD_STATE);
    vault_copy(&its_machine, &saved); /* nothing of it comes back */
    its_restart();
    assert_int_equal(its_get(APP, 1, 0, 100), PSA_ERROR_DATA_CORRUPT);
}

/* Programs zeros over the newest record of the entry in both mirrors, head and all: an attacker needs no erase for it.
 * What was there before must not stand in its place. */
static void a_record_wiped_out_does_not_bring_the_one_before_it_back(void **state)
{
    (void)state;
    for (unsigned last = 0; last < 2; last++) {
        struct journal journal;
        struct journal_record record;
        its_make(&its_geometries[4]);
        three_set();
        if (!last) {
            assert_int_equal(its_set(2, 9, its_pattern(9, 1, 5), 0), PSA_SUCCESS);
        }
        for (uint8_t type = 1; type <= 3; type += 2) { /* of entry 1, and of the removed entry 3 */
            sim_copy(&saved, &its_machine);
            journal_open(&journal, its_machine.map.vault);
            for (unsigned i = 0; i < 2; i++) {
                assert_true(journal_find(&journal, i, type, 0, &record));
                memset(its_machine.flash + record.off, 0, 20 + record.payload.len);
            }
            its_restart();
            assert_int_equal(its_get(APP, 1, 0, 100), PSA_ERROR_DATA_CORRUPT);
            assert_int_equal(its_get(APP, 3, 0, 100), PSA_ERROR_DATA_CORRUPT);
            sim_copy(&its_machine, &saved);
        }
    }
}

static void what_is_sound_can_still_be_read_beside_a_damaged_entry(void **state)
{
    (void)state;
    struct journal journal;
    struct journal_record record;
    three_set();
    journal_open(&journal, its_machine.map.vault);
    for (unsigned i = 0; i < 2; i++) {
        assert_true(journal_find(&journal, i, 1, 0, &record));
        its_machine.flash[record.off + 40] ^= 1;
    }
    its_restart();
    assert_int_equal(its_get(APP, 1, 0, 100), PSA_ERROR_DATA_CORRUPT);
    assert_true(its_holds(2, 2, 1, 5));
    assert_int_equal(its_set(APP, 4, its_pattern(4, 1, 5), 0), PSA_ERROR_DATA_CORRUPT);
    assert_int_equal(its_set(2, 2, its_pattern(2, 2, 5), 0), PSA_ERROR_DATA_CORRUPT);
    assert_int_equal(its_remove(2, 2), PSA_ERROR_DATA_CORRUPT);
    assert_true(its_holds(2, 2, 1, 5));
    assert_int_equal(its_reset(), PSA_SUCCESS);
    assert_int_equal(its_get(2, 2, 0, 1), PSA_ERROR_DOES_NOT_EXIST);
}

static void another_chip_opens_nothing(void **state)
{
    (void)state;
    three_set();
    its_machine.root_key[31] ^= 1;
    its_restart();
    assert_int_equal(its_get(APP, 1, 0, 100), PSA_ERROR_DATA_CORRUPT);
    assert_int_equal(its_get(2, 2, 0, 100), PSA_ERROR_DATA_CORRUPT);
    its_machine.root_key[31] ^= 1;
    its_restart();
    three_hold();
}

static void a_chip_without_root_key_stores_nothing(void **state)
{
    (void)state;
    memset(its_machine.root_key, 0, sizeof its_machine.root_key);
    assert_int_equal(its_set(APP, 1, its_pattern(1, 1, 10), 0), PSA_ERROR_STORAGE_FAILURE);
    assert_int_equal(its_reset(), PSA_ERROR_STORAGE_FAILURE);
    assert_int_equal(its_machine.operations, 0);
}

static int flash_has(const uint8_t *what, size_t len)
{
    for (size_t i = 0; i + len <= its_machine.flash_len; i++) {
        if (memcmp(its_machine.flash + i, what, len) == 0) {
            return 1;
        }
    }
    return 0;
}

static void nothing_of_an_entry_is_in_flash_as_it_is(void **state)
{
    (void)state;
    const uint8_t uid[8] = { 0x21, 0x43, 0x65, 0x87, 0xA9, 0xCB, 0xED, 0x0F };
    uint8_t secret[64];
    for (unsigned i = 0; i < sizeof secret; i++) {
        secret[i] = (uint8_t)(i * 91 + 17);
    }
    assert_int_equal(its_set(APP, 0x0FEDCBA987654321u, bytes_of(secret, sizeof secret), 2), PSA_SUCCESS);
    assert_int_equal(its_set(APP, 5, bytes_of(secret, sizeof secret), 0), PSA_SUCCESS);
    for (size_t i = 0; i + 8 <= sizeof secret; i += 8) {
        assert_false(flash_has(secret + i, 8));
    }
    assert_false(flash_has(uid, sizeof uid));
    memcpy(its_machine.flash + its_machine.map.primary.off, secret, 8); /* the search finds what is there */
    assert_true(flash_has(secret, 8));
}

#define NONCES 1500u
static uint8_t nonces[NONCES][12];

static int nonce_compare(const void *a, const void *b)
{
    return memcmp(a, b, 12);
}

static void nonce_take(unsigned i)
{
    struct journal journal;
    struct journal_record record;
    journal_open(&journal, its_machine.map.vault);
    assert_true(journal_find(&journal, 0, 1, 0, &record));
    memcpy(nonces[i], record.payload.data, 12);
}

/* Also not when the flash is put back and the same sequence number comes again. */
static void no_nonce_comes_twice(void **state)
{
    (void)state;
    for (unsigned i = 0; i < NONCES; i++) {
        if (i % 3 == 1) {
            sim_copy(&saved, &its_machine);
        } else if (i % 3 == 2) {
            sim_copy(&its_machine, &saved);
            its_restart();
        }
        assert_int_equal(its_set(APP, 1, its_pattern(1, i, 10), 0), PSA_SUCCESS);
        nonce_take(i);
    }
    qsort(nonces, NONCES, sizeof nonces[0], nonce_compare);
    for (unsigned i = 1; i < NONCES; i++) {
        assert_memory_not_equal(nonces[i - 1], nonces[i], 12);
    }
}

/* 1 when a byte of the sector is no longer what was programmed: then it was erased. */
static int was_erased(const struct sim *then, uint32_t sector)
{
    for (uint32_t i = 0; i < then->map.sector_len; i++) {
        uint8_t old = then->flash[sector + i];
        if (old != then->map.erased && its_machine.flash[sector + i] != old) {
            return 1;
        }
    }
    return 0;
}

static void erases_spread_over_the_sectors(void **state)
{
    (void)state;
    enum { WRITES = 3000, SECTORS = 8, COUNTERS = 2 };
    unsigned erased[SECTORS + COUNTERS] = { 0 };
    const struct port_flash *map = &its_machine.map;
    for (unsigned i = 0; i < WRITES; i++) {
        sim_copy(&saved, &its_machine);
        assert_int_equal(its_set(APP, 1 + i % 5, its_pattern(1, i, 100), 0), PSA_SUCCESS);
        for (uint32_t s = 0; s < SECTORS; s++) {
            erased[s] += (unsigned)was_erased(&saved, map->vault[s / 4].off + s % 4 * map->sector_len);
        }
        for (uint32_t s = 0; s < COUNTERS; s++) {
            erased[SECTORS + s] += (unsigned)was_erased(&saved, map->counter[s].off);
        }
    }
    for (unsigned s = 0; s < SECTORS + COUNTERS; s++) {
        print_message("%u ", erased[s]);
        assert_in_range(erased[s], 1, WRITES / 60);
        assert_int_equal(erased[s], s < SECTORS ? erased[0] : erased[SECTORS]);
    }
    print_message("erases after %d writes\n", WRITES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_flipped_bit_leaves_every_entry),
        cmocka_unit_test(the_same_flip_in_both_mirrors_is_noticed),
        cmocka_unit_test_setup(an_older_copy_of_the_vault_is_noticed, setup),
        cmocka_unit_test_setup(a_lost_vault_works_again_after_a_reset_only, setup),
        cmocka_unit_test(a_record_wiped_out_does_not_bring_the_one_before_it_back),
        cmocka_unit_test_setup(what_is_sound_can_still_be_read_beside_a_damaged_entry, setup),
        cmocka_unit_test_setup(another_chip_opens_nothing, setup),
        cmocka_unit_test_setup(a_chip_without_root_key_stores_nothing, setup),
        cmocka_unit_test_setup(nothing_of_an_entry_is_in_flash_as_it_is, setup),
        cmocka_unit_test_setup(no_nonce_comes_twice, setup),
        cmocka_unit_test_setup(erases_spread_over_the_sectors, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
