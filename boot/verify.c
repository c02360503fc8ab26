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

status_t verify_envelope(const struct suit_envelope *envelope, const struct verify_keys *keys)
{
    struct cose_sign1 sign1;
    const uint8_t *key;
    uint8_t structure[96];
    uint8_t digest[CRYPTO_SHA256_LEN];
    status_t status = manifest_digest_check(envelope);
    if (status != STATUS_OK) {
        return status;
    }
    status = cose_sign1_parse(envelope->sign1, &sign1);
    if (status != STATUS_OK) {
        return status;
    }
    status = verify_key_find(keys, sign1.kid, &key);
    if (status != STATUS_OK) {
        return status;
    }
    if (sign1.payload.data != NULL) {
        return STATUS_UNSUPPORTED;
    }
    struct cbor_writer w = cbor_writer_of(structure, sizeof structure);
    cose_sig_structure_build(bytes_of(NULL, 0), envelope->digest_item, &w);
    if (w.status != STATUS_OK) {
        return w.status;
    }
    crypto_sha256(cbor_written(&w), digest);
    return crypto_p256_verify(key, digest, sign1.signature.data);
}

/* The shared sequence must check vendor and class of component 0. */
static status_t common_run(struct manifest_run *run, const struct verify_trust *trust)
{
    unsigned checked = 0;
    int64_t code = 0;
    status_t status = STATUS_OK;
    while (manifest_run_next(run, &code, &status)) {
        const struct suit_parameters *p = manifest_run_parameters(run);
        if (code == SUIT_COND_VENDOR) {
            if (!bytes_equal(p->vendor, trust->vendor)) {
                return STATUS_SUIT_VENDOR;
            }
            checked |= run->current == 0 ? 1u : 0u;
        } else if (code == SUIT_COND_CLASS) {
            if (!bytes_equal(p->class_id, trust->class_id)) {
                return STATUS_SUIT_CLASS;
            }
            checked |= run->current == 0 ? 2u : 0u;
        } else {
            return STATUS_SUIT_COMMAND;
        }
    }
    if (status != STATUS_OK) {
        return status;
    }
    return checked == 3 ? STATUS_OK : STATUS_MISSING_FIELD;
}

static int has_digest_and_size(const struct suit_parameters *p)
{
    uint32_t both = SUIT_HAS(SUIT_PARAM_DIGEST) | SUIT_HAS(SUIT_PARAM_SIZE);
    return (p->present & both) == both;
}

static status_t components_check(const struct suit_manifest *manifest, const struct verify_trust *trust)
{
    struct bytes wanted = bytes_of(trust->component, strlen(trust->component));
    if (manifest->has_dependency || manifest->component_count > 2 || !bytes_equal(manifest->components[0], wanted)) {
        return STATUS_SUIT_COMPONENT;
    }
    return STATUS_OK;
}

status_t verify_package(struct bytes in, const struct verify_trust *trust, struct package *out)
{
    struct manifest_run run;
    memset(out, 0, sizeof *out);
    status_t status = suit_envelope_parse(in, &out->envelope);
    if (status == STATUS_OK) {
        status = verify_envelope(&out->envelope, &trust->keys);
        out->signature = status;
        crypto_sha256(out->envelope.manifest_item, out->manifest_digest);
    }
    if (status == STATUS_OK) {
        status = suit_manifest_parse(out->envelope.manifest, &out->manifest);
    }
    if (status == STATUS_OK) {
        status = components_check(&out->manifest, trust);
    }
    if (status != STATUS_OK) {
        return status;
    }
    manifest_run_start(&run, &out->manifest);
    manifest_run_sequence(&run, out->manifest.shared);
    status = common_run(&run, trust);
    if (status != STATUS_OK) {
        return status;
    }
    out->image = run.parameters[0];
    if (out->manifest.component_count == 2) {
        out->encrypted = run.parameters[1];
    }
    if (!has_digest_and_size(&out->image) ||
        (out->manifest.component_count == 2 && !has_digest_and_size(&out->encrypted))) {
        return STATUS_MISSING_FIELD;
    }
    return out->manifest.sequence >= trust->least_sequence ? STATUS_OK : STATUS_SUIT_ROLLBACK;
}

status_t verify_payload(const struct package *package)
{
    const struct suit_parameters *p = package->encrypted.present != 0 ? &package->encrypted : &package->image;
    uint8_t digest[CRYPTO_SHA256_LEN];
    if (package->envelope.payload.data == NULL || package->envelope.payload.len != p->size) {
        return STATUS_SUIT_PAYLOAD_MISMATCH;
    }
    crypto_sha256(package->envelope.payload, digest);
    return hard_compare(digest, p->digest.data, sizeof digest) == HARD_SAME ? STATUS_OK : STATUS_SUIT_PAYLOAD_MISMATCH;
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
