/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fields: CBOR maps with a fixed set of integer keys, all required, described by a table. Internal to wire/: what a
 * message means is said in the other headers. The table is in the order of the encoded keys.
 */
#ifndef WIRE_FIELDS_H
#define WIRE_FIELDS_H

#include "base/bytes.h"
#include "base/cbor.h"
#include "base/status.h"

enum wire_field_kind {
    WIRE_CONST, /* the integer `least` and nothing else: a version, an algorithm; not stored */
    WIRE_UINT,  /* uint64_t at `offset`: `least` to `most` */
    WIRE_BSTR   /* struct bytes at `offset`: `least` to `most` bytes long */
};
#define WIRE_NO_LIMIT UINT32_MAX /* `most` of a WIRE_UINT: any value from `least` up */

struct wire_field {
    int8_t key;
    uint8_t kind;    /* enum wire_field_kind */
    uint16_t offset; /* in the object */
    int32_t least;
    uint32_t most;
};

/*
 * Reads one map with exactly these fields into `object`. Latches in the reader: MISSING_FIELD, UNKNOWN_FIELD,
 * UNSUPPORTED (another constant), BAD_ARGUMENT (a number out of range), TRUNCATED or TOO_LONG (a string's length), and
 * what cbor.h says.
 */
void wire_fields_parse(struct cbor_reader *r, const struct wire_field *fields, size_t count, void *object);
/* Writes the map. */
void wire_fields_build(const struct wire_field *fields, size_t count, const void *object, struct cbor_writer *out);

#endif
