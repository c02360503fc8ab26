/* SPDX-License-Identifier: Apache-2.0 */
/* sim_vendor: see sim_vendor.h. */
#include "ports/sim/sim_vendor.h"

struct sim_vendor sim_vendor;

status_t port_vendor_key(uint8_t out[32])
{
    memcpy(out, sim_vendor.key, sizeof sim_vendor.key);
    return STATUS_OK;
}

status_t port_vendor_credential(struct port_vendor *vendor, uint8_t *out, size_t capacity)
{
    *vendor = sim_vendor.says;
    if (vendor->len == 0 || vendor->len > capacity) {
        return STATUS_NOT_FOUND;
    }
    memcpy(out, sim_vendor.credential, vendor->len);
    return STATUS_OK;
}

void *port_handover(void)
{
    return sim_vendor.handover;
}
