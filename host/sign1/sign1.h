/* SPDX-License-Identifier: Apache-2.0 */
/* sign1: checks COSE_Sign1 signatures (RFC 9052, ESP256) with OpenSSL. Public data only. */
#ifndef HOST_SIGN1_SIGN1_H
#define HOST_SIGN1_SIGN1_H

#include "base/bytes.h"
#include "host/lib/fault.h"

#define SIGN1_PAYLOAD_MAX 2048

/*
 * What is to be checked: an encoded COSE_Sign1 (tag 18), the external AAD, and the payload when it is detached (else
 * data == NULL).
 */
struct sign1 {
    struct bytes encoded;
    struct bytes external_aad;
    struct bytes detached;
};
/*
 * Checks the signature with `public_key`. A kid, when there is one, must be this key's. *payload (may be NULL) is what
 * was signed. Status: OK, CRYPTO_SIGNATURE, CRYPTO_KEY, SUIT_KEY_UNKNOWN (another kid), TOO_LONG, MISSING_FIELD
 * (payload) and what cose_sign1_parse gives.
 */
status_t sign1_check(const struct sign1 *in, const uint8_t public_key[64], struct bytes *payload);

#endif
