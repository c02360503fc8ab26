/* SPDX-License-Identifier: Apache-2.0 */
/* verify: see verify.h. */
#include "boot/verify.h"

#include "base/hard.h"
#include "boot/manifest_run.h"

void verify_key_id(struct bytes key, uint8_t kid[COSE_KID_LEN])
{
    uint8_t digest[CRYPTO_SHA256_LEN];
    crypto_sha256(key, digest);
    memcpy(kid, digest, COSE_KID_LEN);
}

status_t verify_key_find(const struct verify_keys *keys, struct bytes kid, const uint8_t **key)
{
    for (unsigned i = 0; (i + 1) * 64u <= keys->keys.len; i++) {
        uint8_t known[COSE_KID_LEN];
        verify_key_id(bytes_of(keys->keys.data + 64u * i, 64), known);
        if (bytes_equal(kid, bytes_of(known, sizeof known))) {
            *key = keys->keys.data + 64u * i;
            return (keys->retired >> i & 1u) == 0 ? STATUS_OK : STATUS_SUIT_KEY_RETIRED;
        }
    }
    return STATUS_SUIT_KEY_UNKNOWN;
}

/* Digest over the manifest with its byte string head, as the draft has it. */
static status_t manifest_digest_check(const struct suit_envelope *envelope)
{
    uint8_t digest[CRYPTO_SHA256_LEN];
    crypto_sha256(envelope->manifest_item, digest);
    return hard_compare(digest, envelope->digest.data, sizeof digest) == HARD_SAME ? STATUS_OK : STATUS_SUIT_DIGEST;
}

/* Sig_structure (RFC 9052 section 4.4) of a signature over a SUIT_Digest: ["Signature1", << {1: -9} >>, h'', payload],
 * of which only the payload, always 36 bytes long, differs from one to the next. */
static const uint8_t structure_head[] = { 0x84, 0x6A, 'S',  'i',  'g',  'n',  'a',  't',  'u', 'r',
                                          'e',  '1',  0x43, 0xA1, 0x01, 0x28, 0x40, 0x58, 0x24 };
#define DIGEST_ITEM_LEN 36u

static status_t signature_check(const struct suit_envelope *envelope, const struct cose_sign1 *sign1,
                                const uint8_t *key)
{
    struct crypto_sha256 hash;
    uint8_t digest[CRYPTO_SHA256_LEN];
    if (sign1->payload.data != NULL || envelope->digest_item.len != DIGEST_ITEM_LEN) {
        return STATUS_UNSUPPORTED;
    }
    crypto_sha256_start(&hash);
    crypto_sha256_add(&hash, bytes_of(structure_head, sizeof structure_head));
    crypto_sha256_add(&hash, envelope->digest_item);
    crypto_sha256_finish(&hash, digest);
    return crypto_p256_verify(key, digest, sign1->signature.data);
}

status_t verify_envelope(const struct suit_envelope *envelope, const struct verify_keys *keys)
{
    struct cose_sign1 sign1;
    const uint8_t *key;
    status_t status = manifest_digest_check(envelope);
    if (status == STATUS_OK) {
        status = cose_sign1_parse(envelope->sign1, &sign1);
    }
    if (status == STATUS_OK) {
        status = verify_key_find(keys, sign1.kid, &key);
    }
    return status == STATUS_OK ? signature_check(envelope, &sign1, key) : status;
}

/* Components that a package has: what it is for, in this order, and perhaps the other one, of which it demands a
 * version. */
static const char *const application_components[] = { "app", "app.enc", "sbm" };
static const char *const sbm_components[] = { "sbm.a", "sbm.b", "app" };
#define COMPONENTS_LEAST 2u
#define COMPONENTS_MOST 3u

static status_t components_check(const struct suit_manifest *manifest, enum verify_target target)
{
    const char *const *wanted = target == VERIFY_APP ? application_components : sbm_components;
    size_t count = manifest->component_count;
    if (manifest->has_dependency || count < COMPONENTS_LEAST || count > COMPONENTS_MOST) {
        return STATUS_SUIT_COMPONENT;
    }
    for (size_t i = 0; i < count; i++) {
        if (!bytes_equal(manifest->components[i], bytes_of(wanted[i], strlen(wanted[i])))) {
            return STATUS_SUIT_COMPONENT;
        }
    }
    return STATUS_OK;
}

enum { CHECKED_VENDOR = 1, CHECKED_CLASS = 2, CHECKED_VERSION = 4 };

