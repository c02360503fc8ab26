/* SPDX-License-Identifier: Apache-2.0 */
/* anchor: master_anchor: the page from which BL1 takes its trust (docs/spec.md section 5.1). */
#include <openssl/sha.h>

#include "host/master/master.h"
#include "host/master/roles.h"
#include "wire/layout.h"
#include "wire/policy.h"

static status_t page_fill(const struct anchor *anchor, uint8_t page[LAYOUT_ANCHOR_LEN])
{
    struct anchor again;
    size_t len = 0;
    memset(page, 0xFF, LAYOUT_ANCHOR_LEN);
    struct cbor_writer w = cbor_writer_of(page, POLICY_MAX);
    anchor_build(anchor, &w);
    if (w.status != STATUS_OK) {
        return w.status;
    }
    (void)SHA256(page, w.len, page + w.len);
    status_t status = anchor_parse(bytes_of(page, LAYOUT_ANCHOR_LEN), &again, &len);
    return status != STATUS_OK || len == w.len ? status : STATUS_FAIL;
}

int master_anchor(const struct project *project, const struct master_anchor_order *order, struct fault *fault)
{
    const struct roles *roles = roles_of(order->development);
    uint8_t key[64];
    uint8_t page[LAYOUT_ANCHOR_LEN];
    if (roles_public(project, roles, roles->firmware, CERT_SIGNING, key, fault) != 0) {
        return -1;
    }
    const struct anchor anchor = {
        .firmware_key = bytes_of(key, sizeof key),
        .vendor = bytes_of(project->profile.vendor_uuid, 16),
        .sbm_class = bytes_of(project->profile.sbm_class_uuid, 16),
        .least_sequence = order->least_sequence,
    };
    status_t status = page_fill(&anchor, page);
    if (status != STATUS_OK) {
        return fault_status(fault, "the anchor page", status);
    }
    return file_write(order->out, bytes_of(page, sizeof page), 0644, order->replace, fault);
}
