/* SPDX-License-Identifier: Apache-2.0 */
/* command: see command.h. */
#include "wire/command.h"

#include "wire/cose.h"
#include "wire/fields.h"

#define COMMAND_RETIRE 1
#define COMMAND_ORDER 2
#define COMMAND_AT(member) offsetof(struct command, member)
#define ORDER_AT(member) offsetof(struct order, member)

static const struct wire_field command_fields[] = {
    { 1, WIRE_CONST, 0, COMMAND_RETIRE, 0 },
    { 2, WIRE_UINT, COMMAND_AT(set), COMMAND_FIRMWARE_KEYS, COMMAND_MASTERING_KEYS },
    { 3, WIRE_BSTR, COMMAND_AT(kid), COSE_KID_LEN, COSE_KID_LEN },
    { 4, WIRE_BSTR, COMMAND_AT(vendor), 16, 16 },
    { 5, WIRE_BSTR, COMMAND_AT(class_id), 16, 16 },
};
#define COMMAND_FIELDS_COUNT (sizeof command_fields / sizeof command_fields[0])

static const struct wire_field order_fields[] = {
    { 1, WIRE_CONST, 0, COMMAND_ORDER, 0 },
    { 2, WIRE_UINT, ORDER_AT(what), ORDER_DEBUG_NONSECURE, ORDER_DECOMMISSION },
    { 3, WIRE_BSTR, ORDER_AT(uid), 16, 16 },
    { 4, WIRE_BSTR, ORDER_AT(seed), ORDER_SEED_LEN, ORDER_SEED_LEN },
};
#define ORDER_FIELDS_COUNT (sizeof order_fields / sizeof order_fields[0])

status_t command_parse(struct bytes in, struct command *out)
{
    struct cbor_reader r = cbor_reader_of(in);
    memset(out, 0, sizeof *out);
    wire_fields_parse(&r, command_fields, COMMAND_FIELDS_COUNT, out);
    status_t status = cbor_reader_finish(&r);
    if (status != STATUS_OK) {
        memset(out, 0, sizeof *out);
    }
    return status;
}

status_t order_parse(struct bytes in, struct order *out)
{
    struct cbor_reader r = cbor_reader_of(in);
    memset(out, 0, sizeof *out);
    wire_fields_parse(&r, order_fields, ORDER_FIELDS_COUNT, out);
    status_t status = cbor_reader_finish(&r);
    if (status != STATUS_OK) {
        memset(out, 0, sizeof *out);
    }
    return status;
}

void order_build(const struct order *in, struct cbor_writer *out)
{
    wire_fields_build(order_fields, ORDER_FIELDS_COUNT, in, out);
}

void command_build(const struct command *in, struct cbor_writer *out)
{
    wire_fields_build(command_fields, COMMAND_FIELDS_COUNT, in, out);
}
