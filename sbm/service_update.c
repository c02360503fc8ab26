/* SPDX-License-Identifier: Apache-2.0 */
/* service_update: the state machine of the PSA Firmware Update API for component 0, the application. */
#include "boot/flash.h"
#include "sbm/device.h"
#include "sbm/service.h"

static struct {
    uint8_t state;
    psa_status_t error;
    uint32_t written;
    uint32_t erased; /* bytes of the slot that are erased or written */
    uint64_t candidate_sequence;
    struct flash_stream stream;
} update;

/* The slot that does not hold the installed application. */
static int update_slot(void)
{
    return device.state.now.active == 0 ? 1 : 0;
}

static const struct port_region *slot_region(void)
{
    return &port_flash()->package[update_slot()];
}

static uint8_t state_now(void)
{
    if (device.state.now.pending != STATE_NONE) {
        return PSA_FWU_STAGED;
    }
    if (device.state.now.trial) {
        return device.state.now.attempts >= STATE_ATTEMPTS_REJECTED ? PSA_FWU_REJECTED : PSA_FWU_TRIAL;
    }
    return update.state;
}

static psa_status_t fail(psa_status_t error)
{
    update.state = PSA_FWU_FAILED;
    update.error = error;
    return error;
}

psa_status_t service_update_query(psa_fwu_component_t component, psa_fwu_component_info_t *info)
{
    if (component != 0) {
        return PSA_ERROR_DOES_NOT_EXIST;
    }
    memset(info, 0, sizeof *info);
    info->state = state_now();
    info->error = update.error;
    info->version.build = (uint32_t)device.running_sequence;
    info->max_size = slot_region()->len;
    info->flags = PSA_FWU_FLAG_VOLATILE_STAGING | PSA_FWU_FLAG_ENCRYPTION;
    info->impl.refused = device.state.now.refused;
    return PSA_SUCCESS;
}

psa_status_t service_update_start(psa_fwu_component_t component)
{
    if (component != 0) {
        return PSA_ERROR_DOES_NOT_EXIST;
    }
    if (state_now() != PSA_FWU_READY) {
        return PSA_ERROR_BAD_STATE; /* during a trial the other slot holds the way back */
    }
    update.state = PSA_FWU_WRITING;
    update.error = PSA_SUCCESS;
    update.written = 0;
    update.erased = 0;
    flash_stream_start(&update.stream, slot_region()->off, slot_region()->off + slot_region()->len);
    return PSA_SUCCESS;
}

/* Erases ahead of what is about to be written, one sector at a time. */
static status_t erase_ahead(uint32_t len)
{
    uint32_t needed = update.written + len + FLASH_CHUNK_LEN;
    needed = needed < slot_region()->len ? needed : slot_region()->len;
    status_t status = STATUS_OK;
    while (update.erased < needed && status == STATUS_OK) {
        status = port_flash_erase(slot_region()->off + update.erased);
        update.erased += port_flash()->sector_len;
    }
    return status;
}

psa_status_t service_update_write(psa_fwu_component_t component, size_t offset, struct bytes block)
{
    if (component != 0) {
        return PSA_ERROR_DOES_NOT_EXIST;
    }
    if (update.state != PSA_FWU_WRITING) {
        return PSA_ERROR_BAD_STATE;
    }
    if (offset != update.written || block.len > PSA_FWU_MAX_WRITE_SIZE) {
        return PSA_ERROR_INVALID_ARGUMENT;
    }
    if (block.len > slot_region()->len - update.written) {
        return PSA_ERROR_INSUFFICIENT_STORAGE;
    }
    if (erase_ahead((uint32_t)block.len) != STATUS_OK) {
        return fail(PSA_ERROR_STORAGE_FAILURE);
    }
    flash_stream_add(&update.stream, block);
    update.written += (uint32_t)block.len;
    return update.stream.status == STATUS_OK ? PSA_SUCCESS : fail(PSA_ERROR_STORAGE_FAILURE);
}

static psa_status_t psa_of(status_t why)
{
    switch (why) {
    case STATUS_CRYPTO_SIGNATURE:
    case STATUS_SUIT_BLOCK_SIGNATURE:
    case STATUS_SUIT_DIGEST:
    case STATUS_SUIT_PAYLOAD_MISMATCH:
    case STATUS_SUIT_IMAGE_MISMATCH:
        return PSA_ERROR_INVALID_SIGNATURE;
    case STATUS_TRUNCATED:
        return PSA_ERROR_INVALID_ARGUMENT;
    default:
        return PSA_ERROR_NOT_PERMITTED;
    }
}

