/* SPDX-License-Identifier: Apache-2.0 */
/* outputs: the outputs of boot/port.h: the two LEDs of the board's FPGAIO block, bits 0 and 1. The application may
 * drive them until the secure world takes them back. */
#include "boot/port.h"
#include "ports/mps2-an505/regs.h"

void port_outputs_safe(uint32_t mask, uint32_t level)
{
    if (mask != 0) {
        SECCTL_APBNSPPCEXP2 &= ~PPCEXP2_FPGAIO;
        FPGAIO_LED = (FPGAIO_LED & ~mask) | (level & mask);
    }
}
