/* SPDX-License-Identifier: Apache-2.0 */
/* credential: does a chip take this appliance? Its credential is a CWT by the OEM's mastering key (docs/spec.md section
 * 16.2). */
#ifndef CHANNEL_CREDENTIAL_H
#define CHANNEL_CREDENTIAL_H

#include "wire/edhoc.h"

/* What the chip goes by: its anchor page, and a moment that it knows to have passed. */
struct credential_trust {
    struct bytes keys; /* mastering keys, 64 each */
    uint32_t retired;  /* bit i: key i is not taken any more */
    struct bytes vendor;
    struct bytes class_id;
    uint64_t known_time; /* unix seconds; a chip has no clock */
};

/*
 * Checks ID_CRED_I and gives CRED_I and its public key. CHANNEL_CREDENTIAL: not a CWT, or for another product;
 * SUIT_KEY_UNKNOWN, SUIT_KEY_RETIRED, CRYPTO_SIGNATURE: its signature; CHANNEL_EXPIRED: before known_time; what the
 * parsers say.
 */
status_t credential_check(struct bytes id_cred, const struct credential_trust *trust, struct bytes *cred,
                          uint8_t key[64]);

#endif
