/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agent: BL1's provisioning agent, for chips to which the silicon vendor gave a key pair. Shakes hands with the OEM's
 * appliance over a line that anybody may hold (docs/spec.md section 17), writes what it sends and then leaves the open
 * channel to SBM. Nothing that it writes runs unless it verifies as on any other boot.
 */
#include "bl1/agent.h"

#include "base/wipe.h"
#include "boot/credential.h"
#include "boot/port.h"
#include "boot/provision_write.h"
#include "channel/server.h"
#include "crypto/crypto.h"
#include "wire/provision_msg.h"

#define CREDENTIAL_MAX 1100u
#define MESSAGE_1_MARK 0xF5 /* true: message_1 follows (RFC 9528 section 3.4.1) */
#define C_R 0x01            /* our connection identifier: message_3 follows */

static struct {
    struct edhoc edhoc;
    struct channel_server server;
    struct frame_decoder decoder;
    struct credential_trust trust;
    struct schedule_party own;
    uint8_t id_cred[CREDENTIAL_MAX];
    uint8_t message[EDHOC_MESSAGE_MAX]; /* our newest of the handshake */
    size_t message_len;                 /* 0: none */
    uint8_t asked[CRYPTO_SHA256_LEN];   /* SHA-256 of what it answers */
    int open;
} agent;

/* Our credential as the vendor wrote it. */
static status_t own_load(const struct anchor *anchor)
{
    static const uint8_t c_r[] = { C_R };
    struct port_vendor vendor;
    status_t status = port_vendor_credential(&vendor, agent.id_cred, sizeof agent.id_cred);
    if (status == STATUS_OK) {
        agent.own = (struct schedule_party){ .c_r = bytes_of(c_r, sizeof c_r),
                                             .id_cred = bytes_of(agent.id_cred, vendor.len),
                                             .cred = bytes_of(agent.id_cred + vendor.cred_off, vendor.cred_len) };
        agent.trust =
            (struct credential_trust){ .keys = { anchor->mastering_keys, port_keys_retired(PORT_KEYS_MASTERING) },
                                       .vendor = anchor->vendor,
                                       .class_id = anchor->class_id,
                                       .known_time = vendor.issued };
    }
    return status;
}

static void message_send(struct bytes message)
{
    uint8_t head[FRAME_HEAD_LEN], crc[FRAME_CRC_LEN];
    frame_ends_make(message, head, crc);
    port_link_send(head, sizeof head);
    port_link_send(message.data, message.len);
    port_link_send(crc, sizeof crc);
}

/* Error messages (RFC 9528 section 6): (1, "status 000") and (2, suite 5). Nobody vouches for them. */
static void error_send(status_t status)
{
    static const uint8_t suites[] = { 0x02, EDHOC_SUITE };
    uint8_t text[] = { 0x01, 0x6A, 's', 't', 'a', 't', 'u', 's', ' ', '0', '0', '0' };
    status_digits_write(status, (char *)text + 9);
    message_send(status == STATUS_CHANNEL_SUITE ? bytes_of(suites, sizeof suites) : bytes_of(text, sizeof text));
}

static status_t message_1_take(struct bytes message, struct cbor_writer *out)
{
    uint8_t key[32], digest[32], signature[64];
    status_t status = edhoc_message_1_open(&agent.edhoc, message);
    if (status == STATUS_OK) {
        status = edhoc_message_2_begin(&agent.edhoc, &agent.own, digest);
    }
    if (status == STATUS_OK) {
        status = port_vendor_key(key);
    }
    if (status == STATUS_OK) {
        status = crypto_p256_sign(key, digest, signature);
    }
    wipe(key, sizeof key);
    return status == STATUS_OK ? edhoc_message_2_finish(&agent.edhoc, &agent.own, signature, out) : status;
}

/* Only what ends here replaces a channel that is open. */
static status_t message_3_take(struct bytes message, struct cbor_writer *out)
{
    uint8_t key[64];
    status_t status = edhoc_message_3_open(&agent.edhoc, message);
    if (status == STATUS_OK) {
        status = credential_check(agent.edhoc.peer.cred, &agent.trust, key);
    }
    if (status == STATUS_OK) {
        status = edhoc_message_3_check(&agent.edhoc, key);
    }
    if (status == STATUS_OK) {
        status = edhoc_message_4_make(&agent.edhoc, out);
    }
    if (status == STATUS_OK) {
        status = record_channel_open(&agent.server.records, &agent.edhoc, RECORD_LABEL_FROM_CHIP);
    }
    if (status != STATUS_OK) {
        edhoc_wipe(&agent.edhoc);
        return status;
    }
    agent.server.answer_len = 0;
    agent.open = 1;
    return STATUS_OK;
}

/* A message that comes again, because its answer was late or lost, gets that answer again: a second one would belong to
 * another session (RFC 9528 section 7). */
