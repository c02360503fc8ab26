/* SPDX-License-Identifier: Apache-2.0 */
/* suit_build: manifests and envelopes to bytes, for hosts: the packages and key blocks of docs/spec.md section 7. */
#include "wire/suit.h"
#include "wire/suit_keys.h"

#define REPORT SUIT_REPORT_MAX

void suit_digest_build(struct bytes digest, struct cbor_writer *out)
{
    cbor_write_array(out, 2);
    cbor_write_int(out, SUIT_ALG_SHA256);
    cbor_write_bstr(out, digest);
}

/* A SUIT_Digest inside a byte string. */
static void digest_write(struct bytes digest, struct cbor_writer *out)
{
    size_t mark = cbor_bstr_open(out);
    suit_digest_build(digest, out);
    cbor_bstr_close(out, mark);
}

static void segment_write(struct bytes segment, struct cbor_writer *out)
{
    cbor_write_array(out, 1);
    cbor_write_bstr(out, segment);
}

static struct bytes text_bytes(const char *text)
{
    return bytes_of(text, strlen(text));
}

static void parameters_write(const struct suit_parameters *in, struct cbor_writer *out)
{
    cbor_write_map(out, (uint64_t)__builtin_popcount(in->present));
    for (unsigned number = 1; number <= SUIT_PARAM_SOURCE; number++) {
        if ((in->present & SUIT_HAS(number)) == 0) {
            continue;
        }
        cbor_write_uint(out, number);
        if (number == SUIT_PARAM_SIZE || number == SUIT_PARAM_SOURCE) {
            cbor_write_uint(out, number == SUIT_PARAM_SIZE ? in->size : in->source);
        } else if (number == SUIT_PARAM_DIGEST) {
            digest_write(in->digest, out);
        } else if (number == SUIT_PARAM_URI) {
            cbor_write_tstr_bytes(out, in->uri);
        } else {
            cbor_write_bstr(out, number == SUIT_PARAM_VENDOR  ? in->vendor
                                 : number == SUIT_PARAM_CLASS ? in->class_id
                                                              : in->encryption_info);
        }
    }
}

static void command_write(int64_t code, uint64_t argument, struct cbor_writer *out)
{
    cbor_write_int(out, code);
    cbor_write_uint(out, argument);
}

static void override_write(const struct suit_parameters *parameters, struct cbor_writer *out)
{
    cbor_write_int(out, SUIT_DIR_OVERRIDE_PARAMETERS);
    parameters_write(parameters, out);
}

/* [12, 0, code, 15] under `key`. */
static void short_sequence_write(uint64_t key, int64_t code, struct cbor_writer *out)
{
    cbor_write_uint(out, key);
    size_t mark = cbor_bstr_open(out);
    cbor_write_array(out, 4);
    command_write(SUIT_DIR_SET_COMPONENT_INDEX, 0, out);
    command_write(code, REPORT, out);
    cbor_bstr_close(out, mark);
}

static void shared_write(const struct suit_package_spec *spec, struct cbor_writer *out)
{
    const int encrypted = spec->encrypted_digest.data != NULL;
    const struct suit_parameters image = {
        .present = SUIT_HAS(SUIT_PARAM_VENDOR) | SUIT_HAS(SUIT_PARAM_CLASS) | SUIT_HAS(SUIT_PARAM_DIGEST) |
                   SUIT_HAS(SUIT_PARAM_SIZE),
        .vendor = spec->vendor,
        .class_id = spec->class_id,
        .digest = spec->image_digest,
        .size = spec->image_size,
    };
    size_t mark = cbor_bstr_open(out);
    cbor_write_array(out, encrypted ? 12 : 8);
    command_write(SUIT_DIR_SET_COMPONENT_INDEX, 0, out);
    override_write(&image, out);
    command_write(SUIT_COND_VENDOR, REPORT, out);
    command_write(SUIT_COND_CLASS, REPORT, out);
    if (encrypted) {
        const struct suit_parameters cipher = {
            .present = SUIT_HAS(SUIT_PARAM_DIGEST) | SUIT_HAS(SUIT_PARAM_SIZE),
            .digest = spec->encrypted_digest,
            .size = spec->image_size, /* CTR keeps the length */
        };
        command_write(SUIT_DIR_SET_COMPONENT_INDEX, 1, out);
        override_write(&cipher, out);
    }
    cbor_bstr_close(out, mark);
}

static void package_common_write(const struct suit_package_spec *spec, struct cbor_writer *out)
{
    size_t mark = cbor_bstr_open(out);
    cbor_write_map(out, 2);
    cbor_write_uint(out, SUIT_KEY_COMPONENTS);
    if (spec->encrypted_digest.data != NULL) {
        cbor_write_array(out, 2);
        segment_write(text_bytes(spec->component), out);
        segment_write(text_bytes("app.enc"), out);
    } else {
        cbor_write_array(out, 1);
        segment_write(text_bytes(spec->component), out);
    }
    cbor_write_uint(out, SUIT_KEY_SHARED);
    shared_write(spec, out);
    cbor_bstr_close(out, mark);
}

