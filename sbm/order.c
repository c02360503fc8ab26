/* SPDX-License-Identifier: Apache-2.0 */
/* order: see order.h. */
#include "sbm/order.h"

#include "boot/flash.h"
#include "boot/halt.h"
#include "sbm/device.h"
#include "sbm/log.h"
#include "sbm/store_its.h"
#include "wire/command.h"

/* Made for this device, after this boot was asked for its seed: nothing of another boot or device comes through. */
static status_t order_check(struct bytes payload, struct order *out)
{
    status_t status = order_parse(payload, out);
    if (status != STATUS_OK) {
        return status;
    }
    if (!bytes_equal(out->uid, bytes_of(device.unique_id, sizeof device.unique_id))) {
        return STATUS_ORDER_CHIP;
    }
    return device.has_boot_seed && bytes_equal(out->seed, bytes_of(device.boot_seed, sizeof device.boot_seed))
               ? STATUS_OK
               : STATUS_ORDER_STALE;
}

static status_t mirrors_erase(const struct port_region mirror[2])
{
    status_t status = STATUS_OK;
    for (unsigned i = 0; i < 2 && status == STATUS_OK; i++) {
        if (!flash_is_erased(mirror[i].off, mirror[i].len)) {
            status = flash_erase(mirror[i].off, mirror[i].len);
        }
    }
    return status;
}

/* With secure rights nothing that the debugger finds is secret: the keys in RAM are gone, the chip hides its fused
 * keys, and the sealed controller takes no change of what only the fused keys protect. */
static status_t debug_open(uint64_t what)
{
    const enum port_debug rights = what == ORDER_DEBUG_SECURE ? PORT_DEBUG_SECURE : PORT_DEBUG_NONSECURE;
    const uint64_t policy = device.provisioned.policy.debug;
    status_t status = STATUS_OK;
    if (policy != POLICY_DEBUG_OPEN && policy != POLICY_DEBUG_ERASE) {
        return STATUS_ORDER_POLICY;
    }
    if (device.debug == rights) {
        return STATUS_OK;
    }
    if (policy == POLICY_DEBUG_ERASE) {
        store_its_wipe();
        status = mirrors_erase(port_flash()->vault);
    }
    if (status != STATUS_OK) {
        return status;
    }
    (void)log_append(LOG_ORDERED, STATUS_OK, what);
    if (rights == PORT_DEBUG_SECURE) {
        halt_wipe();
        port_flash_seal();
    }
    device.debug = rights;
    return port_debug_open(rights);
}

/* For good with the fuse: the next start erases everything. Until then the device can say so, signed with its key. */
static status_t decommission(void)
{
    (void)log_append(LOG_ORDERED, STATUS_OK, ORDER_DECOMMISSION);
    status_t status = port_decommission();
    if (status == STATUS_OK) {
        device.lifecycle = PORT_DECOMMISSIONED;
    }
    return status;
}

status_t order_obey(struct bytes payload)
{
    struct order order;
    status_t status = order_check(payload, &order);
    if (status == STATUS_OK) {
        status = order_check(payload, &order); /* HARD: one skipped comparison is not enough */
    }
    if (status != STATUS_OK) {
        return status;
    }
    return order.what == ORDER_DECOMMISSION ? decommission() : debug_open(order.what);
}

void order_remains_erase(void)
{
    const struct port_flash *flash = port_flash();
    const struct port_region primary[2] = { flash->primary, flash->sbm_package };
    (void)port_decommission(); /* a torn blow becomes a whole one */
    (void)mirrors_erase(flash->store);
    (void)mirrors_erase(flash->vault);
    (void)mirrors_erase(flash->package);
    (void)mirrors_erase(primary);
}
