/* SPDX-License-Identifier: Apache-2.0 */
/* Flash with NOR rules, fuses, locks, the seal, and every power cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "host/chip/array.h"

#define SECTOR FLASHCTL_SECTOR_LEN
#define GRANULE FLASHCTL_GRANULE_LEN

static uint8_t flash[FLASHCTL_FLASH_LEN];
static uint8_t fuses[ARRAY_FUSES_LEN];
static uint8_t before[FLASHCTL_FLASH_LEN];
static struct array a;

static int blank_chip(void **state)
{
    (void)state;
    memset(flash, 0xFF, sizeof flash);
    memset(fuses, 0, sizeof fuses);
    array_init(&a, flash, fuses);
    return 0;
}

static void fuse_set(uint32_t word, uint32_t value)
{
    bytes_write_le32(fuses + 4 * word, value);
}

static void pattern_fill(uint8_t *p, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        p[i] = (uint8_t)(i * 7 + 1);
    }
}

static void nothing_changed(void)
{
    assert_memory_equal(flash, before, sizeof flash);
}

static void programmed_granules_hold_their_bytes(void **state)
{
    uint8_t data[SECTOR];
    (void)state;
    pattern_fill(data, sizeof data);
    assert_int_equal(array_granules_program(&a, 0x20000, data, GRANULE), FLASHCTL_DONE);
    assert_int_equal(array_granules_program(&a, 0x3FF000, data, SECTOR), FLASHCTL_DONE);
    assert_memory_equal(flash + 0x20000, data, GRANULE);
    assert_int_equal(flash[0x20000 + GRANULE], 0xFF);
    assert_memory_equal(flash + 0x3FF000, data, SECTOR);
    assert_int_equal(a.operations, 2);
}

static void erase_clears_its_sector_and_no_other(void **state)
{
    (void)state;
    memset(flash, 0x5A, sizeof flash);
    memcpy(before, flash, sizeof flash);
    memset(before + 0x21000, 0xFF, SECTOR);
    assert_int_equal(array_sector_erase(&a, 0x21000), FLASHCTL_DONE);
    nothing_changed();
}

static void program_over_one_unerased_bit_is_refused_whole(void **state)
{
    uint8_t data[SECTOR] = { 0 };
    (void)state;
    flash[0x21FFF] = 0xFE;
    memcpy(before, flash, sizeof flash);
    assert_int_equal(array_granules_program(&a, 0x21000, data, SECTOR), FLASHCTL_NOT_ERASED);
    nothing_changed();
    assert_int_equal(a.operations, 0);
    assert_int_equal(array_granules_program(&a, 0x21000, data, SECTOR - GRANULE), FLASHCTL_DONE);
}

static void addresses_outside_or_misaligned_are_refused(void **state)
{
    uint8_t data[SECTOR] = { 0 };
    (void)state;
    memcpy(before, flash, sizeof flash);
    assert_int_equal(array_sector_erase(&a, 0x400000), FLASHCTL_RANGE);
    assert_int_equal(array_sector_erase(&a, 0xFFFFF000), FLASHCTL_RANGE);
    assert_int_equal(array_sector_erase(&a, 0x1001), FLASHCTL_ALIGN);
    assert_int_equal(array_granules_program(&a, 0x400000, data, GRANULE), FLASHCTL_RANGE);
    assert_int_equal(array_granules_program(&a, 0x3FFFF0, data, 2 * GRANULE), FLASHCTL_RANGE);
    assert_int_equal(array_granules_program(&a, 0xFFFFFFF0, data, 2 * GRANULE), FLASHCTL_RANGE);
    assert_int_equal(array_granules_program(&a, 8, data, GRANULE), FLASHCTL_ALIGN);
    assert_int_equal(array_granules_program(&a, 0, data, 15), FLASHCTL_BAD_REQUEST);
    assert_int_equal(array_granules_program(&a, 0, data, 0), FLASHCTL_BAD_REQUEST);
    nothing_changed();
}

static void boot_lock_guards_exactly_its_sectors(void **state)
{
    uint8_t data[GRANULE] = { 0 };
    (void)state;
    assert_int_equal(array_fuse_blow(&a, FUSE_BOOT_LOCK_SECTORS, 8), FLASHCTL_DONE);
    assert_int_equal(array_boot_lock_len(&a), 0);
    assert_int_equal(array_granules_program(&a, 0, data, GRANULE), FLASHCTL_DONE);
    assert_int_equal(array_fuse_blow(&a, FUSE_BOOT_LOCK, 0x80000000), FLASHCTL_DONE);
    memcpy(before, flash, sizeof flash);
    for (uint32_t off = 0; off < 8 * SECTOR; off += SECTOR) {
        assert_int_equal(array_sector_erase(&a, off), FLASHCTL_LOCKED);
        assert_int_equal(array_granules_program(&a, off + SECTOR - GRANULE, data, GRANULE), FLASHCTL_LOCKED);
    }
    /* A program that begins in the lock and ends behind it. */
    uint8_t sector[SECTOR] = { 0 };
    assert_int_equal(array_granules_program(&a, 8 * SECTOR - GRANULE, sector, 2 * GRANULE), FLASHCTL_LOCKED);
    nothing_changed();
    assert_int_equal(array_sector_erase(&a, 8 * SECTOR), FLASHCTL_DONE);
    array_reset(&a);
    assert_int_equal(array_sector_erase(&a, 0), FLASHCTL_LOCKED);
}

