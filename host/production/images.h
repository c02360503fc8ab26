/* SPDX-License-Identifier: Apache-2.0 */
/*
 * images: the exact bytes of a new chip's flash: BL1 with both anchor pages, and the SBM slots (docs/spec.md sections
 * 3, 5.1, 7.2).
 */
#ifndef HOST_PRODUCTION_IMAGES_H
#define HOST_PRODUCTION_IMAGES_H

#include "host/production/package.h"
#include "host/lib/project.h"
#include "wire/layout.h"

/* The keys that the anchor page names, 64 bytes each. */
struct images_keys {
    struct bytes firmware;
    struct bytes mastering;
};

/* Fills flash 0 to 0x8000: `bl1` (a raw binary for 0x10000000), 0xFF, and the anchor page, twice. */
int images_boot_build(const char *name, struct bytes bl1, const struct profile *profile, const struct images_keys *keys,
                      uint8_t out[LAYOUT_BOOT_LEN], struct fault *fault);
/* Fills SBM slot 0 or 1: the checked package's envelope without its payloads, and the slot's image at +0x1000. */
int images_sbm_build(const char *name, const struct package *sbm, unsigned slot, uint8_t out[LAYOUT_SBM_LEN],
                     struct fault *fault);

#endif
