/* SPDX-License-Identifier: Apache-2.0 */
/* credential: does a chip take this appliance? Its credential is a CWT by the OEM's mastering key (docs/spec.md section
 * 17.2). */
#ifndef BOOT_CREDENTIAL_H
#define BOOT_CREDENTIAL_H

#include "boot/verify.h"

/* What the chip goes by: its anchor page, and a moment that it knows to have passed. */
struct credential_trust {
    struct verify_keys keys; /* mastering keys */
    struct bytes vendor;
    struct bytes class_id;
    uint64_t known_time; /* unix seconds; a chip has no clock */
};

/*
 * Checks a CWT (an untagged COSE_Sign1) and gives the public key in it. CHANNEL_CREDENTIAL: no kid, no payload, or for
 * another product; SUIT_KEY_UNKNOWN, SUIT_KEY_RETIRED, CRYPTO_SIGNATURE: its signature; CHANNEL_EXPIRED: before
 * known_time; what the parsers say.
 */
status_t credential_check(struct bytes cwt, const struct credential_trust *trust, uint8_t key[64]);

#endif
