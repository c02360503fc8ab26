/* SPDX-License-Identifier: Apache-2.0 */
/* roles: which keys and certificates master with, for production or for development, each checked to its root; and who
 * may receive a key block. */
#ifndef HOST_MASTER_ROLES_H
#define HOST_MASTER_ROLES_H

#include "host/lib/cert.h"
#include "host/lib/project.h"

/* Keys of one kind: the current one, and the next (NULL: none). */
#define ROLES_KEYS 2

struct roles {
    enum project_token token;
    const char *root; /* labels of keys and of pki/<label>.crt */
    const char *firmware[ROLES_KEYS];
    const char *mastering[ROLES_KEYS];
    const char *distribution;
};

const struct roles *roles_of(int development);
/* Public key of pki/<label>.crt, checked directly under the root, with the usage of `kind`. */
int roles_public(const struct project *project, const struct roles *roles, const char *label, enum cert_kind kind,
                 uint8_t public_key[64], struct fault *fault);
/* The public keys of `labels`, one after the other: what devices trust. `keys` has room for all. */
int roles_publics(const struct project *project, const struct roles *roles, const char *const labels[ROLES_KEYS],
                  uint8_t keys[64 * ROLES_KEYS], struct bytes *out, struct fault *fault);
/* The one of `labels` that is `wanted` (NULL: the current one); NULL with the fault when it is none of them. */
const char *roles_label(const char *const labels[ROLES_KEYS], const char *wanted, struct fault *fault);
/* As roles_public, and the key of that label in `hsm` is this one. */
int roles_key(const struct project *project, const struct roles *roles, const char *label, enum cert_kind kind,
              struct hsm *hsm, uint8_t public_key[64], struct fault *fault);
/* The key of a recipient of key blocks. A certificate with a subject serialNumber is a device's update certificate: it
 * is checked under `issuer_path`; when that is NULL, under that of any appliance. Any other is a
 * transport or distribution certificate, directly under the root. */
int roles_recipient(const struct project *project, const struct roles *roles, const char *cert_path,
                    const char *issuer_path, uint8_t public_key[64], struct fault *fault);

#endif