psa_status_t service_update_finish(psa_fwu_component_t component)
{
    if (component != 0) {
        return PSA_ERROR_DOES_NOT_EXIST;
    }
    if (update.state != PSA_FWU_WRITING) {
        return PSA_ERROR_BAD_STATE;
    }
    if (flash_stream_finish(&update.stream) != STATUS_OK) {
        return fail(PSA_ERROR_STORAGE_FAILURE);
    }
    const struct install_trust trust = provisioned_trust(&device.provisioned, device.state.now.counter);
    status_t status = install_check(port_flash_view(slot_region()->off, update.written), &trust, &device.candidate,
                                    &update.candidate_sequence);
    install_wipe(&device.candidate);
    if (status != STATUS_OK) {
        device_refuse(status, update.candidate_sequence);
        (void)state_save(&device.state);
        return fail(psa_of(status));
    }
    device_log_number("package checked, sequence ", update.candidate_sequence);
    update.state = PSA_FWU_CANDIDATE;
    return PSA_SUCCESS;
}

psa_status_t service_update_install(void)
{
    if (state_now() != PSA_FWU_CANDIDATE) {
        return PSA_ERROR_BAD_STATE;
    }
    device.state.now.pending = update_slot();
    if (state_save(&device.state) != STATUS_OK) {
        device.state.now.pending = STATE_NONE;
        return fail(PSA_ERROR_STORAGE_FAILURE);
    }
    return PSA_SUCCESS_REBOOT;
}

psa_status_t service_update_reject(psa_status_t error)
{
    struct boot_state *now = &device.state.now;
    struct boot_state before = *now;
    uint8_t state = state_now();
    if (state == PSA_FWU_STAGED) {
        now->pending = STATE_NONE;
    } else if (state == PSA_FWU_TRIAL) {
        now->attempts = STATE_ATTEMPTS_REJECTED; /* the next boot goes back */
    } else {
        return PSA_ERROR_BAD_STATE;
    }
    if (state_save(&device.state) != STATUS_OK) {
        *now = before;
        return PSA_ERROR_STORAGE_FAILURE;
    }
    update.error = error;
    if (state == PSA_FWU_TRIAL) {
        return PSA_SUCCESS_REBOOT;
    }
    (void)fail(error);
    return PSA_SUCCESS;
}

psa_status_t service_update_accept(void)
{
    struct boot_state *now = &device.state.now;
    if (state_now() != PSA_FWU_TRIAL) {
        return PSA_ERROR_BAD_STATE;
    }
    struct boot_state before = *now;
    now->trial = 0;
    now->attempts = 0;
    now->counter = device.running_sequence;
    if (state_save(&device.state) != STATUS_OK) {
        *now = before;
        return PSA_ERROR_STORAGE_FAILURE;
    }
    device_log_number("application confirmed, sequence ", now->counter);
    update.state = PSA_FWU_UPDATED;
    return PSA_SUCCESS;
}

psa_status_t service_update_cancel(psa_fwu_component_t component)
{
    if (component != 0) {
        return PSA_ERROR_DOES_NOT_EXIST;
    }
    if (update.state != PSA_FWU_WRITING && state_now() != PSA_FWU_CANDIDATE) {
        return PSA_ERROR_BAD_STATE;
    }
    (void)fail(PSA_SUCCESS);
    return PSA_SUCCESS;
}

psa_status_t service_update_clean(psa_fwu_component_t component)
{
    if (component != 0) {
        return PSA_ERROR_DOES_NOT_EXIST;
    }
    uint8_t state = state_now();
    if (state != PSA_FWU_FAILED && state != PSA_FWU_UPDATED) {
        return PSA_ERROR_BAD_STATE;
    }
    update.state = PSA_FWU_READY;
    update.error = PSA_SUCCESS;
    return PSA_SUCCESS;
}

uint32_t service_update_pending(void)
{
    return device.state.now.pending == STATE_NONE ? 0 : (uint32_t)update.candidate_sequence;
}
