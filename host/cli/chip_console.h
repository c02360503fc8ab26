/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chip_console: joins a person, or a pipe, and the chip's console. On a terminal every key goes to the chip as it is
 * pressed, and Ctrl-] leaves; the terminal is as it was afterwards, whatever ends it.
 */
#ifndef HOST_CLI_CHIP_CONSOLE_H
#define HOST_CLI_CHIP_CONSOLE_H

#include "host/lib/fault.h"

/*
 * Shows what comes from `fd` on stdout, and sends stdin there. Ends when the chip is off, when stdout is gone, and when
 * the person leaves; for a pipe that sent something, when it has ended and the chip was quiet for a second. A stdin
 * that gives nothing ends nothing. 0, or -1 with the fault filled. Does not close `fd`.
 */
int chip_console_join(int fd, struct fault *fault);

#endif
