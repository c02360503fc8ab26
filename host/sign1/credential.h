/* SPDX-License-Identifier: Apache-2.0 */
/* credential: what an appliance shows to chips on the secure channel: a CWT by the OEM's mastering key (docs/spec.md
 * section 17.2). */
#ifndef HOST_SIGN1_CREDENTIAL_H
#define HOST_SIGN1_CREDENTIAL_H

#include "host/lib/hsm.h"
#include "wire/edhoc.h"

#define CREDENTIAL_MAX 400

/* Signs the claims with the key `label` of the OEM's token: an untagged COSE_Sign1 of *len bytes. */
int credential_make(struct hsm *oem, const char *label, const struct edhoc_claims *claims, uint8_t out[CREDENTIAL_MAX],
                    size_t *len, struct fault *fault);
/* Reads one and checks its signature with `mastering_key`; the claims are views into `cwt`. Says when it ended before
 * `now` (unix seconds). */
int credential_read(struct bytes cwt, const uint8_t mastering_key[64], uint64_t now, struct edhoc_claims *claims,
                    struct fault *fault);

#endif
