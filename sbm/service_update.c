/* SPDX-License-Identifier: Apache-2.0 */
/* service_update: the state machine of the PSA Firmware Update API 1.0. Component 0 is the application, component 1 the
 * SBM itself; each is staged, checked, tried and accepted on its own. */
#include "boot/counter.h"
#include "boot/flash.h"
#include "sbm/device.h"
#include "sbm/log.h"
#include "sbm/self.h"
#include "sbm/service.h"

/* What is being staged; volatile: a reset forgets it. */
struct staging {
    uint8_t state;
    psa_status_t error;
    uint32_t written;
    uint32_t erased; /* bytes of the region that are erased or written */
    uint64_t candidate_sequence;
    int waits; /* the candidate demands a version of the other component that was not there at finish */
    struct flash_stream stream;
};

static struct staging stagings[PSA_FWU_COMPONENTS];

/* The package slot that does not hold the installed application. */
static int update_slot(void)
{
    return device.state.now.active == 0 ? 1 : 0;
}

static const struct port_region *region_of(psa_fwu_component_t component)
{
    return component == PSA_FWU_COMPONENT_SBM ? &port_flash()->sbm_package : &port_flash()->package[update_slot()];
}

static uint8_t app_state(void)
{
    const struct boot_state *now = &device.state.now;
    if (now->pending != STATE_NONE) {
        return PSA_FWU_STAGED;
    }
    if (now->trial) {
        return now->attempts >= STATE_ATTEMPTS_REJECTED ? PSA_FWU_REJECTED : PSA_FWU_TRIAL;
    }
    return stagings[PSA_FWU_COMPONENT_APP].state;
}

static uint8_t sbm_state(void)
{
    if (device.state.now.sbm_pending) {
        return PSA_FWU_STAGED;
    }
    if (self_on_trial()) {
        return counter_read(COUNTER_SBM_TRIES) >= counter_read(COUNTER_SBM_TRIES_LIMIT) &&
                       stagings[1].error != PSA_SUCCESS
                   ? PSA_FWU_REJECTED
                   : PSA_FWU_TRIAL;
    }
    return stagings[PSA_FWU_COMPONENT_SBM].state;
}

static uint8_t state_of(psa_fwu_component_t component)
{
    return component == PSA_FWU_COMPONENT_SBM ? sbm_state() : app_state();
}

static psa_status_t fail(psa_fwu_component_t component, psa_status_t error)
{
    stagings[component].state = PSA_FWU_FAILED;
    stagings[component].error = error;
    return error;
}

psa_status_t service_update_query(psa_fwu_component_t component, psa_fwu_component_info_t *info)
{
    if (component >= PSA_FWU_COMPONENTS) {
        return PSA_ERROR_DOES_NOT_EXIST;
    }
    memset(info, 0, sizeof *info);
    info->state = state_of(component);
    info->error = stagings[component].error;
    info->version.build =
        (uint32_t)(component == PSA_FWU_COMPONENT_SBM ? device.sbm_sequence : device.running_sequence);
    info->max_size = region_of(component)->len;
    info->flags = PSA_FWU_FLAG_VOLATILE_STAGING | (component == PSA_FWU_COMPONENT_SBM ? 0 : PSA_FWU_FLAG_ENCRYPTION);
    info->impl.refused = device.state.now.refused;
    return PSA_SUCCESS;
}

psa_status_t service_update_start(psa_fwu_component_t component)
{
    if (component >= PSA_FWU_COMPONENTS) {
        return PSA_ERROR_DOES_NOT_EXIST;
    }
    if (state_of(component) != PSA_FWU_READY) {
        return PSA_ERROR_BAD_STATE; /* during a trial the region holds the way back, or the source of the spare */
    }
    struct staging *staging = &stagings[component];
    const struct port_region *region = region_of(component);
    *staging = (struct staging){ .state = PSA_FWU_WRITING };
    flash_stream_start(&staging->stream, region->off, region->off + region->len);
    return PSA_SUCCESS;
}

/* Erases ahead of what is about to be written, one sector at a time. */
static status_t erase_ahead(struct staging *staging, const struct port_region *region, uint32_t len)
{
    uint32_t needed = staging->written + len + FLASH_CHUNK_LEN;
    needed = needed < region->len ? needed : region->len;
    status_t status = STATUS_OK;
    while (staging->erased < needed && status == STATUS_OK) {
        status = port_flash_erase(region->off + staging->erased);
        staging->erased += flash_sector_len(region->off);
    }
    return status;
}

