/* SPDX-License-Identifier: Apache-2.0 */
/* order: what the maker orders: one device, signed with a mastering key (docs/spec.md section 7.6); one appliance to
 * scrap a unit, signed with the quota key (section 12.1). */
#ifndef HOST_MASTER_ORDER_H
#define HOST_MASTER_ORDER_H

#include "host/lib/project.h"
#include "host/sign1/scrap.h"
#include "wire/command.h"

struct master_order_bytes {
    uint8_t data[COMMAND_MAX];
    size_t len;
};

/* Signs the order with the mastering key of that label (NULL: the current one) of the OEM's token. */
int master_order(const struct project *project, const struct order *order, const char *signed_by,
                 struct master_order_bytes *out, struct fault *fault);
/* Signs an order to scrap a unit with the quota key. */
int master_scrap(const struct project *project, const struct scrap *scrap, struct master_order_bytes *out,
                 struct fault *fault);

#endif
