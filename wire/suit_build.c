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

static void version_write(uint64_t least, struct cbor_writer *out)
{
    cbor_write_array(out, 2);
    cbor_write_uint(out, SUIT_VERSION_AT_LEAST);
    cbor_write_array(out, 1);
    cbor_write_uint(out, least);
}

static void parameters_write(const struct suit_parameters *in, struct cbor_writer *out)
{
    cbor_write_map(out, (uint64_t)__builtin_popcount(in->present));
    for (unsigned number = 1; number <= SUIT_PARAM_VERSION; number++) {
        if ((in->present & SUIT_HAS(number)) == 0) {
            continue;
        }
        cbor_write_uint(out, number);
        if (number == SUIT_PARAM_SIZE || number == SUIT_PARAM_SOURCE) {
            cbor_write_uint(out, number == SUIT_PARAM_SIZE ? in->size : in->source);
        } else if (number == SUIT_PARAM_DIGEST) {
            digest_write(in->digest, out);
        } else if (number == SUIT_PARAM_VERSION) {
            version_write(in->version, out);
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

/* [12, 0, code, 15] for each of `count` components, under `key`. */
static void short_sequence_write(uint64_t key, int64_t code, size_t count, struct cbor_writer *out)
{
    cbor_write_uint(out, key);
    size_t mark = cbor_bstr_open(out);
    cbor_write_array(out, 4 * count);
    for (size_t i = 0; i < count; i++) {
        command_write(SUIT_DIR_SET_COMPONENT_INDEX, i, out);
        command_write(code, REPORT, out);
    }
    cbor_bstr_close(out, mark);
}

/* The names of a package's components: of its image and of the second one; of the component that it needs. */
struct package_names {
    const char *component[2];
    const char *uri[2];
    const char *needs;
    const char *id;
};
static const struct package_names app_names = { { "app", "app.enc" }, { NULL, "#app" }, "sbm", "app.suit" };
static const struct package_names sbm_names = { { "sbm.a", "sbm.b" }, { "#sbm.a", "#sbm.b" }, "app", "sbm.suit" };

static int is_app(const struct suit_package_spec *spec)
{
    return strcmp(spec->component, "app") == 0;
}

static const struct package_names *names_of(const struct suit_package_spec *spec)
{
    return is_app(spec) ? &app_names : &sbm_names;
}

static void needs_write(uint64_t version, struct cbor_writer *out)
{
    const struct suit_parameters needs = { .present = SUIT_HAS(SUIT_PARAM_VERSION), .version = version };
    command_write(SUIT_DIR_SET_COMPONENT_INDEX, 2, out);
    override_write(&needs, out);
    command_write(SUIT_COND_VERSION, REPORT, out);
}

static void shared_write(const struct suit_package_spec *spec, struct cbor_writer *out)
{
    const uint32_t image = SUIT_HAS(SUIT_PARAM_DIGEST) | SUIT_HAS(SUIT_PARAM_SIZE);
    const struct suit_parameters first = {
        .present = image | SUIT_HAS(SUIT_PARAM_VENDOR) | SUIT_HAS(SUIT_PARAM_CLASS),
        .vendor = spec->vendor,
        .class_id = spec->class_id,
        .digest = spec->image_digest,
        .size = spec->image_size,
    };
    const struct suit_parameters second = {
        .present = image,
        .digest = is_app(spec) ? spec->encrypted_digest : spec->second_digest,
        .size = is_app(spec) ? spec->image_size : spec->second_size, /* CTR keeps the length */
    };
    size_t mark = cbor_bstr_open(out);
    cbor_write_array(out, spec->needs_version != 0 ? 18 : 12);
    command_write(SUIT_DIR_SET_COMPONENT_INDEX, 0, out);
    override_write(&first, out);
    command_write(SUIT_COND_VENDOR, REPORT, out);
    command_write(SUIT_COND_CLASS, REPORT, out);
    command_write(SUIT_DIR_SET_COMPONENT_INDEX, 1, out);
    override_write(&second, out);
    if (spec->needs_version != 0) {
        needs_write(spec->needs_version, out);
    }
    cbor_bstr_close(out, mark);
}

static void package_common_write(const struct suit_package_spec *spec, struct cbor_writer *out)
{
    const struct package_names *names = names_of(spec);
    size_t mark = cbor_bstr_open(out);
    cbor_write_map(out, 2);
    cbor_write_uint(out, SUIT_KEY_COMPONENTS);
    cbor_write_array(out, spec->needs_version != 0 ? 3 : 2);
    segment_write(text_bytes(names->component[0]), out);
    segment_write(text_bytes(names->component[1]), out);
    if (spec->needs_version != 0) {
        segment_write(text_bytes(names->needs), out);
    }
    cbor_write_uint(out, SUIT_KEY_SHARED);
    shared_write(spec, out);
    cbor_bstr_close(out, mark);
}

/* Fetches a payload into component `index`, and checks it there. */
static void fetch_write(uint64_t index, const char *uri, struct cbor_writer *out)
{
    const struct suit_parameters payload = { .present = SUIT_HAS(SUIT_PARAM_URI), .uri = text_bytes(uri) };
    command_write(SUIT_DIR_SET_COMPONENT_INDEX, index, out);
    override_write(&payload, out);
    command_write(SUIT_DIR_FETCH, REPORT, out);
    command_write(SUIT_COND_IMAGE_MATCH, REPORT, out);
}

static void package_install_write(const struct suit_package_spec *spec, struct cbor_writer *out)
{
    const struct package_names *names = names_of(spec);
    size_t mark = cbor_bstr_open(out);
    cbor_write_array(out, 16);
    if (is_app(spec)) {
        const struct suit_parameters source = { .present = SUIT_HAS(SUIT_PARAM_SOURCE), .source = 1 };
        fetch_write(1, names->uri[1], out);
        command_write(SUIT_DIR_SET_COMPONENT_INDEX, 0, out);
        override_write(&source, out);
        command_write(SUIT_DIR_COPY, REPORT, out);
        command_write(SUIT_COND_IMAGE_MATCH, REPORT, out);
    } else {
        fetch_write(0, names->uri[0], out);
        fetch_write(1, names->uri[1], out);
    }
    cbor_bstr_close(out, mark);
}

static int package_spec_sound(const struct suit_package_spec *spec)
{
    if (!is_app(spec) && strcmp(spec->component, "sbm") != 0) {
        return 0;
    }
    const struct bytes *there = is_app(spec) ? &spec->encrypted_digest : &spec->second_digest;
    const struct bytes *absent = is_app(spec) ? &spec->second_digest : &spec->encrypted_digest;
    return spec->vendor.len == 16 && spec->class_id.len == 16 && spec->image_digest.len == SUIT_DIGEST_LEN &&
           there->len == SUIT_DIGEST_LEN && absent->data == NULL;
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
    segment_write(text_bytes(names_of(spec)->id), out);
    short_sequence_write(SUIT_KEY_VALIDATE, SUIT_COND_IMAGE_MATCH, is_app(spec) ? 1 : 2, out);
    short_sequence_write(SUIT_KEY_INVOKE, SUIT_DIR_INVOKE, 1, out);
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

static void envelope_head_write(struct bytes manifest, struct bytes digest, struct bytes sign1, size_t payload_count,
                                struct cbor_writer *out)
{
    cbor_write_tag(out, SUIT_TAG_ENVELOPE);
    cbor_write_map(out, 2 + payload_count);
    cbor_write_uint(out, SUIT_KEY_WRAPPER);
    size_t mark = cbor_bstr_open(out);
    cbor_write_array(out, 2);
    digest_write(digest, out);
    cbor_write_bstr(out, sign1);
    cbor_bstr_close(out, mark);
    cbor_write_uint(out, SUIT_KEY_MANIFEST);
    cbor_write_bstr(out, manifest);
}

status_t suit_envelope_start(struct bytes manifest, struct bytes digest, struct bytes sign1, size_t payload_count,
                             struct cbor_writer *out)
{
    if (digest.len != SUIT_DIGEST_LEN || manifest.len == 0 || manifest.len > SUIT_MANIFEST_MAX || sign1.len == 0 ||
        payload_count > SUIT_PAYLOADS_MAX) {
        return STATUS_BAD_ARGUMENT;
    }
    envelope_head_write(manifest, digest, sign1, payload_count, out);
    return out->status;
}

status_t suit_payload_head_build(const char *key, uint64_t len, struct cbor_writer *out)
{
    cbor_write_tstr(out, key);
    cbor_write_bstr_head(out, len);
    return out->status;
}

status_t suit_envelope_rebuild(const struct suit_envelope *envelope, struct cbor_writer *out)
{
    envelope_head_write(envelope->manifest, envelope->digest, envelope->sign1, envelope->payload_count, out);
    for (size_t i = 0; i < envelope->payload_count; i++) {
        cbor_write_tstr_bytes(out, envelope->payloads[i].key);
        cbor_write_bstr(out, envelope->payloads[i].data);
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
