/* SPDX-License-Identifier: Apache-2.0 */
/* vendor: what the silicon vendor gave this chip (docs/spec.md section 2.8), for the provisioning agent. */
#include "boot/port.h"
#include "ports/mps2-an505/controller.h"
#include "wire/flashctl.h"

static status_t read(uint8_t op, uint32_t address, uint8_t *out, uint32_t len)
{
    const struct controller_request request = { .op = op,
                                                .length = (uint16_t)(op == FLASHCTL_FUSES ? len / 4 : len),
                                                .address = address };
    return controller_call(&request, out, len);
}

status_t port_vendor_key(uint8_t out[32])
{
    return read(FLASHCTL_FUSES, FUSE_VENDOR_KEY, out, 32);
}

status_t port_vendor_credential(struct port_vendor *vendor, uint8_t *out, size_t capacity)
{
    uint8_t head[FLASHCTL_VENDOR_HEAD_LEN];
    status_t status = read(FLASHCTL_VENDOR, 0, head, sizeof head);
    if (status != STATUS_OK) {
        return status;
    }
    *vendor = (struct port_vendor){ bytes_read_le32(head), bytes_read_le16(head + 4), bytes_read_le16(head + 6),
                                    bytes_read_le16(head + 8) };
    if (vendor->len == 0 || vendor->len > capacity || vendor->cred_off > vendor->len ||
        vendor->cred_len > vendor->len - vendor->cred_off) {
        return STATUS_NOT_FOUND;
    }
    return read(FLASHCTL_VENDOR, sizeof head, out, vendor->len);
}
