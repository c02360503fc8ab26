/* SPDX-License-Identifier: Apache-2.0 */
/* channel: see channel.h. */
#include "host/appliance/channel.h"

#include <stdio.h>
#include <string.h>

#include "base/wipe.h"
#include "host/appliance/channel_vendor.h"

#define MESSAGE_1_MARK 0xF5

void channel_close(struct channel *c)
{
    wipe(c, sizeof *c);
}

static int refused(struct channel *c, const char *where, status_t status, struct fault *fault)
{
    channel_close(c);
    return fault_status(fault, where, status);
}

int channel_begin(struct channel *c, const struct channel_side *side, struct channel_message *out, struct fault *fault)
{
    struct cbor_writer id = cbor_writer_of(c->id_cred, sizeof c->id_cred);
    struct cbor_writer w = cbor_writer_of(out->data, sizeof out->data);
    channel_close(c);
    out->len = 0;
    edhoc_kcwt_build(side->credential, &id);
    if (id.status != STATUS_OK) {
        return fault_set(fault, "the appliance's credential for chips has %zu bytes: too many", side->credential.len);
    }
    c->id_cred_len = id.len;
    cbor_write_raw(&w, bytes_of((const uint8_t[]){ MESSAGE_1_MARK }, 1));
    /* The mark is not part of message_1, and of its hash. */
    struct cbor_writer message = cbor_writer_of(out->data + w.len, sizeof out->data - w.len);
    status_t status = edhoc_message_1_make(&c->edhoc, &message);
    if (status != STATUS_OK) {
        return refused(c, "beginning the secure channel", status, fault);
    }
    out->len = w.len + message.len;
    c->stage = CHANNEL_WAITS_2;
    return 0;
}

static const char *refusal_hint(unsigned number)
{
    switch (number) {
    case STATUS_CHANNEL_EXPIRED:
        return "the chip was made after the appliance's credential ended; the maker renews it: 'windlass pki "
               "appliance' "
               "with the same request, then 'windlassd enrol'";
    case STATUS_CHANNEL_CREDENTIAL:
    case STATUS_SUIT_KEY_UNKNOWN:
        return "the anchor page in this chip is for another product or another maker: put it aside";
    default:
        return "put it aside when it says so again";
    }
}

/* The number in "status 000", or 0. */
static unsigned error_number(const struct edhoc_error *error)
{
    unsigned number = 0;
    char text[16] = "";
    if (error->text.len == 10) {
        memcpy(text, error->text.data, 10);
    }
    return sscanf(text, "status %3u", &number) == 1 ? number : 0;
}

/* An answer to a message of before, which somebody repeated or a line kept: no handshake begins in a wrong state. */
static int error_is_late(struct bytes in)
{
    struct edhoc_error error;
    return edhoc_error_parse(in, &error) == STATUS_OK && error_number(&error) == STATUS_BAD_STATE;
}

/* What the chip says in place of an answer; nobody vouches for it. */
static int error_tell(struct channel *c, struct bytes in, struct fault *fault)
{
    struct edhoc_error error;
    int known = edhoc_error_parse(in, &error) == STATUS_OK;
    unsigned number = known ? error_number(&error) : 0;
    channel_close(c);
    if (known && error.code == 2) {
        (void)fault_hint(fault, "the chip's firmware is not made for this appliance: it must offer cipher suite 5");
        return fault_set(fault, "the chip has no cipher suite in common with the appliance");
    }
    if (number != 0) {
        (void)fault_hint(fault, "%s", refusal_hint(number));
        return fault_set(fault, "the chip refused the secure channel: status %03u: %s", number, status_text(number));
    }
    return fault_set(fault, "the chip refused the secure channel");
}

/* Goes back to where our message was sent. */
static int not_ours(struct channel *c, struct edhoc *before, const char *what, status_t status, struct fault *fault)
{
    c->edhoc = *before;
    wipe(before, sizeof *before);
    (void)fault_status(fault, what, status);
    return 1;
}

