/* SPDX-License-Identifier: Apache-2.0 */
/* anchor_page: see anchor_page.h. */
#include "host/lib/anchor_page.h"

#include "host/lib/p256.h"

status_t anchor_page_build(const struct anchor *anchor, uint8_t page[LAYOUT_ANCHOR_LEN])
{
    struct anchor again;
    size_t len = 0;
    memset(page, 0xFF, LAYOUT_ANCHOR_LEN);
    struct cbor_writer w = cbor_writer_of(page, POLICY_MAX);
    anchor_build(anchor, &w);
    if (w.status != STATUS_OK) {
        return w.status;
    }
    p256_sha256(cbor_written(&w), page + w.len);
    status_t status = anchor_parse(bytes_of(page, LAYOUT_ANCHOR_LEN), &again, &len);
    return status != STATUS_OK || len == w.len ? status : STATUS_FAIL;
}
