/* SPDX-License-Identifier: Apache-2.0 */
/* granted: may this chip become a device? The chain from the anchor page's mastering keys to this chip's unique ID and
 * keys (docs/spec.md section 8.1). The anchor page lies in flash that is open until LOCK: what rests on it is checked
 * again when it counts. */
#ifndef SBM_GRANTED_H
#define SBM_GRANTED_H

#include "sbm/provisioned.h"
#include "wire/grant.h"

/* Checks a STORE item 7; `p` holds the chip's keys. BOOT_NO_ANCHOR; GRANT_TICKET, SUIT_KEY_RETIRED, SUIT_VENDOR,
 * SUIT_CLASS: the ticket; GRANT_SIGNATURE, GRANT_UNIT: block and grant; GRANT_CHIP; or a syntax error. */
status_t granted_check(const struct provisioned *p, struct bytes item);
/* GRANT_MISSING when no item 7 is stored. */
status_t granted_expect(struct provisioned *p);
/* The stored one is there and is checked again. */
status_t granted_stored_check(struct provisioned *p);
/* The anchor page that BL1 will take names the keys and products that the policy names. BOOT_NO_ANCHOR,
 * ANCHOR_MISMATCH. */
status_t granted_anchor_compare(const struct policy *policy);

#endif