static void boot_lock_larger_than_flash_guards_all(void **state)
{
    (void)state;
    fuse_set(FUSE_BOOT_LOCK_SECTORS, UINT32_MAX);
    fuse_set(FUSE_BOOT_LOCK, 1);
    assert_int_equal(array_boot_lock_len(&a), FLASHCTL_FLASH_LEN);
    assert_int_equal(array_sector_erase(&a, 0x3FF000), FLASHCTL_LOCKED);
}

static void boot_lock_sectors_are_final_once_locked(void **state)
{
    (void)state;
    fuse_set(FUSE_BOOT_LOCK_SECTORS, 8);
    fuse_set(FUSE_BOOT_LOCK, 1);
    assert_int_equal(array_fuse_blow(&a, FUSE_BOOT_LOCK_SECTORS, 16), FLASHCTL_FUSE_DENIED);
    assert_int_equal(array_fuse_read(&a, FUSE_BOOT_LOCK_SECTORS), 8);
}

static void fuses_only_gain_bits(void **state)
{
    (void)state;
    assert_int_equal(array_fuse_blow(&a, FUSE_LIFECYCLE, 0x0F), FLASHCTL_DONE);
    assert_int_equal(array_fuse_blow(&a, FUSE_LIFECYCLE, 0xF0000000), FLASHCTL_DONE);
    assert_int_equal(array_fuse_blow(&a, FUSE_LIFECYCLE, 0), FLASHCTL_DONE);
    assert_int_equal(array_fuse_read(&a, FUSE_LIFECYCLE), 0xF000000F);
}

static void vendor_words_are_final_after_the_vendor_lock(void **state)
{
    (void)state;
    assert_int_equal(array_fuse_blow(&a, FUSE_UNIQUE_ID, 1), FLASHCTL_DONE);
    assert_int_equal(array_fuse_blow(&a, FUSE_VENDOR_LOCK, 1), FLASHCTL_DONE);
    for (uint32_t word = 8; word < FUSE_WORDS; word++) {
        uint32_t old = array_fuse_read(&a, word);
        assert_int_equal(array_fuse_blow(&a, word, UINT32_MAX), FLASHCTL_FUSE_DENIED);
        assert_int_equal(array_fuse_read(&a, word), old);
    }
    assert_int_equal(array_fuse_blow(&a, FUSE_DEBUG_LOCK, 1), FLASHCTL_DONE);
}

static void reserved_fuses_read_zero_and_cannot_be_blown(void **state)
{
    (void)state;
    memset(fuses, 0xA5, sizeof fuses);
    fuse_set(FUSE_VENDOR_LOCK, 0);
    for (uint32_t word = 0; word < FUSE_WORDS; word++) {
        int reserved = (word >= 6 && word < 8) || (word >= 12 && word < 16) || (word >= 32 && word < 63);
        if (reserved) {
            assert_int_equal(array_fuse_read(&a, word), 0);
            assert_int_equal(array_fuse_blow(&a, word, 1), FLASHCTL_FUSE_DENIED);
        }
    }
    assert_int_equal(array_fuse_blow(&a, FUSE_WORDS, 1), FLASHCTL_RANGE);
    assert_int_equal(array_fuse_blow(&a, UINT32_MAX, 1), FLASHCTL_RANGE);
    assert_int_equal(array_fuse_read(&a, UINT32_MAX), 0);
}

static void seal_refuses_all_changes_until_reset(void **state)
{
    uint8_t data[GRANULE] = { 0 };
    (void)state;
    assert_int_equal(array_seal(&a), FLASHCTL_DONE);
    assert_int_equal(array_sector_erase(&a, 0x20000), FLASHCTL_SEALED);
    assert_int_equal(array_granules_program(&a, 0x20000, data, GRANULE), FLASHCTL_SEALED);
    assert_int_equal(array_fuse_blow(&a, FUSE_LIFECYCLE, 1), FLASHCTL_SEALED);
    assert_int_equal(array_fuse_read(&a, FUSE_LIFECYCLE), 0);
    array_reset(&a);
    assert_int_equal(array_granules_program(&a, 0x20000, data, GRANULE), FLASHCTL_DONE);
}

