/* SPDX-License-Identifier: Apache-2.0 */
/* controller: the flash and fuse controller's protocol on UART 3 (docs/spec.md section 2.5). Bytes in, bytes out; no
 * I/O of its own. */
#ifndef HOST_CHIP_CONTROLLER_H
#define HOST_CHIP_CONTROLLER_H

#include "host/chip/array.h"

#define CONTROLLER_ANSWER_MAX (1u + FLASHCTL_VENDOR_LEN)

struct controller {
    struct array *array;
    const uint8_t *vendor; /* the vendor page, FLASHCTL_VENDOR_LEN; NULL: a chip without */
    size_t have;           /* bytes of the request so far */
    bool deaf;             /* after a bad request, until reset */
    uint8_t request[FLASHCTL_REQUEST_LEN + FLASHCTL_PROGRAM_MAX];
};

/* Without a vendor page: set `vendor` after it. */
void controller_init(struct controller *c, struct array *array);
/* The reset line: a half-sent request is forgotten; the array's seal opens. */
void controller_reset(struct controller *c);
/* Takes one byte from the CPU. Gives the length of the answer (0: none yet, or the power is lost: see
 * array->power_lost). */
size_t controller_byte(struct controller *c, uint8_t in, uint8_t answer[CONTROLLER_ANSWER_MAX]);
/* True while part of a request has arrived. */
bool controller_is_busy(const struct controller *c);
/* The power goes now: of a program request under way, what has arrived is programmed. */
void controller_power_cut(struct controller *c);

#endif
