/* SPDX-License-Identifier: Apache-2.0 */
/* fuses: lifecycle, unique ID and the final locks of boot/port.h. */
#include "boot/port.h"
#include "ports/mps2-an505/controller.h"
#include "wire/flashctl.h"

#define LIFECYCLE_SECURED_BITS 0x0000FFFFu

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

static unsigned bits_count(uint8_t byte)
{
    unsigned count = 0;
    for (; byte != 0; byte &= (uint8_t)(byte - 1u)) {
        count++;
    }
    return count;
}

enum port_lifecycle port_lifecycle(void)
{
    uint8_t bytes[4];
    unsigned set = 0;
    if (words_read(FUSE_LIFECYCLE, 1, bytes) != STATUS_OK) {
        return PORT_DECOMMISSIONED;
    }
    for (unsigned i = 0; i < 4; i++) {
        set |= bits_count(bytes[i]) > 4 ? 1u << i : 0;
    }
    switch (set) {
    case 0x0:
        return PORT_OPEN;
    case 0x1:
        return PORT_PROVISIONING;
    case 0x3:
        return PORT_SECURED;
    default:
        return PORT_DECOMMISSIONED;
    }
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
    } order[] = { { FUSE_BOOT_LOCK_SECTORS, boot_sectors },
                  { FUSE_BOOT_LOCK, 0xFFFFFFFFu },
                  { FUSE_LIFECYCLE, LIFECYCLE_SECURED_BITS },
                  { FUSE_DEBUG_LOCK, 0xFFFFFFFFu } };
    status_t status = words_read(FUSE_LIFECYCLE, 4, now);
    for (unsigned i = 0; i < sizeof order / sizeof order[0] && status == STATUS_OK; i++) {
        uint32_t fused = bytes_read_le32(now + 4 * order[i].word);
        if ((fused & order[i].value) != order[i].value) {
            status = word_blow(order[i].word, order[i].value);
        }
    }
    return status;
}
