/* SPDX-License-Identifier: Apache-2.0 */
/* chip_open: a bare chip: it comes empty, and has a debug port until it is locked (chip.h). */
#include "tests/crash/chip.h"
#include "tests/crash/chip_debug.h"
#include "wire/flashctl.h"
#include "wire/provision_msg.h"

_Noreturn void bl1_stage_main(void);

static int reset_by_debugger;

void chip_kind_bl1(void)
{
    bl1_stage_main();
}

void chip_kind_make(const char *path)
{
    (void)path;
}

/* Called whenever the firmware looks at its mailbox. With nothing in it the CPU may be halted. */
static void mailbox_look(void)
{
    const uint32_t *m = room->sim.mailbox;
    if (m[0] == MAILBOX_MAGIC && m[1] == m[2] && chip_debug_serve(1) == CHIP_DEBUG_RESET) {
        reset_by_debugger = 1;
        sim_stop(SIM_RESET);
    }
}

static int debug_is_open(void)
{
    return room->sim.fuses[FUSE_DEBUG_LOCK] == 0;
}

void chip_kind_open(void)
{
    room->sim.on_mailbox = mailbox_look;
    if (debug_is_open()) {
        chip_debug_open();
    }
}

/* It runs at once, and after a reset of its own. */
void chip_kind_run(void)
{
    int halted = 0;
    while (debug_is_open()) {
        if (halted && chip_debug_serve(0) == CHIP_DEBUG_RESET) {
            continue;
        }
        reset_by_debugger = 0;
        enum sim_end end = chip_boot();
        while (end != SIM_RESET && chip_debug_serve(0) == CHIP_DEBUG_GO) {
        }
        halted = end != SIM_RESET || reset_by_debugger;
    }
    chip_debug_close();
}
