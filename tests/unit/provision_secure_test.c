/* SPDX-License-Identifier: Apache-2.0 */
/* The engine over the secure channel, with a chip of a silicon vendor: from the handshake to the closed record, and
 * what the station in between sees and can do. */
#include "tests/unit/provision_secure_rig.h"

#include <string.h>

#include "channel/edhoc.h"
#include "host/ledger/ledger.h"
#include "wire/layout.h"

/* ---- tests ---- */

static void chip_of_a_vendor_is_made_without_a_byte_of_plain_firmware_on_the_line(void **state)
{
    struct ledger_unit unit;
    (void)state;
    assert_true(secure_run());
    assert_int_equal(secure_unit_find(&unit), 1);
    assert_int_equal(unit.state, LEDGER_DONE);
    assert_int_equal(secure.p.flash[LAYOUT_SBM_A_OFF + LAYOUT_SBM_IMAGE_OFF], FACTORY_SBM_A_BYTE);
    assert_int_equal(secure.p.flash[LAYOUT_SBM_B_OFF + LAYOUT_SBM_IMAGE_OFF], FACTORY_SBM_B_BYTE);
    assert_int_equal(secure.seen_plain, 0);
    uint8_t shown[128];
    memset(shown, FACTORY_SBM_A_BYTE, sizeof shown);
    secure_line_look(bytes_of(shown, sizeof shown)); /* the search does find */
    assert_int_equal(secure.seen_plain, 1);
}

/* In the handshake's signed part nobody can tell an attacker from noise: the session ends. */
static void certificate_of_the_chip_that_is_changed_ends_the_session(void **state)
{
    struct ledger_unit unit;
    (void)state;
    secure.change_at = 1;
    assert_false(secure_run());
    assert_int_equal(secure.frames, 1);
    assert_int_equal(secure_unit_find(&unit), 0);
    secure.change_at = 0;
    assert_true(secure_run());
}

static void message_of_the_chip_that_is_changed_is_asked_for_again(void **state)
{
    static const unsigned places[] = { 2, 3, 4, 60, 150 };
    struct ledger_unit unit;
    unsigned undisturbed = 0;
    (void)state;
    assert_true(secure_run());
    undisturbed = secure.frames;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        secure.change_at = places[i];
        assert_true(secure_run());
        assert_int_equal(secure.frames, undisturbed + 1);
    }
    assert_int_equal(secure_unit_find(&unit), 1);
    assert_int_equal(unit.number, 1);
}

static void late_answer_of_an_earlier_message_is_passed_over(void **state)
{
    static const unsigned places[] = { 1, 2, 3, 4, 60, 150 };
    unsigned undisturbed = 0;
    (void)state;
    assert_true(secure_run());
    undisturbed = secure.frames;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        secure.late_at = places[i];
        secure.late_many = 3;
        assert_true(secure_run());
        assert_int_equal(secure.frames, undisturbed + 3);
    }
}

static void line_that_brings_nothing_but_late_answers_ends_the_run(void **state)
{
    struct ledger_unit unit;
    (void)state;
    secure.late_at = 60;
    secure.late_many = 1000;
    assert_false(secure_run());
    assert_int_equal(secure.frames, 60 + 8);
    assert_non_null(memmem(secure.p.answer.hint.data, secure.p.answer.hint.len, "disturbs the line", 17));
    secure.late_at = 0;
    assert_true(secure_run());
    assert_int_equal(secure_unit_find(&unit), 1);
    assert_int_equal(unit.number, 1);
}

static void chip_that_starts_anew_in_the_middle_ends_the_run_with_these_words(void **state)
{
    struct cbor_writer w = cbor_writer_of(secure.error_text, sizeof secure.error_text);
    (void)state;
    secure.error_at = 60;
    edhoc_error_build("status 018", &w);
    secure.error_len = w.len;
    assert_false(secure_run());
    assert_int_equal(secure.frames, 60);
    assert_non_null(memmem(secure.p.answer.what.data, secure.p.answer.what.len, "started anew in the middle", 26));
    secure.error_at = 0;
    assert_true(secure_run());
}

static void chip_of_an_unknown_vendor_is_refused(void **state)
{
    struct ledger_unit unit;
    (void)state;
    secure_appliance_change("root.crt");
    assert_false(secure_run());
    assert_non_null(memmem(secure.p.answer.what.data, secure.p.answer.what.len, "no silicon vendor", 17));
    assert_int_equal(secure.frames, 1);
    assert_int_equal(secure_unit_find(&unit), 0);
}

static void chip_that_names_another_id_than_its_certificate_is_refused(void **state)
{
    struct ledger_unit unit;
    (void)state;
    secure.chip.uid[5] ^= 1;
    assert_false(secure_run());
    assert_non_null(memmem(secure.p.answer.what.data, secure.p.answer.what.len, "than its vendor's certificate", 29));
    assert_int_equal(secure_unit_find(&unit), 0);
}

/* The station names the channel; it must not thereby get the firmware of a product that is made over the secure one. */
static void station_that_asks_for_the_open_channel_of_a_secure_product_gets_nothing(void **state)
{
    uint8_t digest[32];
    (void)state;
    puppet_begin(&secure.p);
    assert_false(puppet_send(&secure.p));
    assert_non_null(memmem(secure.p.answer.what.data, secure.p.answer.what.len, "over the secure channel only", 28));
    secure_appliance_change("");
    puppet_begin(&secure.p);
    assert_true(puppet_send(&secure.p));
    memcpy(digest, secure.p.answer.actions[0].digest.data, sizeof digest);
    const struct letter_request image = { .op = LETTER_IMAGE, .digest = bytes_of(digest, 32) };
    puppet_letter(&secure.p, &image);
    assert_true(puppet_send(&secure.p));
    secure_appliance_change("vendor.pem");
    secure_hand_begin();
    assert_true(puppet_send(&secure.p));
    puppet_letter(&secure.p, &image);
    assert_false(puppet_send(&secure.p));
}

static void chip_that_wants_the_secure_channel_of_an_open_product_is_refused(void **state)
{
    (void)state;
    secure_appliance_change("");
    secure_hand_begin();
    assert_false(puppet_send(&secure.p));
    assert_non_null(memmem(secure.p.answer.what.data, secure.p.answer.what.len, "names no silicon vendors", 24));
}

#define SECURE_TEST(name) cmocka_unit_test_setup_teardown(name, secure_setup, secure_teardown)

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
