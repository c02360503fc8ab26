/* SPDX-License-Identifier: Apache-2.0 */
/* signed: signatures of the maker over small statements (RFC 9052 section 4.4, ESP256) with the payload inside. */
#ifndef SBM_SIGNED_H
#define SBM_SIGNED_H

#include "base/bytes.h"
#include "wire/cose.h"

#define SIGNED_PAYLOAD_MAX 224

/* Checks the signature over external AAD and payload with `key` (64). MISSING_FIELD without a payload, TOO_LONG above
 * SIGNED_PAYLOAD_MAX, CRYPTO_SIGNATURE, CRYPTO_SELFTEST. */
status_t signed_check(const struct cose_sign1 *in, struct bytes aad, const uint8_t *key);

#endif
