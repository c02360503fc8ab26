/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watchdog: the SSE-200's 32 kHz watchdog (CMSDK APB watchdog), secure only. It expires twice: the first time it raises
 * NMI, so that the reason can be written down, the second time, as long after, it resets whatever the core does.
 */
#include "boot/port.h"
#include "ports/mps2-an505/regs.h"

#define TICKS_PER_SECOND 32000u

static uint32_t ticks; /* 0: not started */

static void unlock(void)
{
    WATCHDOG_LOCK = WATCHDOG_UNLOCK;
}

void port_watchdog_start(uint32_t seconds)
{
    ticks = seconds * TICKS_PER_SECOND;
    unlock();
    WATCHDOG_LOAD = ticks;
    WATCHDOG_CTRL = WATCHDOG_INTERRUPT | WATCHDOG_RESET;
    WATCHDOG_LOCK = 0;
}

void port_watchdog_stop(void)
{
    unlock();
    WATCHDOG_CTRL = 0;
    ticks = 0;
}

void port_watchdog_feed(void)
{
    if (ticks != 0) {
        unlock();
        WATCHDOG_INTCLEAR = 1; /* also begins the count anew */
        WATCHDOG_LOAD = ticks;
        WATCHDOG_LOCK = 0;
    }
}
