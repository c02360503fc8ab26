/* SPDX-License-Identifier: Apache-2.0 */
/* events: the bodies, from one table of their fields. See events.h. */
#include "host/ledger/events.h"

#include <openssl/sha.h>
#include <stddef.h>

enum field_type { FIELD_END, FIELD_NUMBER, FIELD_NUMBER_OR_NULL, FIELD_BYTES, FIELD_TEXT };

/* A field: its place in event_body, and its range of lengths. Its key is its place in the list, from 1. */
struct field {
    enum field_type type;
    size_t at;
    size_t least;
    size_t most;
};

#define FIELDS_MAX 8
#define NUMBER(name)                                                                                                   \
    {                                                                                                                  \
        FIELD_NUMBER, offsetof(struct event_body, name), 0, 0                                                          \
    }
#define NUMBER_OR_NULL(name)                                                                                           \
    {                                                                                                                  \
        FIELD_NUMBER_OR_NULL, offsetof(struct event_body, name), 0, 0                                                  \
    }
#define BYTES(name, least, most)                                                                                       \
    {                                                                                                                  \
        FIELD_BYTES, offsetof(struct event_body, name), least, most                                                    \
    }
#define TEXT(name)                                                                                                     \
    {                                                                                                                  \
        FIELD_TEXT, offsetof(struct event_body, name), 0, LEDGER_TEXT_MAX - 1                                          \
    }
#define UID BYTES(uid, 16, 16)
#define KEYS BYTES(identity_key, 64, 64), BYTES(update_key, 64, 64)

static const struct {
    const char *name;
    struct field fields[FIELDS_MAX + 1];
} kinds[EVENT_KINDS] = {
    [EVENT_OPENED] = { "OPENED", { BYTES(chain, EVENT_CHAIN_LEN, EVENT_CHAIN_LEN), BYTES(cert, 0, CERT_DER_MAX) } },
    [EVENT_PACKAGE] = { "PACKAGE",
                        { NUMBER(package), BYTES(digest, 32, 32), NUMBER(quota), NUMBER(block), NUMBER(tpm),
                          NUMBER(not_after), BYTES(grant_key, 64, 64), BYTES(issuing, 32, 32) } },
    [EVENT_RESERVED] = { "RESERVED", { UID, KEYS, NUMBER(package), NUMBER(unit) } },
    [EVENT_GRANTED] = { "GRANTED", { UID, NUMBER(unit), NUMBER_OR_NULL(tpm_count), BYTES(item, 1, LEDGER_GRANT_MAX) } },
    [EVENT_CERTIFIED] = { "CERTIFIED", { UID, BYTES(cert, 1, CERT_DER_MAX), BYTES(update_cert, 1, CERT_DER_MAX) } },
    [EVENT_CHECKED] = { "CHECKED", { UID, BYTES(receipt, 1, LEDGER_RECEIPT_MAX), NUMBER(sequence) } },
    [EVENT_DONE] = { "DONE", { UID, BYTES(nonce, 0, 64), BYTES(token, 0, LEDGER_TOKEN_MAX) } },
    [EVENT_QUARANTINED] = { "QUARANTINED", { UID, KEYS } },
    [EVENT_SPENT] = { "SPENT", { NUMBER(tpm_count), NUMBER(tpm_to), TEXT(text) } },
    [EVENT_SCRAPPED] = { "SCRAPPED", { UID, BYTES(order, 1, LEDGER_ORDER_MAX) } },
    [EVENT_FAILED] = { "FAILED", { BYTES(uid, 0, 16), TEXT(socket), TEXT(step), NUMBER(code), TEXT(text) } },
    [EVENT_DECOMMISSIONED] = { "DECOMMISSIONED",
                               { UID, BYTES(order, 1, LEDGER_ORDER_MAX), BYTES(proof, 0, LEDGER_ORDER_MAX) } },
    [EVENT_STARTED] = { "STARTED", { TEXT(text) } },
    [EVENT_STOPPED] = { "STOPPED", { { FIELD_END, 0, 0, 0 } } },
    [EVENT_DEBUG] = { "DEBUG", { UID, BYTES(order, 1, LEDGER_ORDER_MAX), BYTES(proof, 1, LEDGER_ORDER_MAX) } },
    [EVENT_MOVED] = { "MOVED", { UID, NUMBER(package_from), NUMBER(package) } },
};

