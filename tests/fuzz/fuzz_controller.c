/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_controller: any bytes from the CPU: fuses never lose a bit, locked flash and vendor words never change, the
 * answer fits. */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "host/chip/controller.h"

#define LOCKED_LEN (2 * FLASHCTL_SECTOR_LEN)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t flash[FLASHCTL_FLASH_LEN];
static uint8_t fuses[ARRAY_FUSES_LEN];

static void chip_prepare(struct array *a, struct controller *c)
{
    static bool blank;
    memset(flash, 0xFF, blank ? 16 * FLASHCTL_SECTOR_LEN : sizeof flash);
    blank = true;
    memset(fuses, 0, sizeof fuses);
    memset(fuses + 4 * FUSE_UNIQUE_ID, 0x5A, 16);
    bytes_write_le32(fuses + 4 * FUSE_VENDOR_LOCK, 1);
    bytes_write_le32(fuses + 4 * FUSE_BOOT_LOCK_SECTORS, 2);
    bytes_write_le32(fuses + 4 * FUSE_BOOT_LOCK, 1);
    array_init(a, flash, fuses);
    controller_init(c, a);
}

static void rules_check(const uint8_t *old_fuses)
{
    for (size_t i = 0; i < sizeof fuses; i++) {
        if ((old_fuses[i] & ~fuses[i]) != 0 || (i >= 4 * FUSE_UNIQUE_ID && old_fuses[i] != fuses[i])) {
            abort();
        }
    }
    for (size_t i = 0; i < LOCKED_LEN; i++) {
        if (flash[i] != 0xFF) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct array a;
    static struct controller c;
    uint8_t answer[CONTROLLER_ANSWER_MAX];
    uint8_t old_fuses[ARRAY_FUSES_LEN];
    chip_prepare(&a, &c);
    memcpy(old_fuses, fuses, sizeof fuses);
    for (size_t i = 0; i < size; i++) {
        if (controller_byte(&c, data[i], answer) > sizeof answer) {
            abort();
        }
        if (c.deaf) {
            controller_reset(&c);
        }
    }
    controller_power_cut(&c);
    rules_check(old_fuses);
    return 0;
}