static void lifecycle_is_read_by_majority_of_each_byte(void **state)
{
    static const struct {
        uint32_t word;
        const char *name;
    } cases[] = {
        { 0, "open" },
        { 0x0F, "open" },
        { 0x1F, "provisioning" },
        { 0xFF, "provisioning" },
        { 0xF8F8, "secured" },
        { 0x0101FFFF, "secured" },
        { 0xFFFFFFFF, "decommissioned" },
        { 0x00FFFFFF, "decommissioned" },
        { 0x0000FF00, "decommissioned" },
        { 0x00FF00FF, "decommissioned" },
        { 0xFF000000, "decommissioned" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fuse_set(FUSE_LIFECYCLE, cases[i].word);
        assert_string_equal(array_lifecycle_name(&a), cases[i].name);
    }
}

static void any_debug_lock_bit_locks(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 32; bit++) {
        fuse_set(FUSE_DEBUG_LOCK, 0);
        assert_false(array_debug_is_locked(&a));
        fuse_set(FUSE_DEBUG_LOCK, 1u << bit);
        assert_true(array_debug_is_locked(&a));
    }
}

static void granted_debug_rights_last_until_the_reset_and_only_grow(void **state)
{
    (void)state;
    static const uint32_t none[] = { 0, 3, UINT32_MAX };
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        assert_int_equal(array_debug_grant(&a, none[i]), FLASHCTL_FUSE_DENIED);
    }
    assert_int_equal(a.debug_rights, 0);
    assert_int_equal(array_debug_grant(&a, FLASHCTL_DEBUG_NONSECURE), FLASHCTL_DONE);
    assert_int_equal(array_debug_grant(&a, FLASHCTL_DEBUG_SECURE), FLASHCTL_DONE);
    assert_int_equal(array_debug_grant(&a, FLASHCTL_DEBUG_NONSECURE), FLASHCTL_FUSE_DENIED);
    assert_int_equal(a.debug_rights, FLASHCTL_DEBUG_SECURE);
    array_reset(&a);
    assert_int_equal(a.debug_rights, 0);
}

static void secure_debug_hides_the_fused_keys_and_nothing_else(void **state)
{
    (void)state;
    static const uint32_t rights[] = { 0, FLASHCTL_DEBUG_NONSECURE, FLASHCTL_DEBUG_SECURE };
    memset(fuses, 0x5A, sizeof fuses);
    for (size_t i = 0; i < 3; i++) {
        array_reset(&a);
        (void)array_debug_grant(&a, rights[i]);
        for (uint32_t word = 16; word < 32; word++) {
            assert_int_equal(array_fuse_read(&a, word), i == 2 ? 0 : 0x5A5A5A5A);
        }
        assert_int_equal(array_fuse_read(&a, FUSE_UNIQUE_ID + 3), 0x5A5A5A5A);
        assert_int_equal(array_fuse_read(&a, FUSE_VENDOR_LOCK), 0x5A5A5A5A);
    }
    array_reset(&a);
    assert_int_equal(array_fuse_read(&a, FUSE_ROOT_KEY), 0x5A5A5A5A);
}

static void every_torn_program_leaves_exactly_its_prefix(void **state)
{
    uint8_t data[4 * GRANULE];
    (void)state;
    pattern_fill(data, sizeof data);
    for (size_t bytes = 0; bytes <= sizeof data; bytes++) {
        blank_chip(NULL);
        a.cut = (struct array_cut){ .left = 1, .mode = ARRAY_CUT_TORN, .bytes = bytes };
        assert_int_equal(array_granules_program(&a, 0x1000, data, sizeof data), ARRAY_POWER_LOST);
        assert_true(a.power_lost);
        assert_memory_equal(flash + 0x1000, data, bytes);
        for (size_t i = bytes; i < sizeof data; i++) {
            assert_int_equal(flash[0x1000 + i], 0xFF);
        }
    }
}

static void torn_erase_leaves_a_prefix_erased(void **state)
{
    (void)state;
    memset(flash, 0, sizeof flash);
    a.cut = (struct array_cut){ .left = 1, .mode = ARRAY_CUT_TORN, .bytes = ARRAY_CUT_HALF };
    assert_int_equal(array_sector_erase(&a, 0x1000), ARRAY_POWER_LOST);
    assert_int_equal(flash[0x17FF], 0xFF);
    assert_int_equal(flash[0x1800], 0);
    assert_int_equal(flash[0x0FFF], 0);
}

static void torn_blow_leaves_the_low_bytes(void **state)
{
    (void)state;
    a.cut = (struct array_cut){ .left = 1, .mode = ARRAY_CUT_TORN, .bytes = ARRAY_CUT_HALF };
    assert_int_equal(array_fuse_blow(&a, FUSE_LIFECYCLE, 0xFFFFFFFF), ARRAY_POWER_LOST);
    assert_int_equal(array_fuse_read(&a, FUSE_LIFECYCLE), 0xFFFF);
}

