/* SPDX-License-Identifier: Apache-2.0 */
/* provision_msg_parse: mailbox messages from bytes (docs/spec.md section 8). */
#include "wire/provision_fields.h"

/* Reads the array's head of `count` items and the op. 0 with an error latched when the op is not known. */
static uint64_t op_read(struct cbor_reader *r, uint64_t count)
{
    if (cbor_read_array(r) != count) {
        cbor_fail(r, STATUS_MESSAGE);
    }
    uint64_t op = cbor_read_uint(r);
    if (op < PROVISION_HELLO || op > PROVISION_START) {
        cbor_fail(r, STATUS_UNSUPPORTED);
        return 0;
    }
    return op;
}

/* Checks the end of the message and clears the object on an error. */
static status_t message_finish(const struct cbor_reader *r, void *object, size_t len)
{
    status_t status = cbor_reader_finish(r);
    if (status != STATUS_OK) {
        memset(object, 0, len);
    }
    return status;
}

status_t provision_request_parse(struct bytes in, struct provision_request *out)
{
    struct cbor_reader r = cbor_reader_of(in);
    memset(out, 0, sizeof *out);
    out->op = op_read(&r, 2);
    if (out->op != 0) {
        const struct provision_shape *shape = &request_shapes[out->op - 1];
        wire_fields_parse(&r, &request_fields[shape->first], shape->count, out);
    }
    return message_finish(&r, out, sizeof *out);
}

status_t provision_answer_parse(struct bytes in, struct provision_answer *out)
{
    struct cbor_reader r = cbor_reader_of(in);
    memset(out, 0, sizeof *out);
    out->op = op_read(&r, 3);
    out->status = cbor_read_uint(&r);
    if (out->status > UINT8_MAX) {
        cbor_fail(&r, STATUS_BAD_ARGUMENT);
    }
    if (out->op != 0) {
        const struct provision_shape *shape = &answer_shapes[out->op - 1];
        wire_fields_parse(&r, &answer_fields[shape->first], out->status == 0 ? shape->count : 0u, out);
    }
    return message_finish(&r, out, sizeof *out);
}

status_t provision_possession_parse(struct bytes in, struct provision_possession *out)
{
    struct cbor_reader r = cbor_reader_of(in);
    memset(out, 0, sizeof *out);
    wire_fields_parse(&r, possession_fields, POSSESSION_FIELDS_COUNT, out);
    return message_finish(&r, out, sizeof *out);
}
