/* SPDX-License-Identifier: Apache-2.0 */
/* The controller's protocol: requests in bytes, answers in bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "host/chip/controller.h"

static uint8_t flash[FLASHCTL_FLASH_LEN];
static uint8_t fuses[ARRAY_FUSES_LEN];
static uint8_t answer[CONTROLLER_ANSWER_MAX];
static struct array a;
static struct controller c;

static int fresh_controller(void **state)
{
    (void)state;
    memset(flash, 0xFF, sizeof flash);
    memset(fuses, 0, sizeof fuses);
    array_init(&a, flash, fuses);
    controller_init(&c, &a);
    return 0;
}

static size_t bytes_send(const uint8_t *data, size_t len)
{
    size_t answered = 0;
    for (size_t i = 0; i < len; i++) {
        assert_int_equal(answered, 0);
        answered = controller_byte(&c, data[i], answer);
    }
    return answered;
}

static size_t head_send(uint8_t op, uint16_t len, uint32_t address)
{
    uint8_t head[FLASHCTL_REQUEST_LEN] = { op };
    bytes_write_le16(head + 2, len);
    bytes_write_le32(head + 4, address);
    return bytes_send(head, sizeof head);
}

static uint8_t status_of(uint8_t op, uint16_t len, uint32_t address)
{
    assert_int_equal(head_send(op, len, address), 1);
    return answer[0];
}

static void each_operation_answers_when_it_is_complete(void **state)
{
    uint8_t data[16] = { 1, 2, 3 };
    uint8_t mask[4] = { 0xFF, 0, 0, 0 };
    (void)state;
    assert_int_equal(status_of(FLASHCTL_ERASE, 0, 0x20000), FLASHCTL_DONE);
    assert_int_equal(head_send(FLASHCTL_PROGRAM, 16, 0x20000), 0);
    assert_true(controller_is_busy(&c));
    assert_int_equal(bytes_send(data, sizeof data), 1);
    assert_int_equal(answer[0], FLASHCTL_DONE);
    assert_false(controller_is_busy(&c));
    assert_memory_equal(flash + 0x20000, data, sizeof data);
    assert_int_equal(head_send(FLASHCTL_BLOW, 4, FUSE_LIFECYCLE), 0);
    assert_int_equal(bytes_send(mask, sizeof mask), 1);
    assert_int_equal(answer[0], FLASHCTL_DONE);
    assert_int_equal(fuses[0], 0xFF);
    assert_int_equal(status_of(FLASHCTL_SEAL, 0, 0), FLASHCTL_DONE);
    assert_int_equal(status_of(FLASHCTL_ERASE, 0, 0x20000), FLASHCTL_SEALED);
}

static void debug_rights_are_granted_by_a_request_of_eight_bytes(void **state)
{
    (void)state;
    assert_int_equal(status_of(FLASHCTL_DEBUG, 0, 0), FLASHCTL_FUSE_DENIED);
    assert_int_equal(status_of(FLASHCTL_DEBUG, 0, FLASHCTL_DEBUG_SECURE), FLASHCTL_DONE);
    assert_int_equal(a.debug_rights, FLASHCTL_DEBUG_SECURE);
    controller_reset(&c);
    assert_int_equal(a.debug_rights, 0);
    assert_int_equal(status_of(FLASHCTL_DEBUG, 4, FLASHCTL_DEBUG_SECURE), FLASHCTL_BAD_REQUEST);
    assert_int_equal(a.debug_rights, 0);
}

static void fuses_are_read_as_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < 16; i++) {
        fuses[4 * FUSE_UNIQUE_ID + i] = (uint8_t)(0x10 + i);
    }
    assert_int_equal(head_send(FLASHCTL_FUSES, 4, FUSE_UNIQUE_ID), 17);
    assert_int_equal(answer[0], FLASHCTL_DONE);
    assert_memory_equal(answer + 1, fuses + 4 * FUSE_UNIQUE_ID, 16);
    assert_int_equal(head_send(FLASHCTL_FUSES, 64, 0), 257);
    assert_int_equal(status_of(FLASHCTL_FUSES, 64, 1), FLASHCTL_RANGE);
    assert_int_equal(status_of(FLASHCTL_FUSES, 1, UINT32_MAX), FLASHCTL_RANGE);
}

static void the_vendor_page_is_read_and_nothing_beyond(void **state)
{
    static uint8_t page[FLASHCTL_VENDOR_LEN];
    (void)state;
    for (size_t i = 0; i < sizeof page; i++) {
        page[i] = (uint8_t)(i * 7);
    }
    assert_int_equal(head_send(FLASHCTL_VENDOR, 4, 0), 5); /* a chip without: zeros */
    assert_memory_equal(answer, ((const uint8_t[]){ FLASHCTL_DONE, 0, 0, 0, 0 }), 5);
    c.vendor = page;
    assert_int_equal(head_send(FLASHCTL_VENDOR, FLASHCTL_VENDOR_LEN, 0), 1 + FLASHCTL_VENDOR_LEN);
    assert_memory_equal(answer + 1, page, sizeof page);
    assert_int_equal(head_send(FLASHCTL_VENDOR, 10, FLASHCTL_VENDOR_LEN - 10), 11);
    assert_memory_equal(answer + 1, page + FLASHCTL_VENDOR_LEN - 10, 10);
    assert_int_equal(status_of(FLASHCTL_VENDOR, 11, FLASHCTL_VENDOR_LEN - 10), FLASHCTL_RANGE);
    assert_int_equal(status_of(FLASHCTL_VENDOR, 1, 0xFFFFFFFFu), FLASHCTL_RANGE);
    assert_int_equal(status_of(FLASHCTL_VENDOR, 0, 0), FLASHCTL_BAD_REQUEST);
}

