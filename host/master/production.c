/* SPDX-License-Identifier: Apache-2.0 */
/* production: master_production: everything that one appliance needs for a run, checked as a device would check it,
 * encrypted to that appliance's token and signed (wire/production.h). */
#include <inttypes.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/wipe.h"
#include "host/lib/cert_crl.h"
#include "host/lib/p256.h"
#include "host/lib/parcel.h"
#include "host/lib/yaml_file.h"
#include "host/master/block_order.h"
#include "host/master/master.h"
#include "host/master/production_parts.h"
#include "host/master/signing.h"
#include "wire/cose.h"
#include "wire/grant.h"

#define CLOCKS_DIFFER 300 /* seconds by which the appliance's clock may be behind ours */
#define DAYS_MAX 3660

_Static_assert(SILICON_DER_MAX <= PRODUCTION_VENDORS_MAX, "the vendors' certificates have room in the content");

struct mastering {
    const struct project *project;
    const struct master_production_order *order;
    const struct roles *roles;
    struct hsm *hsm;
    const char *label; /* of the mastering key */
    uint8_t mastering_key[64];
    struct production_recipient recipient;
    struct production_parts parts;
    uint8_t firmware_keys[64 * ROLES_KEYS];
    uint8_t mastering_keys[64 * ROLES_KEYS];
    uint8_t quota_key[64];
    struct production_content content;
    struct block block;
    uint8_t ticket[GRANT_SIGNED_MAX];
};

static int order_check(const struct master_production_order *order, struct fault *fault)
{
    if (order->number == 0 || order->number > UINT32_MAX) {
        return fault_set(fault, "--number is 1 to %u", UINT32_MAX);
    }
    if (order->quota == 0 || order->quota > PRODUCTION_QUOTA_MAX) {
        return fault_set(fault, "--quota is 1 to %u units", PRODUCTION_QUOTA_MAX);
    }
    if (order->block == 0 || order->block > PRODUCTION_BLOCK_MAX) {
        return fault_set(fault, "--block is 1 to %u units", PRODUCTION_BLOCK_MAX);
    }
    return order->days >= 1 && order->days <= DAYS_MAX ? 0 : fault_set(fault, "--days is 1 to %d", DAYS_MAX);
}

/* The right to make devices, which chips check: signed apart from the package, because chips never see that. */
static int ticket_make(struct mastering *m, struct fault *fault)
{
    uint8_t payload[GRANT_PAYLOAD_MAX];
    struct cbor_writer p = cbor_writer_of(payload, sizeof payload);
    struct cbor_writer w = cbor_writer_of(m->ticket, sizeof m->ticket);
    const struct ticket ticket = { .package = m->order->number,
                                   .grant_key = bytes_of(m->recipient.grant_key, 64),
                                   .vendor = bytes_of(m->project->profile.vendor_uuid, 16),
                                   .class_id = bytes_of(m->project->profile.class_uuid, 16),
                                   .block = m->order->block };
    ticket_build(&ticket, &p);
    if (p.status != STATUS_OK) {
        return fault_status(fault, "the ticket", p.status);
    }
    if (signing_sign1(m->hsm, m->label, TICKET_AAD, cbor_written(&p), &w, fault) != 0) {
        return -1;
    }
    m->content.ticket = cbor_written(&w);
    return 0;
}

static int block_make_for(struct mastering *m, struct fault *fault)
{
    const struct block_order order = {
        m->project, m->roles, m->order->app, m->hsm, m->label, m->recipient.transport_key
    };
    if (block_order_make(&order, &m->block, fault) != 0) {
        return -1;
    }
    m->content.block = bytes_of(m->block.data, m->block.len);
    return 0;
}

static int keys_gather(struct mastering *m, struct fault *fault)
{
    return roles_publics(m->project, m->roles, m->roles->firmware, m->firmware_keys, &m->content.firmware_keys,
                         fault) != 0 ||
                   roles_publics(m->project, m->roles, m->roles->mastering, m->mastering_keys,
                                 &m->content.mastering_keys, fault) != 0 ||
                   roles_public(m->project, m->roles, KEY_QUOTA, CERT_SIGNING, m->quota_key, fault) != 0
               ? -1
               : 0;
}

