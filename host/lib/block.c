/* SPDX-License-Identifier: Apache-2.0 */
/* block: see block.h. The order on opening: syntax, signature, package, recipient, and only then the key. */
#include "host/lib/block.h"

#include <inttypes.h>

#include "base/wipe.h"
#include "host/lib/block_crypto.h"
#include "host/lib/p256.h"
#include "wire/cose.h"
#include "wire/suit.h"

int block_package_read(struct bytes package, struct block_package *out, struct fault *fault)
{
    struct suit_envelope envelope;
    struct suit_manifest manifest;
    memset(out, 0, sizeof *out);
    status_t status = suit_envelope_parse(package, &envelope);
    if (status == STATUS_OK) {
        status = suit_manifest_parse(envelope.manifest, &manifest);
    }
    if (status == STATUS_OK && envelope.encoded.len != package.len) {
        status = STATUS_TRAILING;
    }
    if (status != STATUS_OK) {
        return fault_status(fault, "the package", status);
    }
    p256_sha256(envelope.manifest_item, out->manifest_digest);
    if (!bytes_equal(envelope.digest, bytes_of(out->manifest_digest, sizeof out->manifest_digest))) {
        return fault_status(fault, "the package", STATUS_SUIT_DIGEST);
    }
    out->sequence = manifest.sequence;
    out->envelope_len = package.len;
    return 0;
}

/* Wraps `key` for `recipient` into an encryption-info. */
static int encryption_info_make(const struct session_key *key, const uint8_t recipient[64], struct cbor_writer *out,
                                struct fault *fault)
{
    uint8_t ephemeral[64];
    uint8_t secret[32] = { 0 };
    uint8_t kek[16] = { 0 };
    uint8_t wrapped[24];
    uint8_t kid[COSE_KID_LEN];
    int result = -1;
    if (block_ephemeral_agree(recipient, ephemeral, secret, fault) == 0 && block_kek(secret, kek, fault) == 0 &&
        block_wrap(kek, key->key, wrapped, fault) == 0) {
        p256_kid(recipient, kid);
        const struct cose_encrypt info = { bytes_of(key->iv, 16), bytes_of(ephemeral, 32), bytes_of(ephemeral + 32, 32),
                                           bytes_of(kid, sizeof kid), bytes_of(wrapped, sizeof wrapped) };
        cose_encrypt_build(&info, out);
        result = out->status == STATUS_OK ? 0 : fault_status(fault, "the encryption-info", out->status);
    }
    wipe(secret, sizeof secret);
    wipe(kek, sizeof kek);
    return result;
}

/* SHA-256 over the Sig_structure of a detached signature over this SUIT_Digest. */
static status_t signed_digest(struct bytes digest_item, uint8_t digest[32])
{
    uint8_t structure[128];
    struct cbor_writer w = cbor_writer_of(structure, sizeof structure);
    cose_sig_structure_build(bytes_of(NULL, 0), digest_item, &w);
    p256_sha256(cbor_written(&w), digest);
    return w.status;
}

/* SHA-256 over a manifest with its byte string head. */
static status_t manifest_digest(struct bytes manifest, uint8_t digest[32])
{
    uint8_t item[BLOCK_MAX];
    struct cbor_writer w = cbor_writer_of(item, sizeof item);
    cbor_write_bstr(&w, manifest);
    p256_sha256(cbor_written(&w), digest);
    return w.status;
}

int block_envelope_sign(const struct block_envelope *in, struct hsm *hsm, const char *label, struct cbor_writer *out,
                        struct fault *fault)
{
    uint8_t digest[32];
    uint8_t item[48];
    uint8_t to_sign[32];
    uint8_t public_key[64];
    uint8_t kid[COSE_KID_LEN];
    uint8_t signature[COSE_SIGNATURE_LEN];
    uint8_t sign1[COSE_SIGN1_MAX];
    struct cbor_writer d = cbor_writer_of(item, sizeof item);
    struct cbor_writer s = cbor_writer_of(sign1, sizeof sign1);
    status_t status = manifest_digest(in->manifest, digest);
    suit_digest_build(bytes_of(digest, sizeof digest), &d);
    if (status == STATUS_OK) {
        status = signed_digest(cbor_written(&d), to_sign);
    }
    if (status != STATUS_OK) {
        return fault_status(fault, "the manifest", status);
    }
    if (hsm_key_public(hsm, label, public_key, fault) != 0 || hsm_sign(hsm, label, to_sign, signature, fault) != 0) {
        return -1;
    }
    p256_kid(public_key, kid);
    const struct cose_sign1 cose = { .kid = bytes_of(kid, sizeof kid),
                                     .signature = bytes_of(signature, sizeof signature) };
    cose_sign1_build(&cose, &s);
    status =
        suit_envelope_start(in->manifest, bytes_of(digest, sizeof digest), cbor_written(&s), in->payload_count, out);
    return status == STATUS_OK ? 0 : fault_status(fault, "the envelope", status);
}

