/* SPDX-License-Identifier: Apache-2.0 */
/* random_args: arguments for the entry points of SBM, at random: some right, most of them not. */
#ifndef TESTS_SYSTEM_FW_RANDOM_ARGS_H
#define TESTS_SYSTEM_FW_RANDOM_ARGS_H

#include <stdint.h>

#define RANDOM_KEYS 7u

/* Keys to name: the application's, and the identity key. */
extern uint32_t random_keys[RANDOM_KEYS];

/* The same numbers in every run. */
uint32_t random_next(void);
/* Fills the memory that SBM may read from and write to. */
void random_arena_fill(void);
/* The registers for the entry point of this number. */
void random_args(uint32_t number, uint32_t args[4]);
/* The last call of PSA Crypto succeeded: its operation is one to go on with. */
void random_operation_note(void);

#endif