static int content_gather(struct mastering *m, struct fault *fault)
{
    struct production_content *c = &m->content;
    const struct production_files files = { m->order->bl1, m->order->sbm, m->order->app };
    if (keys_gather(m, fault) != 0 ||
        production_parts_read(m->project, &files, c->firmware_keys, &m->parts, fault) != 0 ||
        block_make_for(m, fault) != 0 || ticket_make(m, fault) != 0) {
        return -1;
    }
    c->bl1 = m->parts.bl1;
    c->sbm = m->parts.sbm;
    c->app = m->parts.app;
    c->profile = m->parts.profile;
    c->root = bytes_of(m->recipient.root.der, m->recipient.root.len);
    c->quota_key = bytes_of(m->quota_key, sizeof m->quota_key);
    c->vendors = m->parts.vendors;
    return 0;
}

/* ---- the three layers ---- */

/* A buffer of the right size for one layer. */
static int layer_begin(size_t capacity, uint8_t **memory, struct cbor_writer *w, struct fault *fault)
{
    *memory = (uint8_t *)malloc(capacity);
    *w = cbor_writer_of(*memory, *memory != NULL ? capacity : 0);
    return *memory != NULL ? 0 : fault_set(fault, "no memory");
}

static size_t content_room(const struct production_content *c)
{
    return c->bl1.len + c->sbm.len + c->app.len + c->block.len + c->profile.len + c->root.len + c->ticket.len +
           c->vendors.len + PRODUCTION_TERMS_MAX;
}

/* The encrypted part, as CBOR; the caller frees. */
static int encrypt(const struct mastering *m, uint8_t **memory, struct bytes *out, struct fault *fault)
{
    struct cbor_writer p;
    struct cbor_writer w;
    struct parcel parcel;
    struct production_cipher cipher;
    uint8_t *plain = NULL;
    uint8_t *ciphertext = NULL;
    const size_t room = content_room(&m->content);
    int result = layer_begin(room, &plain, &p, fault);
    if (result == 0) {
        production_content_build(&m->content, &p);
        result = p.status == STATUS_OK ? 0 : fault_status(fault, "the content", p.status);
    }
    if (result == 0) {
        ciphertext = (uint8_t *)malloc(p.len + PRODUCTION_TAG_LEN);
        result = ciphertext == NULL ? fault_set(fault, "no memory") : 0;
    }
    if (result == 0) {
        result = parcel_seal(cbor_written(&p), m->recipient.transport_key, &parcel, ciphertext, &cipher, fault);
    }
    if (result == 0 && (result = layer_begin(room + PRODUCTION_TERMS_MAX, memory, &w, fault)) == 0) {
        production_cipher_build(&cipher, &w);
        *out = cbor_written(&w);
        result = w.status == STATUS_OK ? 0 : fault_status(fault, "the encryption", w.status);
    }
    if (plain != NULL) {
        wipe(plain, room);
    }
    free(plain);
    free(ciphertext);
    return result;
}

static int payload_digest(struct bytes payload, uint8_t digest[32], struct fault *fault)
{
    uint8_t head[PRODUCTION_STRUCTURE_MAX];
    struct cbor_writer w = cbor_writer_of(head, sizeof head);
    production_sig_head_build(payload.len, &w);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    int done = ctx != NULL && w.status == STATUS_OK && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
               EVP_DigestUpdate(ctx, head, w.len) == 1 && EVP_DigestUpdate(ctx, payload.data, payload.len) == 1 &&
               EVP_DigestFinal_ex(ctx, digest, NULL) == 1;
    EVP_MD_CTX_free(ctx);
    return done ? 0 : fault_set(fault, "no memory");
}

/* Signs the terms, and looks at the result as its reader will. */
static int seal(const struct mastering *m, struct bytes payload, struct cbor_writer *out, struct fault *fault)
{
    uint8_t digest[32];
    uint8_t kid[COSE_KID_LEN];
    uint8_t signature[COSE_SIGNATURE_LEN];
    struct cose_sign1 again;
    struct production terms;
    if (payload_digest(payload, digest, fault) != 0 || hsm_sign(m->hsm, m->label, digest, signature, fault) != 0) {
        return -1;
    }
    p256_kid(m->mastering_key, kid);
    const struct cose_sign1 cose = { .kid = bytes_of(kid, sizeof kid),
                                     .payload = payload,
                                     .signature = bytes_of(signature, sizeof signature) };
    cose_sign1_build(&cose, out);
    status_t status = out->status == STATUS_OK ? cose_sign1_parse(cbor_written(out), &again) : out->status;
    status = status == STATUS_OK ? production_parse(again.payload, &terms) : status;
    status = status == STATUS_OK ? p256_verify(m->mastering_key, digest, signature) : status;
    status = status == STATUS_OK && out->len > PRODUCTION_MAX ? STATUS_TOO_LONG : status;
    return status == STATUS_OK ? 0 : fault_status(fault, "the production package", status);
}

