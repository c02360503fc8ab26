/* SPDX-License-Identifier: Apache-2.0 */
/* veneer_log: the doors to the event log, the list of images, the watchdog and recovery (see veneer.c). */
#include "sbm/device.h"
#include "sbm/service.h"
#include "sbm/veneer_guard.h"

VENEER_ENTRY psa_status_t sbm_log_read(uint32_t index, struct sbm_log_entry *entry)
{
    struct sbm_log_entry copy;
    psa_status_t result = veneer_enter();
    if (result != PSA_SUCCESS) {
        return result;
    }
    if (!veneer_may_write(entry, sizeof copy)) {
        return veneer_leave(PSA_ERROR_INVALID_ARGUMENT);
    }
    result = service_log_read(index, &copy);
    if (result == PSA_SUCCESS) {
        veneer_copy(entry, &copy, sizeof copy);
    }
    return veneer_leave(result);
}

VENEER_ENTRY psa_status_t sbm_image_read(uint32_t slot, struct sbm_image *image)
{
    struct sbm_image copy;
    psa_status_t result = veneer_enter();
    if (result != PSA_SUCCESS) {
        return result;
    }
    if (!veneer_may_write(image, sizeof copy)) {
        return veneer_leave(PSA_ERROR_INVALID_ARGUMENT);
    }
    result = service_image_read(slot, &copy);
    if (result == PSA_SUCCESS) {
        veneer_copy(image, &copy, sizeof copy);
    }
    return veneer_leave(result);
}

/* veneer_enter has fed it already, as at the beginning of every call. */
VENEER_ENTRY psa_status_t sbm_watchdog_feed(void)
{
    psa_status_t result = veneer_enter();
    if (result != PSA_SUCCESS) {
        return result;
    }
    return veneer_leave(device.provisioned.policy.watchdog_seconds != 0 ? PSA_SUCCESS : PSA_ERROR_NOT_SUPPORTED);
}

VENEER_ENTRY psa_status_t sbm_recovery_request(void)
{
    psa_status_t result = veneer_enter();
    return result != PSA_SUCCESS ? result : veneer_leave(service_recovery_request());
}
