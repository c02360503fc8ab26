/* SPDX-License-Identifier: Apache-2.0 */
/* suit_parse: envelopes, manifests and command sequences from bytes (draft-ietf-suit-manifest section 8). Decides
 * nothing. */
#include "wire/suit.h"
#include "wire/suit_keys.h"

#define ENVELOPE_TAG_LEN 2 /* D8 6B: tag 107 */

/* Takes over the end of a nested reader: its error, or TRAILING. */
static void nested_finish(struct cbor_reader *outer, const struct cbor_reader *inner)
{
    status_t status = cbor_reader_finish(inner);
    if (status != STATUS_OK) {
        cbor_fail(outer, status);
    }
}

static struct cbor_reader nested_reader(struct cbor_reader *outer)
{
    return cbor_reader_of(cbor_read_bstr(outer));
}

static void array_expect(struct cbor_reader *r, uint64_t count)
{
    uint64_t n = cbor_read_array(r);
    if (n != count) {
        cbor_fail(r, n < count ? STATUS_MISSING_FIELD : STATUS_TOO_MANY);
    }
}

/* A byte or text string of 1 to SUIT_NAME_MAX bytes. */
static struct bytes name_check(struct cbor_reader *r, struct bytes name)
{
    if (name.len == 0 || name.len > SUIT_NAME_MAX) {
        cbor_fail(r, name.len == 0 ? STATUS_MISSING_FIELD : STATUS_TOO_LONG);
    }
    return name;
}

/* A URI, also as the key of a payload: visible ASCII, so that it is valid UTF-8 and shows as it is. */
static struct bytes uri_check(struct cbor_reader *r, struct bytes uri)
{
    for (size_t i = 0; i < uri.len; i++) {
        if (uri.data[i] <= 0x20 || uri.data[i] >= 0x7F) {
            cbor_fail(r, STATUS_UNSUPPORTED);
        }
    }
    return name_check(r, uri);
}

/* A component identifier of one segment. */
static struct bytes segment_read(struct cbor_reader *r)
{
    array_expect(r, 1);
    return name_check(r, cbor_read_bstr(r));
}

/* SUIT_Digest [-16, 32 bytes] inside a byte string; `item` is its encoding. */
static struct bytes digest_read(struct cbor_reader *outer, struct bytes *item)
{
    struct cbor_reader r = nested_reader(outer);
    *item = cbor_reader_rest(&r);
    array_expect(&r, 2);
    if (cbor_read_int(&r) != SUIT_ALG_SHA256) {
        cbor_fail(&r, STATUS_UNSUPPORTED);
    }
    struct bytes digest = cbor_read_bstr_len(&r, SUIT_DIGEST_LEN);
    nested_finish(outer, &r);
    return digest;
}

static void wrapper_read(struct cbor_reader *outer, struct suit_envelope *out)
{
    struct cbor_reader r = nested_reader(outer);
    array_expect(&r, 2);
    out->digest = digest_read(&r, &out->digest_item);
    out->sign1 = cbor_read_bstr(&r);
    nested_finish(outer, &r);
}

static void envelope_member_read(struct cbor_reader *r, int64_t key, struct bytes text, struct suit_envelope *out)
{
    const uint8_t *start = r->at;
    if (text.data != NULL) {
        if (out->payload_count == SUIT_PAYLOADS_MAX) {
            cbor_fail(r, STATUS_TOO_MANY);
            return;
        }
        struct suit_payload *payload = &out->payloads[out->payload_count++];
        payload->key = uri_check(r, text);
        payload->data = cbor_read_bstr(r);
    } else if (key == SUIT_KEY_WRAPPER) {
        wrapper_read(r, out);
    } else if (key == SUIT_KEY_MANIFEST) {
        out->manifest = cbor_read_bstr(r);
        out->manifest_item = bytes_of(start, (size_t)(r->at - start));
    } else {
        cbor_fail(r, STATUS_UNKNOWN_FIELD);
    }
}

