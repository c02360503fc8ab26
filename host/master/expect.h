/* SPDX-License-Identifier: Apache-2.0 */
/* expect: what a device that runs a package must attest to. */
#ifndef HOST_MASTER_EXPECT_H
#define HOST_MASTER_EXPECT_H

#include <stdint.h>

#include "host/lib/fault.h"

struct master_expect {
    int is_sbm;
    uint32_t sequence;
    uint8_t digests[2][32]; /* of the image; of the SBM's for slot A and B */
    unsigned digest_count;
    uint8_t signer[8]; /* identifier of the key that signed the package */
};

/* Reads a package, or an update file (key block, then package). Its own digest is checked, its signature is not. */
int master_expect_read(const char *path, struct master_expect *out, struct fault *fault);

#endif
