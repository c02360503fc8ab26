/* SPDX-License-Identifier: Apache-2.0 */
/* The engine over the secure channel, with a chip of a silicon vendor: from the handshake to the closed record, and
 * what the station in between sees and can do. */
#include "tests/unit/test.h"

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
static struct puppet_chip chip;
static struct puppet p;
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

/* Somebody on the line. */
static unsigned late_at;   /* instead of this answer and the next ones comes the one before; 0: never */
static unsigned late_many; /* so often */
static unsigned error_at;  /* in the place of this answer comes an error message; 0: never */
static uint8_t error_text[64];
static size_t error_len;
static unsigned frames;
static unsigned change_at; /* the chip's message that is changed; 0: none */
static unsigned seen_plain;

static void chip_make(void)
{
    static const uint8_t c_r[] = { 0x01 };
    struct fault fault = FAULT_NONE;
    puppet_chip_make(&chip, 0x77);
    chip.sbm_sequence = FACTORY_SBM_SEQUENCE;
    chip.app_sequence = FACTORY_APP_SEQUENCE;
    support_check(vendor_identity_make(chip.uid, NULL, &identity, &fault), &fault);
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
    puppet_open(&p, appliance, &chip);
}

/* The chip stays as it is. */
static void appliance_change(const char *file)
{
    uint8_t *flash = p.flash;
    appliance_socket_close(p.socket);
    factory_appliance_close(&factory, appliance);
    appliance_make_for(file);
    free(p.flash);
    p.flash = flash;
}

static int setup(void **state)
{
    struct fault fault = FAULT_NONE;
    (void)state;
    frames = change_at = seen_plain = late_at = error_at = 0;
    last_asked_len = last_answer_len = before_answer_len = 0;
    factory_open(&factory);
    factory.token_needed = 1;
    support_check(hsm_key_public(factory.oem, KEY_MASTERING, mastering_key, &fault), &fault);
    chip_make();
    appliance_make_for("");
    assert_true(puppet_run(&p, 1));
    puppet_act(&p); /* BL1 and anchor pages stand in such a chip already */
    appliance_change("vendor.pem");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    puppet_close(&p);
    puppet_chip_free(&chip);
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
        const struct bytes said = puppet_agent(&p, bytes_of(plain, len), answer, sizeof answer);
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
static void line_look(struct bytes message)
{
    static uint8_t image[64];
    memset(image, FACTORY_SBM_A_BYTE, sizeof image);
    seen_plain += memmem(message.data, message.len, image, sizeof image) != NULL;
}

static void hand_begin(void)
{
    const struct letter_request begin = {
        .op = LETTER_BEGIN, .version = LETTER_VERSION, .socket = bytes_of("one", 3), .channel = LETTER_CHANNEL_SECURE
    };
    puppet_letter(&p, &begin);
}

static int secure_run(void)
{
    static uint8_t out[FRAME_MESSAGE_MAX];
    frames = 0;
    hand_begin();
    while (puppet_send(&p)) {
        const struct letter_action action = p.answer.actions[0];
        struct letter_request request = { .op = LETTER_RESULT, .count = 1 };
        struct letter_result *result = &request.results[0];
        assert_int_equal(p.answer.count, 1);
        if (action.kind == LETTER_DONE) {
            return 1;
        }
        if (action.kind == LETTER_FRAME) {
            line_look(action.message);
            result->data = frame_answer(action.message, out, sizeof out);
            if (++frames == change_at) {
                out[result->data.len / 2] ^= 1;
            }
            if (frames == error_at) {
                result->data = bytes_of(error_text, error_len);
            }
            if (late_at != 0 && frames >= late_at && frames < late_at + late_many) {
                result->data = bytes_of(before_answer, before_answer_len);
            }
        } else if (action.kind == LETTER_TOKEN) {
            result->data = puppet_token(&p, action.nonce, p.data);
        } else {
            assert_int_equal(action.kind, LETTER_CLOSED);
        }
        puppet_letter(&p, &request);
    }
    return 0;
}

static int unit_find(struct ledger_unit *unit)
{
    struct ledger *ledger = NULL;
    struct fault fault = FAULT_NONE;
    const struct ledger_config config = { .place = support_path(LEDGER_FILE), .mode = LEDGER_READ };
    support_check(ledger_open(&config, &ledger, &fault), &fault);
    int found = ledger_unit_find(ledger, chip.uid, unit, &fault);
    ledger_close(ledger);
    return found;
}

/* ---- tests ---- */

static void chip_of_a_vendor_is_made_without_a_byte_of_plain_firmware_on_the_line(void **state)
{
    struct ledger_unit unit;
    (void)state;
    assert_true(secure_run());
    assert_int_equal(unit_find(&unit), 1);
    assert_int_equal(unit.state, LEDGER_DONE);
    assert_int_equal(p.flash[LAYOUT_SBM_A_OFF + LAYOUT_SBM_IMAGE_OFF], FACTORY_SBM_A_BYTE);
    assert_int_equal(p.flash[LAYOUT_SBM_B_OFF + LAYOUT_SBM_IMAGE_OFF], FACTORY_SBM_B_BYTE);
    assert_int_equal(seen_plain, 0);
    uint8_t shown[128];
    memset(shown, FACTORY_SBM_A_BYTE, sizeof shown);
    line_look(bytes_of(shown, sizeof shown)); /* the search does find */
    assert_int_equal(seen_plain, 1);
}

/* In the handshake's signed part nobody can tell an attacker from noise: the session ends. */
static void certificate_of_the_chip_that_is_changed_ends_the_session(void **state)
{
    struct ledger_unit unit;
    (void)state;
    change_at = 1;
    assert_false(secure_run());
    assert_int_equal(frames, 1);
    assert_int_equal(unit_find(&unit), 0);
    change_at = 0;
    assert_true(secure_run());
}

static void message_of_the_chip_that_is_changed_is_asked_for_again(void **state)
{
    static const unsigned places[] = { 2, 3, 4, 60, 150 };
    struct ledger_unit unit;
    unsigned undisturbed = 0;
    (void)state;
    assert_true(secure_run());
    undisturbed = frames;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        change_at = places[i];
        assert_true(secure_run());
        assert_int_equal(frames, undisturbed + 1);
    }
    assert_int_equal(unit_find(&unit), 1);
    assert_int_equal(unit.number, 1);
}