/* Fetches the payload into component `index`, and checks it there. */
static void fetch_write(uint64_t index, const char *component, struct cbor_writer *out)
{
    char uri[8] = "#";
    strncat(uri, component, sizeof uri - 2);
    const struct suit_parameters payload = { .present = SUIT_HAS(SUIT_PARAM_URI), .uri = text_bytes(uri) };
    command_write(SUIT_DIR_SET_COMPONENT_INDEX, index, out);
    override_write(&payload, out);
    command_write(SUIT_DIR_FETCH, REPORT, out);
    command_write(SUIT_COND_IMAGE_MATCH, REPORT, out);
}

static void package_install_write(const struct suit_package_spec *spec, struct cbor_writer *out)
{
    const int encrypted = spec->encrypted_digest.data != NULL;
    size_t mark = cbor_bstr_open(out);
    cbor_write_array(out, encrypted ? 16 : 8);
    fetch_write(encrypted ? 1 : 0, spec->component, out);
    if (encrypted) {
        const struct suit_parameters source = { .present = SUIT_HAS(SUIT_PARAM_SOURCE), .source = 1 };
        command_write(SUIT_DIR_SET_COMPONENT_INDEX, 0, out);
        override_write(&source, out);
        command_write(SUIT_DIR_COPY, REPORT, out);
        command_write(SUIT_COND_IMAGE_MATCH, REPORT, out);
    }
    cbor_bstr_close(out, mark);
}

static int package_spec_sound(const struct suit_package_spec *spec)
{
    const int encrypted = spec->encrypted_digest.data != NULL;
    return spec->vendor.len == 16 && spec->class_id.len == 16 && spec->image_digest.len == SUIT_DIGEST_LEN &&
           (!encrypted || spec->encrypted_digest.len == SUIT_DIGEST_LEN) &&
           (strcmp(spec->component, "app") == 0 || (strcmp(spec->component, "sbm") == 0 && !encrypted));
}

/* {1: 1, 2: sequence, 3: the head; the caller writes common and `count` - 3 further pairs. */
static void manifest_head_write(uint64_t count, uint64_t sequence, struct cbor_writer *out)
{
    cbor_write_map(out, count);
    cbor_write_uint(out, SUIT_KEY_VERSION);
    cbor_write_uint(out, 1);
    cbor_write_uint(out, SUIT_KEY_SEQUENCE);
    cbor_write_uint(out, sequence);
    cbor_write_uint(out, SUIT_KEY_COMMON);
}

status_t suit_package_manifest_build(const struct suit_package_spec *spec, struct cbor_writer *out)
{
    if (!package_spec_sound(spec)) {
        return STATUS_BAD_ARGUMENT;
    }
    manifest_head_write(7, spec->sequence, out);
    package_common_write(spec, out);
    cbor_write_uint(out, SUIT_KEY_COMPONENT_ID);
    segment_write(text_bytes(spec->component[0] == 'a' ? "app.suit" : "sbm.suit"), out);
    short_sequence_write(SUIT_KEY_VALIDATE, SUIT_COND_IMAGE_MATCH, out);
    short_sequence_write(SUIT_KEY_INVOKE, SUIT_DIR_INVOKE, out);
    cbor_write_uint(out, SUIT_KEY_INSTALL);
    package_install_write(spec, out);
    return out->status;
}

static void dependency_write(uint64_t index, struct bytes prefix, struct cbor_writer *out)
{
    cbor_write_uint(out, SUIT_KEY_DEPENDENCIES);
    cbor_write_map(out, 1);
    cbor_write_uint(out, index);
    cbor_write_map(out, 1);
    cbor_write_uint(out, 1);
    segment_write(prefix, out);
}

static void block_common_write(struct cbor_writer *out)
{
    size_t mark = cbor_bstr_open(out);
    cbor_write_map(out, 2);
    dependency_write(1, text_bytes("app.suit"), out);
    cbor_write_uint(out, SUIT_KEY_COMPONENTS);
    cbor_write_array(out, 1);
    segment_write(text_bytes("app"), out);
    cbor_bstr_close(out, mark);
}

static void block_install_write(const struct suit_block_spec *spec, struct cbor_writer *out)
{
    const struct suit_parameters key = {
        .present = SUIT_HAS(SUIT_PARAM_ENCRYPTION_INFO),
        .encryption_info = spec->encryption_info,
    };
    const struct suit_parameters package = {
        .present = SUIT_HAS(SUIT_PARAM_DIGEST) | SUIT_HAS(SUIT_PARAM_SIZE) | SUIT_HAS(SUIT_PARAM_URI),
        .digest = spec->package_digest,
        .size = spec->package_size,
        .uri = text_bytes("app.suit"),
    };
    size_t mark = cbor_bstr_open(out);
    cbor_write_array(out, 14);
    command_write(SUIT_DIR_SET_COMPONENT_INDEX, 0, out);
    override_write(&key, out);
    command_write(SUIT_DIR_SET_COMPONENT_INDEX, 1, out);
    override_write(&package, out);
    command_write(SUIT_DIR_FETCH, REPORT, out);
    command_write(SUIT_COND_DEPENDENCY_INTEGRITY, REPORT, out);
    command_write(SUIT_DIR_PROCESS_DEPENDENCY, REPORT, out);
    cbor_bstr_close(out, mark);
}

