/* SPDX-License-Identifier: Apache-2.0 */
/* order: what the maker orders one device to do, signed with a mastering key (docs/spec.md section 7.6). */
#ifndef HOST_MASTER_ORDER_H
#define HOST_MASTER_ORDER_H

#include "host/lib/project.h"
#include "wire/command.h"

struct master_order_bytes {
    uint8_t data[COMMAND_MAX];
    size_t len;
};

/* Signs the order with the mastering key of that label (NULL: the current one) of the OEM's token. */
int master_order(const struct project *project, const struct order *order, const char *signed_by,
                 struct master_order_bytes *out, struct fault *fault);

#endif
