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

/* A payload: the SBM has two, the application one. */
struct payload {
    struct image image;
    struct stream_digests digests;
    const char *key; /* in the envelope */
    size_t head_len; /* bytes before it that belong to it: key and head; of the first, the whole envelope's head */
    uint64_t off;    /* of its first byte in the package */
};

struct mastering {
    const struct project *project;
    const struct master_package_order *order;
    const struct roles *roles;
    const char *label; /* of the firmware key */
    struct hsm *hsm;
    uint8_t firmware_key[64];
    struct session_key key;
    int encrypted;
    struct payload payloads[SUIT_PAYLOADS_MAX];
    size_t payload_count;
    struct file_draft package;
    struct output blocks[MASTER_RECIPIENTS_MAX + 1]; /* the OEM's own comes last */
    size_t block_count;
    char key_path[PATH_MAX];
    struct block_package facts;
    struct package_check check;
};

static struct bytes class_of(const struct mastering *m)
{
    const struct profile *profile = &m->project->profile;
    return bytes_of(m->encrypted ? profile->class_uuid : profile->sbm_class_uuid, 16);
}

static uint64_t package_len(const struct mastering *m)
{
    const struct payload *last = &m->payloads[m->payload_count - 1];
    return last->off + last->image.len;
}

static int manifest_build(const struct mastering *m, struct cbor_writer *out, struct fault *fault)
{
    const struct payload *p = m->payloads;
    const struct suit_package_spec spec = {
        .sequence = m->order->sequence,
        .vendor = bytes_of(m->project->profile.vendor_uuid, 16),
        .class_id = class_of(m),
        .component = m->encrypted ? "app" : "sbm",
        .image_digest = bytes_of(p[0].digests.image, 32),
        .image_size = p[0].image.len,
        .encrypted_digest = m->encrypted ? bytes_of(p[0].digests.payload, 32) : bytes_of(NULL, 0),
        .second_digest = m->encrypted ? bytes_of(NULL, 0) : bytes_of(p[1].digests.image, 32),
        .second_size = p[1].image.len,
        .needs_version = m->order->needs_version,
    };
    status_t status = suit_package_manifest_build(&spec, out);
    return status == STATUS_OK ? 0 : fault_status(fault, "the manifest", status);
}

/* Key and head of a payload after what `head` holds already. */
static int payload_head_build(const struct payload *payload, struct cbor_writer *head, struct fault *fault)
{
    status_t status = suit_payload_head_build(payload->key, payload->image.len, head);
    return status == STATUS_OK ? 0 : fault_status(fault, "the envelope", status);
}

/* The lengths of the heads, with zeros for digests and signature, and so where each payload begins. */
static int heads_measure(struct mastering *m, struct fault *fault)
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
    uint64_t end = 0;
    cose_sign1_build(&cose, &sw);
    if (manifest_build(m, &mw, fault) != 0) {
        return -1;
    }
    (void)suit_envelope_start(cbor_written(&mw), bytes_of(zero, 32), cbor_written(&sw), m->payload_count, &hw);
    for (size_t i = 0; i < m->payload_count; i++) {
        struct payload *p = &m->payloads[i];
        if (payload_head_build(p, &hw, fault) != 0) {
            return -1;
        }
        p->head_len = hw.len;
        p->off = end + hw.len;
        end = p->off + p->image.len;
        hw.len = 0;
    }
    return 0;
}

static int head_put(const struct mastering *m, const struct payload *payload, struct bytes head, struct fault *fault)
{
    if (head.len != payload->head_len) {
        return fault_set(fault, "the head of %s changed its length", payload->key);
    }
    ssize_t put = pwrite(m->package.fd, head.data, head.len, (off_t)(payload->off - head.len));
    return put == (ssize_t)head.len ? 0 : fault_write(fault, m->order->out);
}

/* Signs, and writes the head before each payload. */
static int heads_write(struct mastering *m, struct fault *fault)
{
    uint8_t manifest[MANIFEST_MAX];
    uint8_t head[HEAD_MAX];
    struct cbor_writer mw = cbor_writer_of(manifest, sizeof manifest);
    struct cbor_writer hw = cbor_writer_of(head, sizeof head);
    if (manifest_build(m, &mw, fault) != 0) {
        return -1;
    }
    const struct block_envelope envelope = { cbor_written(&mw), m->payload_count };
    if (block_envelope_sign(&envelope, m->hsm, m->label, &hw, fault) != 0) {
        return -1;
    }
    for (size_t i = 0; i < m->payload_count; i++) {
        if (payload_head_build(&m->payloads[i], &hw, fault) != 0 ||
            head_put(m, &m->payloads[i], cbor_written(&hw), fault) != 0) {
            return -1;
        }
        hw.len = 0;
    }
    return 0;
}

