/* SPDX-License-Identifier: Apache-2.0 */
/* provision_msg_build: mailbox messages to bytes (docs/spec.md section 8). */
#include "wire/provision_fields.h"

/* Latches BAD_ARGUMENT for an op that is not in the specification. */
static int op_known(uint64_t op, struct cbor_writer *out)
{
    if (op >= PROVISION_HELLO && op <= PROVISION_START) {
        return 1;
    }
    if (out->status == STATUS_OK) {
        out->status = STATUS_BAD_ARGUMENT;
    }
    return 0;
}

void provision_request_build(const struct provision_request *in, struct cbor_writer *out)
{
    if (!op_known(in->op, out)) {
        return;
    }
    const struct provision_shape *shape = &request_shapes[in->op - 1];
    cbor_write_array(out, 2);
    cbor_write_uint(out, in->op);
    wire_fields_build(&request_fields[shape->first], shape->count, in, out);
}

void provision_answer_build(const struct provision_answer *in, struct cbor_writer *out)
{
    if (!op_known(in->op, out)) {
        return;
    }
    const struct provision_shape *shape = &answer_shapes[in->op - 1];
    cbor_write_array(out, 3);
    cbor_write_uint(out, in->op);
    cbor_write_uint(out, in->status);
    wire_fields_build(&answer_fields[shape->first], in->status == 0 ? shape->count : 0u, in, out);
}

void provision_possession_build(const struct provision_possession *in, struct cbor_writer *out)
{
    wire_fields_build(possession_fields, POSSESSION_FIELDS_COUNT, in, out);
}
