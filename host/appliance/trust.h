/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trust: the certificates of a project that the appliance works with, each checked to the root.
 */
#ifndef HOST_APPLIANCE_TRUST_H
#define HOST_APPLIANCE_TRUST_H

#include "host/lib/cert.h"
#include "host/lib/project.h"

struct trust {
    struct cert root;
    struct cert issuing;
    uint8_t firmware_keys[2 * 64];  /* the current one, and the next */
    uint8_t mastering_keys[2 * 64]; /* likewise */
    uint8_t provisioner_key[64];
};

/*
 * Reads the certificates of pki/, and checks that `hsm` (the appliance's token) holds the issuing, provisioner and
 * transport keys that were certified.
 */
int trust_open(const struct project *project, struct hsm *hsm, struct trust *out, struct fault *fault);

#endif