static int message_2_take(struct channel *c, const struct channel_side *side, struct bytes in, struct fault *fault)
{
    struct edhoc_chain chain;
    struct edhoc before = c->edhoc;
    uint8_t key[64], encoded[CERT_DER_MAX + 4];
    struct cbor_writer cred = cbor_writer_of(encoded, sizeof encoded);
    status_t status = edhoc_message_2_open(&c->edhoc, in);
    if (status == STATUS_CHANNEL_PEER && !error_is_late(in)) {
        wipe(&before, sizeof before);
        return error_tell(c, in, fault);
    }
    if (status == STATUS_OK) {
        status = edhoc_x5chain_parse(c->edhoc.peer.id_cred, &chain);
    }
    if (status != STATUS_OK) {
        return not_ours(c, &before, "the chip's answer to the secure channel", status, fault);
    }
    wipe(&before, sizeof before);
    if (channel_vendor_check(side, &chain, c->unique_id, key, fault) != 0) {
        channel_close(c);
        return -1;
    }
    cbor_write_bstr(&cred, chain.certificate[0]);
    status = cred.status == STATUS_OK ? edhoc_message_2_check(&c->edhoc, cbor_written(&cred), key) : cred.status;
    if (status != STATUS_OK) {
        (void)fault_hint(fault, "a cloned chip has the certificate of another one, but not its key");
        return refused(c, "the chip does not prove its certificate", status, fault);
    }
    return 0;
}

static int message_3_make(struct channel *c, const struct channel_side *side, struct channel_message *out,
                          struct fault *fault)
{
    const struct schedule_party own = { .id_cred = bytes_of(c->id_cred, c->id_cred_len), .cred = side->credential };
    uint8_t digest[32], signature[64];
    struct bytes c_r = c->edhoc.peer.c_r;
    struct cbor_writer w = cbor_writer_of(out->data, sizeof out->data);
    cbor_write_raw(&w, c_r);
    status_t status = edhoc_message_3_begin(&c->edhoc, &own, digest);
    if (status == STATUS_OK && hsm_sign(side->hsm, side->key, digest, signature, fault) != 0) {
        channel_close(c);
        return -1;
    }
    if (status == STATUS_OK) {
        status = edhoc_message_3_finish(&c->edhoc, &own, signature, &w);
    }
    if (status != STATUS_OK) {
        return refused(c, "the secure channel", status, fault);
    }
    out->len = w.len;
    c->stage = CHANNEL_WAITS_4;
    return 0;
}

static int message_4_take(struct channel *c, struct bytes in, struct fault *fault)
{
    struct edhoc before = c->edhoc;
    status_t status = edhoc_message_4_open(&c->edhoc, in);
    if (status == STATUS_CHANNEL_PEER) {
        wipe(&before, sizeof before);
        return error_tell(c, in, fault);
    }
    if (status != STATUS_OK) {
        return not_ours(c, &before, "the end of the secure channel's handshake", status, fault);
    }
    wipe(&before, sizeof before);
    status = record_channel_open(&c->records, &c->edhoc, RECORD_LABEL_TO_CHIP);
    if (status != STATUS_OK) {
        return refused(c, "the end of the secure channel's handshake", status, fault);
    }
    c->stage = CHANNEL_OPEN;
    return 0;
}

int channel_continue(struct channel *c, const struct channel_side *side, struct bytes in, struct channel_message *out,
                     struct fault *fault)
{
    if (c->stage == CHANNEL_WAITS_2) {
        int taken = message_2_take(c, side, in, fault);
        return taken == 0 ? message_3_make(c, side, out, fault) : taken;
    }
    if (c->stage == CHANNEL_WAITS_4) {
        int taken = message_4_take(c, in, fault);
        out->len = taken == 0 ? 0 : out->len;
        return taken;
    }
    return fault_set(fault, "a message of a handshake that is not under way");
}

int channel_seal(struct channel *c, struct bytes request, struct channel_message *out, struct fault *fault)
{
    struct cbor_writer w = cbor_writer_of(out->data, sizeof out->data);
    status_t status = c->stage == CHANNEL_OPEN ? record_seal(&c->records, request, &w) : STATUS_BAD_STATE;
    out->len = w.len;
    return status == STATUS_OK ? 0 : fault_status(fault, "a request to the chip", status);
}

int channel_open(struct channel *c, struct bytes in, struct channel_message *plain, struct fault *fault)
{
    status_t status = in.len > sizeof plain->data ? STATUS_TOO_LONG
                      : c->stage != CHANNEL_OPEN  ? STATUS_BAD_STATE
                                                  : record_open(&c->records, in, plain->data, &plain->len);
    return status == STATUS_OK ? 0 : fault_status(fault, "the chip's answer", status);
}
