/* SPDX-License-Identifier: Apache-2.0 */
/* its: the rules of PSA Internal Trusted Storage, and who sees what. */
#include "tests/unit/test.h"

#include <stdlib.h>

#include "tests/unit/its_rig.h"

#define APP STORE_ITS_APPLICATION

static int setup(void **state)
{
    (void)state;
    its_make(&its_geometries[4]);
    return 0;
}

static void what_was_set_is_read_back_after_a_restart(void **state)
{
    (void)state;
    struct psa_storage_info_t info;
    assert_int_equal(its_set(APP, 7, its_pattern(7, 1, 100), PSA_STORAGE_FLAG_NONE), PSA_SUCCESS);
    assert_int_equal(its_set(APP, UINT64_MAX, its_pattern(UINT64_MAX, 2, STORE_ITS_DATA_MAX), 6), PSA_SUCCESS);
    for (unsigned i = 0; i < 2; i++) {
        assert_true(its_holds(APP, 7, 1, 100));
        assert_true(its_holds(APP, UINT64_MAX, 2, STORE_ITS_DATA_MAX));
        assert_int_equal(its_get_info(APP, UINT64_MAX, &info), PSA_SUCCESS);
        assert_int_equal(info.size, STORE_ITS_DATA_MAX);
        assert_int_equal(info.capacity, STORE_ITS_DATA_MAX);
        assert_int_equal(info.flags, PSA_STORAGE_FLAG_NO_CONFIDENTIALITY | PSA_STORAGE_FLAG_NO_REPLAY_PROTECTION);
        its_restart();
    }
}

static void uid_zero_is_refused_everywhere(void **state)
{
    (void)state;
    struct psa_storage_info_t info;
    assert_int_equal(its_set(APP, 0, its_pattern(0, 1, 4), 0), PSA_ERROR_INVALID_ARGUMENT);
    assert_int_equal(its_get(APP, 0, 0, 4), PSA_ERROR_INVALID_ARGUMENT);
    assert_int_equal(its_get_info(APP, 0, &info), PSA_ERROR_INVALID_ARGUMENT);
    assert_int_equal(its_remove(APP, 0), PSA_ERROR_INVALID_ARGUMENT);
    assert_int_equal(its_machine.operations, 0);
}

static void what_is_not_there_does_not_exist(void **state)
{
    (void)state;
    struct psa_storage_info_t info;
    assert_int_equal(its_get(APP, 5, 0, 4), PSA_ERROR_DOES_NOT_EXIST);
    assert_int_equal(its_get_info(APP, 5, &info), PSA_ERROR_DOES_NOT_EXIST);
    assert_int_equal(its_remove(APP, 5), PSA_ERROR_DOES_NOT_EXIST);
    assert_int_equal(its_machine.operations, 0);
}

static void unknown_flags_are_not_supported(void **state)
{
    (void)state;
    assert_int_equal(its_set(APP, 5, its_pattern(5, 1, 4), 8), PSA_ERROR_NOT_SUPPORTED);
    assert_int_equal(its_set(APP, 5, its_pattern(5, 1, 4), 0x80000001u), PSA_ERROR_NOT_SUPPORTED);
    assert_int_equal(its_get(APP, 5, 0, 4), PSA_ERROR_DOES_NOT_EXIST);
}

static void write_once_is_never_overwritten_or_removed(void **state)
{
    (void)state;
    assert_int_equal(its_set(APP, 5, its_pattern(5, 1, 20), PSA_STORAGE_FLAG_WRITE_ONCE), PSA_SUCCESS);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(its_set(APP, 5, its_pattern(5, 2, 20), 0), PSA_ERROR_NOT_PERMITTED);
        assert_int_equal(its_set(APP, 5, its_pattern(5, 1, 20), 1), PSA_ERROR_NOT_PERMITTED);
        assert_int_equal(its_remove(APP, 5), PSA_ERROR_NOT_PERMITTED);
        assert_true(its_holds(APP, 5, 1, 20));
        its_restart();
    }
}

