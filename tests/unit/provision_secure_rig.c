/* SPDX-License-Identifier: Apache-2.0 */
/* provision_secure_rig: see provision_secure_rig.h. */
#include "tests/unit/provision_secure_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot/credential.h"
#include "crypto/crypto.h"
#include "host/appliance/channel.h"
#include "host/chip/vendor.h"
#include "host/ledger/ledger.h"
#include "tests/unit/host_support.h"
#include "tests/unit/provision_factory.h"
#include "tests/unit/provision_puppet.h"
#include "wire/layout.h"

static struct factory factory;
static struct appliance *appliance;
static uint8_t mastering_key[64];

/* The chip, and what it has of the channel. */
static struct vendor_identity identity;
static struct schedule_party chip_own;
static struct edhoc chip_edhoc;
static struct record_channel chip_records;

static uint8_t last_asked[FRAME_MESSAGE_MAX];
static size_t last_asked_len;
static uint8_t last_answer[FRAME_MESSAGE_MAX];
static size_t last_answer_len;
static uint8_t before_answer[FRAME_MESSAGE_MAX];
static size_t before_answer_len;

struct secure_rig secure;

static void chip_make(unsigned number)
{
    static const uint8_t c_r[] = { 0x01 };
    struct fault fault = FAULT_NONE;
    puppet_chip_make(&secure.chip, number);
    secure.chip.sbm_sequence = FACTORY_SBM_SEQUENCE;
    secure.chip.app_sequence = FACTORY_APP_SEQUENCE;
    support_check(vendor_identity_make(secure.chip.uid, NULL, &identity, &fault), &fault);
    const uint8_t *at = identity.page + FLASHCTL_VENDOR_HEAD_LEN;
    const size_t len = bytes_read_le16(identity.page + 4);
    chip_own = (struct schedule_party){ .c_r = bytes_of(c_r, 1),
                                        .id_cred = bytes_of(at, len),
                                        .cred = bytes_of(at + 3, len - 3) };
    support_write("vendor.pem", identity.issuer, 0600);
}

/* An appliance for chips of the vendors in this file. */
static void appliance_make_for(const char *file)
{
    struct fault fault = FAULT_NONE;
    (void)snprintf(factory.vendors, sizeof factory.vendors, "%s", file);
    factory_package_forget(&factory);
    support_check(factory_appliance_open(&factory, &appliance, &fault), &fault);
    puppet_open(&secure.p, appliance, &secure.chip);
}

/* The chip stays as it is. */
void secure_appliance_change(const char *file)
{
    uint8_t *flash = secure.p.flash;
    appliance_socket_close(secure.p.socket);
    factory_appliance_close(&factory, appliance);
    appliance_make_for(file);
    free(secure.p.flash);
    secure.p.flash = flash;
}

void secure_chip_exchange(unsigned number)
{
    puppet_chip_free(&secure.chip);
    chip_make(number);
    secure_appliance_change("vendor.pem");
}

int secure_setup(void **state)
{
    struct fault fault = FAULT_NONE;
    (void)state;
    memset(&secure, 0, sizeof secure);
    last_asked_len = last_answer_len = before_answer_len = 0;
    factory_open(&factory);
    factory.token_needed = 1;
    support_check(hsm_key_public(factory.oem, KEY_MASTERING, mastering_key, &fault), &fault);
    chip_make(0x77);
    appliance_make_for("");
    assert_true(puppet_run(&secure.p, 1));
    puppet_act(&secure.p); /* BL1 and anchor pages stand in such a chip already */
    secure_appliance_change("vendor.pem");
    return 0;
}

int secure_teardown(void **state)
{
    (void)state;
    puppet_close(&secure.p);
    puppet_chip_free(&secure.chip);
    factory_appliance_close(&factory, appliance);
    factory_close(&factory);
    return 0;
}

/* ---- the chip's end of the line ---- */

static struct bytes hand_answer(struct bytes in, uint8_t *out, size_t max)
{
    uint8_t digest[32];
    uint8_t signature[64];
    uint8_t key[64];
    const struct bytes message = bytes_of(in.data + 1, in.len - 1);
    const struct credential_trust trust = { { bytes_of(mastering_key, 64), 0 },
                                            bytes_of(factory.project.profile.vendor_uuid, 16),
                                            bytes_of(factory.project.profile.class_uuid, 16),
                                            1 };
    struct cbor_writer w = cbor_writer_of(out, max);
    if (in.data[0] == 0xF5) {
        assert_int_equal(edhoc_message_1_open(&chip_edhoc, message), STATUS_OK);
        assert_int_equal(edhoc_message_2_begin(&chip_edhoc, &chip_own, digest), STATUS_OK);
        assert_int_equal(crypto_p256_sign(identity.private_key, digest, signature), STATUS_OK);
        assert_int_equal(edhoc_message_2_finish(&chip_edhoc, &chip_own, signature, &w), STATUS_OK);
    } else {
        assert_int_equal(edhoc_message_3_open(&chip_edhoc, message), STATUS_OK);
        assert_int_equal(credential_check(chip_edhoc.peer.cred, &trust, key), STATUS_OK);
        assert_int_equal(edhoc_message_3_check(&chip_edhoc, key), STATUS_OK);
        assert_int_equal(edhoc_message_4_make(&chip_edhoc, &w), STATUS_OK);
        assert_int_equal(record_channel_open(&chip_records, &chip_edhoc, RECORD_LABEL_FROM_CHIP), STATUS_OK);
    }
    return cbor_written(&w);
}

