/* SPDX-License-Identifier: Apache-2.0 */
/* halt: the defined end. No return, no decisions: outputs safe, reason kept, keys wiped, flash sealed, then what the
 * stage's policy says. A fault inside ends in sleep. */
#ifndef BOOT_HALT_H
#define BOOT_HALT_H

#include "base/status.h"

/* The outputs that halt sets, and their levels, as port_outputs_safe takes them. Called by a stage that is not
 * halting; none before the first call. */
void halt_outputs_set(uint32_t mask, uint32_t level);
/* Says why on the secure console and ends in the halt state. */
_Noreturn void halt(status_t why);
/* 1 from the first call of halt on: a fault handler then trusts nothing any more and sleeps. */
int halt_under_way(void);

/* Given by each stage, joined at link time: keeps why, if it safely can. cut: the reason is kept or not. */
void halt_record(status_t why);
/* Wipes every key that the stage holds in RAM. Does nothing else. */
void halt_wipe(void);
/* Says `why` on the secure console, in as many words as the stage has room for. */
void halt_say(status_t why);
/* The last step: sleeps for good, or sleeps a while and resets. */
_Noreturn void halt_end(void);

#endif
