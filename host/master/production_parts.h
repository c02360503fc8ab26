/* SPDX-License-Identifier: Apache-2.0 */
/* production_parts: what goes into a production package: the named appliance's certificates, and the firmware files,
 * each checked. Internal to production.c. */
#ifndef HOST_MASTER_PRODUCTION_PARTS_H
#define HOST_MASTER_PRODUCTION_PARTS_H

#include "host/lib/cert.h"
#include "host/lib/project.h"
#include "host/lib/silicon.h"

/* The appliance that may open the package. */
struct production_recipient {
    struct cert root;
    uint8_t transport_key[64];
    uint8_t kid[32];       /* of the transport key */
    uint8_t issuing[32];   /* SHA-256 of the issuing certificate */
    uint8_t grant_key[64]; /* of the TPM, or of the provisioner without one */
    int tpm;
};
/* Reads pki/appliances/<name>/, checks each certificate to the root, and that none was revoked. */
int production_recipient_read(const struct project *project, const char *name, struct production_recipient *out,
                              struct fault *fault);

struct production_files {
    const char *bl1;
    const char *sbm;
    const char *app;
};
struct production_parts {
    struct bytes bl1;
    struct bytes sbm;
    struct bytes app;
    struct bytes profile;
    struct bytes vendors; /* of the chips, as the package carries them */
    uint8_t *memory[4];
    uint8_t vendors_der[SILICON_DER_MAX];
};
/* Reads the files, product.yaml and the certificates that it names; a device that trusts `firmware_keys` takes SBM and
 * application, and the two take each other. Free with production_parts_free, also after an error. */
int production_parts_read(const struct project *project, const struct production_files *files,
                          struct bytes firmware_keys, struct production_parts *out, struct fault *fault);
void production_parts_free(struct production_parts *parts);

#endif
