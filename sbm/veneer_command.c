/* SPDX-License-Identifier: Apache-2.0 */
/* veneer_command: the door for the maker's signed commands (see veneer.c). */
#include "sbm/service.h"
#include "sbm/veneer_guard.h"
#include "wire/command.h"

VENEER_ENTRY psa_status_t sbm_command(const uint8_t *command, size_t len)
{
    uint8_t copy[COMMAND_MAX];
    psa_status_t result = veneer_enter();
    if (result != PSA_SUCCESS) {
        return result;
    }
    if (len > sizeof copy || !veneer_may_read(command, len)) {
        return veneer_leave(PSA_ERROR_INVALID_ARGUMENT);
    }
    veneer_copy(copy, command, len);
    return veneer_leave(service_command(bytes_of(copy, len)));
}
