/* SPDX-License-Identifier: Apache-2.0 */
/* order: see order.h. */
#include "host/master/master.h"
#include "host/master/order.h"
#include "host/master/roles.h"
#include "host/master/signing.h"

/* Signs with a key whose certificate is the one of that label. */
static int sign(const struct project *project, const char *label, const char *aad, struct bytes payload,
                struct master_order_bytes *out, struct fault *fault)
{
    const struct roles *roles = roles_of(0);
    uint8_t key[64];
    struct hsm *hsm = NULL;
    struct cbor_writer w = cbor_writer_of(out->data, sizeof out->data);
    int result = project_hsm_open(project, roles->token, &hsm, fault);
    if (result == 0) {
        result = roles_key(project, roles, label, CERT_SIGNING, hsm, key, fault);
    }
    if (result == 0) {
        result = signing_sign1(hsm, label, aad, payload, &w, fault);
    }
    out->len = w.len;
    hsm_close(hsm);
    return result;
}

int master_scrap(const struct project *project, const struct scrap *scrap, struct master_order_bytes *out,
                 struct fault *fault)
{
    uint8_t payload[COMMAND_MAX];
    struct cbor_writer p = cbor_writer_of(payload, sizeof payload);
    scrap_build(scrap, &p);
    return sign(project, KEY_QUOTA, SCRAP_AAD, cbor_written(&p), out, fault);
}

int master_order(const struct project *project, const struct order *order, const char *signed_by,
                 struct master_order_bytes *out, struct fault *fault)
{
    const char *label = roles_label(roles_of(0)->mastering, signed_by, fault);
    uint8_t payload[COMMAND_MAX];
    struct cbor_writer p = cbor_writer_of(payload, sizeof payload);
    if (label == NULL) {
        return -1;
    }
    order_build(order, &p);
    return sign(project, label, COMMAND_AAD, cbor_written(&p), out, fault);
}
