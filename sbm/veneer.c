/* SPDX-License-Identifier: Apache-2.0 */
/*
 * veneer: the only doors from the non-secure world. Every call is refused from handler mode and while another is under
 * way; every pointer is checked with the TT instruction for its whole range; what is read is copied into secure memory
 * first, and only then looked at.
 */
#include <arm_cmse.h>

#include "boot/port.h"
#include "sbm/service.h"

#define ENTRY __attribute__((cmse_nonsecure_entry, used))
#define TOKEN_MAX 256u
#define NONCE_MAX 64u

static volatile uint32_t busy;
static uint8_t buffer[PSA_FWU_MAX_WRITE_SIZE];

static psa_status_t enter(void)
{
    uint32_t exception;
    __asm__ volatile("mrs %0, ipsr" : "=r"(exception));
    if (exception != 0) {
        return PSA_ERROR_NOT_PERMITTED;
    }
    if (busy) {
        return PSA_ERROR_BAD_STATE;
    }
    busy = 1;
    return PSA_SUCCESS;
}

static psa_status_t leave(psa_status_t result)
{
    busy = 0;
    return result;
}

/* All of [p, p + len) lies in [first, last). */
static int lies_in(const void *p, size_t len, uint32_t first, uint32_t last)
{
    uintptr_t at = (uintptr_t)p;
    return at >= first && at <= last && len <= last - at;
}

static int in_application_ram(const void *p, size_t len)
{
    uint32_t first;
    uint32_t last;
    port_application_ram(&first, &last);
    return lies_in(p, len, first, last);
}

/*
 * The caller may read (or write) all of [p, p + len): by the TT instruction, and because it is the application's RAM
 * (or its image). The second keeps devices and the read-only flash out, which the first lets through.
 */
static int may_read(const void *p, size_t len)
{
    uint32_t image = port_primary_run_addr();
    if (len == 0) {
        return 1;
    }
    return cmse_check_address_range((void *)(uintptr_t)p, len, CMSE_NONSECURE | CMSE_MPU_READ) != NULL &&
           (in_application_ram(p, len) || lies_in(p, len, image, image + port_flash()->primary.len));
}

static int may_write(void *p, size_t len)
{
    return len != 0 && cmse_check_address_range(p, len, CMSE_NONSECURE | CMSE_MPU_READWRITE) != NULL &&
           in_application_ram(p, len);
}

ENTRY psa_status_t sbm_status_read(struct sbm_status *status, size_t status_len)
{
    struct sbm_status copy;
    psa_status_t result = enter();
    if (result != PSA_SUCCESS) {
        return result;
    }
    if (status_len != sizeof copy || !may_write(status, sizeof copy)) {
        return leave(PSA_ERROR_INVALID_ARGUMENT);
    }
    service_status_read(&copy);
    memcpy(status, &copy, sizeof copy);
    return leave(PSA_SUCCESS);
}

ENTRY psa_status_t sbm_identity_prove(struct sbm_prove *prove)
{
    struct sbm_prove call;
    uint8_t nonce[NONCE_MAX];
    psa_status_t result = enter();
    if (result != PSA_SUCCESS) {
        return result;
    }
    if (!may_write(prove, sizeof call)) {
        return leave(PSA_ERROR_INVALID_ARGUMENT);
    }
    memcpy(&call, prove, sizeof call);
    if (call.nonce_len > sizeof nonce || !may_read(call.nonce, call.nonce_len) ||
        !may_write(call.token, call.token_capacity)) {
        return leave(PSA_ERROR_INVALID_ARGUMENT);
    }
    memcpy(nonce, call.nonce, call.nonce_len);
    result = service_identity_prove(bytes_of(nonce, call.nonce_len), buffer, TOKEN_MAX, &call.token_len);
    if (result == PSA_SUCCESS && call.token_len > call.token_capacity) {
        result = PSA_ERROR_BUFFER_TOO_SMALL;
    }
    if (result == PSA_SUCCESS) {
        memcpy(call.token, buffer, call.token_len);
        prove->token_len = call.token_len;
    }
    return leave(result);
}

ENTRY psa_status_t sbm_certificate_read(uint32_t which, uint8_t *out, size_t capacity, size_t *len)
{
    psa_status_t result = enter();
    if (result != PSA_SUCCESS) {
        return result;
    }
    if (!may_write(len, sizeof *len) || !may_write(out, capacity)) {
        return leave(PSA_ERROR_INVALID_ARGUMENT);
    }
    struct bytes certificate = service_certificate(which);
    *len = certificate.len;
    if (certificate.len == 0) {
        return leave(PSA_ERROR_DOES_NOT_EXIST);
    }
    if (certificate.len > capacity) {
        return leave(PSA_ERROR_BUFFER_TOO_SMALL);
    }
    memcpy(out, certificate.data, certificate.len);
    return leave(PSA_SUCCESS);
}

ENTRY psa_status_t psa_fwu_query(psa_fwu_component_t component, psa_fwu_component_info_t *info)
{
    psa_fwu_component_info_t copy;
    psa_status_t result = enter();
    if (result != PSA_SUCCESS) {
        return result;
    }
    if (!may_write(info, sizeof copy)) {
        return leave(PSA_ERROR_INVALID_ARGUMENT);
    }
    result = service_update_query(component, &copy);
    if (result == PSA_SUCCESS) {
        memcpy(info, &copy, sizeof copy);
    }
    return leave(result);
}

ENTRY psa_status_t psa_fwu_start(psa_fwu_component_t component, const void *manifest, size_t manifest_size)
{
    psa_status_t result = enter();
    (void)manifest;
    if (result != PSA_SUCCESS) {
        return result;
    }
    return leave(manifest_size != 0 ? PSA_ERROR_NOT_SUPPORTED : service_update_start(component));
}

ENTRY psa_status_t psa_fwu_write(psa_fwu_component_t component, size_t image_offset, const void *block,
                                 size_t block_size)
{
    psa_status_t result = enter();
    if (result != PSA_SUCCESS) {
        return result;
    }
    if (block_size > sizeof buffer || !may_read(block, block_size)) {
        return leave(PSA_ERROR_INVALID_ARGUMENT);
    }
    memcpy(buffer, block, block_size);
    return leave(service_update_write(component, image_offset, bytes_of(buffer, block_size)));
}

ENTRY psa_status_t psa_fwu_finish(psa_fwu_component_t component)
{
    psa_status_t result = enter();
    return result != PSA_SUCCESS ? result : leave(service_update_finish(component));
}

ENTRY psa_status_t psa_fwu_install(void)
{
    psa_status_t result = enter();
    return result != PSA_SUCCESS ? result : leave(service_update_install());
}

ENTRY psa_status_t psa_fwu_request_reboot(void)
{
    psa_status_t result = enter();
    if (result != PSA_SUCCESS) {
        return result;
    }
    port_reset();
}

ENTRY psa_status_t psa_fwu_reject(psa_status_t error)
{
    psa_status_t result = enter();
    return result != PSA_SUCCESS ? result : leave(service_update_reject(error));
}

ENTRY psa_status_t psa_fwu_accept(void)
{
    psa_status_t result = enter();
    return result != PSA_SUCCESS ? result : leave(service_update_accept());
}

ENTRY psa_status_t psa_fwu_cancel(psa_fwu_component_t component)
{
    psa_status_t result = enter();
    return result != PSA_SUCCESS ? result : leave(service_update_cancel(component));
}

ENTRY psa_status_t psa_fwu_clean(psa_fwu_component_t component)
{
    psa_status_t result = enter();
    return result != PSA_SUCCESS ? result : leave(service_update_clean(component));
}