int block_make(const struct block_package *package, const struct session_key *key, const uint8_t recipient[64],
               struct hsm *hsm, const char *signing_label, struct block *out, struct fault *fault)
{
    uint8_t info[COSE_ENCRYPT_MAX];
    uint8_t manifest[BLOCK_MAX];
    struct cbor_writer i = cbor_writer_of(info, sizeof info);
    struct cbor_writer m = cbor_writer_of(manifest, sizeof manifest);
    struct cbor_writer w = cbor_writer_of(out->data, sizeof out->data);
    out->len = 0;
    if (encryption_info_make(key, recipient, &i, fault) != 0) {
        return -1;
    }
    const struct suit_block_spec spec = { package->sequence, cbor_written(&i),
                                          bytes_of(package->manifest_digest, sizeof package->manifest_digest),
                                          package->envelope_len };
    status_t status = suit_block_manifest_build(&spec, &m);
    if (status != STATUS_OK) {
        return fault_status(fault, "the key block", status);
    }
    const struct block_envelope envelope = { cbor_written(&m), 0 };
    if (block_envelope_sign(&envelope, hsm, signing_label, &w, fault) != 0) {
        return -1;
    }
    out->len = w.len;
    return 0;
}

static int signature_check(const struct suit_envelope *envelope, struct bytes signers, struct fault *fault)
{
    struct cose_sign1 sign1;
    uint8_t digest[32];
    status_t status = manifest_digest(envelope->manifest, digest);
    if (status == STATUS_OK && !bytes_equal(envelope->digest, bytes_of(digest, sizeof digest))) {
        status = STATUS_SUIT_DIGEST;
    }
    if (status == STATUS_OK) {
        status = cose_sign1_parse(envelope->sign1, &sign1);
    }
    if (status != STATUS_OK) {
        return fault_status(fault, "the key block", status);
    }
    const uint8_t *signer = p256_key_find(signers, sign1.kid);
    if (signer == NULL) {
        return fault_status(fault, "the key block", STATUS_SUIT_BLOCK_KEY);
    }
    status = sign1.payload.data != NULL ? STATUS_UNSUPPORTED : signed_digest(envelope->digest_item, digest);
    if (status != STATUS_OK) {
        return fault_status(fault, "the key block's signature", status);
    }
    if (p256_verify(signer, digest, sign1.signature.data) != STATUS_OK) {
        return fault_status(fault, "the key block", STATUS_SUIT_BLOCK_SIGNATURE);
    }
    return 0;
}

/* What the manifest of a key block says: rebuilt from its values and compared, so that it has exactly the profile's
 * shape. */
static int manifest_facts(struct bytes encoded, struct block_package *package, struct bytes *info, struct fault *fault)
{
    struct suit_manifest manifest;
    struct suit_command command;
    uint8_t again[BLOCK_MAX];
    status_t status = suit_manifest_parse(encoded, &manifest);
    if (status != STATUS_OK) {
        return fault_status(fault, "the key block", status);
    }
    struct suit_parameters found = { 0 };
    struct suit_walk walk = suit_walk_of(manifest.install);
    while (suit_walk_next(&walk, &command)) {
        const struct suit_parameters *p = &command.parameters;
        found.encryption_info = p->encryption_info.data != NULL ? p->encryption_info : found.encryption_info;
        found.digest = p->digest.data != NULL ? p->digest : found.digest;
        found.size = (p->present & SUIT_HAS(SUIT_PARAM_SIZE)) != 0 ? p->size : found.size;
    }
    const struct suit_block_spec spec = { manifest.sequence, found.encryption_info, found.digest, found.size };
    struct cbor_writer w = cbor_writer_of(again, sizeof again);
    if (suit_block_manifest_build(&spec, &w) != STATUS_OK || !bytes_equal(cbor_written(&w), encoded)) {
        (void)fault_set(fault,
                        "the key block: its manifest is not of the key block profile (docs/spec.md section 7.3)");
        return fault_hint(fault, "is this a package? give the key block that belongs to it");
    }
    package->sequence = manifest.sequence;
    package->envelope_len = found.size;
    memcpy(package->manifest_digest, found.digest.data, sizeof package->manifest_digest);
    *info = found.encryption_info;
    return 0;
}

