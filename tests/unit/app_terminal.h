/* SPDX-License-Identifier: Apache-2.0 */
/* app_terminal: what the application's console has around it, on a host: a UART with a terminal, and the doors to SBM's
 * own services, without veneers in between. */
#ifndef TESTS_UNIT_APP_TERMINAL_H
#define TESTS_UNIT_APP_TERMINAL_H

#include <stddef.h>
#include <stdint.h>

#define TERMINAL_MAX 65536u

/* What the console said since terminal_open, with a 0 at the end. */
extern char terminal_out[TERMINAL_MAX + 1];
extern size_t terminal_out_len;
/* Of how many offers the UART takes one; 1: every byte at once. */
extern unsigned terminal_slowness;
/* Times that the console waited for the UART. */
extern unsigned terminal_waits;

/* Forgets all that was said; `typed` is what the person types. */
void terminal_open(const void *typed, size_t len);
/* Bytes of it that nobody took yet. */
size_t terminal_left(void);

#endif
