/* SPDX-License-Identifier: Apache-2.0 */
/* trust: see trust.h. */
#include "host/appliance/trust.h"

#include <stdio.h>

static int cert_named_read(const struct project *project, const char *name, struct cert *out, struct fault *fault)
{
    char relative[64];
    char path[600];
    (void)snprintf(relative, sizeof relative, "pki/%s.crt", name);
    if (project_path(project, relative, path, sizeof path, fault) != 0) {
        return -1;
    }
    if (cert_read(path, out, fault) != 0) {
        return fault_hint(fault, "'windlass pki' makes the project's keys and certificates");
    }
    return 0;
}

/* Reads pki/<name>.crt and checks it to the root. */
static int key_certified(const struct project *project, const struct cert *root, const char *name, enum cert_kind kind,
                         uint8_t public_key[64], struct fault *fault)
{
    struct cert cert;
    struct fault inner = FAULT_NONE;
    if (cert_named_read(project, name, &cert, fault) != 0) {
        return -1;
    }
    if (cert_check(&cert, NULL, root, kind, public_key, &inner) != 0) {
        (void)fault_set(fault, "pki/%s.crt: %s", name, inner.what);
        return fault_hint(fault, "'windlass pki check' looks at all keys and certificates of the project");
    }
    return 0;
}

/* The token's key must be the one in the certificate. */
static int key_held(struct hsm *hsm, const char *label, const uint8_t certified[64], struct fault *fault)
{
    uint8_t held[64];
    if (hsm_key_public(hsm, label, held, fault) != 0) {
        return fault_hint(fault, "is this the appliance's token? 'windlass pki' makes its keys");
    }
    if (memcmp(held, certified, sizeof held) != 0) {
        return fault_set(fault, "the token's key '%s' is not the one that pki/%s.crt certifies", label, label);
    }
    return 0;
}

int trust_open(const struct project *project, struct hsm *hsm, struct trust *out, struct fault *fault)
{
    uint8_t root_key[64];
    uint8_t issuing_key[64];
    uint8_t transport_key[64];
    struct cert *root = &out->root;
    if (cert_named_read(project, KEY_ROOT, root, fault) != 0 ||
        cert_check(root, NULL, root, CERT_ROOT, root_key, fault) != 0 ||
        cert_named_read(project, KEY_ISSUING, &out->issuing, fault) != 0 ||
        key_certified(project, root, KEY_ISSUING, CERT_ISSUING, issuing_key, fault) != 0 ||
        key_certified(project, root, KEY_FIRMWARE, CERT_SIGNING, out->firmware_keys, fault) != 0 ||
        key_certified(project, root, KEY_FIRMWARE_NEXT, CERT_SIGNING, out->firmware_keys + 64, fault) != 0 ||
        key_certified(project, root, KEY_MASTERING, CERT_SIGNING, out->mastering_keys, fault) != 0 ||
        key_certified(project, root, KEY_MASTERING_NEXT, CERT_SIGNING, out->mastering_keys + 64, fault) != 0 ||
        key_certified(project, root, KEY_PROVISIONER, CERT_SIGNING, out->provisioner_key, fault) != 0 ||
        key_certified(project, root, KEY_TRANSPORT, CERT_AGREEMENT, transport_key, fault) != 0) {
        return -1;
    }
    return key_held(hsm, KEY_ISSUING, issuing_key, fault) != 0 ||
                   key_held(hsm, KEY_PROVISIONER, out->provisioner_key, fault) != 0 ||
                   key_held(hsm, KEY_TRANSPORT, transport_key, fault) != 0
               ? -1
               : 0;
}
