/* SPDX-License-Identifier: Apache-2.0 */
/* chip_store: the stores of a virtual chip that is off, on a simulated board, for SBM's own code to open. */
#ifndef TESTS_SYSTEM_CHIP_STORE_H
#define TESTS_SYSTEM_CHIP_STORE_H

#include "ports/sim/sim.h"

extern struct sim chip_store;

/* Fills chip_store: the first part of the chip's flash, its fuses, its map. Ends the program when that cannot be. */
void chip_store_open(const char *chip);
/* All of a file of `folder` ("": of none), with a zero behind it; *len is its length. The caller frees it. */
uint8_t *chip_store_file(const char *folder, const char *name, size_t *len);
/* Says it, and ends the program. */
_Noreturn void chip_store_fail(const char *what, const char *which);

#endif
