/* SPDX-License-Identifier: Apache-2.0 */
/* wall: a library that stands between windlassd and the system, preloaded, and between it and its token. */
#ifndef TESTS_CRASH_WALL_H
#define TESTS_CRASH_WALL_H

#include "tests/crash/cut.h"

extern struct cut *wall_cut; /* NULL: this process is left alone */

/* The process is gone at once, as by the power. */
_Noreturn void wall_die(void);

#endif