status_t suit_block_manifest_build(const struct suit_block_spec *spec, struct cbor_writer *out)
{
    if (spec->encryption_info.len == 0 || spec->package_digest.len != SUIT_DIGEST_LEN) {
        return STATUS_BAD_ARGUMENT;
    }
    manifest_head_write(5, spec->sequence, out);
    block_common_write(out);
    cbor_write_uint(out, SUIT_KEY_COMPONENT_ID);
    segment_write(text_bytes("block.suit"), out);
    cbor_write_uint(out, SUIT_KEY_INSTALL);
    block_install_write(spec, out);
    return out->status;
}

/* The envelope up to and including the key of an integrated payload. */
static void envelope_head_write(struct bytes manifest, struct bytes digest, struct bytes sign1,
                                struct bytes payload_key, struct cbor_writer *out)
{
    cbor_write_tag(out, SUIT_TAG_ENVELOPE);
    cbor_write_map(out, payload_key.data != NULL ? 3 : 2);
    cbor_write_uint(out, SUIT_KEY_WRAPPER);
    size_t mark = cbor_bstr_open(out);
    cbor_write_array(out, 2);
    digest_write(digest, out);
    cbor_write_bstr(out, sign1);
    cbor_bstr_close(out, mark);
    cbor_write_uint(out, SUIT_KEY_MANIFEST);
    cbor_write_bstr(out, manifest);
    if (payload_key.data != NULL) {
        cbor_write_tstr_bytes(out, payload_key);
    }
}

status_t suit_envelope_build(struct bytes manifest, struct bytes digest, struct bytes sign1, const char *payload_key,
                             uint64_t payload_len, struct cbor_writer *out)
{
    if (digest.len != SUIT_DIGEST_LEN || manifest.len == 0 || manifest.len > SUIT_MANIFEST_MAX || sign1.len == 0) {
        return STATUS_BAD_ARGUMENT;
    }
    struct bytes key = payload_key == NULL ? bytes_of(NULL, 0) : text_bytes(payload_key);
    envelope_head_write(manifest, digest, sign1, key, out);
    if (payload_key != NULL) {
        cbor_write_bstr_head(out, payload_len);
    }
    return out->status;
}

status_t suit_envelope_rebuild(const struct suit_envelope *envelope, struct cbor_writer *out)
{
    envelope_head_write(envelope->manifest, envelope->digest, envelope->sign1, envelope->payload_key, out);
    if (envelope->payload_key.data != NULL) {
        cbor_write_bstr(out, envelope->payload);
    }
    return out->status;
}

static void sequence_rewrite(uint64_t key, struct bytes sequence, struct cbor_writer *out)
{
    if (sequence.data == NULL) {
        return;
    }
    cbor_write_uint(out, key);
    struct suit_walk walk = suit_walk_of(sequence);
    struct suit_command command;
    size_t mark = cbor_bstr_open(out);
    cbor_write_array(out, walk.left);
    while (suit_walk_next(&walk, &command)) {
        if (command.code == SUIT_DIR_OVERRIDE_PARAMETERS) {
            override_write(&command.parameters, out);
        } else {
            command_write(command.code, command.argument, out);
        }
    }
    cbor_bstr_close(out, mark);
}

static void common_rewrite(const struct suit_manifest *in, struct cbor_writer *out)
{
    size_t mark = cbor_bstr_open(out);
    cbor_write_map(out, 1u + (in->has_dependency != 0) + (in->shared.data != NULL));
    if (in->has_dependency) {
        dependency_write(in->dependency_index, in->dependency_prefix, out);
    }
    cbor_write_uint(out, SUIT_KEY_COMPONENTS);
    cbor_write_array(out, in->component_count);
    for (size_t i = 0; i < in->component_count; i++) {
        segment_write(in->components[i], out);
    }
    sequence_rewrite(SUIT_KEY_SHARED, in->shared, out);
    cbor_bstr_close(out, mark);
}

status_t suit_manifest_rebuild(const struct suit_manifest *manifest, struct cbor_writer *out)
{
    uint64_t count = 3u + (manifest->component_id.data != NULL) + (manifest->validate.data != NULL) +
                     (manifest->invoke.data != NULL) + (manifest->install.data != NULL);
    manifest_head_write(count, manifest->sequence, out);
    common_rewrite(manifest, out);
    if (manifest->component_id.data != NULL) {
        cbor_write_uint(out, SUIT_KEY_COMPONENT_ID);
        segment_write(manifest->component_id, out);
    }
    sequence_rewrite(SUIT_KEY_VALIDATE, manifest->validate, out);
    sequence_rewrite(SUIT_KEY_INVOKE, manifest->invoke, out);
    sequence_rewrite(SUIT_KEY_INSTALL, manifest->install, out);
    return out->status;
}
