/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chip: what a station does with the chip in its socket: write flash, start, ask its agent, look whether it is locked,
 * ask the running device for its token. The chip runs BL1 and SBM as they are.
 */
#ifndef TESTS_BENCH_LOAD_CHIP_H
#define TESTS_BENCH_LOAD_CHIP_H

#include "base/bytes.h"

/* All give 0, or -1 when the chip cannot do it or its debug port is locked; chip_says tells what it said last. */

/* Erases and programs as a flash does, unless the image stands there. */
int chip_write(uint32_t off, uint32_t erase_len, struct bytes image);
int chip_compare(uint32_t off, struct bytes image);
/* Reset, until the agent waits. */
int chip_start(void);
/* One exchange through the mailbox. The answer is valid until the next. */
int chip_ask(struct bytes request, struct bytes *answer);
/* The same, and the chip goes on: it locks itself, resets and starts the application. */
int chip_lock(struct bytes request, struct bytes *answer);
int chip_is_closed(void);
/* The running device's attestation token over `nonce`. */
int chip_token(struct bytes nonce, uint8_t *out, size_t capacity, size_t *len);
/* The console's text of the last boot. */
const char *chip_says(void);

#endif