static void late_answer_of_an_earlier_message_is_passed_over(void **state)
{
    static const unsigned places[] = { 1, 2, 3, 4, 60, 150 };
    unsigned undisturbed = 0;
    (void)state;
    assert_true(secure_run());
    undisturbed = frames;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        late_at = places[i];
        late_many = 3;
        assert_true(secure_run());
        assert_int_equal(frames, undisturbed + 3);
    }
}

static void line_that_brings_nothing_but_late_answers_ends_the_run(void **state)
{
    struct ledger_unit unit;
    (void)state;
    late_at = 60;
    late_many = 1000;
    assert_false(secure_run());
    assert_int_equal(frames, 60 + 8);
    assert_non_null(memmem(p.answer.hint.data, p.answer.hint.len, "disturbs the line", 17));
    late_at = 0;
    assert_true(secure_run());
    assert_int_equal(unit_find(&unit), 1);
    assert_int_equal(unit.number, 1);
}

static void chip_that_starts_anew_in_the_middle_ends_the_run_with_these_words(void **state)
{
    struct cbor_writer w = cbor_writer_of(error_text, sizeof error_text);
    (void)state;
    error_at = 60;
    edhoc_error_build("status 018", &w);
    error_len = w.len;
    assert_false(secure_run());
    assert_int_equal(frames, 60);
    assert_non_null(memmem(p.answer.what.data, p.answer.what.len, "started anew in the middle", 26));
    error_at = 0;
    assert_true(secure_run());
}

static void chip_of_an_unknown_vendor_is_refused(void **state)
{
    struct ledger_unit unit;
    (void)state;
    appliance_change("root.crt");
    assert_false(secure_run());
    assert_non_null(memmem(p.answer.what.data, p.answer.what.len, "no silicon vendor", 17));
    assert_int_equal(frames, 1);
    assert_int_equal(unit_find(&unit), 0);
}

static void chip_that_names_another_id_than_its_certificate_is_refused(void **state)
{
    struct ledger_unit unit;
    (void)state;
    chip.uid[5] ^= 1;
    assert_false(secure_run());
    assert_non_null(memmem(p.answer.what.data, p.answer.what.len, "than its vendor's certificate", 29));
    assert_int_equal(unit_find(&unit), 0);
}

/* The station names the channel; it must not thereby get the firmware of a product that is made over the secure one. */
static void station_that_asks_for_the_open_channel_of_a_secure_product_gets_nothing(void **state)
{
    uint8_t digest[32];
    (void)state;
    puppet_begin(&p);
    assert_false(puppet_send(&p));
    assert_non_null(memmem(p.answer.what.data, p.answer.what.len, "over the secure channel only", 28));
    appliance_change("");
    puppet_begin(&p);
    assert_true(puppet_send(&p));
    memcpy(digest, p.answer.actions[0].digest.data, sizeof digest);
    const struct letter_request image = { .op = LETTER_IMAGE, .digest = bytes_of(digest, 32) };
    puppet_letter(&p, &image);
    assert_true(puppet_send(&p));
    appliance_change("vendor.pem");
    hand_begin();
    assert_true(puppet_send(&p));
    puppet_letter(&p, &image);
    assert_false(puppet_send(&p));
}

static void chip_that_wants_the_secure_channel_of_an_open_product_is_refused(void **state)
{
    (void)state;
    appliance_change("");
    hand_begin();
    assert_false(puppet_send(&p));
    assert_non_null(memmem(p.answer.what.data, p.answer.what.len, "names no silicon vendors", 24));
}

#define SECURE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SECURE_TEST(chip_of_a_vendor_is_made_without_a_byte_of_plain_firmware_on_the_line),
        SECURE_TEST(certificate_of_the_chip_that_is_changed_ends_the_session),
        SECURE_TEST(message_of_the_chip_that_is_changed_is_asked_for_again),
        SECURE_TEST(late_answer_of_an_earlier_message_is_passed_over),
        SECURE_TEST(line_that_brings_nothing_but_late_answers_ends_the_run),
        SECURE_TEST(chip_that_starts_anew_in_the_middle_ends_the_run_with_these_words),
        SECURE_TEST(chip_of_an_unknown_vendor_is_refused),
        SECURE_TEST(station_that_asks_for_the_open_channel_of_a_secure_product_gets_nothing),
        SECURE_TEST(chip_that_wants_the_secure_channel_of_an_open_product_is_refused),
        SECURE_TEST(chip_that_names_another_id_than_its_certificate_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
