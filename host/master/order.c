/* SPDX-License-Identifier: Apache-2.0 */
/* order: master_order: what the maker orders one device to do (docs/spec.md section 7.6). */
#include "host/master/master.h"
#include "host/master/order.h"
#include "host/master/roles.h"
#include "host/master/signing.h"

int master_order(const struct project *project, const struct order *order, const char *signed_by,
                 struct master_order_bytes *out, struct fault *fault)
{
    const struct roles *roles = roles_of(0);
    const char *label = roles_label(roles->mastering, signed_by, fault);
    uint8_t payload[COMMAND_MAX];
    uint8_t key[64];
    struct hsm *hsm = NULL;
    struct cbor_writer p = cbor_writer_of(payload, sizeof payload);
    struct cbor_writer w = cbor_writer_of(out->data, sizeof out->data);
    if (label == NULL) {
        return -1;
    }
    order_build(order, &p);
    int result = project_hsm_open(project, roles->token, &hsm, fault);
    if (result == 0) {
        result = roles_key(project, roles, label, CERT_SIGNING, hsm, key, fault);
    }
    if (result == 0) {
        result = signing_sign1(hsm, label, COMMAND_AAD, cbor_written(&p), &w, fault);
    }
    out->len = w.len;
    hsm_close(hsm);
    return result;
}