static void an_overwritten_entry_takes_new_size_and_flags(void **state)
{
    (void)state;
    struct psa_storage_info_t info;
    assert_int_equal(its_set(APP, 5, its_pattern(5, 1, 200), PSA_STORAGE_FLAG_NO_CONFIDENTIALITY), PSA_SUCCESS);
    assert_int_equal(its_set(APP, 5, its_pattern(5, 2, 3), PSA_STORAGE_FLAG_WRITE_ONCE), PSA_SUCCESS);
    its_restart();
    assert_true(its_holds(APP, 5, 2, 3));
    assert_int_equal(its_get_info(APP, 5, &info), PSA_SUCCESS);
    assert_int_equal(info.size, 3);
    assert_int_equal(info.flags, PSA_STORAGE_FLAG_WRITE_ONCE);
}

static void empty_entries_exist(void **state)
{
    (void)state;
    struct psa_storage_info_t info;
    assert_int_equal(its_set(APP, 9, bytes_of(NULL, 0), 0), PSA_SUCCESS);
    its_restart();
    assert_int_equal(its_get_info(APP, 9, &info), PSA_SUCCESS);
    assert_int_equal(info.size, 0);
    assert_int_equal(its_get(APP, 9, 0, 10), PSA_SUCCESS);
    assert_int_equal(its_len, 0);
    assert_int_equal(its_get(APP, 9, 1, 10), PSA_ERROR_INVALID_ARGUMENT);
    assert_int_equal(its_remove(APP, 9), PSA_SUCCESS);
    assert_int_equal(its_get_info(APP, 9, &info), PSA_ERROR_DOES_NOT_EXIST);
}

static void parts_are_read_by_offset_and_size(void **state)
{
    (void)state;
    assert_int_equal(its_set(APP, 5, its_pattern(5, 1, 100), 0), PSA_SUCCESS);
    for (size_t offset = 0; offset <= 100; offset++) {
        for (size_t size = 0; size <= 110; size += 10) {
            size_t expected = size < 100 - offset ? size : 100 - offset;
            assert_int_equal(its_get(APP, 5, offset, size), PSA_SUCCESS);
            assert_int_equal(its_len, expected);
            assert_memory_equal(its_data, its_pattern(5, 1, 100).data + offset, expected);
            assert_int_equal(its_data[expected], 0xA5);
        }
    }
    assert_int_equal(its_get(APP, 5, 101, 0), PSA_ERROR_INVALID_ARGUMENT);
    assert_int_equal(its_get(APP, 5, SIZE_MAX, 10), PSA_ERROR_INVALID_ARGUMENT);
    assert_int_equal(its_data[0], 0xA5);
}

static void removed_entries_never_come_back(void **state)
{
    (void)state;
    assert_int_equal(its_set(APP, 5, its_pattern(5, 1, 50), 0), PSA_SUCCESS);
    assert_int_equal(its_remove(APP, 5), PSA_SUCCESS);
    for (unsigned i = 0; i < 300; i++) {
        assert_int_equal(its_set(APP, 6 + i % 3, its_pattern(6, i, 90), 0), PSA_SUCCESS);
        if (i % 10 == 0) {
            its_restart();
        }
        assert_int_equal(its_get(APP, 5, 0, 1), PSA_ERROR_DOES_NOT_EXIST);
    }
    assert_true(its_machine.erases > 8);
}

