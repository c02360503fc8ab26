/* SPDX-License-Identifier: Apache-2.0 */
/* vector tables: which stack pointer and which entry point of an application SBM takes, up to each edge. */
#include "tests/unit/test.h"

#include "boot/install.h"
#include "boot/port.h"
#include "ports/sim/sim.h"

#define IMAGE_LEN 65u

static struct sim machine;
static struct package package;
static status_t result;
static uint32_t run_addr;
static uint32_t ram_first;
static uint32_t ram_last;

static void addresses_run(void)
{
    run_addr = port_primary_run_addr();
    port_application_ram(&ram_first, &ram_last);
}

static void check_run(void)
{
    result = install_entry_check(&package);
}

static int group_setup(void **state)
{
    (void)state;
    sim_make(&machine, 512, 16, 0xFF);
    assert_int_equal(sim_run(&machine, addresses_run), SIM_RETURNED);
    return 0;
}

/* What SBM says of an image of `len` bytes that begins with these words. */
static status_t checked(uint32_t stack, uint32_t entry, size_t len)
{
    uint8_t *image = machine.flash + machine.map.primary.off;
    bytes_write_le32(image, stack);
    bytes_write_le32(image + 4, entry);
    package.image.size = len;
    assert_int_equal(sim_run(&machine, check_run), SIM_RETURNED);
    return result;
}

static void stack_is_in_the_applications_ram(void **state)
{
    const uint32_t right[] = { ram_first, ram_first + 8, ram_last - 8, ram_last };
    const uint32_t wrong[] = {
        0, 8, ram_first - 8, ram_last + 8, ram_first + 4, ram_last - 4, ram_last - 1, 0xFFFFFFF8u
    };
    (void)state;
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        assert_int_equal(checked(right[i], run_addr + 9, IMAGE_LEN), STATUS_OK);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(checked(wrong[i], run_addr + 9, IMAGE_LEN), STATUS_SUIT_ENTRY);
    }
}

static void entry_point_is_thumb_code_in_the_image(void **state)
{
    const uint32_t right[] = { run_addr + 1, run_addr + 9, run_addr + IMAGE_LEN };
    const uint32_t wrong[] = {
        0, 1, run_addr - 1, run_addr + IMAGE_LEN + 2, run_addr, run_addr + 8, run_addr + IMAGE_LEN - 1, 0xFFFFFFFFu
    };
    (void)state;
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        assert_int_equal(checked(ram_last, right[i], IMAGE_LEN), STATUS_OK);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(checked(ram_last, wrong[i], IMAGE_LEN), STATUS_SUIT_ENTRY);
    }
}

static void image_holds_a_whole_vector_table(void **state)
{
    (void)state;
    for (size_t len = 0; len < 8; len++) {
        assert_int_equal(checked(ram_last, run_addr + 1, len), STATUS_SUIT_ENTRY);
    }
    assert_int_equal(checked(ram_last, run_addr + 1, 8), STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stack_is_in_the_applications_ram),
        cmocka_unit_test(entry_point_is_thumb_code_in_the_image),
        cmocka_unit_test(image_holds_a_whole_vector_table),
    };
    return cmocka_run_group_tests(tests, group_setup, NULL);
}
