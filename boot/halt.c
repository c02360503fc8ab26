/* SPDX-License-Identifier: Apache-2.0 */
/* halt: see halt.h. */
#include "boot/halt.h"

#include "boot/port.h"

static struct {
    uint32_t mask;
    uint32_t level;
    volatile uint32_t begun;
} state;

void halt_outputs_set(uint32_t mask, uint32_t level)
{
    state.mask = mask;
    state.level = level;
    state.begun = 0;
}

int halt_under_way(void)
{
    return state.begun != 0;
}

_Noreturn void halt(status_t why)
{
    state.begun = 1;
    port_watchdog_stop();
    port_outputs_safe(state.mask, state.level);
    halt_record(why);
    halt_wipe();
    port_flash_seal();
    halt_say(why);
    halt_end();
}