status_t suit_envelope_parse(struct bytes in, struct suit_envelope *out)
{
    struct cbor_reader r = cbor_reader_of(in);
    memset(out, 0, sizeof *out);
    if (cbor_read_tag(&r) != SUIT_TAG_ENVELOPE) {
        cbor_fail(&r, STATUS_UNSUPPORTED);
    }
    struct cbor_map map = cbor_read_map(&r);
    int64_t key = 0;
    struct bytes text;
    while (cbor_map_next_any(&map, &key, &text)) {
        envelope_member_read(&r, key, text, out);
    }
    if (out->sign1.len == 0 || out->manifest.len == 0) {
        cbor_fail(&r, STATUS_MISSING_FIELD);
    }
    if (out->manifest.len > SUIT_MANIFEST_MAX) {
        cbor_fail(&r, STATUS_TOO_LONG);
    }
    out->encoded = bytes_of(in.data, (size_t)(r.at - in.data));
    if (r.status != STATUS_OK) {
        memset(out, 0, sizeof *out);
    }
    return r.status;
}

void suit_envelope_sever(const struct suit_envelope *envelope, struct cbor_writer *out)
{
    cbor_write_raw(out, bytes_of(envelope->encoded.data, ENVELOPE_TAG_LEN));
    cbor_write_map(out, 2);
    /* The map's head has one byte there as here; wrapper and manifest are its first members. */
    const uint8_t *members = envelope->encoded.data + ENVELOPE_TAG_LEN + 1;
    cbor_write_raw(out, bytes_of(members, (size_t)(envelope->manifest.data - members) + envelope->manifest.len));
}

/* SUIT_Parameter_Version_Match [at least, [version]]. */
static uint64_t version_read(struct cbor_reader *r)
{
    array_expect(r, 2);
    if (cbor_read_uint(r) != SUIT_VERSION_AT_LEAST) {
        cbor_fail(r, STATUS_UNSUPPORTED);
    }
    array_expect(r, 1);
    return cbor_read_uint(r);
}

static void parameter_read(struct cbor_reader *r, int64_t key, struct suit_parameters *out)
{
    struct bytes item;
    switch (key) {
    case SUIT_PARAM_VENDOR:
        out->vendor = cbor_read_bstr_len(r, 16);
        break;
    case SUIT_PARAM_CLASS:
        out->class_id = cbor_read_bstr_len(r, 16);
        break;
    case SUIT_PARAM_DIGEST:
        out->digest = digest_read(r, &item);
        break;
    case SUIT_PARAM_SIZE:
        out->size = cbor_read_uint(r);
        break;
    case SUIT_PARAM_ENCRYPTION_INFO:
        out->encryption_info = cbor_read_bstr(r);
        break;
    case SUIT_PARAM_URI:
        out->uri = uri_check(r, cbor_read_tstr(r));
        break;
    case SUIT_PARAM_SOURCE:
        out->source = cbor_read_uint(r);
        break;
    case SUIT_PARAM_VERSION:
        out->version = version_read(r);
        break;
    default:
        cbor_fail(r, STATUS_UNKNOWN_FIELD);
        return;
    }
    out->present |= SUIT_HAS(key);
}

struct suit_walk suit_walk_of(struct bytes sequence)
{
    struct suit_walk walk = { cbor_reader_of(sequence), 0 };
    walk.left = cbor_read_array(&walk.reader);
    if (walk.left % 2 != 0 || walk.left == 0) {
        cbor_fail(&walk.reader, STATUS_MISSING_FIELD);
    }
    if (walk.left > 2 * SUIT_COMMANDS_MAX) {
        cbor_fail(&walk.reader, STATUS_TOO_MANY);
    }
    return walk;
}

