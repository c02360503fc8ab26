/* SPDX-License-Identifier: Apache-2.0 */
/*
 * veneer: the only doors from the non-secure world. Every call is refused from handler mode and while another is under
 * way; every pointer is checked with the TT instruction for its whole range; what is read is copied into secure memory
 * first, and only then looked at.
 */
#include "boot/port.h"
#include "sbm/service.h"
#include "sbm/veneer_guard.h"

static uint8_t buffer[PSA_FWU_MAX_WRITE_SIZE];

/* The low byte of the register in which the component came. The caller may have left anything above it, and the
 * compiler takes that for zero (CVE-2024-0151). */
static psa_fwu_component_t component_of(psa_fwu_component_t as_it_came)
{
    uint32_t component;
    __asm__ volatile("uxtb %0, %1" : "=r"(component) : "r"(as_it_came));
    return (psa_fwu_component_t)component;
}

VENEER_ENTRY psa_status_t sbm_status_read(struct sbm_status *status, size_t status_len)
{
    struct sbm_status copy;
    psa_status_t result = veneer_enter();
    if (result != PSA_SUCCESS) {
        return result;
    }
    if (status_len < SBM_STATUS_LEN_LEAST || !veneer_may_write(status, status_len)) {
        return veneer_leave(PSA_ERROR_INVALID_ARGUMENT);
    }
    service_status_read(&copy);
    memset(status, 0, status_len);
    veneer_copy(status, &copy, status_len < sizeof copy ? status_len : sizeof copy);
    return veneer_leave(PSA_SUCCESS);
}

VENEER_ENTRY psa_status_t sbm_certificate_read(uint32_t which, uint8_t *out, size_t capacity, size_t *len)
{
    static uint8_t certificate[SBM_CERTIFICATE_MAX];
    size_t certificate_len;
    psa_status_t result = veneer_enter();
    if (result != PSA_SUCCESS) {
        return result;
    }
    if (!veneer_may_write(len, sizeof *len) || !veneer_may_write(out, capacity)) {
        return veneer_leave(PSA_ERROR_INVALID_ARGUMENT);
    }
    capacity = capacity < sizeof certificate ? capacity : sizeof certificate;
    result = service_certificate(which, certificate, capacity, &certificate_len);
    if (result == PSA_SUCCESS) {
        veneer_copy(out, certificate, certificate_len);
    }
    veneer_copy(len, &certificate_len, sizeof certificate_len);
    return veneer_leave(result);
}

VENEER_ENTRY psa_status_t psa_fwu_query(psa_fwu_component_t component, psa_fwu_component_info_t *info)
{
    psa_fwu_component_info_t copy;
    psa_status_t result = veneer_enter();
    if (result != PSA_SUCCESS) {
        return result;
    }
    if (!veneer_may_write(info, sizeof copy)) {
        return veneer_leave(PSA_ERROR_INVALID_ARGUMENT);
    }
    result = service_update_query(component_of(component), &copy);
    if (result == PSA_SUCCESS) {
        veneer_copy(info, &copy, sizeof copy);
    }
    return veneer_leave(result);
}

VENEER_ENTRY psa_status_t psa_fwu_start(psa_fwu_component_t component, const void *manifest, size_t manifest_size)
{
    psa_status_t result = veneer_enter();
    if (result != PSA_SUCCESS) {
        return result;
    }
    /* The manifest comes with the image. */
    result = manifest != NULL || manifest_size != 0 ? PSA_ERROR_INVALID_ARGUMENT
                                                    : service_update_start(component_of(component));
    return veneer_leave(result);
}

VENEER_ENTRY psa_status_t psa_fwu_write(psa_fwu_component_t component, size_t image_offset, const void *block,
                                        size_t block_size)
{
    psa_status_t result = veneer_enter();
    if (result != PSA_SUCCESS) {
        return result;
    }
    if (block_size == 0 || block_size > sizeof buffer || !veneer_may_read(block, block_size)) {
        return veneer_leave(PSA_ERROR_INVALID_ARGUMENT);
    }
    veneer_copy(buffer, block, block_size);
    return veneer_leave(service_update_write(component_of(component), image_offset, bytes_of(buffer, block_size)));
}

VENEER_ENTRY psa_status_t psa_fwu_finish(psa_fwu_component_t component)
{
    psa_status_t result = veneer_enter();
    return result != PSA_SUCCESS ? result : veneer_leave(service_update_finish(component_of(component)));
}

VENEER_ENTRY psa_status_t psa_fwu_install(void)
{
    psa_status_t result = veneer_enter();
    return result != PSA_SUCCESS ? result : veneer_leave(service_update_install());
}

VENEER_ENTRY psa_status_t psa_fwu_request_reboot(void)
{
    psa_status_t result = veneer_enter();
    if (result != PSA_SUCCESS) {
        return result;
    }
    port_reset();
}

VENEER_ENTRY psa_status_t psa_fwu_reject(psa_status_t error)
{
    psa_status_t result = veneer_enter();
    return result != PSA_SUCCESS ? result : veneer_leave(service_update_reject(error));
}

VENEER_ENTRY psa_status_t psa_fwu_accept(void)
{
    psa_status_t result = veneer_enter();
    return result != PSA_SUCCESS ? result : veneer_leave(service_update_accept());
}

VENEER_ENTRY psa_status_t psa_fwu_cancel(psa_fwu_component_t component)
{
    psa_status_t result = veneer_enter();
    return result != PSA_SUCCESS ? result : veneer_leave(service_update_cancel(component_of(component)));
}

VENEER_ENTRY psa_status_t psa_fwu_clean(psa_fwu_component_t component)
{
    psa_status_t result = veneer_enter();
    return result != PSA_SUCCESS ? result : veneer_leave(service_update_clean(component_of(component)));
}
