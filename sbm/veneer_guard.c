/* SPDX-License-Identifier: Apache-2.0 */
/* veneer_guard: see veneer_guard.h. */
#include "sbm/veneer_guard.h"

#include <arm_cmse.h>
#include <string.h>

#include "boot/port.h"

static volatile uint32_t busy;

psa_status_t veneer_enter(void)
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
    port_watchdog_feed(); /* a long call has its whole time */
    return PSA_SUCCESS;
}

psa_status_t veneer_leave(psa_status_t result)
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

int veneer_may_read(const void *p, size_t len)
{
    uint32_t image = port_primary_run_addr();
    if (len == 0) {
        return 1;
    }
    return cmse_check_address_range((void *)(uintptr_t)p, len, CMSE_NONSECURE | CMSE_MPU_READ) != NULL &&
           (in_application_ram(p, len) || lies_in(p, len, image, image + port_flash()->primary.len));
}

int veneer_may_write(void *p, size_t len)
{
    return len != 0 && cmse_check_address_range(p, len, CMSE_NONSECURE | CMSE_MPU_READWRITE) != NULL &&
           in_application_ram(p, len);
}

void veneer_copy(void *to, const void *from, size_t len)
{
    memcpy(to, from, len);
}
