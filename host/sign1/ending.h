/* SPDX-License-Identifier: Apache-2.0 */
/* ending: the proof that a device was decommissioned, or given debug rights (docs/spec.md sections 7.6 and 14): the
 * maker's order, and the device's token of the boot for which the order was made. Public data only. */
#ifndef HOST_SIGN1_ENDING_H
#define HOST_SIGN1_ENDING_H

#include "base/bytes.h"
#include "base/cbor.h"
#include "host/lib/fault.h"

/* Views into a proof. */
struct ending {
    struct bytes uid; /* 16: as the order has it */
    struct bytes order;
    struct bytes token;
    int is_debug; /* 1: debug rights; 0: the end */
};

/* The whole of `proof` is one; nothing of it is checked yet but its form. */
int ending_parse(struct bytes proof, struct ending *out, struct fault *fault);
void ending_build(const struct ending *in, struct cbor_writer *out);
/* Checks the order's signature by one of `mastering_keys` (64 bytes each), that it orders this for ending.uid, and the
 * token by the device's identity key, of the boot that the order names: decommissioned; in non-secure debug; or, since
 * a device in debug of the whole chip makes no token, secured. Whether the key is that of the unit with this unique ID
 * is for the caller to know. */
int ending_check(const struct ending *ending, struct bytes mastering_keys, const uint8_t identity_key[64],
                 struct fault *fault);

#endif
