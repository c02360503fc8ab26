/* SPDX-License-Identifier: Apache-2.0 */
/* provisioned: the items that provisioning installed, read from the STORE journal and checked. The two private keys are
 * the only secrets in RAM. */
#ifndef SBM_PROVISIONED_H
#define SBM_PROVISIONED_H

#include "boot/install.h"
#include "boot/journal.h"
#include "wire/layout.h"
#include "wire/policy.h"

#define PROVISIONED_KEY_LEN 96 /* private key, then public key */

struct provisioned {
    struct journal store;
    struct policy policy; /* views into the flash */
    uint8_t identity[PROVISIONED_KEY_LEN];
    uint8_t update[PROVISIONED_KEY_LEN];
    struct bytes device_cert; /* DER; views into the flash */
    struct bytes issuer_cert;
    struct bytes root_cert;
};

/* Opens the store, heals its mirrors and reads every item. BOOT_NOT_PROVISIONED when one is missing or not valid. */
status_t provisioned_load(struct provisioned *out);
/* Makes identity and update key unless both are stored already; fills out->identity and out->update. TRNG_FAILED,
 * FLASH_*. cut: repeat it; a stored key stays. */
status_t provisioned_make_keys(struct provisioned *out);
/* What install and verify need to trust for packages of at least `least_sequence`. */
struct install_trust provisioned_trust(const struct provisioned *p, uint64_t least_sequence);
void provisioned_wipe(struct provisioned *p);

#endif
