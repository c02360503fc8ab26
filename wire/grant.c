/* SPDX-License-Identifier: Apache-2.0 */
/* grant: see grant.h. */
#include "wire/grant.h"

#include "wire/fields.h"

#define TICKET_AT(member) offsetof(struct ticket, member)
#define GRANT_AT(member) offsetof(struct grant, member)
#define BLOCK_AT(member) offsetof(struct grant_block, member)
#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static const struct wire_field ticket_fields[] = {
    { 1, WIRE_UINT, TICKET_AT(package), 1, WIRE_NO_LIMIT },
    { 2, WIRE_BSTR, TICKET_AT(grant_key), GRANT_KEY_LEN, GRANT_KEY_LEN },
    { 3, WIRE_BSTR, TICKET_AT(vendor), 16, 16 },
    { 4, WIRE_BSTR, TICKET_AT(class_id), 16, 16 },
    { 5, WIRE_UINT, TICKET_AT(block), 1, GRANT_UNITS_MAX },
};

static const struct wire_field grant_fields[] = {
    { 1, WIRE_UINT, GRANT_AT(package), 1, WIRE_NO_LIMIT },
    { 2, WIRE_UINT, GRANT_AT(unit), 1, WIRE_NO_LIMIT },
    { 3, WIRE_BSTR, GRANT_AT(uid), 16, 16 },
    { 4, WIRE_BSTR, GRANT_AT(identity_key), GRANT_KEY_LEN, GRANT_KEY_LEN },
    { 5, WIRE_BSTR, GRANT_AT(update_key), GRANT_KEY_LEN, GRANT_KEY_LEN },
};

static const struct wire_field block_fields[] = {
    { 1, WIRE_UINT, BLOCK_AT(package), 1, WIRE_NO_LIMIT },
    { 2, WIRE_UINT, BLOCK_AT(first), 1, WIRE_NO_LIMIT },
    { 3, WIRE_UINT, BLOCK_AT(count), 1, GRANT_UNITS_MAX },
    { 4, WIRE_BSTR, BLOCK_AT(delegate_key), GRANT_KEY_LEN, GRANT_KEY_LEN },
};

/* One table's fields, in an object of `len` bytes. */
struct shape {
    const struct wire_field *fields;
    size_t count;
    size_t len;
};
static const struct shape ticket_shape = { ticket_fields, COUNT(ticket_fields), sizeof(struct ticket) };
static const struct shape grant_shape = { grant_fields, COUNT(grant_fields), sizeof(struct grant) };
static const struct shape block_shape = { block_fields, COUNT(block_fields), sizeof(struct grant_block) };

static status_t object_parse(struct bytes in, const struct shape *shape, void *out)
{
    struct cbor_reader r = cbor_reader_of(in);
    memset(out, 0, shape->len);
    wire_fields_parse(&r, shape->fields, shape->count, out);
    status_t status = cbor_reader_finish(&r);
    if (status != STATUS_OK) {
        memset(out, 0, shape->len);
    }
    return status;
}

status_t ticket_parse(struct bytes in, struct ticket *out)
{
    return object_parse(in, &ticket_shape, out);
}

status_t grant_parse(struct bytes in, struct grant *out)
{
    return object_parse(in, &grant_shape, out);
}

status_t grant_block_parse(struct bytes in, struct grant_block *out)
{
    return object_parse(in, &block_shape, out);
}

void ticket_build(const struct ticket *in, struct cbor_writer *out)
{
    wire_fields_build(ticket_fields, COUNT(ticket_fields), in, out);
}

void grant_build(const struct grant *in, struct cbor_writer *out)
{
    wire_fields_build(grant_fields, COUNT(grant_fields), in, out);
}

void grant_block_build(const struct grant_block *in, struct cbor_writer *out)
{
    wire_fields_build(block_fields, COUNT(block_fields), in, out);
}

static struct bytes part_read(struct cbor_reader *r)
{
    struct bytes part = cbor_read_bstr(r);
    if (part.len == 0 || part.len > GRANT_SIGNED_MAX) {
        cbor_fail(r, part.len == 0 ? STATUS_TRUNCATED : STATUS_TOO_LONG);
    }
    return part;
}

status_t grant_item_parse(struct bytes in, struct grant_item *out)
{
    struct cbor_reader r = cbor_reader_of(in);
    uint64_t count = cbor_read_array(&r);
    if (count != 2 && count != 3) {
        cbor_fail(&r, STATUS_MESSAGE);
    }
    memset(out, 0, sizeof *out);
    out->ticket = part_read(&r);
    out->grant = part_read(&r);
    if (count == 3) {
        out->block = part_read(&r);
    }
    status_t status = cbor_reader_finish(&r);
    if (status != STATUS_OK) {
        memset(out, 0, sizeof *out);
    }
    return status;
}

void grant_item_build(const struct grant_item *in, struct cbor_writer *out)
{
    cbor_write_array(out, in->block.data != NULL ? 3 : 2);
    cbor_write_bstr(out, in->ticket);
    cbor_write_bstr(out, in->grant);
    if (in->block.data != NULL) {
        cbor_write_bstr(out, in->block);
    }
}
