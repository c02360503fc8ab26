/* SPDX-License-Identifier: Apache-2.0 */
/* chip_debug: the simulated chip's debug port: a server of the GDB remote protocol for one client at a time. */
#ifndef TESTS_CRASH_CHIP_DEBUG_H
#define TESTS_CRASH_CHIP_DEBUG_H

#include "tests/crash/chip.h"

enum chip_debug_end { CHIP_DEBUG_GO, CHIP_DEBUG_RESET };

/* Opens the port; its number goes into the room. */
void chip_debug_open(void);
/* Closes port and connection. */
void chip_debug_close(void);
/* Serves while the CPU is halted, until it is to run on, or to be reset. `inside`: called by the running firmware. */
enum chip_debug_end chip_debug_serve(int inside);

#endif
