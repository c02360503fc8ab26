/* SPDX-License-Identifier: Apache-2.0 */
/* locked: memory for what must not reach a disk. It is not swapped, in no core file, and children do not have it. */
#ifndef HOST_PRODUCTION_LOCKED_H
#define HOST_PRODUCTION_LOCKED_H

#include <stddef.h>

#include "host/lib/fault.h"

/* `len` bytes (1 or more), all zero; NULL with a fault. `what` is it for, in the fault's words. */
void *locked_take(size_t len, const char *what, struct fault *fault);
/* Wipes and frees it. NULL is allowed. */
void locked_give(void *at, size_t len);

#endif
