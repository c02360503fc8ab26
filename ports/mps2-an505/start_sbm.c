/* SPDX-License-Identifier: Apache-2.0 */
/* start_sbm: from BL1 into the SBM, in the secure world. */
#include "boot/port.h"
#include "ports/mps2-an505/regs.h"

_Noreturn void port_start_sbm(uint32_t addr)
{
    const uint32_t *vectors = (const uint32_t *)addr;
    SCB_VTOR = addr;
    core_barrier();
    __asm__ volatile("msr msplim, %2\n\t"
                     "msr msp, %0\n\t"
                     "bx %1"
                     :
                     : "r"(vectors[0]), "r"(vectors[1]), "r"(0));
    __builtin_unreachable();
}