/* The device's verifier over what was written: begins while the blocks are made. */
static int check_start(struct mastering *m, struct fault *fault)
{
    m->check.path = m->order->out;
    m->check.trust = (struct verify_trust){
        .keys = { bytes_of(m->firmware_key, 64), 0 },
        .vendor = bytes_of(m->project->profile.vendor_uuid, 16),
        .class_id = class_of(m),
        .target = m->encrypted ? VERIFY_APP : VERIFY_SBM_A,
        .other_version = VERIFY_ANY_VERSION,
        .least_sequence = m->order->sequence,
    };
    if (package_check_map(&m->check, m->package.temporary, (size_t)package_len(m), fault) != 0 ||
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
    if (roles_key(m->project, m->roles, m->roles->mastering[0], CERT_SIGNING, m->hsm, mastering_key, fault) != 0 ||
        roles_key(m->project, m->roles, m->roles->distribution, CERT_AGREEMENT, m->hsm,
                  m->blocks[m->block_count - 1].recipient, fault) != 0) {
        return -1;
    }
    for (size_t i = 0; i < m->block_count; i++) {
        if (block_make(&m->facts, &m->key, m->blocks[i].recipient, m->hsm, m->roles->mastering[0], &block, fault) !=
                0 ||
            file_draft_write(&m->blocks[i].draft, bytes_of(block.data, block.len), fault) != 0) {
            return -1;
        }
    }
    int result = block_open(bytes_of(block.data, block.len), &m->facts, bytes_of(mastering_key, 64), m->hsm,
                            m->roles->distribution, &again, fault);
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

static int payloads_write(struct mastering *m, struct fault *fault)
{
    if (m->encrypted && RAND_priv_bytes((unsigned char *)&m->key, (int)sizeof m->key) != 1) {
        return fault_set(fault, "no random bytes for the session key");
    }
    for (size_t i = 0; i < m->payload_count; i++) {
        struct payload *p = &m->payloads[i];
        const struct stream_order order = { .image = &p->image,
                                            .key = m->encrypted ? &m->key : NULL,
                                            .fd = m->package.fd,
                                            .off = (off_t)p->off,
                                            .path = m->order->out };
        if (stream_run(&order, &p->digests, fault) != 0) {
            return -1;
        }
    }
    return 0;
}

static int images_open(struct mastering *m, struct fault *fault)
{
    const struct master_package_order *order = m->order;
    if (image_open(order->input, order->format, &order->rules, &m->payloads[0].image, fault) != 0) {
        return -1;
    }
    return m->encrypted ? 0 : image_open(order->input_b, order->format, &order->rules_b, &m->payloads[1].image, fault);
}

static int mastering_run(struct mastering *m, struct fault *fault)
{
    m->label = roles_label(m->roles->firmware, m->order->key, fault);
    if (m->label == NULL || images_open(m, fault) != 0 || outputs_begin(m, fault) != 0 ||
        project_hsm_open(m->project, m->roles->token, &m->hsm, fault) != 0 ||
        roles_key(m->project, m->roles, m->label, CERT_SIGNING, m->hsm, m->firmware_key, fault) != 0) {
        return -1;
    }
    if (heads_measure(m, fault) != 0 || payloads_write(m, fault) != 0 || heads_write(m, fault) != 0 ||
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
    m->encrypted = order->input_b == NULL;
    m->payload_count = m->encrypted ? 1 : 2;
    m->payloads[0].key = m->encrypted ? "#app" : "#sbm.a";
    m->payloads[1].key = "#sbm.b";
    m->payloads[0].image.fd = -1;
    m->payloads[1].image.fd = -1;
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
    image_close(&m->payloads[0].image);
    image_close(&m->payloads[1].image);
    hsm_close(m->hsm);
    wipe(m, sizeof *m);
    free(m);
    return result;
}