int suit_walk_next(struct suit_walk *walk, struct suit_command *out)
{
    struct cbor_reader *r = &walk->reader;
    memset(out, 0, sizeof *out);
    if (walk->left == 0 || r->status != STATUS_OK) {
        return 0;
    }
    walk->left -= 2;
    out->code = cbor_read_int(r);
    if (out->code != SUIT_DIR_OVERRIDE_PARAMETERS) {
        out->argument = cbor_read_uint(r);
        return r->status == STATUS_OK;
    }
    struct cbor_map map = cbor_read_map(r);
    int64_t key = 0;
    while (cbor_map_next(&map, &key)) {
        parameter_read(r, key, &out->parameters);
    }
    if (out->parameters.present == 0) {
        cbor_fail(r, STATUS_MISSING_FIELD);
    }
    return r->status == STATUS_OK;
}

#define ALLOW(code) (1u << (code))
#define ALLOW_ALWAYS (ALLOW(SUIT_DIR_SET_COMPONENT_INDEX) | ALLOW(SUIT_DIR_OVERRIDE_PARAMETERS))
#define ALLOW_SHARED (ALLOW_ALWAYS | ALLOW(SUIT_COND_VENDOR) | ALLOW(SUIT_COND_CLASS) | ALLOW(SUIT_COND_VERSION))
#define ALLOW_VALIDATE (ALLOW_ALWAYS | ALLOW(SUIT_COND_IMAGE_MATCH))
#define ALLOW_INVOKE (ALLOW(SUIT_DIR_SET_COMPONENT_INDEX) | ALLOW(SUIT_DIR_INVOKE))
#define ALLOW_INSTALL                                                                                                  \
    (ALLOW_ALWAYS | ALLOW(SUIT_DIR_FETCH) | ALLOW(SUIT_DIR_COPY) | ALLOW(SUIT_COND_IMAGE_MATCH) |                      \
     ALLOW(SUIT_COND_DEPENDENCY_INTEGRITY) | ALLOW(SUIT_DIR_PROCESS_DEPENDENCY))

static status_t command_check(const struct suit_command *command, uint32_t allowed, uint64_t indexes)
{
    if (command->code < 0 || command->code > 31 || (allowed >> command->code & 1u) == 0) {
        return STATUS_SUIT_COMMAND;
    }
    if (command->code == SUIT_DIR_SET_COMPONENT_INDEX ? command->argument >= indexes
                                                      : command->parameters.source >= indexes) {
        return STATUS_SUIT_COMPONENT;
    }
    if (command->code != SUIT_DIR_SET_COMPONENT_INDEX && command->argument > SUIT_REPORT_MAX) {
        return STATUS_UNSUPPORTED;
    }
    return STATUS_OK;
}

/* Checks a whole sequence, when there is one; `indexes` is the number of component indexes. Latches its error in `r`.
 */
static void sequence_check(struct cbor_reader *r, struct bytes sequence, uint32_t allowed, uint64_t indexes)
{
    if (sequence.data == NULL) {
        return;
    }
    struct suit_walk walk = suit_walk_of(sequence);
    struct suit_command command;
    while (suit_walk_next(&walk, &command)) {
        status_t status = command_check(&command, allowed, indexes);
        if (status != STATUS_OK) {
            cbor_fail(&walk.reader, status);
        }
    }
    nested_finish(r, &walk.reader);
}

/* {index: {1: [segment]}}: exactly one dependency, with its prefix. */
static void dependencies_read(struct cbor_reader *r, struct suit_manifest *out)
{
    struct cbor_map map = cbor_read_map(r);
    int64_t key = 0;
    if (map.left > 1) {
        cbor_fail(r, STATUS_TOO_MANY);
    }
    if (cbor_map_next(&map, &key)) {
        struct cbor_map inner = cbor_read_map(r);
        out->dependency_index = (uint64_t)key;
        out->has_dependency = 1;
        while (cbor_map_next(&inner, &key)) {
            if (key != 1) {
                cbor_fail(r, STATUS_UNKNOWN_FIELD);
            }
            out->dependency_prefix = segment_read(r);
        }
    }
    if (out->dependency_prefix.data == NULL) {
        cbor_fail(r, STATUS_MISSING_FIELD);
    }
}