static void cut_before_changes_nothing_and_after_changes_all(void **state)
{
    uint8_t data[GRANULE] = { 0 };
    (void)state;
    a.cut = (struct array_cut){ .left = 1, .mode = ARRAY_CUT_BEFORE };
    assert_int_equal(array_granules_program(&a, 0x1000, data, GRANULE), ARRAY_POWER_LOST);
    assert_int_equal(flash[0x1000], 0xFF);
    blank_chip(NULL);
    a.cut = (struct array_cut){ .left = 1, .mode = ARRAY_CUT_AFTER };
    assert_int_equal(array_granules_program(&a, 0x1000, data, GRANULE), ARRAY_POWER_LOST);
    assert_memory_equal(flash + 0x1000, data, GRANULE);
}

static void cut_counts_accepted_operations_only(void **state)
{
    uint8_t data[GRANULE] = { 0 };
    (void)state;
    a.cut = (struct array_cut){ .left = 3, .mode = ARRAY_CUT_BEFORE };
    assert_int_equal(array_granules_program(&a, 0x1000, data, GRANULE), FLASHCTL_DONE);
    assert_int_equal(array_granules_program(&a, 0x1000, data, GRANULE), FLASHCTL_NOT_ERASED);
    assert_int_equal(array_fuse_blow(&a, FUSE_LIFECYCLE, 1), FLASHCTL_DONE);
    assert_int_equal(array_sector_erase(&a, 0x1000), ARRAY_POWER_LOST);
    assert_int_equal(flash[0x1000], 0);
}

static void nothing_happens_without_power(void **state)
{
    uint8_t data[GRANULE] = { 0 };
    (void)state;
    a.power_lost = true;
    memcpy(before, flash, sizeof flash);
    assert_int_equal(array_granules_program(&a, 0x1000, data, GRANULE), ARRAY_POWER_LOST);
    assert_int_equal(array_sector_erase(&a, 0), ARRAY_POWER_LOST);
    assert_int_equal(array_fuse_blow(&a, FUSE_DEBUG_LOCK, 1), ARRAY_POWER_LOST);
    assert_int_equal(array_seal(&a), ARRAY_POWER_LOST);
    nothing_changed();
    assert_false(array_debug_is_locked(&a));
}

static void interrupted_program_obeys_the_rules(void **state)
{
    uint8_t data[2 * GRANULE] = { 0 };
    (void)state;
    flash[0x1000 + GRANULE] = 0;
    memcpy(before, flash, sizeof flash);
    array_program_interrupt(&a, 0x1000, data, 8, sizeof data);
    nothing_changed();
    assert_true(a.power_lost);
    blank_chip(NULL);
    array_program_interrupt(&a, 0x1000, data, 8, sizeof data);
    assert_memory_equal(flash + 0x1000, data, 8);
    assert_int_equal(flash[0x1008], 0xFF);
}

static void blank_vectors_are_seen(void **state)
{
    (void)state;
    assert_true(array_vectors_are_blank(&a));
    flash[7] = 0x10;
    assert_false(array_vectors_are_blank(&a));
}

#define TRUTH(name) cmocka_unit_test_setup(name, blank_chip)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TRUTH(programmed_granules_hold_their_bytes),
        TRUTH(erase_clears_its_sector_and_no_other),
        TRUTH(program_over_one_unerased_bit_is_refused_whole),
        TRUTH(addresses_outside_or_misaligned_are_refused),
        TRUTH(boot_lock_guards_exactly_its_sectors),
        TRUTH(boot_lock_larger_than_flash_guards_all),
        TRUTH(boot_lock_sectors_are_final_once_locked),
        TRUTH(fuses_only_gain_bits),
        TRUTH(vendor_words_are_final_after_the_vendor_lock),
        TRUTH(reserved_fuses_read_zero_and_cannot_be_blown),
        TRUTH(seal_refuses_all_changes_until_reset),
        TRUTH(lifecycle_is_read_by_majority_of_each_byte),
        TRUTH(any_debug_lock_bit_locks),
        TRUTH(granted_debug_rights_last_until_the_reset_and_only_grow),
        TRUTH(secure_debug_hides_the_fused_keys_and_nothing_else),
        TRUTH(every_torn_program_leaves_exactly_its_prefix),
        TRUTH(torn_erase_leaves_a_prefix_erased),
        TRUTH(torn_blow_leaves_the_low_bytes),
        TRUTH(cut_before_changes_nothing_and_after_changes_all),
        TRUTH(cut_counts_accepted_operations_only),
        TRUTH(nothing_happens_without_power),
        TRUTH(interrupted_program_obeys_the_rules),
        TRUTH(blank_vectors_are_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
