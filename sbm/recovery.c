/* SPDX-License-Identifier: Apache-2.0 */
/* recovery: see recovery.h. */
#include "sbm/recovery.h"

#include "boot/halt.h"
#include "sbm/device.h"
#include "sbm/launch.h"
#include "sbm/log.h"
#include "sbm/service.h"
#include "windlass/status_map.h"
#include "wire/smp_server.h"

enum windlass_command { WINDLASS_STATUS = 0, WINDLASS_LOG = 4 };

static struct smp_server server;
static psa_fwu_component_t component;

static status_t upload_start(uint32_t image, uint32_t len)
{
    psa_fwu_component_info_t info;
    component = (psa_fwu_component_t)image;
    if (image > UINT8_MAX || service_update_query(component, &info) != PSA_SUCCESS) {
        return STATUS_NOT_FOUND;
    }
    if (len > info.max_size) {
        return STATUS_SUIT_SIZE;
    }
    (void)service_update_cancel(component);
    (void)service_update_clean(component);
    return update_status_map(service_update_start(component));
}

static status_t upload_write(uint32_t off, struct bytes data)
{
    return update_status_map(service_update_write(component, off, data));
}

static status_t upload_finish(void)
{
    psa_status_t result = service_update_finish(component);
    if (result == PSA_SUCCESS) {
        result = service_update_install();
    }
    if (result != PSA_SUCCESS_REBOOT) {
        (void)service_update_cancel(component); /* a candidate would stand in the way of the next upload */
    }
    status_t why = update_status_map(result);
    return why == STATUS_BAD_ARGUMENT ? device.state.now.refused : why; /* SBM's own reason says more */
}

static status_t upload_erase(void)
{
    psa_fwu_component_info_t info;
    if (service_update_query(component, &info) == PSA_SUCCESS && info.state == PSA_FWU_STAGED) {
        (void)service_update_reject(PSA_SUCCESS);
    }
    (void)service_update_cancel(component);
    (void)service_update_clean(component);
    return STATUS_OK;
}

/* There is no running application that could be confirmed. */
static status_t confirm(void)
{
    return STATUS_BAD_STATE;
}

static int image_read(unsigned slot, struct smp_image *out)
{
    struct sbm_image image;
    if (service_image_read(slot, &image) != PSA_SUCCESS) {
        return 0;
    }
    image_map_take(&image, out);
    return 1;
}

static void other(const struct smp_head *head, struct cbor_reader *body, struct cbor_writer *answer)
{
    struct sbm_status status;
    struct sbm_log_entry entry;
    uint32_t index = 0;
    switch ((unsigned)head->group << 8 | head->command) {
    case SMP_GROUP_WINDLASS << 8 | WINDLASS_STATUS:
        service_status_read(&status);
        status_map_write(&status, answer);
        break;
    case SMP_GROUP_WINDLASS << 8 | WINDLASS_LOG:
        if (log_map_index(body, &index) != STATUS_OK) {
            smp_rc_build(answer, SMP_RC_INVALID);
        } else if (service_log_read(index, &entry) != PSA_SUCCESS) {
            smp_rc_build(answer, SMP_RC_NOT_FOUND);
        } else {
            log_map_write(&entry, answer);
        }
        break;
    default:
        smp_rc_build(answer, SMP_RC_NOT_SUPPORTED);
        break;
    }
}

static const struct smp_calls calls = {
    .upload_start = upload_start,
    .upload_write = upload_write,
    .upload_finish = upload_finish,
    .upload_erase = upload_erase,
    .confirm = confirm,
    .image_read = image_read,
    .other = other,
};

/* An application that does not verify is not on trial any more: the place of the package before it, which a trial would
 * keep, takes a new one. */
static void trial_drop(void)
{
    if (launch_installed_verify() != STATUS_OK) {
        device.state.now.trial = 0;
        device.state.now.attempts = 0;
    }
}

_Noreturn void recovery(void)
{
    device.recovering = 1;
    (void)log_append(LOG_RECOVERY, STATUS_OK, 0);
    port_outputs_safe((uint32_t)device.provisioned.policy.outputs_mask,
                      (uint32_t)device.provisioned.policy.outputs_level);
    if (crypto_selftest_signature() != STATUS_OK) {
        halt(STATUS_CRYPTO_SELFTEST);
    }
    trial_drop();
    smp_server_open(&server, &calls);
    port_link_open();
    device_log("recovery: waiting for an update on the data link", STATUS_OK);
    for (;;) {
        struct smp_head head;
        struct bytes frames = smp_server_take(&server, port_link_receive(), &head);
        if (frames.len > 0) {
            port_watchdog_feed(); /* BL1's, of an SBM on trial: where nobody asks, the one before it gets its turn */
        }
        port_link_send(frames.data, frames.len);
        if (frames.len > 0 && smp_is_reset(&head)) {
            halt_wipe();
            port_reset();
        }
    }
}
