/* SPDX-License-Identifier: Apache-2.0 */
/* idle: sleeping without starving the watchdog. The application's own SysTick wakes the core four times a second, and
 * only then the watchdog is fed: from the main loop, not from a handler, so that a loop that hangs feeds nothing. */
#include "app/app.h"
#include "windlass/sbm.h"

#define REG(addr) (*(volatile uint32_t *)(addr))
#define SYST_CSR REG(0xE000E010u)
#define SYST_RVR REG(0xE000E014u)
#define SYST_CVR REG(0xE000E018u)
#define SCB_ICSR REG(0xE000ED04u)
#define ICSR_PENDSTSET (1u << 26)
#define ICSR_PENDSTCLR (1u << 25)
#define TICK_CYCLES 5000000u /* a quarter of a second at 20 MHz: half of the shortest watchdog, twice */

void app_watchdog_serve(void)
{
    if (sbm_watchdog_feed() == PSA_SUCCESS) {
        SYST_RVR = TICK_CYCLES - 1;
        SYST_CVR = 0;
        SYST_CSR = 7; /* processor clock, exception pends (interrupts are masked), on */
    }
}

void app_watchdog_step(void)
{
    if (SCB_ICSR & ICSR_PENDSTSET) {
        SCB_ICSR = ICSR_PENDSTCLR;
        (void)sbm_watchdog_feed();
    }
}

void app_idle(void)
{
    __asm__ volatile("wfi" : : : "memory");
    app_watchdog_step();
}