static void owners_do_not_see_each_other(void **state)
{
    (void)state;
    struct psa_storage_info_t info;
    for (uint32_t owner = 1; owner <= 3; owner++) {
        assert_int_equal(its_set(owner, 5, its_pattern(owner, 1, 10 * owner), 0), PSA_SUCCESS);
        assert_int_equal(its_set(owner, 100 + owner, its_pattern(owner, 2, 8), 0), PSA_SUCCESS);
    }
    its_restart();
    for (uint32_t owner = 1; owner <= 3; owner++) {
        assert_int_equal(its_get(owner, 5, 0, 2048), PSA_SUCCESS);
        assert_true(bytes_equal(bytes_of(its_data, its_len), its_pattern(owner, 1, 10 * owner)));
        for (uint32_t other = 1; other <= 3; other++) {
            psa_status_t expected = other == owner ? PSA_SUCCESS : PSA_ERROR_DOES_NOT_EXIST;
            assert_int_equal(its_get_info(owner, 100 + other, &info), expected);
        }
    }
    assert_int_equal(its_remove(1, 5), PSA_SUCCESS);
    assert_int_equal(its_remove(1, 102), PSA_ERROR_DOES_NOT_EXIST);
    assert_int_equal(its_get_info(2, 5, &info), PSA_SUCCESS);
}

static void forty_entries_fit_and_one_more_does_not(void **state)
{
    (void)state;
    for (unsigned i = 1; i <= STORE_ITS_ENTRIES; i++) {
        assert_int_equal(its_set(1 + i % 3, i, its_pattern(i, 1, 150), 0), PSA_SUCCESS);
    }
    assert_int_equal(its_set(APP, 1000, its_pattern(1, 1, 1), 0), PSA_ERROR_INSUFFICIENT_STORAGE);
    its_restart();
    for (unsigned i = 1; i <= STORE_ITS_ENTRIES; i++) {
        assert_true(its_holds(1 + i % 3, i, 1, 150));
    }
    assert_int_equal(its_remove(1 + 4 % 3, 4), PSA_SUCCESS);
    assert_int_equal(its_set(APP, 1000, its_pattern(1000, 1, 1), 0), PSA_SUCCESS);
    assert_true(its_holds(APP, 1000, 1, 1));
}

static void what_does_not_fit_changes_nothing(void **state)
{
    (void)state;
    unsigned count = 0;
    assert_int_equal(its_set(APP, 1, its_pattern(1, 1, STORE_ITS_DATA_MAX + 1), 0), PSA_ERROR_INSUFFICIENT_STORAGE);
    while (its_set(APP, count + 1, its_pattern(count + 1, 1, STORE_ITS_DATA_MAX), 0) == PSA_SUCCESS) {
        count++;
    }
    assert_int_equal(count, 6);
    assert_int_equal(its_set(APP, 7, its_pattern(7, 1, STORE_ITS_DATA_MAX), 0), PSA_ERROR_INSUFFICIENT_STORAGE);
    for (unsigned version = 2; version < 20; version++) { /* a full vault still takes new values */
        assert_int_equal(its_set(APP, 1, its_pattern(1, version, STORE_ITS_DATA_MAX), 0), PSA_SUCCESS);
    }
    its_restart();
    for (unsigned i = 1; i <= 6; i++) {
        assert_true(its_holds(APP, i, i == 1 ? 19 : 1, STORE_ITS_DATA_MAX));
        assert_int_equal(its_remove(APP, i), PSA_SUCCESS);
    }
}

/* What the storage should hold: version and length of each entry; version 0: none. */
struct model {
    unsigned version;
    size_t len;
    uint32_t flags;
};
#define MODEL_OWNERS 3u
#define MODEL_UIDS 12u
static struct model model[MODEL_OWNERS][MODEL_UIDS];

static uint32_t random_next(void)
{
    static uint32_t x = 2463534242u;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return x;
}

static int model_holds(uint32_t owner, uint32_t uid, const struct model *m)
{
    return m->version == 0 ? its_get(owner + 1, uid + 1, 0, 1) == PSA_ERROR_DOES_NOT_EXIST
                           : its_holds(owner + 1, uid + 1, m->version, m->len);
}

