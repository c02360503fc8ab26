/* SPDX-License-Identifier: Apache-2.0 */
/* veneer_guard: what every door from the non-secure world does first: refuse handler mode and a second call, and check
 * each pointer for its whole range. */
#ifndef SBM_VENEER_GUARD_H
#define SBM_VENEER_GUARD_H

#include <stddef.h>

#include "psa/error.h"

/* Marks a function that the application may call. */
#define VENEER_ENTRY __attribute__((cmse_nonsecure_entry, used))

/* PSA_SUCCESS, and then veneer_leave must follow; NOT_PERMITTED from handler mode, BAD_STATE while a call is under
 * way. */
psa_status_t veneer_enter(void);
/* Ends the call and returns `result`. */
psa_status_t veneer_leave(psa_status_t result);

/* 1 when the caller may read (or write) all of [p, p + len): by the TT instruction, and because it is the application's
 * RAM (or, to read, its image). The second keeps devices and the read-only flash out, which the first lets through.
 * Nothing may be read from anywhere; nothing cannot be written. */
int veneer_may_read(const void *p, size_t len);
int veneer_may_write(void *p, size_t len);
/* Copies between the caller's memory, once it is checked, and SBM's. The only way to touch it: the caller's structures
 * may lie at any address, and for a copy of its own the compiler may use instructions that fault on an odd one. */
void veneer_copy(void *to, const void *from, size_t len);

#endif
