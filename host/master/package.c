/* SPDX-License-Identifier: Apache-2.0 */
/* package: master_package. The payload is written first, behind room for the head, whose length does not depend on what
 * it says. */
#include <limits.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/wipe.h"
#include "host/lib/block.h"
#include "host/lib/file.h"
#include "host/master/master.h"
#include "host/master/package_check.h"
#include "host/master/roles.h"
#include "host/master/stream.h"

#define HEAD_MAX 1024
#define MANIFEST_MAX 512

/* A key block being written. */
struct output {
    uint8_t recipient[64];
    const char *path;
    struct file_draft draft;
};

struct mastering {
    const struct project *project;
    const struct master_package_order *order;
    const struct roles *roles;
    struct hsm *hsm;
    uint8_t firmware_key[64];
    struct session_key key;
    int encrypted;
    struct image image;
    struct stream_digests digests;
    struct file_draft package;
    struct output blocks[MASTER_RECIPIENTS_MAX + 1]; /* the OEM's own comes last */
    size_t block_count;
    char key_path[PATH_MAX];
    size_t head_len;
    struct block_package facts;
    struct package_check check;
};

static struct bytes class_of(const struct mastering *m)
{
    const struct profile *profile = &m->project->profile;
    return bytes_of(m->encrypted ? profile->class_uuid : profile->sbm_class_uuid, 16);
}

static int manifest_build(const struct mastering *m, struct cbor_writer *out, struct fault *fault)
{
    const struct suit_package_spec spec = {
        .sequence = m->order->sequence,
        .vendor = bytes_of(m->project->profile.vendor_uuid, 16),
        .class_id = class_of(m),
        .component = m->order->rules.component,
        .image_digest = bytes_of(m->digests.image, 32),
        .image_size = m->image.len,
        .encrypted_digest = m->encrypted ? bytes_of(m->digests.payload, 32) : bytes_of(NULL, 0),
    };
    status_t status = suit_package_manifest_build(&spec, out);
    return status == STATUS_OK ? 0 : fault_status(fault, "the manifest", status);
}

static const char *payload_key(const struct mastering *m)
{
    return m->encrypted ? "#app" : "#sbm";
}

/* The head's length, with zeros for digests and signature. */
static int head_measure(struct mastering *m, struct fault *fault)
{
    static const uint8_t zero[COSE_SIGN1_MAX];
    uint8_t manifest[MANIFEST_MAX];
    uint8_t head[HEAD_MAX];
    uint8_t sign1[COSE_SIGN1_MAX];
    struct cbor_writer mw = cbor_writer_of(manifest, sizeof manifest);
    struct cbor_writer sw = cbor_writer_of(sign1, sizeof sign1);
    struct cbor_writer hw = cbor_writer_of(head, sizeof head);
    const struct cose_sign1 cose = { .kid = bytes_of(zero, COSE_KID_LEN),
                                     .signature = bytes_of(zero, COSE_SIGNATURE_LEN) };
    cose_sign1_build(&cose, &sw);
    if (manifest_build(m, &mw, fault) != 0) {
        return -1;
    }
    status_t status = suit_envelope_build(cbor_written(&mw), bytes_of(zero, 32), cbor_written(&sw), payload_key(m),
                                          m->image.len, &hw);
    m->head_len = hw.len;
    return status == STATUS_OK ? 0 : fault_status(fault, "the envelope", status);
}

/* Signs, and writes the head before the payload. */
static int head_write(struct mastering *m, struct fault *fault)
{
    uint8_t manifest[MANIFEST_MAX];
    uint8_t head[HEAD_MAX];
    struct cbor_writer mw = cbor_writer_of(manifest, sizeof manifest);
    struct cbor_writer hw = cbor_writer_of(head, sizeof head);
    if (manifest_build(m, &mw, fault) != 0) {
        return -1;
    }
    const struct block_envelope envelope = { cbor_written(&mw), payload_key(m), m->image.len };
    if (block_envelope_sign(&envelope, m->hsm, m->roles->firmware, &hw, fault) != 0) {
        return -1;
    }
    if (hw.len != m->head_len) {
        return fault_set(fault, "the envelope's head changed its length");
    }
    ssize_t put = pwrite(m->package.fd, head, hw.len, 0);
    return put == (ssize_t)hw.len ? 0 : fault_write(fault, m->order->out);
}

/* The device's verifier over what was written: begins while the blocks are made. */
static int check_start(struct mastering *m, struct fault *fault)
{
    m->check.path = m->order->out;
    m->check.trust = (struct verify_trust){
        .keys = { bytes_of(m->firmware_key, 64), 0 },
        .vendor = bytes_of(m->project->profile.vendor_uuid, 16),
        .class_id = class_of(m),
        .component = m->order->rules.component,
        .least_sequence = m->order->sequence,
    };
    if (package_check_map(&m->check, m->package.temporary, m->head_len + (size_t)m->image.len, fault) != 0 ||
        block_package_read(m->check.written, &m->facts, fault) != 0) {
        return -1;
    }
    return package_check_start(&m->check, fault);
}

