/* SPDX-License-Identifier: Apache-2.0 */
/* agent: see agent.h. The mailbox's memory is written by whoever holds the debug port: a message is copied before it is
 * parsed. */
#include "sbm/agent.h"

#include "base/wipe.h"
#include "boot/counter.h"
#include "boot/halt.h"
#include "sbm/device.h"
#include "sbm/granted.h"
#include "sbm/launch.h"
#include "sbm/log.h"
#include "wire/cose.h"
#include "wire/provision_msg.h"

enum mailbox_word { MAILBOX_WORD_MAGIC, MAILBOX_WORD_REQUEST, MAILBOX_WORD_ANSWER, MAILBOX_WORD_LEN };

static uint8_t message[MAILBOX_MESSAGE_MAX];
static uint8_t token[384];
static uint32_t served;

static uint32_t word_read(enum mailbox_word word)
{
    return *(volatile uint32_t *)(port_mailbox() + 4 * word);
}

static void word_write(enum mailbox_word word, uint32_t value)
{
    *(volatile uint32_t *)(port_mailbox() + 4 * word) = value;
}

/* COSE_Sign1 over `payload` (a view into token's end is fine) with the identity key. */
static status_t possession_build(const struct provision_request *request, struct bytes *out)
{
    uint8_t payload[224];
    uint8_t structure[320];
    uint8_t digest[CRYPTO_SHA256_LEN];
    uint8_t signature[COSE_SIGNATURE_LEN];
    struct cbor_writer p = cbor_writer_of(payload, sizeof payload);
    struct cbor_writer s = cbor_writer_of(structure, sizeof structure);
    struct cbor_writer t = cbor_writer_of(token, sizeof token);
    const struct provision_possession facts = { .challenge = request->challenge,
                                                .uid = bytes_of(device.unique_id, sizeof device.unique_id),
                                                .identity_key = bytes_of(device.provisioned.identity + 32, 64),
                                                .update_key = bytes_of(device.provisioned.update + 32, 64) };
    provision_possession_build(&facts, &p);
    cose_sig_structure_build(bytes_of(PROVISION_POP_AAD, sizeof PROVISION_POP_AAD - 1), cbor_written(&p), &s);
    crypto_sha256(cbor_written(&s), digest);
    status_t status = crypto_p256_sign(device.provisioned.identity, digest, signature);
    const struct cose_sign1 sign1 = { .payload = cbor_written(&p), .signature = bytes_of(signature, sizeof signature) };
    cose_sign1_build(&sign1, &t);
    *out = cbor_written(&t);
    return status != STATUS_OK ? status : s.status != STATUS_OK ? s.status : t.status;
}

static status_t keys_make(const struct provision_request *request, struct provision_answer *answer)
{
    status_t status = provisioned_make_keys(&device.provisioned);
    return status == STATUS_OK ? possession_build(request, &answer->possession) : status;
}