/* As on a real chip: what comes again is answered again, and not done again. */
static struct bytes frame_answer(struct bytes in, uint8_t *out, size_t max)
{
    static uint8_t plain[FRAME_MESSAGE_MAX];
    static uint8_t answer[FRAME_MESSAGE_MAX];
    size_t len = 0;
    if (bytes_equal(in, bytes_of(last_asked, last_asked_len))) {
        memcpy(out, last_answer, last_answer_len);
        return bytes_of(out, last_answer_len);
    }
    struct cbor_writer w = cbor_writer_of(out, max);
    if (in.data[0] == 0xF5 || in.data[0] == 0x01) {
        w.len = hand_answer(in, out, max).len;
    } else {
        assert_int_equal(record_open(&chip_records, in, plain, &len), STATUS_OK);
        const struct bytes said = puppet_agent(&secure.p, bytes_of(plain, len), answer, sizeof answer);
        assert_int_equal(record_seal(&chip_records, said, &w), STATUS_OK);
    }
    memcpy(before_answer, last_answer, last_answer_len);
    before_answer_len = last_answer_len;
    memcpy(last_asked, in.data, in.len);
    last_asked_len = in.len;
    memcpy(last_answer, out, w.len);
    last_answer_len = w.len;
    return cbor_written(&w);
}

/* What a station can look for: the image of SBM, which is all one byte. */
void secure_line_look(struct bytes message)
{
    static uint8_t image[64];
    memset(image, FACTORY_SBM_A_BYTE, sizeof image);
    secure.seen_plain += memmem(message.data, message.len, image, sizeof image) != NULL;
}

void secure_hand_begin(void)
{
    const struct letter_request begin = {
        .op = LETTER_BEGIN, .version = LETTER_VERSION, .socket = bytes_of("one", 3), .channel = LETTER_CHANNEL_SECURE
    };
    puppet_letter(&secure.p, &begin);
}

int secure_run(void)
{
    static uint8_t out[FRAME_MESSAGE_MAX];
    secure.frames = secure.steps = 0;
    secure_hand_begin();
    while (puppet_send(&secure.p)) {
        const struct letter_action action = secure.p.answer.actions[0];
        struct letter_request request = { .op = LETTER_RESULT, .count = 1 };
        struct letter_result *result = &request.results[0];
        assert_int_equal(secure.p.answer.count, 1);
        if (action.kind == LETTER_DONE) {
            return 1;
        }
        if (action.kind == LETTER_FRAME) {
            secure_line_look(action.message);
            const int again = bytes_equal(action.message, bytes_of(last_asked, last_asked_len));
            result->data = frame_answer(action.message, out, sizeof out);
            secure.steps += !again;
            if (secure.twist != NULL) {
                result->data = secure.twist(secure.steps, again, action.message, result->data, out);
            }
            if (++secure.frames == secure.change_at) {
                out[result->data.len / 2] ^= 1;
            }
            if (secure.frames == secure.error_at) {
                result->data = bytes_of(secure.error_text, secure.error_len);
            }
            if (secure.late_at != 0 && secure.frames >= secure.late_at &&
                secure.frames < secure.late_at + secure.late_many) {
                result->data = bytes_of(before_answer, before_answer_len);
            }
        } else if (action.kind == LETTER_TOKEN) {
            result->data = puppet_token(&secure.p, action.nonce, secure.p.data);
        } else {
            assert_int_equal(action.kind, LETTER_CLOSED);
        }
        puppet_letter(&secure.p, &request);
    }
    return 0;
}

int secure_unit_find(struct ledger_unit *unit)
{
    struct ledger *ledger = NULL;
    struct fault fault = FAULT_NONE;
    const struct ledger_config config = { .place = support_path(LEDGER_FILE), .mode = LEDGER_READ };
    support_check(ledger_open(&config, &ledger, &fault), &fault);
    int found = ledger_unit_find(ledger, secure.chip.uid, unit, &fault);
    ledger_close(ledger);
    return found;
}
