/* SPDX-License-Identifier: Apache-2.0 */
/* memo: see memo.c. Where the random numbers are: part of what a snapshot keeps. */
#ifndef TESTS_CUTS_MEMO_H
#define TESTS_CUTS_MEMO_H

#include <stdint.h>

extern uint64_t memo_random;

#endif
