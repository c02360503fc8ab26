/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flash: the flash of boot/port.h. The controller holds the array; SSRAM1 is its memory-mapped view, which QEMU does
 * not keep in step by itself: after the controller has done an operation, this driver repeats it there. That copy is
 * the stand-in; on silicon the two lines that do it go away.
 */
#include "boot/port.h"
#include "ports/mps2-an505/controller.h"
#include "ports/mps2-an505/mpu.h"
#include "wire/flashctl.h"
#include "wire/layout.h"

static const struct port_flash geometry = {
    .sector_len = FLASHCTL_SECTOR_LEN,
    .granule_len = FLASHCTL_GRANULE_LEN,
    .erased = 0xFF,
    .boot_sectors = LAYOUT_BOOT_SECTORS,
    .anchor = { { LAYOUT_ANCHOR0_OFF, LAYOUT_ANCHOR_LEN }, { LAYOUT_ANCHOR1_OFF, LAYOUT_ANCHOR_LEN } },
    .store = { { LAYOUT_STORE0_OFF, LAYOUT_STORE_LEN }, { LAYOUT_STORE1_OFF, LAYOUT_STORE_LEN } },
    .state = { { LAYOUT_STATE0_OFF, LAYOUT_STATE_LEN }, { LAYOUT_STATE1_OFF, LAYOUT_STATE_LEN } },
    .vault = { { LAYOUT_VAULT0_OFF, LAYOUT_VAULT_LEN }, { LAYOUT_VAULT1_OFF, LAYOUT_VAULT_LEN } },
    .counter = { { LAYOUT_COUNTER0_OFF, LAYOUT_COUNTER_LEN }, { LAYOUT_COUNTER1_OFF, LAYOUT_COUNTER_LEN } },
    .log = { LAYOUT_LOG_OFF, LAYOUT_LOG_LEN },
    .sbm = { { LAYOUT_SBM_A_OFF, LAYOUT_SBM_LEN }, { LAYOUT_SBM_B_OFF, LAYOUT_SBM_LEN } },
    .sbm_image_off = LAYOUT_SBM_IMAGE_OFF,
    .primary = { LAYOUT_PRIMARY_OFF, LAYOUT_PRIMARY_LEN },
    .package = { { LAYOUT_PACKAGE0_OFF, LAYOUT_PACKAGE_LEN }, { LAYOUT_PACKAGE1_OFF, LAYOUT_PACKAGE_LEN } },
    .sbm_package = { LAYOUT_SBM_PACKAGE_OFF, LAYOUT_SBM_PACKAGE_LEN },
};

const struct port_flash *port_flash(void)
{
    return &geometry;
}

struct bytes port_flash_view(uint32_t off, uint32_t len)
{
    return bytes_of((const uint8_t *)(LAYOUT_FLASH_SECURE_ADDR + off), len);
}

static uint8_t *view_of(uint32_t off)
{
    return (uint8_t *)(LAYOUT_FLASH_SECURE_ADDR + off);
}

status_t port_flash_erase(uint32_t off)
{
    const struct controller_request request = { .op = FLASHCTL_ERASE, .address = off };
    status_t status = controller_call(&request, NULL, 0);
    if (status == STATUS_OK) {
        mpu_flash_open();
        memset(view_of(off), 0xFF, FLASHCTL_SECTOR_LEN);
        mpu_flash_close();
    }
    return status;
}

status_t port_flash_program(uint32_t off, const uint8_t *data, uint32_t len)
{
    while (len > 0) {
        uint32_t part = len < FLASHCTL_PROGRAM_MAX ? len : FLASHCTL_PROGRAM_MAX;
        const struct controller_request request = {
            .op = FLASHCTL_PROGRAM, .length = (uint16_t)part, .address = off, .data = bytes_of(data, part)
        };
        status_t status = controller_call(&request, NULL, 0);
        if (status != STATUS_OK) {
            return status;
        }
        mpu_flash_open();
        memcpy(view_of(off), data, part);
        mpu_flash_close();
        off += part;
        data += part;
        len -= part;
    }
    return STATUS_OK;
}

void port_flash_seal(void)
{
    const struct controller_request request = { .op = FLASHCTL_SEAL };
    (void)controller_call(&request, NULL, 0);
}

uint32_t port_sbm_run_addr(unsigned slot)
{
    return LAYOUT_FLASH_SECURE_ADDR + geometry.sbm[slot].off + geometry.sbm_image_off;
}

uint32_t port_primary_run_addr(void)
{
    return LAYOUT_FLASH_NONSECURE_ADDR + LAYOUT_PRIMARY_OFF;
}