static void components_read(struct cbor_reader *r, struct suit_manifest *out)
{
    uint64_t count = cbor_read_array(r);
    if (count == 0 || count > SUIT_COMPONENTS_MAX) {
        cbor_fail(r, count == 0 ? STATUS_MISSING_FIELD : STATUS_TOO_MANY);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        out->components[i] = segment_read(r);
    }
    out->component_count = (size_t)count;
}

static void common_read(struct cbor_reader *outer, struct suit_manifest *out)
{
    struct cbor_reader r = nested_reader(outer);
    struct cbor_map map = cbor_read_map(&r);
    int64_t key = 0;
    while (cbor_map_next(&map, &key)) {
        if (key == SUIT_KEY_DEPENDENCIES) {
            dependencies_read(&r, out);
        } else if (key == SUIT_KEY_COMPONENTS) {
            components_read(&r, out);
        } else if (key == SUIT_KEY_SHARED) {
            out->shared = cbor_read_bstr(&r);
        } else {
            cbor_fail(&r, STATUS_UNKNOWN_FIELD);
        }
    }
    if (out->component_count == 0) {
        cbor_fail(&r, STATUS_MISSING_FIELD);
    }
    if (out->has_dependency && out->dependency_index != out->component_count) {
        cbor_fail(&r, STATUS_SUIT_COMPONENT);
    }
    nested_finish(outer, &r);
}

static void manifest_member_read(struct cbor_reader *r, int64_t key, struct suit_manifest *out)
{
    switch (key) {
    case SUIT_KEY_VERSION:
        if (cbor_read_uint(r) != 1) {
            cbor_fail(r, STATUS_UNSUPPORTED);
        }
        break;
    case SUIT_KEY_SEQUENCE:
        out->sequence = cbor_read_uint(r);
        break;
    case SUIT_KEY_COMMON:
        common_read(r, out);
        break;
    case SUIT_KEY_COMPONENT_ID:
        out->component_id = segment_read(r);
        break;
    case SUIT_KEY_VALIDATE:
        out->validate = cbor_read_bstr(r);
        break;
    case SUIT_KEY_INVOKE:
        out->invoke = cbor_read_bstr(r);
        break;
    case SUIT_KEY_INSTALL:
        out->install = cbor_read_bstr(r);
        break;
    default:
        cbor_fail(r, STATUS_UNKNOWN_FIELD);
    }
}

status_t suit_manifest_parse(struct bytes in, struct suit_manifest *out)
{
    struct cbor_reader r = cbor_reader_of(in);
    memset(out, 0, sizeof *out);
    if (in.len > SUIT_MANIFEST_MAX) {
        cbor_fail(&r, STATUS_TOO_LONG);
    }
    struct cbor_map map = cbor_read_map(&r);
    int64_t key = 0;
    int64_t required = SUIT_KEY_VERSION; /* the next of 1, 2, 3 */
    while (cbor_map_next(&map, &key)) {
        if (required <= SUIT_KEY_COMMON && key != required++) {
            cbor_fail(&r, key < SUIT_KEY_VERSION ? STATUS_UNKNOWN_FIELD : STATUS_MISSING_FIELD);
        }
        manifest_member_read(&r, key, out);
    }
    if (required <= SUIT_KEY_COMMON) {
        cbor_fail(&r, STATUS_MISSING_FIELD);
    }
    uint64_t indexes = out->component_count + (uint64_t)out->has_dependency;
    sequence_check(&r, out->shared, ALLOW_SHARED, indexes);
    sequence_check(&r, out->validate, ALLOW_VALIDATE, indexes);
    sequence_check(&r, out->invoke, ALLOW_INVOKE, indexes);
    sequence_check(&r, out->install, ALLOW_INSTALL, indexes);
    status_t status = cbor_reader_finish(&r);
    if (status != STATUS_OK) {
        memset(out, 0, sizeof *out);
    }
    return status;
}
