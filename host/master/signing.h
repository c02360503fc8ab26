/* SPDX-License-Identifier: Apache-2.0 */
/* signing: small signed objects of the maker: COSE_Sign1 by a key of the token, taken apart again before they are given
 * out. */
#ifndef HOST_MASTER_SIGNING_H
#define HOST_MASTER_SIGNING_H

#include "base/cbor.h"
#include "host/lib/hsm.h"

/* Signs `payload` (at most 512 bytes) with `label` of `hsm` under the external AAD `aad`; names the key by its kid. */
int signing_sign1(struct hsm *hsm, const char *label, const char *aad, struct bytes payload, struct cbor_writer *out,
                  struct fault *fault);

#endif
