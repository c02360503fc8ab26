/* SPDX-License-Identifier: Apache-2.0 */
/* halt: see halt.h. */
#include "boot/halt.h"

#include "boot/port.h"

_Noreturn void halt(status_t why)
{
    port_outputs_safe();
    halt_wipe();
    port_flash_seal();
    halt_say(why);
    port_sleep();
}
