/* SPDX-License-Identifier: Apache-2.0 */
/* granting: signs what lets a chip take production content: grants, each for one chip (docs/spec.md section 8.1). */
#ifndef HOST_APPLIANCE_GRANTING_H
#define HOST_APPLIANCE_GRANTING_H

#include "host/ledger/ledger.h"
#include "host/lib/hsm.h"
#include "wire/grant.h"

/* Writes COSE_Sign1 over `payload` by key `label` of the token. `kid`: 8 bytes, or NULL for none. */
struct granting_seal {
    const char *aad;
    struct bytes payload;
    const uint8_t *kid;
};
int granting_sign(const struct granting_seal *seal, struct hsm *hsm, const char *label, struct cbor_writer *out,
                  struct fault *fault);
/* STORE item 7 for a unit that is reserved: `ticket` and a grant of package `number`, signed by KEY_PROVISIONER. */
int granting_item_make(struct hsm *hsm, struct bytes ticket, uint64_t number, const struct ledger_unit *unit,
                       struct cbor_writer *out, struct fault *fault);

#endif