static void random_set(uint32_t owner, uint32_t uid, unsigned version)
{
    struct model *m = &model[owner][uid];
    uint32_t kind = random_next() % 64;
    size_t len = kind == 0 ? random_next() % (STORE_ITS_DATA_MAX + 1) : random_next() % 200;
    uint32_t flags = uid == 0 ? random_next() % 8 : random_next() % 4 * 2;
    psa_status_t result = its_set(owner + 1, uid + 1, its_pattern(uid + 1, version, len), flags);
    if (its_end == SIM_RETURNED && m->version != 0 && (m->flags & PSA_STORAGE_FLAG_WRITE_ONCE) != 0) {
        assert_int_equal(result, PSA_ERROR_NOT_PERMITTED);
        return;
    }
    const struct model new = { version, len, flags };
    if (its_end != SIM_RETURNED) {
        its_machine.cut_at = 0;
        if (!model_holds(owner, uid, m)) {
            assert_true(model_holds(owner, uid, &new));
            *m = new;
        }
        return;
    }
    if (result == PSA_ERROR_INSUFFICIENT_STORAGE) {
        assert_true(len > 400);
        return;
    }
    assert_int_equal(result, PSA_SUCCESS);
    *m = new;
}

static void random_remove(uint32_t owner, uint32_t uid)
{
    struct model *m = &model[owner][uid];
    const struct model none = { 0 };
    psa_status_t result = its_remove(owner + 1, uid + 1);
    if (its_end != SIM_RETURNED) {
        its_machine.cut_at = 0;
        if (!model_holds(owner, uid, m)) {
            assert_true(model_holds(owner, uid, &none));
            *m = none;
        }
        return;
    }
    int once = m->version != 0 && (m->flags & PSA_STORAGE_FLAG_WRITE_ONCE) != 0;
    assert_int_equal(result, m->version == 0 ? PSA_ERROR_DOES_NOT_EXIST : once ? PSA_ERROR_NOT_PERMITTED : PSA_SUCCESS);
    if (result == PSA_SUCCESS) {
        *m = none;
    }
}

/* Every hundredth call loses its power somewhere. WINDLASS_ITS_CALLS sets how many calls. */
static void random_calls_do_what_a_model_does(void **state)
{
    (void)state;
    const char *asked = getenv("WINDLASS_ITS_CALLS");
    unsigned long calls = asked != NULL ? strtoul(asked, NULL, 10) : 100000;
    for (unsigned long i = 0; i < calls; i++) {
        uint32_t owner = random_next() % MODEL_OWNERS;
        uint32_t uid = random_next() % MODEL_UIDS;
        uint32_t what = random_next() % 100;
        if (what == 0) {
            its_machine.cut_at = its_machine.operations + 1 + random_next() % 16;
            its_machine.cut_mode = SIM_CUT_RANDOM;
            its_machine.cut_seed = random_next();
        }
        if (what < 20) {
            random_set(owner, uid, (unsigned)i + 1);
        } else if (what < 30) {
            random_remove(owner, uid);
        } else if (what < 32) {
            its_restart();
        } else {
            assert_true(model_holds(owner, uid, &model[owner][uid]));
        }
        its_machine.cut_at = 0;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_was_set_is_read_back_after_a_restart, setup),
        cmocka_unit_test_setup(uid_zero_is_refused_everywhere, setup),
        cmocka_unit_test_setup(what_is_not_there_does_not_exist, setup),
        cmocka_unit_test_setup(unknown_flags_are_not_supported, setup),
        cmocka_unit_test_setup(write_once_is_never_overwritten_or_removed, setup),
        cmocka_unit_test_setup(an_overwritten_entry_takes_new_size_and_flags, setup),
        cmocka_unit_test_setup(empty_entries_exist, setup),
        cmocka_unit_test_setup(parts_are_read_by_offset_and_size, setup),
        cmocka_unit_test_setup(removed_entries_never_come_back, setup),
        cmocka_unit_test_setup(owners_do_not_see_each_other, setup),
        cmocka_unit_test_setup(forty_entries_fit_and_one_more_does_not, setup),
        cmocka_unit_test_setup(what_does_not_fit_changes_nothing, setup),
        cmocka_unit_test_setup(random_calls_do_what_a_model_does, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
