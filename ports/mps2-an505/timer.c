/* SPDX-License-Identifier: Apache-2.0 */
/* timer: port_sleep_ms on the SSE-200's 32 kHz timer (CMSDK APB timer), which the application cannot reach. */
#include "boot/port.h"
#include "ports/mps2-an505/regs.h"

#define TICKS_PER_SECOND 32000u
#define MS_MAX 70000u

void port_sleep_ms(uint32_t ms)
{
    ms = ms < MS_MAX ? ms : MS_MAX;
    __asm__ volatile("cpsid i" : : : "memory");
    for (unsigned i = 0; i < NVIC_WORDS; i++) {
        NVIC_ICER(i) = 0xFFFFFFFFu;
    }
    S32KTIMER_CTRL = 0;
    S32KTIMER_INTCLEAR = 1;
    NVIC_ICPR(0) = 1u << S32KTIMER_IRQ;
    NVIC_ISER(0) = 1u << S32KTIMER_IRQ;
    S32KTIMER_RELOAD = 0;
    S32KTIMER_VALUE = ms * (TICKS_PER_SECOND / 1000) + 1;
    S32KTIMER_CTRL = S32KTIMER_ENABLE | S32KTIMER_INTERRUPT;
    while ((S32KTIMER_INTCLEAR & 1u) == 0) {
        __asm__ volatile("wfi" : : : "memory");
    }
    S32KTIMER_CTRL = 0;
    S32KTIMER_INTCLEAR = 1;
    NVIC_ICER(0) = 1u << S32KTIMER_IRQ;
    NVIC_ICPR(0) = 1u << S32KTIMER_IRQ;
}
