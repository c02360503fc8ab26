/* SPDX-License-Identifier: Apache-2.0 */
/* fuses: lifecycle, unique ID and the final locks of boot/port.h. */
#include "boot/port.h"
#include "ports/mps2-an505/controller.h"
#include "wire/flashctl.h"

#define LIFECYCLE_PROVISIONING_BITS 0x000000FFu
#define LIFECYCLE_SECURED_BITS 0x0000FFFFu
#define LIFECYCLE_DECOMMISSIONED_BITS 0xFFFFFFFFu

static status_t words_read(uint32_t first, uint32_t count, uint8_t *out)
{
    const struct controller_request request = { .op = FLASHCTL_FUSES, .length = (uint16_t)count, .address = first };
    return controller_call(&request, out, 4 * count);
}

static status_t word_blow(uint32_t word, uint32_t mask)
{
    uint8_t data[4];
    bytes_write_le32(data, mask);
    const struct controller_request request = {
        .op = FLASHCTL_BLOW, .length = 4, .address = word, .data = bytes_of(data, sizeof data)
    };
    return controller_call(&request, NULL, 0);
}

status_t port_root_key(uint8_t out[32])
{
    return words_read(FUSE_ROOT_KEY, 8, out);
}

static unsigned bits_count(uint8_t byte)
{
    unsigned count = 0;
    for (; byte != 0; byte &= (uint8_t)(byte - 1u)) {
        count++;
    }
    return count;
}

/* One bit for each byte of the word: set when more than 4 of its 8 bits are. All ones when it cannot be read. */
static uint32_t word_bytes_set(uint32_t word)
{
    uint8_t bytes[4];
    uint32_t set = 0;
    if (words_read(word, 1, bytes) != STATUS_OK) {
        return UINT32_MAX;
    }
    for (unsigned i = 0; i < 4; i++) {
        set |= bits_count(bytes[i]) > 4 ? 1u << i : 0;
    }
    return set;
}

uint32_t port_keys_retired(enum port_key_set set)
{
    return word_bytes_set(FUSE_KEYS_RETIRED + (uint32_t)set);
}

status_t port_key_retire(enum port_key_set set, unsigned index)
{
    return word_blow(FUSE_KEYS_RETIRED + (uint32_t)set, 0xFFu << 8 * (index & 3u));
}

enum port_lifecycle port_lifecycle(void)
{
    switch (word_bytes_set(FUSE_LIFECYCLE)) {
    case 0x0:
        return PORT_OPEN;
    case 0x1:
        return PORT_PROVISIONING;
    case 0x3:
        return PORT_SECURED;
    case 0x7: /* a torn blow of the last two bytes is one, too */
    case 0xB:
    case 0xF:
        return PORT_DECOMMISSIONED;
    default:
        return PORT_UNCLEAR;
    }
}

status_t port_decommission(void)
{
    return word_blow(FUSE_LIFECYCLE, LIFECYCLE_DECOMMISSIONED_BITS);
}

status_t port_debug_open(enum port_debug rights)
{
    const struct controller_request request = { .op = FLASHCTL_DEBUG, .address = (uint32_t)rights };
    return controller_call(&request, NULL, 0);
}

status_t port_unique_id(uint8_t out[16])
{
    return words_read(FUSE_UNIQUE_ID, 4, out);
}

status_t port_lock_for_good(uint32_t boot_sectors)
{
    uint8_t now[16];
    const struct {
        uint32_t word;
        uint32_t value;
    } order[] = { /* lifecycle in two: a torn blow of both bytes could set the second alone */
                  { FUSE_BOOT_LOCK_SECTORS, boot_sectors },
                  { FUSE_BOOT_LOCK, 0xFFFFFFFFu },
                  { FUSE_LIFECYCLE, LIFECYCLE_PROVISIONING_BITS },
                  { FUSE_LIFECYCLE, LIFECYCLE_SECURED_BITS },
                  { FUSE_DEBUG_LOCK, 0xFFFFFFFFu }
    };
    status_t status = words_read(FUSE_LIFECYCLE, 4, now);
    for (unsigned i = 0; i < sizeof order / sizeof order[0] && status == STATUS_OK; i++) {
        uint32_t fused = bytes_read_le32(now + 4 * order[i].word);
        if ((fused & order[i].value) != order[i].value) {
            status = word_blow(order[i].word, order[i].value);
        }
    }
    return status;
}
