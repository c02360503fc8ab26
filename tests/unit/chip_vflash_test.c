/* SPDX-License-Identifier: Apache-2.0 */
/* Flash through the debugger's packets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "host/chip/vflash.h"

static uint8_t flash[FLASHCTL_FLASH_LEN];
static uint8_t fuses[ARRAY_FUSES_LEN];
static struct array a;
static struct vflash v;

static int blank_chip(void **state)
{
    (void)state;
    memset(flash, 0xFF, sizeof flash);
    memset(fuses, 0, sizeof fuses);
    array_init(&a, flash, fuses);
    vflash_init(&v, &a);
    return 0;
}

static const char *erase(const char *args)
{
    return vflash_erase(&v, bytes_of(args, strlen(args)));
}

static const char *write_at(uint32_t address, const void *data, size_t len)
{
    uint8_t packet[5000];
    int head = snprintf((char *)packet, 32, "%x:", address);
    memcpy(packet + head, data, len);
    return vflash_write(&v, bytes_of(packet, (size_t)head + len));
}

static void both_aliases_reach_the_array(void **state)
{
    (void)state;
    flash[0x1000] = flash[0x2000] = 0;
    assert_string_equal(erase("10001000,1000"), "OK");
    assert_string_equal(erase("2000,1000"), "OK");
    assert_int_equal(flash[0x1000], 0xFF);
    assert_int_equal(flash[0x2000], 0xFF);
    assert_string_equal(write_at(0x10001000, "secure", 6), "OK");
    assert_string_equal(write_at(0x2000, "non-secure", 10), "OK");
    assert_string_equal(vflash_done(&v), "OK");
    assert_memory_equal(flash + 0x1000, "secure\xff", 7);
    assert_memory_equal(flash + 0x2000, "non-secure\xff", 11);
}

static void pieces_of_one_granule_are_programmed_once(void **state)
{
    (void)state;
    assert_string_equal(write_at(0x10001003, "abc", 3), "OK");
    assert_string_equal(write_at(0x10001006, "def", 3), "OK");
    assert_string_equal(vflash_done(&v), "OK");
    assert_memory_equal(flash + 0x1000,
                        "\xff\xff\xff"
                        "abcdef\xff",
                        10);
    assert_int_equal(a.operations, 1);
}

static void a_write_may_cross_sectors(void **state)
{
    uint8_t data[4096];
    (void)state;
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)i;
    }
    assert_string_equal(write_at(0x10001800, data, 3900), "OK");
    assert_string_equal(vflash_done(&v), "OK");
    assert_memory_equal(flash + 0x1800, data, 3900);
    assert_int_equal(flash[0x17FF], 0xFF);
    assert_int_equal(a.operations, 2);
}

static void unerased_flash_is_refused_at_done(void **state)
{
    (void)state;
    flash[0x1000] = 0;
    assert_string_equal(write_at(0x10001000, "x", 1), "OK");
    assert_string_equal(vflash_done(&v), "E01");
    assert_int_equal(flash[0x1000], 0);
    assert_string_equal(vflash_done(&v), "OK");
}

static void the_boot_lock_holds_against_the_debugger(void **state)
{
    (void)state;
    fuses[4 * FUSE_BOOT_LOCK] = 1;
    fuses[4 * FUSE_BOOT_LOCK_SECTORS] = 8;
    flash[0x7000] = 0x55;
    assert_string_equal(erase("10007000,1000"), "E01");
    assert_string_equal(write_at(0x7800, "x", 1), "OK");
    assert_string_equal(vflash_done(&v), "E01");
    assert_int_equal(flash[0x7000], 0x55);
    assert_int_equal(flash[0x7800], 0xFF);
}

static void the_seal_holds_against_the_debugger(void **state)
{
    (void)state;
    (void)array_seal(&a);
    assert_string_equal(erase("10020000,1000"), "E01");
    assert_string_equal(write_at(0x20000, "x", 1), "OK");
    assert_string_equal(vflash_done(&v), "E01");
}

static void other_memory_is_not_flash(void **state)
{
    (void)state;
    assert_string_equal(erase("20000000,1000"), "E.memtype");
    assert_string_equal(erase("3ff000,2000"), "E.memtype");
    assert_string_equal(erase("fffff000,fffff000"), "E.memtype");
    assert_string_equal(write_at(0x38000000, "x", 1), "E.memtype");
    assert_string_equal(write_at(0x103FFFFF, "xy", 2), "E.memtype");
    assert_string_equal(write_at(0x103FFFFF, "x", 1), "OK");
}

static void malformed_packets_are_refused(void **state)
{
    static const char *const erases[] = {
        "", ",", "1000", "1000,", "1000,1000,", "x,1000", "10001000,fff", "10001001,1000", "100000000,1000"
    };
    (void)state;
    for (size_t i = 0; i < sizeof erases / sizeof erases[0]; i++) {
        assert_string_equal(erase(erases[i]), "E01");
    }
    assert_string_equal(vflash_write(&v, bytes_of("", 0)), "E01");
    assert_string_equal(vflash_write(&v, bytes_of("10001000", 8)), "E01");
    assert_int_equal(a.operations, 0);
}

static void what_a_lost_debugger_collected_is_forgotten(void **state)
{
    (void)state;
    assert_string_equal(write_at(0x10001000, "x", 1), "OK");
    vflash_abandon(&v);
    assert_string_equal(vflash_done(&v), "OK");
    assert_int_equal(flash[0x1000], 0xFF);
}

static void changes_are_reported_once(void **state)
{
    uint32_t off;
    uint32_t len;
    (void)state;
    assert_false(vflash_changed_take(&v, &off, &len));
    assert_string_equal(erase("10003000,2000"), "OK");
    assert_string_equal(write_at(0x10001008, "x", 1), "OK");
    assert_string_equal(vflash_done(&v), "OK");
    assert_true(vflash_changed_take(&v, &off, &len));
    assert_int_equal(off, 0x1000);
    assert_int_equal(len, 0x4000);
    assert_false(vflash_changed_take(&v, &off, &len));
}

static void places_are_told_apart(void **state)
{
    uint32_t off;
    (void)state;
    assert_int_equal(vflash_place_of(0x10000010, 4, &off), VFLASH_INSIDE);
    assert_int_equal(off, 0x10);
    assert_int_equal(vflash_place_of(0x3FFFFF, 2, &off), VFLASH_PARTLY);
    assert_int_equal(vflash_place_of(0x0FFFFFFF, 2, &off), VFLASH_PARTLY);
    assert_int_equal(vflash_place_of(0x400000, 4, &off), VFLASH_OUTSIDE);
    assert_int_equal(vflash_place_of(0x38000000, UINT32_MAX, &off), VFLASH_OUTSIDE);
}

#define TRUTH(name) cmocka_unit_test_setup(name, blank_chip)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TRUTH(both_aliases_reach_the_array),
        TRUTH(pieces_of_one_granule_are_programmed_once),
        TRUTH(a_write_may_cross_sectors),
        TRUTH(unerased_flash_is_refused_at_done),
        TRUTH(the_boot_lock_holds_against_the_debugger),
        TRUTH(the_seal_holds_against_the_debugger),
        TRUTH(other_memory_is_not_flash),
        TRUTH(malformed_packets_are_refused),
        TRUTH(what_a_lost_debugger_collected_is_forgotten),
        TRUTH(changes_are_reported_once),
        TRUTH(places_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
