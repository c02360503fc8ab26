/* SPDX-License-Identifier: Apache-2.0 */
/* victims: who dies, and where. */
#ifndef TESTS_CRASH_VICTIMS_H
#define TESTS_CRASH_VICTIMS_H

#include "tests/crash/point.h"

/* The last one has no name. */
extern const struct victim victims[];

#endif
