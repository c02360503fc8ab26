/* SPDX-License-Identifier: Apache-2.0 */
/* entries: gives the application the addresses of SBM's entry points. No code: each name is an address of the table. */
#include "windlass/entries.h"

    .syntax unified
    .thumb
#define ENTRY(number, name)                                                                                            \
    .global name;                                                                                                      \
    .type name, %function;                                                                                             \
    .set name, SBM_ENTRIES_ADDR + SBM_ENTRY_LEN * number + 1;
SBM_ENTRIES(ENTRY)