/* Everything that can be refused before the image is touched: recipients, names, keys. */
static int outputs_begin(struct mastering *m, struct fault *fault)
{
    const struct master_package_order *order = m->order;
    if (!m->encrypted && order->recipient_count > 0) {
        return fault_set(fault, "an SBM package is not encrypted: there are no key blocks for it");
    }
    for (size_t i = 0; i < order->recipient_count; i++) {
        const struct master_recipient *r = &order->recipients[i];
        if (roles_recipient(m->project, m->roles, r->cert, order->issuer, m->blocks[i].recipient, fault) != 0) {
            return -1;
        }
        m->blocks[i].path = r->out;
        m->block_count = i + 1;
    }
    if (m->encrypted) {
        int len = snprintf(m->key_path, sizeof m->key_path, "%s" MASTER_KEY_SUFFIX, order->out);
        if (len <= 0 || (size_t)len >= sizeof m->key_path) {
            return fault_set(fault, "%s: the path is too long", order->out);
        }
        m->blocks[m->block_count++].path = m->key_path;
    }
    if (file_draft_begin(&m->package, order->out, 0644, order->replace, fault) != 0) {
        return -1;
    }
    for (size_t i = 0; i < m->block_count; i++) {
        if (file_draft_begin(&m->blocks[i].draft, m->blocks[i].path, 0644, order->replace, fault) != 0) {
            return -1;
        }
    }
    return 0;
}

/* The OEM's own block is the last; it is opened once more, because every later block comes from it. */
static int blocks_write(struct mastering *m, struct fault *fault)
{
    uint8_t mastering_key[64];
    struct block block = { { 0 }, 0 };
    struct session_key again;
    if (m->block_count == 0) {
        return 0;
    }
    if (roles_key(m->project, m->roles, m->roles->mastering, CERT_SIGNING, m->hsm, mastering_key, fault) != 0 ||
        roles_key(m->project, m->roles, m->roles->distribution, CERT_AGREEMENT, m->hsm,
                  m->blocks[m->block_count - 1].recipient, fault) != 0) {
        return -1;
    }
    for (size_t i = 0; i < m->block_count; i++) {
        if (block_make(&m->facts, &m->key, m->blocks[i].recipient, m->hsm, m->roles->mastering, &block, fault) != 0 ||
            file_draft_write(&m->blocks[i].draft, bytes_of(block.data, block.len), fault) != 0) {
            return -1;
        }
    }
    int result = block_open(bytes_of(block.data, block.len), &m->facts, mastering_key, m->hsm, m->roles->distribution,
                            &again, fault);
    if (result == 0 && memcmp(&again, &m->key, sizeof again) != 0) {
        result = fault_set(fault, "the key block opens to another key than it was made from");
    }
    wipe(&again, sizeof again);
    return result;
}

/* The package comes last: a key block without a package harms nobody. */
static int outputs_commit(struct mastering *m, struct fault *fault)
{
    size_t done = 0;
    int result = 0;
    while (result == 0 && done < m->block_count) {
        result = file_draft_commit(&m->blocks[done].draft, fault);
        done += result == 0 ? 1u : 0u;
    }
    if (result == 0) {
        result = file_draft_commit(&m->package, fault);
    }
    for (size_t i = 0; result != 0 && i < done && m->order->replace == FILE_NEW_ONLY; i++) {
        (void)unlink(m->blocks[i].path);
    }
    return result;
}

static int payload_write(struct mastering *m, struct fault *fault)
{
    if (m->encrypted && RAND_priv_bytes((unsigned char *)&m->key, (int)sizeof m->key) != 1) {
        return fault_set(fault, "no random bytes for the session key");
    }
    const struct stream_order order = { .image = &m->image,
                                        .key = m->encrypted ? &m->key : NULL,
                                        .fd = m->package.fd,
                                        .off = (off_t)m->head_len,
                                        .path = m->order->out };
    return stream_run(&order, &m->digests, fault);
}

static int mastering_run(struct mastering *m, struct fault *fault)
{
    const struct master_package_order *order = m->order;
    if (image_open(order->input, order->format, &order->rules, &m->image, fault) != 0 || outputs_begin(m, fault) != 0 ||
        project_hsm_open(m->project, m->roles->token, &m->hsm, fault) != 0 ||
        roles_key(m->project, m->roles, m->roles->firmware, CERT_SIGNING, m->hsm, m->firmware_key, fault) != 0) {
        return -1;
    }
    if (head_measure(m, fault) != 0 || payload_write(m, fault) != 0 || head_write(m, fault) != 0 ||
        check_start(m, fault) != 0 || blocks_write(m, fault) != 0 || package_check_finish(&m->check, fault) != 0) {
        return -1;
    }
    return outputs_commit(m, fault);
}

int master_package(const struct project *project, const struct master_package_order *order, struct fault *fault)
{
    struct mastering *m = (struct mastering *)calloc(1, sizeof *m);
    if (m == NULL) {
        return fault_set(fault, "no memory");
    }
    m->project = project;
    m->order = order;
    m->roles = roles_of(order->development);
    m->encrypted = strcmp(order->rules.component, "app") == 0;
    m->image.fd = -1;
    m->package.fd = -1;
    for (size_t i = 0; i <= MASTER_RECIPIENTS_MAX; i++) {
        m->blocks[i].draft.fd = -1;
    }
    int result = mastering_run(m, fault);
    package_check_end(&m->check);
    for (size_t i = 0; i <= MASTER_RECIPIENTS_MAX; i++) {
        file_draft_abandon(&m->blocks[i].draft);
    }
    file_draft_abandon(&m->package);
    image_close(&m->image);
    hsm_close(m->hsm);
    wipe(m, sizeof *m);
    free(m);
    return result;
}