/* One condition of the shared sequence; `*checked` gathers those that held for the component they belong to. */
static status_t condition_check(const struct manifest_run *run, int64_t code, const struct verify_trust *trust,
                                unsigned *checked)
{
    const struct suit_parameters *p = &run->parameters[run->current];
    switch (code) {
    case SUIT_COND_VENDOR:
        *checked |= run->current == 0 ? CHECKED_VENDOR : 0u;
        return bytes_equal(p->vendor, trust->vendor) ? STATUS_OK : STATUS_SUIT_VENDOR;
    case SUIT_COND_CLASS:
        *checked |= run->current == 0 ? CHECKED_CLASS : 0u;
        return bytes_equal(p->class_id, trust->class_id) ? STATUS_OK : STATUS_SUIT_CLASS;
    case SUIT_COND_VERSION:
        *checked |= CHECKED_VERSION;
        if (run->current != COMPONENTS_LEAST || (p->present & SUIT_HAS(SUIT_PARAM_VERSION)) == 0) {
            return STATUS_SUIT_COMMAND;
        }
        return p->version <= trust->other_version ? STATUS_OK : STATUS_SUIT_VERSION;
    default:
        return STATUS_SUIT_COMMAND;
    }
}

/* The shared sequence must check vendor and class of component 0, and the version of another component that is named.
 */
static status_t common_run(struct manifest_run *run, const struct verify_trust *trust)
{
    unsigned wanted =
        CHECKED_VENDOR | CHECKED_CLASS | (run->manifest->component_count > COMPONENTS_LEAST ? CHECKED_VERSION : 0u);
    unsigned checked = 0;
    int64_t code = 0;
    status_t status = STATUS_OK;
    while (manifest_run_next(run, &code, &status)) {
        status = condition_check(run, code, trust, &checked);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return status != STATUS_OK ? status : checked == wanted ? STATUS_OK : STATUS_MISSING_FIELD;
}

static int has_digest_and_size(const struct suit_parameters *p)
{
    uint32_t both = SUIT_HAS(SUIT_PARAM_DIGEST) | SUIT_HAS(SUIT_PARAM_SIZE);
    return (p->present & both) == both;
}

/* Picks what the target needs out of the gathered parameters. Both components must say what they hold. */
static status_t target_take(const struct manifest_run *run, enum verify_target target, struct package *out)
{
    unsigned index = target == VERIFY_SBM_B ? 1u : 0u;
    out->image = run->parameters[index];
    out->payload = run->parameters[target == VERIFY_APP ? 1 : index];
    out->payload_index = index;
    return has_digest_and_size(&run->parameters[0]) && has_digest_and_size(&run->parameters[1]) ? STATUS_OK
                                                                                                : STATUS_MISSING_FIELD;
}

status_t verify_package(struct bytes in, const struct verify_trust *trust, struct package *out)
{
    struct manifest_run run;
    memset(out, 0, sizeof *out);
    status_t status = suit_envelope_parse(in, &out->envelope);
    out->encoded_len = out->envelope.encoded.len;
    if (status == STATUS_OK) {
        status = verify_envelope(&out->envelope, &trust->keys);
        out->signature = status;
        crypto_sha256(out->envelope.manifest_item, out->manifest_digest);
    }
    if (status == STATUS_OK) {
        status = suit_manifest_parse(out->envelope.manifest, &out->manifest);
    }
    if (status == STATUS_OK) {
        status = components_check(&out->manifest, trust->target);
    }
    if (status != STATUS_OK) {
        return status;
    }
    manifest_run_start(&run, &out->manifest);
    manifest_run_sequence(&run, out->manifest.shared);
    status = common_run(&run, trust);
    if (status == STATUS_OK) {
        status = target_take(&run, trust->target, out);
    }
    if (status == STATUS_OK && out->manifest.sequence > UINT32_MAX) {
        status = STATUS_BAD_ARGUMENT;
    }
    return status != STATUS_OK                               ? status
           : out->manifest.sequence >= trust->least_sequence ? STATUS_OK
                                                             : STATUS_SUIT_ROLLBACK;
}

status_t verify_payload(const struct package *package)
{
    struct bytes data = package->envelope.payloads[package->payload_index].data;
    uint8_t digest[CRYPTO_SHA256_LEN];
    if (data.data == NULL || data.len != package->payload.size) {
        return STATUS_SUIT_PAYLOAD_MISMATCH;
    }
    crypto_sha256(data, digest);
    return hard_compare(digest, package->payload.digest.data, sizeof digest) == HARD_SAME
               ? STATUS_OK
               : STATUS_SUIT_PAYLOAD_MISMATCH;
}

status_t verify_image(const struct package *package, struct bytes image, uint8_t digest[CRYPTO_SHA256_LEN])
{
    memset(digest, 0, CRYPTO_SHA256_LEN);
    if (image.len != package->image.size) {
        return STATUS_SUIT_IMAGE_MISMATCH;
    }
    crypto_sha256(image, digest);
    if (hard_compare(digest, package->image.digest.data, CRYPTO_SHA256_LEN) != HARD_SAME) {
        return STATUS_SUIT_IMAGE_MISMATCH;
    }
    return STATUS_OK;
}
