/* SPDX-License-Identifier: Apache-2.0 */
/* service_log: the event log, the images and the way into recovery, for the application. */
#include "boot/halt.h"
#include "sbm/device.h"
#include "sbm/launch.h"
#include "sbm/log.h"
#include "sbm/service.h"

psa_status_t service_log_read(uint32_t index, struct sbm_log_entry *out)
{
    struct log_entry entry;
    memset(out, 0, sizeof *out);
    if (log_read(index, &entry) != STATUS_OK) {
        return PSA_ERROR_DOES_NOT_EXIST;
    }
    out->number = entry.sequence;
    out->kind = entry.kind;
    out->boot = entry.boot;
    out->status = entry.status;
    out->value = entry.value;
    return PSA_SUCCESS;
}

/* What the package of a slot says of its image; its signature is checked, nothing else. */
static psa_status_t package_describe(int slot, struct sbm_image *out)
{
    const struct port_region *region = &port_flash()->package[slot];
    const struct install_trust trust = provisioned_trust(&device.provisioned, 0);
    struct package package;
    struct bytes view;
    status_t status = install_package_find(port_flash_view(region->off, region->len), &view);
    if (status == STATUS_OK) {
        status = verify_package(view, &trust.verify, &package);
    }
    if (status != STATUS_OK) {
        return PSA_ERROR_DOES_NOT_EXIST;
    }
    memcpy(out->digest, package.image.digest.data, sizeof out->digest);
    out->sequence = (uint32_t)package.manifest.sequence;
    return PSA_SUCCESS;
}

psa_status_t service_image_read(uint32_t slot, struct sbm_image *out)
{
    const struct boot_state *now = &device.state.now;
    memset(out, 0, sizeof *out);
    if (slot == 0 && now->active != STATE_NONE) {
        out->flags = now->trial ? 0 : SBM_IMAGE_CONFIRMED;
        if (device.recovering) {
            out->flags |= launch_installed_verify() == STATUS_OK ? SBM_IMAGE_BOOTABLE : 0;
        } else {
            out->flags |= SBM_IMAGE_ACTIVE | SBM_IMAGE_BOOTABLE;
        }
        return package_describe(now->active, out);
    }
    if (slot == 1 && now->pending != STATE_NONE) {
        out->flags = SBM_IMAGE_PENDING | SBM_IMAGE_BOOTABLE;
        return package_describe(now->pending, out);
    }
    return PSA_ERROR_DOES_NOT_EXIST;
}

psa_status_t service_recovery_request(void)
{
    if (log_append(LOG_RECOVERY_REQUESTED, STATUS_OK, 0) != STATUS_OK) {
        return PSA_ERROR_STORAGE_FAILURE;
    }
    halt_wipe();
    port_reset();
}
