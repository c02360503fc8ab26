/* SPDX-License-Identifier: Apache-2.0 */
/* halt: the defined end. No return, no decisions: outputs safe, keys wiped, flash sealed, then sleep until the reset
 * pin. */
#ifndef BOOT_HALT_H
#define BOOT_HALT_H

#include "base/status.h"

/* Says why on the secure console and ends in the halt state. Keeps no record of its own: a stage that can safely write
 * one does so before. */
_Noreturn void halt(status_t why);

/* Given by each stage, joined at link time: wipes every key that the stage holds in RAM. Does nothing else. */
void halt_wipe(void);
/* Given by each stage: says `why` on the secure console, in as many words as the stage has room for. */
void halt_say(status_t why);

#endif