static status_t handshake_take(struct bytes message)
{
    uint8_t digest[CRYPTO_SHA256_LEN];
    struct bytes rest = bytes_of(message.data + 1, message.len - 1);
    struct cbor_writer w = cbor_writer_of(agent.message, sizeof agent.message);
    crypto_sha256(message, digest);
    if (agent.message_len == 0 || memcmp(digest, agent.asked, sizeof digest) != 0) {
        agent.message_len = 0;
        status_t status = message.data[0] == C_R ? message_3_take(rest, &w) : message_1_take(rest, &w);
        if (status != STATUS_OK) {
            return status;
        }
        memcpy(agent.asked, digest, sizeof digest);
        agent.message_len = w.len;
    }
    message_send(bytes_of(agent.message, agent.message_len));
    return STATUS_OK;
}

/* What follows the op in HELLO, WRITE and START, the only requests here (docs/spec.md section 8). */
static status_t request_run(struct cbor_reader *r, uint64_t op)
{
    uint64_t fields = cbor_read_map(r).left;
    uint64_t number = 0;
    struct bytes data = bytes_of(NULL, 0);
    if (fields > 0 && cbor_read_uint(r) == 1) {
        number = cbor_read_uint(r);
    }
    if (fields > 1 && cbor_read_uint(r) == 2) {
        data = cbor_read_bstr(r);
    }
    status_t status = cbor_reader_finish(r);
    if (status != STATUS_OK) {
        return status;
    }
    if (op == PROVISION_HELLO) {
        return number == PROVISION_VERSION ? STATUS_OK : STATUS_UNSUPPORTED;
    }
    if (op == PROVISION_WRITE) {
        return provision_write(number, data, 1);
    }
    return op == PROVISION_START ? STATUS_OK : STATUS_BAD_STATE;
}

/* {1: version, 2: unique ID, 3: lifecycle, 4: 0 (no SBM runs yet)} */
static void hello_write(struct cbor_writer *w)
{
    uint8_t map[] = { 0xA4, 1, PROVISION_VERSION, 2, 0x50, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 4, 0 };
    (void)port_unique_id(map + 5);
    map[22] = (uint8_t)port_lifecycle();
    cbor_write_raw(w, bytes_of(map, sizeof map));
}

/* Acts on a request and seals the answer. Gives 1 when it was the order to start. */
static int request_serve(struct bytes plain)
{
    uint8_t built[64];
    struct cbor_writer w = cbor_writer_of(built, sizeof built);
    struct cbor_reader r = cbor_reader_of(plain);
    uint64_t op = cbor_read_array(&r) == 2 ? cbor_read_uint(&r) : 0;
    status_t result = request_run(&r, op);
    cbor_write_array(&w, 3);
    cbor_write_uint(&w, op != 0 ? op : PROVISION_HELLO);
    cbor_write_uint(&w, result == STATUS_OK ? 0 : result);
    if (result == STATUS_OK && op == PROVISION_HELLO) {
        hello_write(&w);
    } else {
        cbor_write_map(&w, 0);
    }
    (void)channel_answer_seal(&agent.server, bytes_of(built, w.len));
    return result == STATUS_OK && op == PROVISION_START;
}

/* *start: the appliance has ordered the start, and the answer is on its way. */
static status_t record_take(struct bytes record, int *start)
{
    struct bytes plain;
    status_t status = agent.open ? channel_request_open(&agent.server, record, &plain) : STATUS_BAD_STATE;
    if (status == STATUS_OK) {
        *start = request_serve(plain);
    }
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        return status;
    }
    if (agent.server.answer_len != 0) {
        message_send(bytes_of(agent.server.answer, agent.server.answer_len));
    }
    return STATUS_OK;
}

static int message_take(struct bytes message)
{
    int start = 0;
    status_t status = message.data[0] == MESSAGE_1_MARK || message.data[0] == C_R ? handshake_take(message)
                                                                                  : record_take(message, &start);
    if (status != STATUS_OK && status != STATUS_CHANNEL_ORDER) { /* an old record that comes late is no question */
        error_send(status);
    }
    return start;
}

void agent_serve(const struct anchor *anchor)
{
    enum port_lifecycle lifecycle = port_lifecycle();
    wipe(port_handover(), sizeof(struct channel_handover));
    if (lifecycle != PORT_OPEN && lifecycle != PORT_PROVISIONING) {
        return;
    }
    if (own_load(anchor) != STATUS_OK) {
        return; /* a chip without a key pair of its own: the debug port is the way in */
    }
    port_log("[bl1] waits for the appliance\n");
    port_link_open();
    for (;;) {
        struct bytes message;
        status_t status = frame_decode(&agent.decoder, port_link_receive(), &message);
        if (status == STATUS_OK && message_take(message)) {
            break;
        }
    }
    channel_handover_make(&agent.server, (struct channel_handover *)port_handover());
    wipe(&agent, sizeof agent);
}