const char *event_kind_name(unsigned kind)
{
    return kind >= 1 && kind < EVENT_KINDS ? kinds[kind].name : "?";
}

static uint64_t *number_at(struct event_body *body, const struct field *field)
{
    return (uint64_t *)(void *)((uint8_t *)body + field->at);
}

static struct bytes *bytes_at(struct event_body *body, const struct field *field)
{
    return (struct bytes *)(void *)((uint8_t *)body + field->at);
}

static void field_parse(const struct field *field, struct cbor_reader *r, struct event_body *out)
{
    if (field->type == FIELD_NUMBER_OR_NULL && cbor_peek(r) == CBOR_SIMPLE) {
        cbor_read_null(r);
        return;
    }
    if (field->type == FIELD_NUMBER || field->type == FIELD_NUMBER_OR_NULL) {
        uint64_t number = cbor_read_uint(r);
        if (number > INT64_MAX || (field->type == FIELD_NUMBER_OR_NULL && number == 0)) {
            cbor_fail(r, STATUS_BAD_ARGUMENT); /* beyond the database; or 0 where null says it */
        }
        *number_at(out, field) = number;
        return;
    }
    struct bytes content = field->type == FIELD_TEXT ? cbor_read_tstr(r) : cbor_read_bstr(r);
    if (content.len < field->least || content.len > field->most) {
        cbor_fail(r, content.len < field->least ? STATUS_TRUNCATED : STATUS_TOO_LONG);
    }
    *bytes_at(out, field) = content;
}

status_t event_body_parse(unsigned kind, struct bytes in, struct event_body *out)
{
    struct cbor_reader r = cbor_reader_of(in);
    int64_t key = 0;
    *out = (struct event_body){ 0 };
    if (kind < 1 || kind >= EVENT_KINDS) {
        return STATUS_UNSUPPORTED;
    }
    const struct field *field = kinds[kind].fields;
    struct cbor_map map = cbor_read_map(&r);
    for (int64_t wanted = 1; field->type != FIELD_END; field++, wanted++) {
        if (!cbor_map_next(&map, &key) || key != wanted) {
            cbor_fail(&r, STATUS_MISSING_FIELD);
            break;
        }
        field_parse(field, &r, out);
    }
    if (cbor_map_next(&map, &key)) {
        cbor_fail(&r, STATUS_UNKNOWN_FIELD);
    }
    if (kind == EVENT_FAILED && out->uid.len != 0 && out->uid.len != 16) {
        cbor_fail(&r, STATUS_BAD_ARGUMENT);
    }
    return cbor_reader_finish(&r);
}

void event_body_build(unsigned kind, const struct event_body *in, struct cbor_writer *out)
{
    const struct field *fields = kinds[kind].fields;
    struct event_body body = *in;
    uint64_t count = 0;
    while (fields[count].type != FIELD_END) {
        count++;
    }
    cbor_write_map(out, count);
    for (uint64_t i = 0; i < count; i++) {
        const struct field *field = &fields[i];
        cbor_write_uint(out, i + 1);
        if (field->type == FIELD_NUMBER_OR_NULL && *number_at(&body, field) == 0) {
            cbor_write_null(out);
        } else if (field->type == FIELD_NUMBER || field->type == FIELD_NUMBER_OR_NULL) {
            cbor_write_uint(out, *number_at(&body, field));
        } else if (field->type == FIELD_TEXT) {
            cbor_write_tstr_bytes(out, *bytes_at(&body, field));
        } else {
            cbor_write_bstr(out, *bytes_at(&body, field));
        }
    }
}

void event_link(const uint8_t previous[EVENT_LINK_LEN], const struct event *event, uint8_t link[EVENT_LINK_LEN])
{
    uint8_t all[EVENT_LINK_LEN + 32 + EVENT_BODY_MAX];
    struct cbor_writer w = cbor_writer_of(all, sizeof all);
    cbor_write_raw(&w, bytes_of(previous, EVENT_LINK_LEN));
    cbor_write_array(&w, 4);
    cbor_write_uint(&w, event->seq);
    cbor_write_uint(&w, event->time);
    cbor_write_uint(&w, event->kind);
    cbor_write_raw(&w, event->body);
    (void)SHA256(all, w.status == STATUS_OK ? w.len : 0, link);
}
