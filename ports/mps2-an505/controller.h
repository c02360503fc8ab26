/* SPDX-License-Identifier: Apache-2.0 */
/* controller: requests to the virtual chip's flash and fuse controller (docs/spec.md section 2.5). */
#ifndef PORTS_MPS2_AN505_CONTROLLER_H
#define PORTS_MPS2_AN505_CONTROLLER_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"

struct controller_request {
    uint8_t op;
    uint16_t length;
    uint32_t address;
    struct bytes data; /* sent after the request */
};

/* Sends a request and waits for its answer; `answer` (answer_len bytes, may be 0) is filled when the status is done.
 * FLASH_*, FUSE_DENIED; FLASH_IO when a fault ended an earlier call half-way: then until reset. */
status_t controller_call(const struct controller_request *request, uint8_t *answer, uint32_t answer_len);

#endif
