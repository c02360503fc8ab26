/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unit: the chip in hand, from its HELLO to its closed record. Order: proof, then record, then release. The session key
 * is opened and wrapped again for each chip, and wiped at once.
 */
#include "host/appliance/appliance_room.h"

#include "base/wipe.h"
#include "host/lib/text.h"
#include "host/lib/p256.h"
#include "host/sign1/sign1.h"

static int stage_expect(const struct unit *unit, enum unit_stage stage, struct fault *fault)
{
    return unit->stage == stage ? 0 : fault_set(fault, "appliance: a letter out of turn");
}

int unit_begin(struct appliance *a, const struct letter_request *request, struct letter_answer *answer,
               struct fault *fault)
{
    struct unit *u = &a->unit;
    memset(u, 0, sizeof *u);
    if (request->lifecycle > 1) {
        (void)fault_set(fault, "the chip is not open for provisioning any more (lifecycle %llu)",
                        (unsigned long long)request->lifecycle);
        return fault_hint(fault, "a secured chip is provisioned already; see 'windlass ledger list'");
    }
    if (request->sbm_sequence != a->sbm_sequence) {
        return fault_set(fault, "the chip runs Secure Boot Manager %llu instead of %llu",
                         (unsigned long long)request->sbm_sequence, (unsigned long long)a->sbm_sequence);
    }
    if (hsm_random(a->hsm, u->challenge, sizeof u->challenge, fault) != 0) {
        return -1;
    }
    memcpy(u->uid, request->uid.data, sizeof u->uid);
    u->stage = UNIT_CHALLENGED;
    answer->challenge = bytes_of(u->challenge, sizeof u->challenge);
    return 0;
}

/* Checks the proof; views of *out look into `encoded`. */
static int possession_check(const struct unit *u, struct bytes encoded, struct provision_possession *out,
                            struct fault *fault)
{
    struct cose_sign1 outer;
    const struct sign1 proof = { encoded, bytes_of(PROVISION_POP_AAD, strlen(PROVISION_POP_AAD)), { NULL, 0 } };
    status_t status = cose_sign1_parse(encoded, &outer);
    if (status == STATUS_OK) {
        status = outer.payload.data == NULL ? STATUS_MISSING_FIELD : provision_possession_parse(outer.payload, out);
    }
    if (status == STATUS_OK) {
        status = sign1_check(&proof, out->identity_key.data, NULL);
    }
    if (status != STATUS_OK) {
        return fault_status(fault, "the chip's proof of possession", status);
    }
    if (!bytes_equal(out->challenge, bytes_of(u->challenge, sizeof u->challenge))) {
        return fault_set(fault, "the chip's proof of possession answers another challenge");
    }
    if (!bytes_equal(out->uid, bytes_of(u->uid, sizeof u->uid))) {
        return fault_set(fault, "the chip's proof of possession names another unique ID");
    }
    if (bytes_equal(out->identity_key, out->update_key)) {
        return fault_set(fault, "the chip uses one key for two purposes");
    }
    return 0;
}

static int cert_make(struct appliance *a, enum cert_kind kind, const uint8_t public_key[64], struct cert *out,
                     struct fault *fault)
{
    char serial[2 * PROVISION_UID_LEN + 1];
    uint8_t key[64];
    struct cert_spec spec = { .kind = kind,
                              .organisation = a->project.profile.organisation,
                              .common_name = a->project.profile.product,
                              .serial_number = serial };
    text_hex(a->unit.uid, sizeof a->unit.uid, serial);
    memcpy(spec.public_key, public_key, sizeof spec.public_key);
    if (cert_issue(&spec, &a->trust.issuing, a->hsm, KEY_ISSUING, out, fault) != 0 ||
        cert_check(out, &a->trust.issuing, &a->trust.root, kind, key, fault) != 0) {
        return -1;
    }
    return memcmp(key, public_key, sizeof key) == 0 ? 0 : fault_set(fault, "the new certificate holds another key");
}

/* A unit that has its certificates keeps them. */
static int unit_certify(struct appliance *a, struct fault *fault)
{
    struct ledger_unit *record = &a->unit.record;
    if (record->device_cert.len != 0) {
        return 0;
    }
    if (cert_make(a, CERT_DEVICE, record->identity_key, &record->device_cert, fault) != 0 ||
        cert_make(a, CERT_DEVICE_UPDATE, record->update_key, &record->update_cert, fault) != 0) {
        return -1;
    }
    return ledger_unit_certify(a->ledger, record->uid, &record->device_cert, &record->update_cert, fault);
}

static int block_rewrap(struct appliance *a, struct fault *fault)
{
    struct session_key key;
    const struct bytes signers = bytes_of(a->trust.mastering_keys, sizeof a->trust.mastering_keys);
    int result = block_open(bytes_of(a->block, a->block_len), &a->facts, signers, a->hsm, KEY_TRANSPORT, &key, fault);
    if (result == 0) {
        result = block_make(&a->facts, &key, a->unit.record.update_key, a->hsm, KEY_PROVISIONER, &a->unit.block, fault);
    }
    wipe(&key, sizeof key);
    return result;
}

