/* SPDX-License-Identifier: Apache-2.0 */
/* provision_write: see provision_write.h. */
#include "boot/provision_write.h"

#include "boot/flash.h" /* flash_sector_len */

static int allowed(uint64_t off, size_t len, int slots)
{
    const struct port_flash *flash = port_flash();
    const struct port_region *const regions[] = { &flash->sbm_package, &flash->package[0], &flash->package[1],
                                                  &flash->sbm[0], &flash->sbm[1] };
    for (unsigned i = 0; i < (slots ? 5u : 3u); i++) {
        uint64_t in = off - regions[i]->off;
        if (off >= regions[i]->off && in <= regions[i]->len && len <= regions[i]->len - in) {
            return 1;
        }
    }
    return 0;
}

status_t provision_write(uint64_t off, struct bytes data, int slots)
{
    if (data.len == 0 || !allowed(off, data.len, slots)) {
        return STATUS_FLASH_RANGE;
    }
    uint32_t at = (uint32_t)off;
    uint32_t in_sector = at % flash_sector_len(at);
    if (data.len > flash_sector_len(at) - in_sector) {
        return STATUS_FLASH_ALIGN;
    }
    status_t status = in_sector == 0 ? port_flash_erase(at) : STATUS_OK;
    return status == STATUS_OK ? port_flash_program(at, data.data, (uint32_t)data.len) : status;
}