static void longest_program_fits(void **state)
{
    static uint8_t data[FLASHCTL_PROGRAM_MAX];
    (void)state;
    memset(data, 0x3C, sizeof data);
    assert_int_equal(head_send(FLASHCTL_PROGRAM, sizeof data, 0), 0);
    assert_int_equal(bytes_send(data, sizeof data), 1);
    assert_int_equal(answer[0], FLASHCTL_DONE);
    assert_memory_equal(flash, data, sizeof data);
}

static void bad_requests_deafen_until_reset(void **state)
{
    static const struct {
        uint8_t head[FLASHCTL_REQUEST_LEN];
    } cases[] = {
        { { 0 } },
        { { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF } },
        { { FLASHCTL_ERASE, 1 } },
        { { FLASHCTL_ERASE, 0, 1, 0 } },
        { { FLASHCTL_PROGRAM, 0, 0, 0 } },
        { { FLASHCTL_PROGRAM, 0, 15, 0 } },
        { { FLASHCTL_PROGRAM, 0, 0x10, 0x10 } },
        { { FLASHCTL_PROGRAM, 0, 0xFF, 0xFF } },
        { { FLASHCTL_FUSES, 0, 0, 0 } },
        { { FLASHCTL_FUSES, 0, 65, 0 } },
        { { FLASHCTL_BLOW, 0, 3, 0 } },
        { { FLASHCTL_SEAL, 0, 1, 0 } },
        { { FLASHCTL_SEAL, 0, 0, 0, 1 } },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fresh_controller(NULL);
        flash[0] = 0;
        assert_int_equal(bytes_send(cases[i].head, sizeof cases[i].head), 1);
        assert_int_equal(answer[0], FLASHCTL_BAD_REQUEST);
        assert_int_equal(head_send(FLASHCTL_ERASE, 0, 0), 0);
        assert_int_equal(flash[0], 0);
        controller_reset(&c);
        assert_int_equal(status_of(FLASHCTL_ERASE, 0, 0), FLASHCTL_DONE);
    }
}

static void reset_forgets_a_half_request(void **state)
{
    uint8_t half[5] = { FLASHCTL_PROGRAM, 0, 16 };
    (void)state;
    assert_int_equal(bytes_send(half, sizeof half), 0);
    controller_reset(&c);
    assert_int_equal(status_of(FLASHCTL_ERASE, 0, 0x1000), FLASHCTL_DONE);
}

static void errors_carry_their_number(void **state)
{
    (void)state;
    assert_int_equal(status_of(FLASHCTL_ERASE, 0, 0x400000), FLASHCTL_RANGE);
    assert_int_equal(status_of(FLASHCTL_ERASE, 0, 0x10), FLASHCTL_ALIGN);
    fuses[4 * FUSE_BOOT_LOCK] = 1;
    fuses[4 * FUSE_BOOT_LOCK_SECTORS] = 1;
    assert_int_equal(status_of(FLASHCTL_ERASE, 0, 0), FLASHCTL_LOCKED);
    assert_int_equal(status_of(FLASHCTL_ERASE, 0, 0x1000), FLASHCTL_DONE);
}

static void power_cut_programs_what_has_arrived(void **state)
{
    uint8_t data[20];
    (void)state;
    memset(data, 0x11, sizeof data);
    assert_int_equal(head_send(FLASHCTL_PROGRAM, 32, 0x1000), 0);
    assert_int_equal(bytes_send(data, sizeof data), 0);
    controller_power_cut(&c);
    assert_memory_equal(flash + 0x1000, data, sizeof data);
    assert_int_equal(flash[0x1000 + sizeof data], 0xFF);
    assert_int_equal(bytes_send(data, 12), 0);
    assert_int_equal(flash[0x1000 + sizeof data], 0xFF);
}

static void power_cut_between_requests_changes_nothing(void **state)
{
    static uint8_t before[FLASHCTL_FLASH_LEN];
    (void)state;
    memcpy(before, flash, sizeof before);
    controller_power_cut(&c);
    assert_memory_equal(flash, before, sizeof before);
}

static void ordered_cut_gives_no_answer(void **state)
{
    (void)state;
    a.cut = (struct array_cut){ .left = 1, .mode = ARRAY_CUT_AFTER };
    assert_int_equal(head_send(FLASHCTL_ERASE, 0, 0x1000), 0);
    assert_true(a.power_lost);
}

#define TRUTH(name) cmocka_unit_test_setup(name, fresh_controller)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TRUTH(each_operation_answers_when_it_is_complete),
        TRUTH(debug_rights_are_granted_by_a_request_of_eight_bytes),
        TRUTH(fuses_are_read_as_words),
        TRUTH(the_vendor_page_is_read_and_nothing_beyond),
        TRUTH(longest_program_fits),
        TRUTH(bad_requests_deafen_until_reset),
        TRUTH(reset_forgets_a_half_request),
        TRUTH(errors_carry_their_number),
        TRUTH(power_cut_programs_what_has_arrived),
        TRUTH(power_cut_between_requests_changes_nothing),
        TRUTH(ordered_cut_gives_no_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
