/* SPDX-License-Identifier: Apache-2.0 */
/* retire: master_retire: the signed command by which devices drop a key for good (docs/spec.md section 7.5). */
#include <string.h>

#include "host/lib/p256.h"
#include "host/master/master.h"
#include "host/master/roles.h"
#include "host/master/signing.h"
#include "wire/command.h"
#include "wire/cose.h"

static int is_label_of(const char *const labels[ROLES_KEYS], const char *label)
{
    struct fault none = FAULT_NONE;
    return roles_label(labels, label, &none) != NULL;
}

/* The label of the firmware key that signs: as ordered, or the one that stays. */
static const char *signer_of(const struct roles *roles, const struct master_retire_order *order, struct fault *fault)
{
    const char *other = strcmp(order->retire, roles->firmware[0]) == 0 ? roles->firmware[1] : roles->firmware[0];
    const char *signer = roles_label(roles->firmware, order->signed_by != NULL ? order->signed_by : other, fault);
    if (signer != NULL && strcmp(signer, order->retire) == 0) {
        (void)fault_set(fault, "the key '%s' cannot retire itself", signer);
        (void)fault_hint(fault, "sign with the key that stays: --signed-by %s", other);
        return NULL;
    }
    return signer;
}

int master_retire(const struct project *project, const struct master_retire_order *order, struct fault *fault)
{
    const struct roles *roles = roles_of(0);
    uint8_t key[64];
    uint8_t kid[COSE_KID_LEN];
    uint8_t payload[COMMAND_MAX];
    uint8_t encoded[COMMAND_MAX];
    struct cbor_writer p = cbor_writer_of(payload, sizeof payload);
    struct cbor_writer w = cbor_writer_of(encoded, sizeof encoded);
    struct hsm *hsm = NULL;
    const int firmware = is_label_of(roles->firmware, order->retire);
    if (!firmware && !is_label_of(roles->mastering, order->retire)) {
        (void)fault_set(fault, "'%s' is not a key that devices know", order->retire);
        return fault_hint(fault, "it is one of: %s, %s, %s, %s", roles->firmware[0], roles->firmware[1],
                          roles->mastering[0], roles->mastering[1]);
    }
    const char *signer = signer_of(roles, order, fault);
    if (signer == NULL || roles_public(project, roles, order->retire, CERT_SIGNING, key, fault) != 0) {
        return -1;
    }
    p256_kid(key, kid);
    const struct command command = { firmware ? COMMAND_FIRMWARE_KEYS : COMMAND_MASTERING_KEYS,
                                     bytes_of(kid, sizeof kid), bytes_of(project->profile.vendor_uuid, 16),
                                     bytes_of(project->profile.class_uuid, 16) };
    command_build(&command, &p);
    int result = project_hsm_open(project, roles->token, &hsm, fault);
    if (result == 0) {
        result = roles_key(project, roles, signer, CERT_SIGNING, hsm, key, fault);
    }
    if (result == 0) {
        result = signing_sign1(hsm, signer, COMMAND_AAD, cbor_written(&p), &w, fault);
    }
    if (result == 0) {
        result = file_write(order->out, cbor_written(&w), 0644, order->replace, fault);
    }
    hsm_close(hsm);
    return result;
}