int block_read(struct bytes block, struct block_facts *out, struct fault *fault)
{
    struct bytes info = { NULL, 0 };
    memset(out, 0, sizeof *out);
    status_t status = suit_envelope_parse(block, &out->envelope);
    if (status == STATUS_OK && out->envelope.encoded.len != block.len) {
        status = STATUS_TRAILING;
    }
    if (status == STATUS_OK && block.len > BLOCK_MAX) {
        status = STATUS_TOO_LONG;
    }
    if (status != STATUS_OK) {
        return fault_status(fault, "the key block", status);
    }
    if (manifest_facts(out->envelope.manifest, &out->package, &info, fault) != 0) {
        return -1;
    }
    status = cose_encrypt_parse(info, &out->encryption);
    if (status == STATUS_OK) {
        status = cose_sign1_parse(out->envelope.sign1, &out->sign1);
    }
    return status == STATUS_OK ? 0 : fault_status(fault, "the key block", status);
}

int block_check(const struct block_facts *facts, const struct block_package *package, struct bytes signers,
                struct fault *fault)
{
    if (signers.data != NULL && signature_check(&facts->envelope, signers, fault) != 0) {
        return -1;
    }
    if (package != NULL &&
        (facts->package.sequence != package->sequence || facts->package.envelope_len != package->envelope_len ||
         memcmp(facts->package.manifest_digest, package->manifest_digest, 32) != 0)) {
        (void)fault_set(fault,
                        "the key block belongs to another package (sequence %" PRIu64 ", this one has %" PRIu64 ")",
                        facts->package.sequence, package->sequence);
        return fault_hint(fault, "give the block that was made for this package");
    }
    return 0;
}

static int key_open(const struct cose_encrypt *encryption, struct hsm *hsm, const char *label, struct session_key *out,
                    struct fault *fault)
{
    uint8_t peer[64];
    uint8_t secret[32] = { 0 };
    uint8_t kek[16] = { 0 };
    int result = -1;
    memcpy(peer, encryption->ephemeral_x.data, 32);
    memcpy(peer + 32, encryption->ephemeral_y.data, 32);
    if (hsm_agree(hsm, label, peer, secret, fault) == 0 && block_kek(secret, kek, fault) == 0) {
        result = block_unwrap(kek, encryption->wrapped_key.data, out->key);
        if (result != 0) {
            (void)fault_status(fault, "the key block", STATUS_CRYPTO_UNWRAP);
        } else {
            memcpy(out->iv, encryption->iv.data, sizeof out->iv);
        }
    }
    wipe(secret, sizeof secret);
    wipe(kek, sizeof kek);
    return result;
}

int block_open(struct bytes block, const struct block_package *package, struct bytes signers, struct hsm *hsm,
               const char *agree_label, struct session_key *out, struct fault *fault)
{
    struct block_facts facts;
    uint8_t own[64];
    uint8_t kid[COSE_KID_LEN];
    memset(out, 0, sizeof *out);
    if (block_read(block, &facts, fault) != 0 || block_check(&facts, package, signers, fault) != 0 ||
        hsm_key_public(hsm, agree_label, own, fault) != 0) {
        return -1;
    }
    p256_kid(own, kid);
    if (!bytes_equal(facts.encryption.kid, bytes_of(kid, sizeof kid))) {
        (void)fault_set(fault, "the key block is for another recipient than key '%s'", agree_label);
        return fault_hint(fault, "make a block for this recipient: windlass master block --to CERT");
    }
    return key_open(&facts.encryption, hsm, agree_label, out, fault);
}
