/* SPDX-License-Identifier: Apache-2.0 */
/* granting: see granting.h. */
#include "host/appliance/granting.h"

#include "host/lib/p256.h"
#include "host/lib/project.h"
#include "wire/cose.h"

/* For granting_blocks. In doubt a block is forgotten, and the chips' units are signed anew. */
static int count_is_recorded(void *ledger, uint64_t count)
{
    struct fault unsaid = FAULT_NONE;
    return ledger_count_find(ledger, count, &unsaid) == 1;
}

int granting_init(struct granting *g, struct hsm *hsm, struct ledger *ledger, struct quota *quota, struct fault *fault)
{
    memset(g, 0, sizeof *g);
    granting_blocks_init(&g->blocks);
    g->blocks.is_recorded = count_is_recorded;
    g->blocks.context = ledger;
    g->hsm = hsm;
    g->ledger = ledger;
    g->tpm = quota != NULL;
    return hsm_key_public(hsm, KEY_PROVISIONER, g->provisioner_key, fault) != 0 ||
                   (g->tpm && spend_init(&g->spend, quota, ledger, fault) != 0)
               ? -1
               : 0;
}

void granting_close(struct granting *g)
{
    if (g->tpm) {
        spend_close(&g->spend);
    }
    granting_blocks_close(&g->blocks);
}

/* ---- signatures ---- */

static int seal_digest(const struct granting_seal *seal, uint8_t digest[32], struct fault *fault)
{
    uint8_t structure[GRANT_PAYLOAD_MAX + 64];
    struct cbor_writer w = cbor_writer_of(structure, sizeof structure);
    cose_sig_structure_build(bytes_of(seal->aad, strlen(seal->aad)), seal->payload, &w);
    p256_sha256(cbor_written(&w), digest);
    return w.status == STATUS_OK ? 0 : fault_status(fault, seal->aad, w.status);
}

static int seal_write(const struct granting_seal *seal, const uint8_t signature[COSE_SIGNATURE_LEN],
                      struct cbor_writer *out, struct fault *fault)
{
    const struct cose_sign1 sign1 = { .kid = bytes_of(seal->kid, seal->kid == NULL ? 0 : COSE_KID_LEN),
                                      .payload = seal->payload,
                                      .signature = bytes_of(signature, COSE_SIGNATURE_LEN) };
    cose_sign1_build(&sign1, out);
    return out->status == STATUS_OK ? 0 : fault_status(fault, seal->aad, out->status);
}

int granting_sign(const struct granting_seal *seal, struct hsm *hsm, const char *label, struct cbor_writer *out,
                  struct fault *fault)
{
    uint8_t digest[32];
    uint8_t signature[COSE_SIGNATURE_LEN];
    return seal_digest(seal, digest, fault) != 0 || hsm_sign(hsm, label, digest, signature, fault) != 0
               ? -1
               : seal_write(seal, signature, out, fault);
}

/* By the TPM's grant key: one unit of its quota. */
static int tpm_sign(struct granting *g, const struct granting_seal *seal, uint64_t *count, struct cbor_writer *out,
                    struct fault *fault)
{
    uint8_t digest[32];
    uint8_t signature[COSE_SIGNATURE_LEN];
    if (seal_digest(seal, digest, fault) != 0) {
        return -1;
    }
    int spent = spend_sign(&g->spend, digest, signature, count, fault);
    if (spent == QUOTA_SPENT_OUT) {
        return fault_hint(fault, "the order is made; for more, the maker gives another production package");
    }
    return spent != 0 ? -1 : seal_write(seal, signature, out, fault);
}

/* For granting_block_signer. */
static int block_sign(void *context, uint64_t package, uint64_t units, struct granting_block *block,
                      struct fault *fault)
{
    struct granting *g = context;
    uint8_t payload[GRANT_PAYLOAD_MAX];
    const struct grant_block content = { .package = package,
                                         .first = block->first,
                                         .count = units,
                                         .delegate_key = bytes_of(g->provisioner_key, sizeof g->provisioner_key) };
    struct cbor_writer p = cbor_writer_of(payload, sizeof payload);
    struct cbor_writer w = cbor_writer_of(block->sign1, sizeof block->sign1);
    grant_block_build(&content, &p);
    const struct granting_seal seal = { GRANT_BLOCK_AAD, cbor_written(&p), NULL };
    if (tpm_sign(g, &seal, &block->count, &w, fault) != 0) {
        return -1;
    }
    block->sign1_len = w.len;
    return 0;
}

/* ---- grants ---- */

static int item_make(struct granting *g, const struct granting_terms *terms, const struct ledger_unit *unit,
                     uint64_t *count, struct cbor_writer *out, struct fault *fault)
{
    uint8_t payload[GRANT_PAYLOAD_MAX];
    uint8_t sign1[GRANT_SIGNED_MAX];
    struct granting_block block;
    struct grant_item item = { .ticket = terms->ticket };
    const struct grant grant = { .package = terms->number,
                                 .unit = unit->number,
                                 .uid = bytes_of(unit->uid, sizeof unit->uid),
                                 .identity_key = bytes_of(unit->identity_key, sizeof unit->identity_key),
                                 .update_key = bytes_of(unit->update_key, sizeof unit->update_key) };
    const int blocks = g->tpm && terms->block > 1;
    struct cbor_writer p = cbor_writer_of(payload, sizeof payload);
    struct cbor_writer s = cbor_writer_of(sign1, sizeof sign1);
    grant_build(&grant, &p);
    const struct granting_seal seal = { GRANT_AAD, cbor_written(&p), NULL };
    *count = 0;
    if (blocks) {
        const struct granting_block_signer signer = { g, block_sign };
        if (granting_blocks_take(&g->blocks, terms->number, unit->number, &signer, &block, fault) != 0) {
            return -1;
        }
        *count = block.count;
        item.block = bytes_of(block.sign1, block.sign1_len);
    }
    int result = g->tpm && !blocks ? tpm_sign(g, &seal, count, &s, fault)
                                   : granting_sign(&seal, g->hsm, KEY_PROVISIONER, &s, fault);
    if (result != 0) {
        return -1;
    }
    item.grant = cbor_written(&s);
    grant_item_build(&item, out);
    return out->status == STATUS_OK ? 0 : fault_status(fault, "grant", out->status);
}

int granting_unit_begin(struct granting *g, const struct granting_terms *terms, struct ledger_unit *unit,
                        struct granting_work *work, struct fault *fault)
{
    struct cbor_writer w = cbor_writer_of(unit->grant, sizeof unit->grant);
    memset(work, 0, sizeof *work);
    if (unit->grant_len != 0) {
        return 0;
    }
    if (item_make(g, terms, unit, &work->count, &w, fault) != 0) {
        return -1;
    }
    work->costs = g->tpm && terms->block <= 1;
    work->pending = ledger_unit_grant_begin(g->ledger, unit->uid, work->count, cbor_written(&w), fault);
    if (work->pending == NULL) {
        if (work->costs) {
            spend_lose(&g->spend, work->count);
        }
        return -1;
    }
    unit->grant_len = w.len;
    return 0;
}

int granting_unit_end(struct granting *g, struct ledger_unit *unit, struct granting_work *work, struct fault *fault)
{
    int result = ledger_pending_end(work->pending, fault);
    work->pending = NULL;
    if (result != 0) {
        unit->grant_len = 0;
        if (work->costs) {
            spend_lose(&g->spend, work->count);
        }
    }
    return result;
}
