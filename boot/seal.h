/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seal: the fast boot (docs/spec.md section 6.2). After a full verification the installed image gets a Poly1305 tag
 * under a key that is used once: derived from the chip's root key and a fresh nonce. A sealed boot checks the tag and
 * nothing else; on any mismatch the caller verifies in full.
 */
#ifndef BOOT_SEAL_H
#define BOOT_SEAL_H

#include "boot/gate.h"
#include "boot/state.h"

#define SEAL_NONCE_LEN 16
#define SEAL_TAG_LEN GATE_TAG_LEN

/* What is sealed beside the image, enough to run and to attest it; and the seal. As it lies in flash: no field has a
 * length of its own, so there is nothing to parse. */
#define SEAL_SEQUENCE_OFF 0 /* u32 LE */
#define SEAL_SIZE_OFF 4     /* u32 LE */
#define SEAL_DIGEST_OFF 8   /* image digest, as the verified manifest states it */
#define SEAL_KEY_ID_OFF 40  /* of the key that signed the manifest */
#define SEAL_STATEMENT_LEN 48
struct seal {
    uint8_t statement[SEAL_STATEMENT_LEN];
    uint8_t nonce[SEAL_NONCE_LEN];
    uint8_t tag[SEAL_TAG_LEN];
};
_Static_assert(sizeof(struct seal) == SEAL_STATEMENT_LEN + SEAL_NONCE_LEN + SEAL_TAG_LEN, "a seal has no gaps");

/* Seals the image in the primary slot, which was just verified against `package`. TRNG_FAILED, FLASH_*. cut: the seal
 * before or the new one; both are of images that verified. */
status_t seal_make(struct state_store *store, const struct package *package);
/*
 * Reads the seal and computes the tag over what lies in the primary slot now. NOT_FOUND, SUIT_SIZE, SUIT_ROLLBACK,
 * CRYPTO_TAG; then evidence->tag is not to be used. STATUS_OK is no permission: the gate compares again. time: CT in
 * the key; depends on the image's length.
 */
status_t seal_check(const struct state_store *store, struct seal *seal, struct gate_seal *evidence);

#endif
