/* SPDX-License-Identifier: Apache-2.0 */
/* keyblock: see keyblock.h. */
#include "boot/keyblock.h"

#include "base/wipe.h"
#include "boot/manifest_run.h"
#include "boot/verify.h"

/* What the block's install sequence gathers. */
struct facts {
    struct cose_encrypt encryption;
    struct bytes package_digest;
    uint64_t package_size;
};

static status_t signature_check(const struct suit_envelope *envelope, const struct keyblock_trust *trust,
                                uint64_t *limit)
{
    const struct verify_keys mastering = { trust->policy->mastering_keys, trust->mastering_retired };
    const struct verify_keys provisioner = { trust->policy->provisioner_key, 0 };
    *limit = UINT64_MAX;
    status_t status = verify_envelope(envelope, &mastering);
    if (status == STATUS_SUIT_KEY_UNKNOWN) {
        *limit = trust->policy->provisioned_sequence;
        status = verify_envelope(envelope, &provisioner);
    }
    if (status == STATUS_SUIT_KEY_UNKNOWN) {
        return STATUS_SUIT_BLOCK_KEY;
    }
    return status == STATUS_CRYPTO_SIGNATURE || status == STATUS_SUIT_DIGEST ? STATUS_SUIT_BLOCK_SIGNATURE : status;
}

/* The order that section 7.3 gives: fetch, dependency-integrity, process-dependency, each for the dependency. */
static status_t steps_check(struct manifest_run *run)
{
    static const int64_t wanted[] = { SUIT_DIR_FETCH, SUIT_COND_DEPENDENCY_INTEGRITY, SUIT_DIR_PROCESS_DEPENDENCY };
    size_t done = 0;
    int64_t code = 0;
    status_t status = STATUS_OK;
    manifest_run_sequence(run, run->manifest->install);
    while (manifest_run_next(run, &code, &status)) {
        if (done == 3 || code != wanted[done] || run->current != run->manifest->dependency_index) {
            return STATUS_SUIT_COMMAND;
        }
        done++;
    }
    if (status != STATUS_OK) {
        return status;
    }
    return done == 3 ? STATUS_OK : STATUS_MISSING_FIELD;
}

static status_t facts_gather(const struct suit_manifest *manifest, struct facts *out)
{
    struct manifest_run run;
    if (!manifest->has_dependency || manifest->component_count != 1 ||
        !bytes_equal(manifest->components[0], bytes_of("app", 3))) {
        return STATUS_SUIT_NO_BLOCK;
    }
    manifest_run_start(&run, manifest);
    status_t status = steps_check(&run);
    if (status != STATUS_OK) {
        return status;
    }
    const struct suit_parameters *dependency = &run.parameters[manifest->dependency_index];
    uint32_t needed = SUIT_HAS(SUIT_PARAM_DIGEST) | SUIT_HAS(SUIT_PARAM_SIZE);
    if ((dependency->present & needed) != needed ||
        (run.parameters[0].present & SUIT_HAS(SUIT_PARAM_ENCRYPTION_INFO)) == 0) {
        return STATUS_MISSING_FIELD;
    }
    out->package_digest = dependency->digest;
    out->package_size = dependency->size;
    return cose_encrypt_parse(run.parameters[0].encryption_info, &out->encryption);
}

static status_t recipient_check(const struct cose_encrypt *encryption, const uint8_t *update_public)
{
    uint8_t kid[COSE_KID_LEN];
    verify_key_id(bytes_of(update_public, 64), kid);
    return bytes_equal(encryption->kid, bytes_of(kid, sizeof kid)) ? STATUS_OK : STATUS_SUIT_RECIPIENT;
}

/* ECDH-ES+A128KW (RFC 9053 section 6.4.1). CT: in every key. */
static status_t key_unwrap(const struct cose_encrypt *encryption, const uint8_t *update_key, uint8_t key[16])
{
    uint8_t peer[64];
    uint8_t secret[32];
    uint8_t kek[16];
    uint8_t context[COSE_KDF_CONTEXT_MAX];
    struct cbor_writer w = cbor_writer_of(context, sizeof context);
    memcpy(peer, encryption->ephemeral_x.data, 32);
    memcpy(peer + 32, encryption->ephemeral_y.data, 32);
    cose_kdf_context_build(&w);
    status_t status = crypto_p256_agree(update_key, peer, secret);
    if (status == STATUS_OK) {
        status = crypto_hkdf(bytes_of(secret, sizeof secret), cbor_written(&w), kek, sizeof kek);
    }
    if (status == STATUS_OK) {
        status = crypto_key_unwrap(kek, encryption->wrapped_key.data, key);
    }
    wipe(secret, sizeof secret);
    wipe(kek, sizeof kek);
    return status;
}

/* Into RAM, before anything of it is believed: the slot may be in a memory that somebody else can change. */
static status_t block_copy(struct bytes in, struct suit_envelope *envelope)
{
    static uint8_t copy[KEYBLOCK_MAX];
    status_t status = suit_envelope_parse(in, envelope);
    if (status != STATUS_OK) {
        return status;
    }
    if (envelope->encoded.len > sizeof copy) {
        return STATUS_TOO_LONG;
    }
    memcpy(copy, envelope->encoded.data, envelope->encoded.len);
    return suit_envelope_parse(bytes_of(copy, envelope->encoded.len), envelope);
}

static status_t block_open(struct bytes in, const struct keyblock_trust *trust, struct keyblock *out)
{
    struct suit_envelope envelope;
    struct suit_manifest manifest;
    struct facts facts;
    uint64_t limit;
    status_t status = block_copy(in, &envelope);
    if (status == STATUS_OK) {
        status = signature_check(&envelope, trust, &limit);
    }
    if (status == STATUS_OK) {
        status = suit_manifest_parse(envelope.manifest, &manifest);
    }
    if (status == STATUS_OK) {
        status = manifest.sequence <= limit ? facts_gather(&manifest, &facts) : STATUS_SUIT_BLOCK_KEY;
    }
    if (status == STATUS_OK) {
        status = recipient_check(&facts.encryption, trust->update_public);
    }
    if (status != STATUS_OK) {
        return status;
    }
    out->encoded_len = envelope.encoded.len;
    out->sequence = manifest.sequence;
    out->package_digest = facts.package_digest;
    out->package_size = facts.package_size;
    memcpy(out->iv, facts.encryption.iv.data, sizeof out->iv);
    return key_unwrap(&facts.encryption, trust->update_key, out->key);
}

status_t keyblock_open(struct bytes in, const struct keyblock_trust *trust, struct keyblock *out)
{
    memset(out, 0, sizeof *out);
    status_t status = block_open(in, trust, out);
    if (status != STATUS_OK) {
        keyblock_wipe(out);
    }
    return status;
}

void keyblock_wipe(struct keyblock *block)
{
    wipe(block, sizeof *block);
}
