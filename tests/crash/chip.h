/* SPDX-License-Identifier: Apache-2.0 */
/* chip: the simulated chip's machine (chip_main.c), and what is different in each kind: one has an open debug port
 * (chip_open.c), the other a key pair of its vendor's and BL1's agent behind its line (chip_line.c). */
#ifndef TESTS_CRASH_CHIP_H
#define TESTS_CRASH_CHIP_H

#include "tests/crash/room.h"

extern struct room *room;

/* From reset until it rests; a reset of its own comes back as SIM_RESET. */
enum sim_end chip_boot(void);

/* Where the flash's offset of wire/layout.h is in the simulated array; UINT32_MAX: it is not there. */
uint32_t chip_place(uint32_t off);

/* ---- of each kind ---- */

/* BL1, from reset. */
void chip_kind_bl1(void);
/* What its silicon vendor gives to a new chip. `path`: of its room. */
void chip_kind_make(const char *path);
/* Ports, before anybody is told of them. */
void chip_kind_open(void);
/* Power-on, and all that follows until only resets of its own are left. */
void chip_kind_run(void);

#endif
