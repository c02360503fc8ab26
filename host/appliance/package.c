/* SPDX-License-Identifier: Apache-2.0 */
/* package: see package.h. Signature and digest first; content is looked at afterwards. */
#include "host/appliance/package.h"

#include "host/lib/p256.h"
#include "host/sign1/sign1.h"

static struct bytes text_of(const char *text)
{
    return bytes_of(text, strlen(text));
}

static status_t signature_check(const struct suit_envelope *envelope, const uint8_t firmware_key[64])
{
    uint8_t digest[32];
    const struct sign1 signature = { envelope->sign1, { NULL, 0 }, envelope->digest_item };
    status_t status = sign1_check(&signature, firmware_key, NULL);
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

static status_t payload_check(const struct suit_envelope *envelope, const struct package_rules *rules,
                              const struct suit_parameters *of)
{
    uint8_t digest[32];
    const uint32_t needed = SUIT_HAS(SUIT_PARAM_DIGEST) | SUIT_HAS(SUIT_PARAM_SIZE);
    if (envelope->payload_key.data == NULL || !bytes_equal(envelope->payload_key, text_of(rules->payload_key)) ||
        (of->present & needed) != needed) {
        return STATUS_MISSING_FIELD;
    }
    p256_sha256(envelope->payload, digest);
    return of->size == envelope->payload.len && bytes_equal(of->digest, bytes_of(digest, sizeof digest))
               ? STATUS_OK
               : STATUS_SUIT_PAYLOAD_MISMATCH;
}

static status_t content_check(const struct package_rules *rules, struct package *out)
{
    struct suit_manifest manifest;
    struct suit_parameters parameters[SUIT_COMPONENTS_MAX] = { { 0 } };
    const uint32_t needed = SUIT_HAS(SUIT_PARAM_VENDOR) | SUIT_HAS(SUIT_PARAM_CLASS) | SUIT_HAS(SUIT_PARAM_SIZE);
    status_t status = suit_manifest_parse(out->envelope.manifest, &manifest);
    if (status != STATUS_OK) {
        return status;
    }
    if (manifest.has_dependency || manifest.component_count <= rules->payload_component ||
        !bytes_equal(manifest.components[0], text_of(rules->component))) {
        return STATUS_SUIT_COMPONENT;
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
    return payload_check(&out->envelope, rules, &parameters[rules->payload_component]);
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
        status = signature_check(&out->envelope, rules->firmware_key);
    }
    if (status == STATUS_OK) {
        status = content_check(rules, out);
    }
    if (status == STATUS_OK) {
        return 0;
    }
    (void)fault_status(fault, name, status);
    return fault_hint(fault, "give the %s package that 'windlass master' made for production with this project's keys",
                      rules->component);
}
