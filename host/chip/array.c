/* SPDX-License-Identifier: Apache-2.0 */
/* array: see array.h. Every operation is check, then step (the cut decides how much happens), then change. */
#include "host/chip/array.h"

#include <string.h>

#include "base/bytes.h"

void array_init(struct array *a, uint8_t *flash, uint8_t *fuses)
{
    memset(a, 0, sizeof *a);
    a->flash = flash;
    a->fuses = fuses;
}

void array_reset(struct array *a)
{
    a->sealed = false;
    a->debug_rights = 0;
}

static bool fuse_is_reserved(uint32_t word)
{
    return (word >= 6 && word <= 7) || (word >= 12 && word <= 15) || (word >= 32 && word <= 62);
}

/* A debugger in the secure world asks the controller as the firmware does. */
static bool fuse_is_hidden(const struct array *a, uint32_t word)
{
    return a->debug_rights == FLASHCTL_DEBUG_SECURE && word >= FUSE_VENDOR_KEY && word < FUSE_ROOT_KEY + 8;
}

uint32_t array_fuse_read(const struct array *a, uint32_t word)
{
    bool readable = word < FUSE_WORDS && !fuse_is_reserved(word) && !fuse_is_hidden(a, word);
    return readable ? bytes_read_le32(a->fuses + 4 * word) : 0;
}

bool array_debug_is_locked(const struct array *a)
{
    return array_fuse_read(a, FUSE_DEBUG_LOCK) != 0;
}

uint32_t array_boot_lock_len(const struct array *a)
{
    uint32_t sectors = array_fuse_read(a, FUSE_BOOT_LOCK_SECTORS);
    uint32_t most = FLASHCTL_FLASH_LEN / FLASHCTL_SECTOR_LEN;
    if (array_fuse_read(a, FUSE_BOOT_LOCK) == 0) {
        return 0;
    }
    return (sectors < most ? sectors : most) * FLASHCTL_SECTOR_LEN;
}

const char *array_lifecycle_name(const struct array *a)
{
    uint32_t word = array_fuse_read(a, FUSE_LIFECYCLE);
    unsigned pattern = 0;
    for (unsigned i = 0; i < 4; i++) {
        pattern |= __builtin_popcount(word >> (8 * i) & 0xFFu) > 4 ? 1u << i : 0;
    }
    switch (pattern) {
    case 0x0:
        return "open";
    case 0x1:
        return "provisioning";
    case 0x3:
        return "secured";
    default:
        return "decommissioned";
    }
}

static bool is_erased(const uint8_t *p, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (p[i] != 0xFF) {
            return false;
        }
    }
    return true;
}

bool array_vectors_are_blank(const struct array *a)
{
    return is_erased(a->flash, 8);
}

/* Counts an accepted operation of `len` bytes and gives how many of them happen. */
static size_t array_step(struct array *a, size_t len)
{
    a->operations++;
    if (a->cut.left == 0 || --a->cut.left != 0) {
        return len;
    }
    a->power_lost = true;
    switch (a->cut.mode) {
    case ARRAY_CUT_BEFORE:
        return 0;
    case ARRAY_CUT_TORN:
        return a->cut.bytes == ARRAY_CUT_HALF ? len / 2 : (a->cut.bytes < len ? a->cut.bytes : len);
    default:
        return len;
    }
}

static uint8_t array_outcome(const struct array *a)
{
    return a->power_lost ? ARRAY_POWER_LOST : FLASHCTL_DONE;
}

/* The checks that erase and program share. */
static uint8_t range_check(const struct array *a, uint32_t off, size_t len, uint32_t alignment)
{
    if (a->power_lost) {
        return ARRAY_POWER_LOST;
    }
    if (off % alignment != 0) {
        return FLASHCTL_ALIGN;
    }
    if (off >= FLASHCTL_FLASH_LEN || len > FLASHCTL_FLASH_LEN - off) {
        return FLASHCTL_RANGE;
    }
    if (a->sealed) {
        return FLASHCTL_SEALED;
    }
    return off < array_boot_lock_len(a) ? FLASHCTL_LOCKED : FLASHCTL_DONE;
}

uint8_t array_sector_erase(struct array *a, uint32_t off)
{
    uint8_t status = range_check(a, off, FLASHCTL_SECTOR_LEN, FLASHCTL_SECTOR_LEN);
    if (status != FLASHCTL_DONE) {
        return status;
    }
    memset(a->flash + off, 0xFF, array_step(a, FLASHCTL_SECTOR_LEN));
    return array_outcome(a);
}

static uint8_t program_check(const struct array *a, uint32_t off, size_t len)
{
    uint8_t status = range_check(a, off, len, FLASHCTL_GRANULE_LEN);
    if (status != FLASHCTL_DONE) {
        return status;
    }
    if (len == 0 || len > FLASHCTL_PROGRAM_MAX || len % FLASHCTL_GRANULE_LEN != 0) {
        return FLASHCTL_BAD_REQUEST;
    }
    return is_erased(a->flash + off, len) ? FLASHCTL_DONE : FLASHCTL_NOT_ERASED;
}

uint8_t array_granules_program(struct array *a, uint32_t off, const uint8_t *data, size_t len)
{
    uint8_t status = program_check(a, off, len);
    if (status != FLASHCTL_DONE) {
        return status;
    }
    memcpy(a->flash + off, data, array_step(a, len));
    return array_outcome(a);
}

void array_program_interrupt(struct array *a, uint32_t off, const uint8_t *data, size_t have, size_t len)
{
    if (have <= len && program_check(a, off, len) == FLASHCTL_DONE) {
        memcpy(a->flash + off, data, have);
        a->operations++;
    }
    a->power_lost = true;
}

static uint8_t fuse_check(const struct array *a, uint32_t word)
{
    bool vendor_word = word >= FUSE_UNIQUE_ID;
    if (a->power_lost) {
        return ARRAY_POWER_LOST;
    }
    if (word >= FUSE_WORDS) {
        return FLASHCTL_RANGE;
    }
    if (a->sealed) {
        return FLASHCTL_SEALED;
    }
    if (fuse_is_reserved(word) || (vendor_word && array_fuse_read(a, FUSE_VENDOR_LOCK) != 0) ||
        (word == FUSE_BOOT_LOCK_SECTORS && array_fuse_read(a, FUSE_BOOT_LOCK) != 0)) {
        return FLASHCTL_FUSE_DENIED;
    }
    return FLASHCTL_DONE;
}

uint8_t array_fuse_blow(struct array *a, uint32_t word, uint32_t mask)
{
    uint8_t bytes[4];
    uint8_t status = fuse_check(a, word);
    if (status != FLASHCTL_DONE) {
        return status;
    }
    bytes_write_le32(bytes, mask);
    size_t count = array_step(a, sizeof bytes);
    for (size_t i = 0; i < count; i++) {
        a->fuses[4 * word + i] |= bytes[i];
    }
    return array_outcome(a);
}

uint8_t array_seal(struct array *a)
{
    if (a->power_lost) {
        return ARRAY_POWER_LOST;
    }
    a->sealed = true;
    return FLASHCTL_DONE;
}

uint8_t array_debug_grant(struct array *a, uint32_t rights)
{
    if (a->power_lost) {
        return ARRAY_POWER_LOST;
    }
    if (rights < FLASHCTL_DEBUG_NONSECURE || rights > FLASHCTL_DEBUG_SECURE || rights < a->debug_rights) {
        return FLASHCTL_FUSE_DENIED;
    }
    a->debug_rights = rights;
    return FLASHCTL_DONE;
}