psa_status_t service_update_write(psa_fwu_component_t component, size_t offset, struct bytes block)
{
    if (component >= PSA_FWU_COMPONENTS) {
        return PSA_ERROR_DOES_NOT_EXIST;
    }
    struct staging *staging = &stagings[component];
    const struct port_region *region = region_of(component);
    if (staging->state != PSA_FWU_WRITING) {
        return PSA_ERROR_BAD_STATE;
    }
    if (offset != staging->written || block.len == 0 || block.len > PSA_FWU_MAX_WRITE_SIZE ||
        block.len > region->len - staging->written) {
        return PSA_ERROR_INVALID_ARGUMENT;
    }
    if (erase_ahead(staging, region, (uint32_t)block.len) != STATUS_OK) {
        return fail(component, PSA_ERROR_STORAGE_FAILURE);
    }
    flash_stream_add(&staging->stream, block);
    staging->written += (uint32_t)block.len;
    return staging->stream.status == STATUS_OK ? PSA_SUCCESS : fail(component, PSA_ERROR_STORAGE_FAILURE);
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
    case STATUS_SUIT_VERSION:
        return PSA_ERROR_DEPENDENCY_NEEDED;
    case STATUS_SUIT_NO_PACKAGE:
        return PSA_ERROR_INVALID_ARGUMENT;
    default: /* bytes that are no package, or a package that may not be installed here */
        return why >= STATUS_TRUNCATED && why <= STATUS_TOO_MANY ? PSA_ERROR_INVALID_ARGUMENT : PSA_ERROR_NOT_PERMITTED;
    }
}

/* `version`: 1 when the demanded version of the other component counts, too. */
static status_t app_check(struct staging *staging, int version)
{
    const struct port_region *region = region_of(PSA_FWU_COMPONENT_APP);
    struct install_trust trust = provisioned_trust(&device.provisioned, device.state.now.counter);
    if (!version) {
        trust.verify.other_version = VERIFY_ANY_VERSION;
    }
    status_t status = install_check(port_flash_view(region->off, staging->written), &trust, &device.candidate,
                                    &staging->candidate_sequence);
    install_wipe(&device.candidate);
    return status;
}

static status_t candidate_check(psa_fwu_component_t component, int version)
{
    struct staging *staging = &stagings[component];
    const struct self_demand demand = { .least = device.sbm_sequence + 1, .version = version };
    return component == PSA_FWU_COMPONENT_APP
               ? app_check(staging, version)
               : self_package_check(staging->written, &demand, &staging->candidate_sequence);
}

psa_status_t service_update_finish(psa_fwu_component_t component)
{
    if (component >= PSA_FWU_COMPONENTS) {
        return PSA_ERROR_DOES_NOT_EXIST;
    }
    struct staging *staging = &stagings[component];
    if (staging->state != PSA_FWU_WRITING) {
        return PSA_ERROR_BAD_STATE;
    }
    if (flash_stream_finish(&staging->stream) != STATUS_OK) {
        return fail(component, PSA_ERROR_STORAGE_FAILURE);
    }
    status_t status = candidate_check(component, 1);
    staging->waits = status == STATUS_SUIT_VERSION;
    if (staging->waits) {
        status = candidate_check(component, 0); /* install decides about the rest */
    }
    if (status != STATUS_OK) {
        device_refuse(status, staging->candidate_sequence);
        (void)state_save(&device.state);
        return fail(component, psa_of(status));
    }
    device_log_number("package checked, sequence ", staging->candidate_sequence);
    staging->state = PSA_FWU_CANDIDATE;
    return PSA_SUCCESS;
}

/* In recovery nobody can accept or reject what is on trial: it does not stand in the way there. */
static int is_installing(void)
{
    uint8_t app = app_state();
    uint8_t sbm = sbm_state();
    return !device.recovering && (app == PSA_FWU_STAGED || app == PSA_FWU_TRIAL || app == PSA_FWU_REJECTED ||
                                  sbm == PSA_FWU_STAGED || sbm == PSA_FWU_TRIAL || sbm == PSA_FWU_REJECTED);
}

/* A candidate that waited for another component stays a candidate until that is there. */
static psa_status_t demand_check(psa_fwu_component_t component)
{
    struct staging *staging = &stagings[component];
    status_t status = staging->waits ? candidate_check(component, 1) : STATUS_OK;
    staging->waits &= status != STATUS_OK;
    if (status == STATUS_OK) {
        return PSA_SUCCESS;
    }
    device_refuse(status, staging->candidate_sequence);
    (void)state_save(&device.state);
    return status == STATUS_SUIT_VERSION ? PSA_ERROR_DEPENDENCY_NEEDED : fail(component, psa_of(status));
}

psa_status_t service_update_install(void)
{
    struct boot_state *now = &device.state.now;
    int app = app_state() == PSA_FWU_CANDIDATE;
    int sbm = sbm_state() == PSA_FWU_CANDIDATE;
    if ((!app && !sbm) || is_installing()) {
        return PSA_ERROR_BAD_STATE;
    }
    psa_status_t result = app ? demand_check(PSA_FWU_COMPONENT_APP) : PSA_SUCCESS;
    if (result == PSA_SUCCESS && sbm) {
        result = demand_check(PSA_FWU_COMPONENT_SBM);
    }
    if (result != PSA_SUCCESS) {
        return result;
    }
    const struct boot_state before = *now;
    if (app) {
        now->pending = update_slot();
    }
    now->sbm_pending |= sbm;
    if (state_save(&device.state) != STATUS_OK) {
        *now = before; /* both stay candidates */
        return PSA_ERROR_STORAGE_FAILURE;
    }
    return PSA_SUCCESS_REBOOT;
}

