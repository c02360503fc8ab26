/* SPDX-License-Identifier: Apache-2.0 */
/* chip_client: what other commands do with a chip's folder: start the chip in the background, talk to it, reach its
 * link and its debug port. */
#ifndef HOST_CHIP_CHIP_CLIENT_H
#define HOST_CHIP_CHIP_CLIENT_H

#include <stddef.h>

#include "host/chip/owner.h"
#include "host/lib/fault.h"

#define CHIP_ANSWER_MAX 1024

/* Starts `chip run` in the background, in its own session; returns when it is up. The chip outlives the caller. */
int chip_start(const char *dir, const struct owner_options *options, struct owner_report *report, struct fault *fault);

/* Sends one line of docs/spec.md section 2.6 to the running chip; `answer` gets the line of JSON, without newline. A
 * refusal is a fault. `line` "stop" and "cut" return when the chip is off and its folder is free. */
int chip_control(const char *dir, const char *line, char answer[CHIP_ANSWER_MAX], struct fault *fault);
/* 1 when the chip runs, 0 when it is off, -1 when there is no chip. */
int chip_is_running(const char *dir, struct fault *fault);
/* Each gives a descriptor that the caller closes, or -1: the application's data UART; a stream of the console from now
 * on. */
int chip_link_open(const char *dir, struct fault *fault);
int chip_console_open(const char *dir, struct fault *fault);
/* The TCP port of the debug port on 127.0.0.1. A fault when the chip is off or its debug port is locked. */
int chip_debug_port(const char *dir, unsigned *port, struct fault *fault);

#endif
