/* SPDX-License-Identifier: Apache-2.0 */
/* anchor_page: the page from which BL1 takes its trust (docs/spec.md section 5.1). */
#ifndef HOST_LIB_ANCHOR_PAGE_H
#define HOST_LIB_ANCHOR_PAGE_H

#include "wire/layout.h"
#include "wire/policy.h"

/* Fills the page and reads it back as the device will. What anchor_build and anchor_parse give. */
status_t anchor_page_build(const struct anchor *anchor, uint8_t page[LAYOUT_ANCHOR_LEN]);

#endif
