/* SPDX-License-Identifier: Apache-2.0 */
/* anchor: master_anchor: the page from which BL1 takes its trust (docs/spec.md section 5.1). */
#include "host/lib/anchor_page.h"
#include "host/master/master.h"
#include "host/master/roles.h"

int master_anchor(const struct project *project, const struct master_anchor_order *order, struct fault *fault)
{
    const struct roles *roles = roles_of(order->development);
    uint8_t keys[64 * ROLES_KEYS];
    uint8_t mastering_keys[64 * ROLES_KEYS];
    struct bytes trusted;
    struct bytes mastering;
    uint8_t page[LAYOUT_ANCHOR_LEN];
    if (roles_publics(project, roles, roles->firmware, keys, &trusted, fault) != 0 ||
        roles_publics(project, roles, roles->mastering, mastering_keys, &mastering, fault) != 0) {
        return -1;
    }
    const struct anchor anchor = {
        .firmware_keys = trusted,
        .vendor = bytes_of(project->profile.vendor_uuid, 16),
        .sbm_class = bytes_of(project->profile.sbm_class_uuid, 16),
        .least_sequence = order->least_sequence,
        .outputs_mask = project->profile.outputs_mask,
        .outputs_level = project->profile.outputs_level,
        .mastering_keys = mastering,
        .class_id = bytes_of(project->profile.class_uuid, 16),
    };
    status_t status = anchor_page_build(&anchor, page);
    if (status != STATUS_OK) {
        return fault_status(fault, "the anchor page", status);
    }
    return file_write(order->out, bytes_of(page, sizeof page), 0644, order->replace, fault);
}