int unit_possession(struct appliance *a, const struct letter_request *request, struct letter_answer *answer,
                    struct fault *fault)
{
    struct unit *u = &a->unit;
    struct provision_possession proof;
    if (stage_expect(u, UNIT_CHALLENGED, fault) != 0) {
        return -1;
    }
    u->stage = UNIT_NONE; /* a challenge is good for one proof */
    if (possession_check(u, request->possession, &proof, fault) != 0 ||
        ledger_unit_reserve(a->ledger,
                            &(struct ledger_claim){ u->uid, proof.identity_key.data, proof.update_key.data, 0 },
                            &u->record, fault) != 0 ||
        unit_certify(a, fault) != 0 || block_rewrap(a, fault) != 0) {
        return -1;
    }
    u->stage = UNIT_CERTIFIED;
    answer->number = u->record.number;
    answer->policy = bytes_of(a->policy, a->policy_len);
    answer->device_cert = bytes_of(u->record.device_cert.der, u->record.device_cert.len);
    answer->issuer_cert = bytes_of(a->trust.issuing.der, a->trust.issuing.len);
    answer->root_cert = bytes_of(a->trust.root.der, a->trust.root.len);
    answer->update_cert = bytes_of(u->record.update_cert.der, u->record.update_cert.len);
    answer->block = bytes_of(u->block.data, u->block.len);
    answer->package_sequence = a->facts.sequence;
    return 0;
}

/* SHA-256 over policy, device, issuer and root certificate, as the chip computes it. */
static int items_digest(const struct appliance *a, uint8_t digest[32])
{
    uint8_t all[POLICY_MAX + 3 * CERT_DER_MAX];
    struct cbor_writer w = cbor_writer_of(all, sizeof all);
    cbor_write_raw(&w, bytes_of(a->policy, a->policy_len));
    cbor_write_raw(&w, bytes_of(a->unit.record.device_cert.der, a->unit.record.device_cert.len));
    cbor_write_raw(&w, bytes_of(a->trust.issuing.der, a->trust.issuing.len));
    cbor_write_raw(&w, bytes_of(a->trust.root.der, a->trust.root.len));
    p256_sha256(cbor_written(&w), digest);
    return w.status == STATUS_OK ? 0 : -1;
}

static int digest_compare(struct bytes stated, struct bytes of, const char *name, struct fault *fault)
{
    uint8_t digest[32];
    p256_sha256(of, digest);
    if (bytes_equal(stated, bytes_of(digest, sizeof digest))) {
        return 0;
    }
    (void)fault_set(fault, "the chip holds another %s than it was given", name);
    return fault_hint(fault, "run 'windlass provision' again; a chip that fails twice is put aside");
}

/* Digest over the receipt's letter and the unique ID: what the ledger keeps. */
static int receipt_digest(const struct letter_request *request, const uint8_t uid[16], uint8_t digest[32])
{
    uint8_t text[256];
    struct cbor_writer w = cbor_writer_of(text, sizeof text);
    cbor_write_bstr(&w, bytes_of(uid, 16));
    letter_request_build(request, &w);
    p256_sha256(cbor_written(&w), digest);
    return w.status == STATUS_OK ? 0 : -1;
}

int unit_receipt(struct appliance *a, const struct letter_request *request, struct letter_answer *answer,
                 struct fault *fault)
{
    struct unit *u = &a->unit;
    uint8_t items[32];
    uint8_t receipt[32];
    if (stage_expect(u, UNIT_CERTIFIED, fault) != 0) {
        return -1;
    }
    if (items_digest(a, items) != 0 || !bytes_equal(request->items_digest, bytes_of(items, sizeof items))) {
        return fault_set(fault, "the chip holds another policy or other certificates than it was given");
    }
    if (digest_compare(request->boot_digest, bytes_of(a->boot, sizeof a->boot), "boot flash", fault) != 0 ||
        digest_compare(request->sbm_digest, bytes_of(a->sbm, sizeof a->sbm), "Secure Boot Manager", fault) != 0) {
        return -1;
    }
    if (request->app_sequence != a->facts.sequence) {
        return fault_set(fault, "the chip holds application %llu instead of %llu",
                         (unsigned long long)request->app_sequence, (unsigned long long)a->facts.sequence);
    }
    if (receipt_digest(request, u->uid, receipt) != 0 ||
        ledger_unit_check(a->ledger, u->uid, bytes_of(receipt, sizeof receipt), a->facts.sequence, fault) != 0) {
        return fault_set(fault, "the receipt cannot be recorded");
    }
    if (hsm_random(a->hsm, u->nonce, sizeof u->nonce, fault) != 0) {
        return -1;
    }
    u->stage = UNIT_CHECKED;
    answer->nonce = bytes_of(u->nonce, sizeof u->nonce);
    return 0;
}

/* The device itself must say that it is secured. */
static int secured_check(const struct appliance *a, struct bytes encoded, struct fault *fault)
{
    const struct unit *u = &a->unit;
    struct token_claims claims;
    if (encoded.len == 0 && !a->token_needed) {
        return 0;
    }
    if (token_check(encoded, u->record.identity_key, bytes_of(u->nonce, sizeof u->nonce), &claims, fault) != 0) {
        return -1;
    }
    if (claims.lifecycle != TOKEN_LIFECYCLE_SECURED) {
        return fault_set(fault, "the device does not say that it is secured");
    }
    return 0;
}

int unit_close(struct appliance *a, const struct letter_request *request, struct letter_answer *answer,
               struct fault *fault)
{
    (void)answer;
    if (stage_expect(&a->unit, UNIT_CHECKED, fault) != 0 || secured_check(a, request->token, fault) != 0 ||
        ledger_unit_close(a->ledger, a->unit.uid, bytes_of(a->unit.nonce, sizeof a->unit.nonce),
                          request->token, fault) != 0) {
        return -1;
    }
    a->unit.stage = UNIT_NONE;
    return 0;
}
