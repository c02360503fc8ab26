/* SPDX-License-Identifier: Apache-2.0 */
/* handover: the RAM in which BL1's agent leaves an open channel for SBM. */
#include "boot/port.h"
#include "wire/layout.h"

void *port_handover(void)
{
    return (void *)LAYOUT_HANDOVER_ADDR;
}
