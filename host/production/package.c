/* SPDX-License-Identifier: Apache-2.0 */
/* package: see package.h. Signature and digest first; content is looked at afterwards. */
#include "host/production/package.h"

#include "host/lib/p256.h"
#include "host/sign1/sign1.h"
#include "wire/cose.h"

static struct bytes text_of(const char *text)
{
    return bytes_of(text, strlen(text));
}

static status_t signature_check(const struct suit_envelope *envelope, struct bytes firmware_keys)
{
    uint8_t digest[32];
    struct cose_sign1 parsed;
    const struct sign1 signature = { envelope->sign1, { NULL, 0 }, envelope->digest_item };
    status_t status = cose_sign1_parse(envelope->sign1, &parsed);
    if (status != STATUS_OK) {
        return status;
    }
    const uint8_t *key = p256_key_find(firmware_keys, parsed.kid);
    status = key == NULL ? STATUS_SUIT_KEY_UNKNOWN : sign1_check(&signature, key, NULL);
    p256_sha256(envelope->manifest_item, digest);
    if (status == STATUS_OK && !bytes_equal(envelope->digest, bytes_of(digest, sizeof digest))) {
        status = STATUS_SUIT_DIGEST;
    }
    return status;
}

/* Adds what one override-parameters directive sets. */
static void parameters_add(struct suit_parameters *to, const struct suit_parameters *from)
{
    to->present |= from->present;
    to->vendor = (from->present & SUIT_HAS(SUIT_PARAM_VENDOR)) != 0 ? from->vendor : to->vendor;
    to->class_id = (from->present & SUIT_HAS(SUIT_PARAM_CLASS)) != 0 ? from->class_id : to->class_id;
    to->digest = (from->present & SUIT_HAS(SUIT_PARAM_DIGEST)) != 0 ? from->digest : to->digest;
    to->size = (from->present & SUIT_HAS(SUIT_PARAM_SIZE)) != 0 ? from->size : to->size;
    to->version = (from->present & SUIT_HAS(SUIT_PARAM_VERSION)) != 0 ? from->version : to->version;
}

/* What the shared sequence says of each component. */
static void parameters_gather(const struct suit_manifest *manifest,
                              struct suit_parameters parameters[SUIT_COMPONENTS_MAX])
{
    struct suit_walk walk = suit_walk_of(manifest->shared);
    struct suit_command command;
    size_t at = 0;
    while (suit_walk_next(&walk, &command)) {
        if (command.code == SUIT_DIR_SET_COMPONENT_INDEX) {
            at = command.argument < SUIT_COMPONENTS_MAX ? (size_t)command.argument : 0;
        } else if (command.code == SUIT_DIR_OVERRIDE_PARAMETERS) {
            parameters_add(&parameters[at], &command.parameters);
        }
    }
}

/* What the two kinds of packages are made of. */
struct shape {
    const char *components[3]; /* the third only when a version of it is demanded */
    size_t payload_count;
    const char *keys[SUIT_PAYLOADS_MAX];
    size_t payload_component; /* index of the component whose digest the first payload has */
};
static const struct shape app_shape = { { "app", "app.enc", "sbm" }, 1, { "#app", NULL }, 1 };
static const struct shape sbm_shape = { { "sbm.a", "sbm.b", "app" }, 2, { "#sbm.a", "#sbm.b" }, 0 };

static status_t payload_check(const struct suit_payload *payload, const char *key, const struct suit_parameters *of)
{
    uint8_t digest[32];
    const uint32_t needed = SUIT_HAS(SUIT_PARAM_DIGEST) | SUIT_HAS(SUIT_PARAM_SIZE);
    if (!bytes_equal(payload->key, text_of(key)) || (of->present & needed) != needed) {
        return STATUS_MISSING_FIELD;
    }
    p256_sha256(payload->data, digest);
    return of->size == payload->data.len && bytes_equal(of->digest, bytes_of(digest, sizeof digest))
               ? STATUS_OK
               : STATUS_SUIT_PAYLOAD_MISMATCH;
}

static status_t payloads_check(const struct suit_envelope *envelope, const struct shape *shape,
                               const struct suit_parameters *parameters)
{
    status_t status = envelope->payload_count == shape->payload_count ? STATUS_OK : STATUS_MISSING_FIELD;
    for (size_t i = 0; status == STATUS_OK && i < shape->payload_count; i++) {
        status = payload_check(&envelope->payloads[i], shape->keys[i], &parameters[shape->payload_component + i]);
    }
    return status;
}

static status_t components_check(const struct suit_manifest *manifest, const struct shape *shape)
{
    if (manifest->has_dependency || manifest->component_count < 2 || manifest->component_count > 3) {
        return STATUS_SUIT_COMPONENT;
    }
    for (size_t i = 0; i < manifest->component_count; i++) {
        if (!bytes_equal(manifest->components[i], text_of(shape->components[i]))) {
            return STATUS_SUIT_COMPONENT;
        }
    }
    return STATUS_OK;
}

static status_t content_check(const struct package_rules *rules, struct package *out)
{
    struct suit_manifest manifest;
    struct suit_parameters parameters[SUIT_COMPONENTS_MAX] = { { 0 } };
    const uint32_t needed = SUIT_HAS(SUIT_PARAM_VENDOR) | SUIT_HAS(SUIT_PARAM_CLASS) | SUIT_HAS(SUIT_PARAM_SIZE) |
                            SUIT_HAS(SUIT_PARAM_DIGEST);
    const struct shape *shape = rules->sbm ? &sbm_shape : &app_shape;
    status_t status = suit_manifest_parse(out->envelope.manifest, &manifest);
    if (status == STATUS_OK) {
        status = components_check(&manifest, shape);
    }
    if (status != STATUS_OK) {
        return status;
    }
    parameters_gather(&manifest, parameters);
    if ((parameters[0].present & needed) != needed) {
        return STATUS_MISSING_FIELD;
    }
    if (!bytes_equal(parameters[0].vendor, bytes_of(rules->vendor, 16))) {
        return STATUS_SUIT_VENDOR;
    }
    if (!bytes_equal(parameters[0].class_id, bytes_of(rules->class_id, 16))) {
        return STATUS_SUIT_CLASS;
    }
    out->sequence = manifest.sequence;
    out->image_size = parameters[0].size;
    out->image_digests[0] = parameters[0].digest;
    out->image_digests[1] = parameters[rules->sbm ? 1 : 0].digest;
    out->needs_version = manifest.component_count > 2 ? parameters[2].version : 0;
    return payloads_check(&out->envelope, shape, parameters);
}

int package_check(const char *name, struct bytes in, const struct package_rules *rules, struct package *out,
                  struct fault *fault)
{
    memset(out, 0, sizeof *out);
    status_t status = suit_envelope_parse(in, &out->envelope);
    if (status == STATUS_OK && out->envelope.encoded.len != in.len) {
        status = STATUS_TRAILING;
    }
    if (status == STATUS_OK) {
        status = signature_check(&out->envelope, rules->firmware_keys);
    }
    if (status == STATUS_OK) {
        status = content_check(rules, out);
    }
    if (status == STATUS_OK) {
        return 0;
    }
    (void)fault_status(fault, name, status);
    return fault_hint(fault, "give the %s package that 'windlass master' made for production with this project's keys",
                      rules->sbm ? "sbm" : "app");
}
