/* SPDX-License-Identifier: Apache-2.0 */
/* expect: see expect.h. */
#include "host/master/expect.h"

#include <stdlib.h>

#include "boot/manifest_run.h"
#include "host/lib/file.h"
#include "host/lib/p256.h"
#include "wire/cose.h"

#define PACKAGE_MAX (4u * 1024u * 1024u)

static int name_is(struct bytes name, const char *text)
{
    return bytes_equal(name, bytes_of(text, strlen(text)));
}

/* The parameters that the shared sequence sets; conditions are for devices. */
static status_t parameters_gather(const struct suit_manifest *manifest, struct manifest_run *run)
{
    int64_t code;
    status_t status = STATUS_OK;
    manifest_run_start(run, manifest);
    manifest_run_sequence(run, manifest->shared);
    while (manifest_run_next(run, &code, &status)) {
    }
    return status;
}

static status_t manifest_take(const struct suit_manifest *manifest, struct master_expect *out)
{
    struct manifest_run run;
    status_t status = parameters_gather(manifest, &run);
    if (status != STATUS_OK) {
        return status;
    }
    if (manifest->has_dependency || manifest->component_count < 2 || manifest->sequence > UINT32_MAX) {
        return STATUS_SUIT_COMPONENT;
    }
    out->is_sbm = name_is(manifest->components[0], "sbm.a") && name_is(manifest->components[1], "sbm.b");
    if (!out->is_sbm && !name_is(manifest->components[0], "app")) {
        return STATUS_SUIT_COMPONENT;
    }
    out->digest_count = out->is_sbm ? 2 : 1;
    out->sequence = (uint32_t)manifest->sequence;
    for (unsigned i = 0; i < out->digest_count; i++) {
        if (run.parameters[i].digest.len != sizeof out->digests[i]) {
            return STATUS_MISSING_FIELD;
        }
        memcpy(out->digests[i], run.parameters[i].digest.data, sizeof out->digests[i]);
    }
    return STATUS_OK;
}

static status_t both_parse(struct bytes in, struct suit_envelope *envelope, struct suit_manifest *manifest)
{
    status_t status = suit_envelope_parse(in, envelope);
    return status == STATUS_OK ? suit_manifest_parse(envelope->manifest, manifest) : status;
}

static status_t package_take(struct bytes in, struct master_expect *out)
{
    struct suit_envelope envelope;
    struct suit_manifest manifest;
    struct cose_sign1 sign1;
    uint8_t digest[32];
    status_t status = both_parse(in, &envelope, &manifest);
    if (status == STATUS_OK && manifest.has_dependency) { /* a key block: its package follows it */
        size_t block_len = envelope.encoded.len;
        status = both_parse(bytes_of(in.data + block_len, in.len - block_len), &envelope, &manifest);
    }
    if (status == STATUS_OK) {
        p256_sha256(envelope.manifest_item, digest);
        status = bytes_equal(bytes_of(digest, sizeof digest), envelope.digest) ? STATUS_OK : STATUS_SUIT_DIGEST;
    }
    if (status == STATUS_OK) {
        status = cose_sign1_parse(envelope.sign1, &sign1);
    }
    if (status == STATUS_OK && sign1.kid.data != NULL) {
        memcpy(out->signer, sign1.kid.data, sizeof out->signer);
    }
    return status == STATUS_OK ? manifest_take(&manifest, out) : status;
}

int master_expect_read(const char *path, struct master_expect *out, struct fault *fault)
{
    uint8_t *data = NULL;
    size_t len = 0;
    memset(out, 0, sizeof *out);
    if (file_read(path, PACKAGE_MAX, &data, &len, fault) != 0) {
        return -1;
    }
    status_t status = package_take(bytes_of(data, len), out);
    free(data);
    if (status != STATUS_OK) {
        (void)fault_status(fault, path, status);
        return fault_hint(fault, "give a package of 'windlass master package'; 'windlass master inspect' shows it");
    }
    return 0;
}
