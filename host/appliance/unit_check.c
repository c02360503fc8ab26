/* SPDX-License-Identifier: Apache-2.0 */
/* unit_check: what came back, stage by stage. See unit.h. A result that cannot be proved only ever leads to a refusal.
 */
#include "host/appliance/appliance_room.h"

#include "host/lib/p256.h"
#include "host/sign1/sign1.h"
#include "wire/cose.h"

static const char *const op_names[] = {
    "", "HELLO", "MAKE_KEYS", "STORE", "INSTALL", "CHECK", "LOCK", "WRITE", "START"
};

int unit_answer_read(enum provision_op op, struct bytes data, struct provision_answer *out, struct fault *fault)
{
    status_t status = provision_answer_parse(data, out);
    if (status != STATUS_OK) {
        return fault_set(fault, "%s: the chip's answer: %s", op_names[op], status_text(status));
    }
    if (out->status != 0) {
        return fault_set(fault, "%s: the chip refuses: %s", op_names[op], status_text((status_t)out->status));
    }
    return out->op == op ? 0 : fault_set(fault, "%s: the chip answered to another request", op_names[op]);
}

/* ---- before the proof: nothing here is believed; it only stops what could not end well ---- */

/* The channel says which chip this is; nobody else is believed. */
static int channel_chip_check(const struct unit *u, struct bytes uid, struct fault *fault)
{
    return u->secure.side == NULL || bytes_equal(uid, bytes_of(u->secure.channel.unique_id, 16))
               ? 0
               : fault_set(fault, "the chip names another unique ID than its vendor's certificate");
}

int unit_hello_first_check(struct unit *u, struct bytes data, struct fault *fault)
{
    struct provision_answer hello;
    if (unit_answer_read(PROVISION_HELLO, data, &hello, fault) != 0) {
        return -1;
    }
    return channel_chip_check(u, hello.uid, fault);
}

int unit_hello_check(struct unit *u, struct bytes data, struct fault *fault)
{
    struct provision_answer hello;
    if (unit_answer_read(PROVISION_HELLO, data, &hello, fault) != 0) {
        return -1;
    }
    if (hello.version != PROVISION_VERSION) {
        return fault_set(fault, "the chip's provisioning agent speaks version %llu; the appliance speaks %d",
                         (unsigned long long)hello.version, PROVISION_VERSION);
    }
    if (hello.lifecycle > 1) {
        (void)fault_set(fault, "the chip is not open for provisioning any more (lifecycle %llu)",
                        (unsigned long long)hello.lifecycle);
        return fault_hint(fault, "a secured chip is provisioned already; see 'windlass ledger list'");
    }
    if (hello.sbm_sequence != u->run->sbm_sequence) {
        return fault_set(fault, "the chip runs Secure Boot Manager %llu instead of %llu",
                         (unsigned long long)hello.sbm_sequence, (unsigned long long)u->run->sbm_sequence);
    }
    memcpy(u->uid, hello.uid.data, sizeof u->uid);
    return channel_chip_check(u, hello.uid, fault);
}

int unit_hello_again_check(struct unit *u, struct bytes data, struct fault *fault)
{
    struct provision_answer hello;
    if (unit_answer_read(PROVISION_HELLO, data, &hello, fault) != 0) {
        return -1;
    }
    return bytes_equal(hello.uid, bytes_of(u->uid, sizeof u->uid))
               ? 0
               : fault_set(fault, "another chip answers now: it was exchanged during the run");
}

/* ---- the proof ---- */

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

int unit_chip_take(struct unit *u, const uint8_t uid[16], struct fault *fault)
{
    if (hand_take(&u->appliance->hand, &u->chip, uid) == 0) {
        return 0;
    }
    (void)fault_set(fault, "this chip is in hand in another socket");
    return fault_hint(fault, "wait until that run has ended; two chips of one unique ID are never both genuine");
}

/* Ledger and TPM count the same: when the one refuses, people may know what the other would have said. */
static const char *tpm_word(const struct unit *u)
{
    struct quota_facts facts;
    struct fault ignored = FAULT_NONE;
    struct quota *quota = u->appliance->quota;
    return quota != NULL && quota_facts(quota, &facts, &ignored) == 0 && facts.count >= facts.limit
               ? "; the TPM gives no more units either"
               : "";
}

