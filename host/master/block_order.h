/* SPDX-License-Identifier: Apache-2.0 */
/* block_order: a key block for one recipient, made from the OEM's own. Internal to this room. */
#ifndef HOST_MASTER_BLOCK_ORDER_H
#define HOST_MASTER_BLOCK_ORDER_H

#include "host/lib/block.h"
#include "host/master/roles.h"

struct block_order {
    const struct project *project;
    const struct roles *roles;
    const char *package; /* its key block is beside it */
    struct hsm *hsm;     /* of the roles' token */
    const char *label;   /* mastering key that signs */
    const uint8_t *recipient;
};
/* Opens the OEM's key block of the package, makes one for the recipient, and takes it apart again. */
int block_order_make(const struct block_order *order, struct block *block, struct fault *fault);

#endif
