/* SPDX-License-Identifier: Apache-2.0 */
/* provisioned: the items that provisioning installed, read from the store and checked. Keys and policy stand in secure
 * RAM; certificates are decrypted when somebody asks. */
#ifndef SBM_PROVISIONED_H
#define SBM_PROVISIONED_H

#include "boot/install.h"
#include "sbm/store.h"
#include "wire/layout.h"
#include "wire/policy.h"

#define PROVISIONED_KEY_LEN 96 /* private key, then public key */

struct provisioned {
    struct store store;
    struct policy policy; /* views into policy_encoded */
    uint8_t policy_encoded[POLICY_MAX];
    uint8_t identity[PROVISIONED_KEY_LEN];
    uint8_t update[PROVISIONED_KEY_LEN];
};

/* Opens the store, proves every item and heals its mirrors. STORE_REPLAY; BOOT_NOT_PROVISIONED when an item is missing
 * or not valid. */
status_t provisioned_load(struct provisioned *out);
/* The keys alone, in an open store: out->identity and out->update. BOOT_NOT_PROVISIONED. */
status_t provisioned_keys_load(struct provisioned *out);
/* Makes identity and update key unless both are stored already; fills out->identity and out->update. TRNG_FAILED,
 * FLASH_*. cut: repeat it; a stored key stays. */
status_t provisioned_make_keys(struct provisioned *out);
/* What install and verify need to trust for packages of at least `least_sequence`. */
struct install_trust provisioned_trust(const struct provisioned *p, uint64_t least_sequence);
/* Decrypts a certificate (STORE_DEVICE_CERT to STORE_ROOT_CERT) into `out`. *len is its length, also with NO_SPACE.
 * NOT_FOUND, CRYPTO_TAG. */
status_t provisioned_certificate(struct provisioned *p, uint8_t type, uint8_t *out, size_t capacity, size_t *len);
/* Stores an item; the same bytes again write nothing. Errors and cut: as store_write. */
status_t provisioned_item_store(struct provisioned *p, uint8_t type, struct bytes data);
/* SHA-256 over policy, certificates and grant, one after the other. BOOT_NOT_PROVISIONED when one is missing. */
status_t provisioned_items_digest(struct provisioned *p, uint8_t digest[32]);
/* Forgets the private keys and the store's key. */
void provisioned_wipe(struct provisioned *p);

#endif
