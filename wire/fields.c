/* SPDX-License-Identifier: Apache-2.0 */
/* fields: see fields.h. */
#include "wire/fields.h"

static void field_read(struct cbor_reader *r, const struct wire_field *field, uint8_t *object)
{
    if (field->kind == WIRE_CONST) {
        if (cbor_read_int(r) != field->least) {
            cbor_fail(r, STATUS_UNSUPPORTED);
        }
    } else if (field->kind == WIRE_UINT) {
        uint64_t v = cbor_read_uint(r);
        if (v < (uint32_t)field->least || (v > field->most && field->most != WIRE_NO_LIMIT)) {
            cbor_fail(r, STATUS_BAD_ARGUMENT);
        }
        memcpy(object + field->offset, &v, sizeof v);
    } else {
        struct bytes v = cbor_read_bstr(r);
        if (v.len < (uint32_t)field->least || v.len > field->most) {
            cbor_fail(r, v.len > field->most ? STATUS_TOO_LONG : STATUS_TRUNCATED);
        }
        memcpy(object + field->offset, &v, sizeof v);
    }
}

void wire_fields_parse(struct cbor_reader *r, const struct wire_field *fields, size_t count, void *object)
{
    struct cbor_map map = cbor_read_map(r);
    size_t i = 0;
    int64_t key = 0;
    while (cbor_map_next(&map, &key)) {
        size_t at = i;
        while (at < count && fields[at].key != key) {
            at++;
        }
        if (at != i || i == count) {
            cbor_fail(r, at == count ? STATUS_UNKNOWN_FIELD : STATUS_MISSING_FIELD);
            return;
        }
        field_read(r, &fields[i++], (uint8_t *)object);
    }
    if (i != count) {
        cbor_fail(r, STATUS_MISSING_FIELD);
    }
}

static void field_write(const struct wire_field *field, const uint8_t *object, struct cbor_writer *out)
{
    cbor_write_int(out, field->key);
    if (field->kind == WIRE_CONST) {
        cbor_write_int(out, field->least);
    } else if (field->kind == WIRE_UINT) {
        uint64_t v = 0;
        memcpy(&v, object + field->offset, sizeof v);
        cbor_write_uint(out, v);
    } else {
        struct bytes v;
        memcpy(&v, object + field->offset, sizeof v);
        cbor_write_bstr(out, v);
    }
}

void wire_fields_build(const struct wire_field *fields, size_t count, const void *object, struct cbor_writer *out)
{
    cbor_write_map(out, count);
    for (size_t i = 0; i < count; i++) {
        field_write(&fields[i], (const uint8_t *)object, out);
    }
}
