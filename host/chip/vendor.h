/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vendor: what a silicon vendor puts into a chip: a P-256 key and a certificate for it (RFC 5280, IEEE 802.1AR
 * profile). This vendor is a stand-in and its certificates say so.
 */
#ifndef HOST_CHIP_VENDOR_H
#define HOST_CHIP_VENDOR_H

#include <stdint.h>

#include "host/lib/fault.h"
#include "wire/flashctl.h"

#define VENDOR_PEM_MAX 2048

struct vendor_identity {
    uint8_t private_key[32];           /* big-endian; the caller wipes it */
    char certificate[VENDOR_PEM_MAX];  /* PEM */
    char issuer[VENDOR_PEM_MAX];       /* PEM */
    uint8_t page[FLASHCTL_VENDOR_LEN]; /* what the chip can read of it (docs/spec.md section 2.8) */
};

/*
 * Makes the key of the chip with this unique ID and certifies it. `vendor` is the folder of the stand-in vendor's CA
 * (ca.key 0600, ca.crt), made when missing; NULL: a CA for this chip alone, whose key is forgotten at once.
 */
int vendor_identity_make(const uint8_t uid[16], const char *vendor, struct vendor_identity *out, struct fault *fault);

#endif