static status_t item_store(const struct provision_request *request)
{
    struct policy policy;
    status_t status;
    if (request->item == STORE_GRANT) {
        status = provisioned_keys_load(&device.provisioned);
        status = status == STATUS_OK ? granted_check(&device.provisioned, request->data) : status;
    } else {
        status = granted_expect(&device.provisioned);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (request->item == STORE_POLICY && policy_parse(request->data, &policy) != STATUS_OK) {
        return STATUS_POLICY_BAD;
    }
    return provisioned_item_store(&device.provisioned, (uint8_t)request->item, request->data);
}

/* From here on neither application nor SBM may be older than what the factory installed. */
static status_t counters_start(uint64_t app_sequence)
{
    status_t status = counter_advance(COUNTER_APP, (uint32_t)app_sequence);
    return status == STATUS_OK ? counter_advance(COUNTER_SBM, (uint32_t)device.sbm_sequence) : status;
}

/* All items are there, and this chip may hold them. */
static status_t loaded_check(void)
{
    status_t status = provisioned_load(&device.provisioned);
    return status == STATUS_OK ? granted_stored_check(&device.provisioned) : status;
}

static status_t app_install(const struct provision_request *request, struct provision_answer *answer)
{
    const struct port_region *slot = &port_flash()->package[request->slot];
    uint8_t digest[CRYPTO_SHA256_LEN];
    status_t status = loaded_check();
    if (status == STATUS_OK) {
        status = state_open(&device.state);
    }
    /* A damaged state is what a cut in the first INSTALL leaves: this one writes it anew. */
    if (status != STATUS_OK && status != STATUS_BOOT_STATE_DAMAGED) {
        return status;
    }
    uint64_t counter = device.state.now.counter;
    struct install_trust trust = provisioned_trust(&device.provisioned, counter > 0 ? counter : 1);
    trust.verify.other_version = device.sbm_sequence; /* counters_start confirms it */
    status = install_check(port_flash_view(slot->off, slot->len), &trust, &device.candidate, &answer->app_sequence);
    if (status == STATUS_OK) {
        status = install_run(&device.candidate, digest);
    }
    if (status == STATUS_OK) {
        status = install_entry_check(&device.candidate.package);
    }
    install_wipe(&device.candidate);
    if (status != STATUS_OK) {
        return status;
    }
    device.state.now = (struct boot_state){ .active = (int)request->slot,
                                            .pending = STATE_NONE,
                                            .counter = answer->app_sequence,
                                            .reason = STATE_REASON_INSTALLED };
    status = state_save(&device.state);
    return status == STATUS_OK ? counters_start(answer->app_sequence) : status;
}

static status_t items_check(struct provision_answer *answer)
{
    static uint8_t digests[3][CRYPTO_SHA256_LEN];
    const struct port_flash *flash = port_flash();
    struct crypto_sha256 hash;
    status_t status = provisioned_items_digest(&device.provisioned, digests[0]);
    if (status != STATUS_OK) {
        return status;
    }
    status = state_open(&device.state);
    crypto_sha256(port_flash_view(0, flash->boot_sectors * flash->sector_len), digests[1]);
    crypto_sha256_start(&hash);
    for (unsigned slot = 0; slot < 2; slot++) {
        crypto_sha256_add(&hash, port_flash_view(flash->sbm[slot].off, flash->sbm[slot].len));
    }
    crypto_sha256_finish(&hash, digests[2]);
    answer->items_digest = bytes_of(digests[0], CRYPTO_SHA256_LEN);
    answer->boot_digest = bytes_of(digests[1], CRYPTO_SHA256_LEN);
    answer->sbm_digest = bytes_of(digests[2], CRYPTO_SHA256_LEN);
    answer->app_sequence = device.state.now.counter;
    return status;
}

/* Locks nothing that would leave a device that cannot boot, or that trusts other keys than its policy says. */
static status_t lock_check(const struct provision_request *request)
{
    status_t status = loaded_check();
    if (status == STATUS_OK) {
        status = granted_anchor_compare(&device.provisioned.policy);
    }
    if (status == STATUS_OK) {
        status = state_open(&device.state);
    }
    if (status == STATUS_OK) {
        status = launch_installed_verify();
    }
    /* Counters that were never started are counters that were lost, to a locked device. */
    if (status == STATUS_OK && (counter_read(COUNTER_APP) == 0 || counter_read(COUNTER_SBM) == 0)) {
        status = STATUS_BOOT_NOT_PROVISIONED;
    }
    if (status == STATUS_OK && request->lock_sectors != port_flash()->boot_sectors) {
        status = STATUS_BAD_ARGUMENT;
    }
    return status;
}

static status_t request_run(const struct provision_request *request, struct provision_answer *answer)
{
    switch (request->op) {
    case PROVISION_HELLO:
        answer->version = PROVISION_VERSION;
        answer->uid = bytes_of(device.unique_id, sizeof device.unique_id);
        answer->lifecycle = device.lifecycle;
        answer->sbm_sequence = device.sbm_sequence;
        return request->version == PROVISION_VERSION ? STATUS_OK : STATUS_UNSUPPORTED;
    case PROVISION_MAKE_KEYS:
        return keys_make(request, answer);
    case PROVISION_STORE:
        return item_store(request);
    case PROVISION_INSTALL:
        return app_install(request, answer);
    case PROVISION_CHECK:
        return items_check(answer);
    case PROVISION_LOCK:
        return lock_check(request);
    case PROVISION_WRITE:
        return agent_line_write(request->off, request->data);
    default:
        return STATUS_MESSAGE;
    }
}

static void answer_send(struct bytes out, uint32_t count)
{
    for (size_t i = 0; i < out.len; i++) {
        port_mailbox()[MAILBOX_HEAD_LEN + i] = out.data[i];
    }
    word_write(MAILBOX_WORD_LEN, (uint32_t)out.len);
    word_write(MAILBOX_WORD_ANSWER, count);
}

int agent_request_serve(struct bytes in, struct cbor_writer *out)
{
    struct provision_request request;
    struct provision_answer answer = { 0 };
    status_t status = provision_request_parse(in, &request);
    if (status == STATUS_OK) {
        answer.op = request.op;
        status = request_run(&request, &answer);
    }
    if (status != STATUS_OK) {
        device_log("provisioning request refused", status);
        /* A request that cannot be read has no op: its answer carries HELLO's. */
        uint64_t op = request.op != 0 ? request.op : PROVISION_HELLO;
        answer = (struct provision_answer){ .op = op, .status = status };
    }
    provision_answer_build(&answer, out);
    return status == STATUS_OK && request.op == PROVISION_LOCK;
}

/* Takes the mailbox's request. Gives 1 when it was a LOCK that may be done. */
static int mailbox_serve(uint32_t count)
{
    uint32_t len = word_read(MAILBOX_WORD_LEN);
    len = len < sizeof message ? len : sizeof message;
    for (uint32_t i = 0; i < len; i++) {
        message[i] = port_mailbox()[MAILBOX_HEAD_LEN + i];
    }
    struct cbor_writer w = cbor_writer_of(message, sizeof message);
    int lock = agent_request_serve(bytes_of(message, len), &w);
    answer_send(cbor_written(&w), count);
    return lock;
}

_Noreturn void agent_lock(void)
{
    device_log("locking for good", STATUS_OK);
    (void)log_append(LOG_LOCKED, STATUS_OK, 0);
    device_log("locked", port_lock_for_good(port_flash()->boot_sectors));
    wipe(token, sizeof token);
    halt_wipe();
    port_reset();
}

/* What was stored before the flash was put back or lost has no meaning for a device that is not locked yet. */
static void store_begin(void)
{
    status_t status = store_open(&device.provisioned.store, STORE_ITEMS);
    if (status == STATUS_STORE_REPLAY || status == STATUS_CRYPTO_TAG) {
        device_log("the secure store is emptied", status);
        status = store_reset(&device.provisioned.store);
    }
    if (status != STATUS_OK) {
        device_log("the secure store does not open", status);
    }
}

void agent_open(void)
{
    port_log("[sbm] not provisioned: waiting for the station\n");
    store_begin();
    served = 0;
    word_write(MAILBOX_WORD_REQUEST, 0);
    word_write(MAILBOX_WORD_ANSWER, 0);
    word_write(MAILBOX_WORD_LEN, 0);
    word_write(MAILBOX_WORD_MAGIC, MAILBOX_MAGIC);
}

void agent_poll(void)
{
    uint32_t count = word_read(MAILBOX_WORD_REQUEST);
    if (count == served) {
        return;
    }
    served = count;
    if (mailbox_serve(count)) {
        agent_lock();
    }
}

_Noreturn void agent_run(void)
{
    agent_open();
    if (agent_line_open()) {
        agent_line_run();
    }
    for (;;) {
        agent_poll();
    }
}