static struct production terms_of(const struct mastering *m, struct bytes encrypted)
{
    const struct master_production_order *order = m->order;
    const uint64_t now = (uint64_t)time(NULL);
    return (struct production){ .number = order->number,
                                .recipient = bytes_of(m->recipient.kid, sizeof m->recipient.kid),
                                .vendor = bytes_of(m->project->profile.vendor_uuid, 16),
                                .class_id = bytes_of(m->project->profile.class_uuid, 16),
                                .not_before = now - CLOCKS_DIFFER,
                                .not_after = now + (uint64_t)order->days * 86400u,
                                .quota = order->quota,
                                .block = order->block,
                                .grant_key = bytes_of(m->recipient.grant_key, 64),
                                .tpm = (uint64_t)m->recipient.tpm,
                                .issuing = bytes_of(m->recipient.issuing, 32),
                                .refill = order->refill,
                                .encrypted = encrypted };
}

static int package_write(const struct mastering *m, struct fault *fault)
{
    uint8_t *encrypted_memory = NULL;
    uint8_t *payload_memory = NULL;
    uint8_t *package_memory = NULL;
    struct bytes encrypted = { NULL, 0 };
    struct cbor_writer payload;
    struct cbor_writer package;
    int result = encrypt(m, &encrypted_memory, &encrypted, fault);
    if (result == 0) {
        result = layer_begin(encrypted.len + PRODUCTION_TERMS_MAX, &payload_memory, &payload, fault);
    }
    if (result == 0) {
        const struct production terms = terms_of(m, encrypted);
        production_build(&terms, &payload);
        result = payload.status == STATUS_OK ? 0 : fault_status(fault, "the terms", payload.status);
    }
    if (result == 0) {
        result = layer_begin(payload.len + PRODUCTION_TERMS_MAX, &package_memory, &package, fault);
    }
    if (result == 0) {
        result = seal(m, cbor_written(&payload), &package, fault);
    }
    if (result == 0 && m->order->note != NULL) {
        uint8_t digest[32];
        p256_sha256(cbor_written(&package), digest);
        result = m->order->note(m->order->context, digest, fault);
    }
    if (result == 0) {
        result = file_write(m->order->out, cbor_written(&package), 0644, m->order->replace, fault);
    }
    free(encrypted_memory);
    free(payload_memory);
    free(package_memory);
    return result;
}

static int mastering_run(struct mastering *m, struct fault *fault)
{
    const struct master_production_order *order = m->order;
    m->label = roles_label(m->roles->mastering, order->key, fault);
    if (m->label == NULL || order_check(order, fault) != 0 ||
        production_recipient_read(m->project, order->appliance, &m->recipient, fault) != 0) {
        return -1;
    }
    if ((order->refill.len != 0) != (m->recipient.tpm != 0)) {
        (void)fault_set(fault,
                        m->recipient.tpm != 0 ? "the appliance '%s' has a TPM: its order is needed"
                                              : "the appliance '%s' has no TPM: there is nothing to refill",
                        order->appliance);
        return fault_hint(fault, "windlassd order writes the order; give it with --order, or leave it out");
    }
    if (access(order->out, F_OK) == 0 && order->replace == FILE_NEW_ONLY) {
        return fault_set(fault, "%s: exists already; nothing is overwritten", order->out);
    }
    if (project_hsm_open(m->project, m->roles->token, &m->hsm, fault) != 0 ||
        roles_key(m->project, m->roles, m->label, CERT_SIGNING, m->hsm, m->mastering_key, fault) != 0 ||
        content_gather(m, fault) != 0) {
        return -1;
    }
    return package_write(m, fault);
}

int master_production(const struct project *project, const struct master_production_order *order, struct fault *fault)
{
    struct mastering *m = (struct mastering *)calloc(1, sizeof *m);
    if (m == NULL) {
        return fault_set(fault, "no memory");
    }
    m->project = project;
    m->order = order;
    m->roles = roles_of(0);
    int result = mastering_run(m, fault);
    production_parts_free(&m->parts);
    hsm_close(m->hsm);
    free(m);
    return result;
}