static int reserve(struct unit *u, const struct provision_possession *proof, struct fault *fault)
{
    const struct ledger_claim claim = { proof->uid.data, proof->identity_key.data, proof->update_key.data,
                                        u->run->number };
    struct fault inner = FAULT_NONE;
    if (ledger_unit_reserve(u->appliance->ledger, &claim, &u->record, &inner) == 0) {
        return 0;
    }
    (void)fault_set(fault, "%s%s", inner.what, strstr(inner.what, "is used up") == NULL ? "" : tpm_word(u));
    return inner.hint[0] == '\0' ? -1 : fault_hint(fault, "%s", inner.hint);
}

int unit_keys_check(struct unit *u, struct bytes data, struct fault *fault)
{
    struct provision_answer answer;
    struct provision_possession proof;
    if (unit_answer_read(PROVISION_MAKE_KEYS, data, &answer, fault) != 0 ||
        possession_check(u, answer.possession, &proof, fault) != 0 || unit_chip_take(u, u->uid, fault) != 0 ||
        reserve(u, &proof, fault) != 0) {
        return -1;
    }
    return unit_release(u, fault);
}

/* ---- what the chip was given ---- */

int unit_store_check(struct unit *u, struct bytes data, struct fault *fault)
{
    struct provision_answer answer;
    (void)u;
    return unit_answer_read(PROVISION_STORE, data, &answer, fault);
}

int unit_install_check(struct unit *u, struct bytes data, struct fault *fault)
{
    struct provision_answer answer;
    const uint64_t sequence = u->run->facts.sequence;
    if (unit_answer_read(PROVISION_INSTALL, data, &answer, fault) != 0) {
        return -1;
    }
    return answer.app_sequence == sequence
               ? 0
               : fault_set(fault, "the chip installed sequence number %llu instead of %llu",
                           (unsigned long long)answer.app_sequence, (unsigned long long)sequence);
}

/* SHA-256 over policy, device, issuer and root certificate and grant, as the chip computes it. */
static int items_check(const struct unit *u, struct bytes stated, struct fault *fault)
{
    uint8_t all[POLICY_MAX + 3 * CERT_DER_MAX + LEDGER_GRANT_MAX];
    uint8_t digest[32];
    struct cbor_writer w = cbor_writer_of(all, sizeof all);
    for (unsigned item = STORE_POLICY; item <= STORE_GRANT; item++) {
        cbor_write_raw(&w, unit_item(u, (enum store_type)item));
    }
    p256_sha256(cbor_written(&w), digest);
    return w.status == STATUS_OK && bytes_equal(stated, bytes_of(digest, sizeof digest))
               ? 0
               : fault_set(fault,
                           "the chip holds another policy, other certificates or another grant than it was given");
}

static int digest_check(struct bytes stated, const uint8_t digest[32], const char *name, struct fault *fault)
{
    if (bytes_equal(stated, bytes_of(digest, 32))) {
        return 0;
    }
    (void)fault_set(fault, "the chip holds another %s than it was given", name);
    return fault_hint(fault, "run 'windlass provision' again; a chip that fails twice is put aside");
}

int unit_receipt_check(struct unit *u, struct bytes data, struct fault *fault)
{
    struct provision_answer a;
    const struct run *run = u->run;
    if (unit_answer_read(PROVISION_CHECK, data, &a, fault) != 0 || items_check(u, a.items_digest, fault) != 0 ||
        digest_check(a.boot_digest, run->images[RUN_BOOT].digest, "boot flash", fault) != 0 ||
        digest_check(a.sbm_digest, run->sbm_digest, "Secure Boot Manager", fault) != 0) {
        return -1;
    }
    if (a.app_sequence != run->facts.sequence) {
        return fault_set(fault, "the chip holds application %llu instead of %llu", (unsigned long long)a.app_sequence,
                         (unsigned long long)run->facts.sequence);
    }
    u->record.package_sequence = run->facts.sequence;
    return ledger_unit_check(u->appliance->ledger, u->record.uid, data, run->facts.sequence, fault);
}

/* ---- the lock ---- */

/* An answer that was lost tells nothing: the port's state will. */
int unit_lock_check(struct unit *u, struct bytes data, struct fault *fault)
{
    struct provision_answer answer;
    (void)u;
    return data.len == 0 ? 0 : unit_answer_read(PROVISION_LOCK, data, &answer, fault);
}
