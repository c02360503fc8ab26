/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as product.yaml: accepted and complete, or refused with the line. */
#include <stdlib.h>
#include <string.h>

#include "host/lib/project.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fault fault = FAULT_NONE;
    struct profile profile;
    if (profile_parse("f", data, size, &profile, &fault) == 0) {
        if (profile.product[0] == '\0' || profile.trial_boots < 1 || profile.trial_boots > 15) {
            abort();
        }
    } else if (strncmp(fault.what, "f:", 2) != 0 || atoi(fault.what + 2) < 1) {
        abort();
    }
    return 0;
}