/* What is staged is dropped; what is on trial will go back at the next boot. */
static psa_status_t app_reject(psa_status_t error)
{
    struct boot_state *now = &device.state.now;
    const struct boot_state before = *now;
    uint8_t state = app_state();
    if (state == PSA_FWU_STAGED) {
        now->pending = STATE_NONE;
    } else {
        now->attempts = STATE_ATTEMPTS_REJECTED;
    }
    if (state_save(&device.state) != STATUS_OK) {
        *now = before;
        return PSA_ERROR_STORAGE_FAILURE;
    }
    stagings[PSA_FWU_COMPONENT_APP].error = error;
    if (state == PSA_FWU_TRIAL) {
        return PSA_SUCCESS_REBOOT;
    }
    (void)fail(PSA_FWU_COMPONENT_APP, error);
    return PSA_SUCCESS;
}

static psa_status_t sbm_reject(psa_status_t error)
{
    struct boot_state *now = &device.state.now;
    if (sbm_state() == PSA_FWU_TRIAL) {
        stagings[PSA_FWU_COMPONENT_SBM].error = error != PSA_SUCCESS ? error : PSA_ERROR_GENERIC_ERROR;
        return self_reject() == STATUS_OK ? PSA_SUCCESS_REBOOT : PSA_ERROR_STORAGE_FAILURE;
    }
    now->sbm_pending = 0;
    if (state_save(&device.state) != STATUS_OK) {
        now->sbm_pending = 1;
        return PSA_ERROR_STORAGE_FAILURE;
    }
    (void)fail(PSA_FWU_COMPONENT_SBM, error);
    return PSA_SUCCESS;
}

static int is_staged_or_trial(uint8_t state)
{
    return state == PSA_FWU_STAGED || state == PSA_FWU_TRIAL;
}

psa_status_t service_update_reject(psa_status_t error)
{
    int app = is_staged_or_trial(app_state());
    int sbm = is_staged_or_trial(sbm_state());
    psa_status_t result = PSA_ERROR_BAD_STATE;
    if (sbm) {
        result = sbm_reject(error);
    }
    if (app && (!sbm || result >= PSA_SUCCESS)) {
        psa_status_t second = app_reject(error);
        result = !sbm || second < PSA_SUCCESS || second == PSA_SUCCESS_REBOOT ? second : result;
    }
    return result;
}

/* The record first: a cut before the counter moves is made good at the next boot. */
static psa_status_t app_accept(void)
{
    struct boot_state *now = &device.state.now;
    const struct boot_state before = *now;
    now->trial = 0;
    now->attempts = 0;
    if (state_save(&device.state) != STATUS_OK) {
        *now = before;
        return PSA_ERROR_STORAGE_FAILURE;
    }
    if (device.running_sequence > now->counter) {
        now->counter = device.running_sequence;
    }
    if (counter_advance(COUNTER_APP, (uint32_t)now->counter) != STATUS_OK) {
        return PSA_ERROR_STORAGE_FAILURE;
    }
    device_log_number("application confirmed, sequence ", now->counter);
    (void)log_append(LOG_CONFIRMED, STATUS_OK, now->counter);
    stagings[PSA_FWU_COMPONENT_APP].state = PSA_FWU_UPDATED;
    return PSA_SUCCESS;
}

psa_status_t service_update_accept(void)
{
    int app = app_state() == PSA_FWU_TRIAL;
    int sbm = sbm_state() == PSA_FWU_TRIAL;
    psa_status_t result = app || sbm ? PSA_SUCCESS : PSA_ERROR_BAD_STATE;
    if (sbm && self_confirm() != STATUS_OK) {
        return PSA_ERROR_STORAGE_FAILURE;
    }
    if (sbm) {
        stagings[PSA_FWU_COMPONENT_SBM].state = PSA_FWU_UPDATED;
    }
    return app ? app_accept() : result;
}

psa_status_t service_update_cancel(psa_fwu_component_t component)
{
    if (component >= PSA_FWU_COMPONENTS) {
        return PSA_ERROR_DOES_NOT_EXIST;
    }
    uint8_t state = state_of(component);
    if (state != PSA_FWU_WRITING && state != PSA_FWU_CANDIDATE) {
        return PSA_ERROR_BAD_STATE;
    }
    (void)fail(component, PSA_SUCCESS);
    return PSA_SUCCESS;
}

psa_status_t service_update_clean(psa_fwu_component_t component)
{
    if (component >= PSA_FWU_COMPONENTS) {
        return PSA_ERROR_DOES_NOT_EXIST;
    }
    uint8_t state = state_of(component);
    if (state != PSA_FWU_FAILED && state != PSA_FWU_UPDATED) {
        return PSA_ERROR_BAD_STATE;
    }
    stagings[component].state = PSA_FWU_READY;
    stagings[component].error = PSA_SUCCESS;
    return PSA_SUCCESS;
}

uint32_t service_update_pending(void)
{
    return device.state.now.pending == STATE_NONE ? 0 : (uint32_t)stagings[PSA_FWU_COMPONENT_APP].candidate_sequence;
}
