/* SPDX-License-Identifier: Apache-2.0 */
/* channel_edhoc: the handshake between appliance and chip, and what somebody in between can not do. */
#include "tests/unit/test.h"

#include "crypto/crypto.h"
#include "tests/unit/channel_rig.h"

static struct channel_rig rig;

static void both_ends_agree_on_keys(void **state)
{
    uint8_t a[44], b[44];
    (void)state;
    channel_rig_open(&rig);
    assert_int_equal(channel_rig_run(&rig, NULL, NULL), STATUS_OK);
    assert_int_equal(edhoc_export(&rig.appliance, RECORD_LABEL_TO_CHIP, a, sizeof a), STATUS_OK);
    assert_int_equal(edhoc_export(&rig.chip, RECORD_LABEL_TO_CHIP, b, sizeof b), STATUS_OK);
    assert_memory_equal(a, b, sizeof a);
    assert_int_equal(edhoc_export(&rig.chip, RECORD_LABEL_FROM_CHIP, b, sizeof b), STATUS_OK);
    assert_memory_not_equal(a, b, sizeof a);
}

static void every_session_has_other_keys(void **state)
{
    uint8_t keys[2][44];
    (void)state;
    channel_rig_open(&rig);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(channel_rig_run(&rig, NULL, NULL), STATUS_OK);
        assert_int_equal(edhoc_export(&rig.chip, RECORD_LABEL_TO_CHIP, keys[i], sizeof keys[i]), STATUS_OK);
    }
    assert_memory_not_equal(keys[0], keys[1], sizeof keys[0]);
}

struct flip {
    int number;
    size_t at;
    uint8_t mask;
};

static void flip_do(struct channel_message *message, int number, void *context)
{
    const struct flip *flip = (const struct flip *)context;
    if (number == flip->number) {
        message->data[flip->at] ^= flip->mask;
    }
}

/* A change of message 1 is seen at the latest in message 2 by the appliance; one of message 2, 3 or 4 by its receiver.
 */
static void no_message_survives_a_flipped_bit(void **state)
{
    (void)state;
    channel_rig_open(&rig);
    assert_int_equal(channel_rig_run(&rig, NULL, NULL), STATUS_OK);
    for (int number = 1; number <= 4; number++) {
        for (size_t at = 0; at < rig.message[number].len; at++) {
            struct flip flip = { number, at, (uint8_t)(1u << at % 8) };
            assert_int_not_equal(channel_rig_run(&rig, flip_do, &flip), STATUS_OK);
            assert_true(rig.refused_at == number || (number == 1 && rig.refused_at == 2));
            assert_int_equal(rig.refused_at % 2 == 0 ? rig.appliance.stage : rig.chip.stage, 0);
        }
    }
}

static void cut_do(struct channel_message *message, int number, void *context)
{
    const struct flip *flip = (const struct flip *)context;
    if (number == flip->number) {
        message->len = flip->at;
    }
}

static void grow_do(struct channel_message *message, int number, void *context)
{
    const struct flip *flip = (const struct flip *)context;
    if (number == flip->number) {
        message->data[message->len++] = flip->mask;
    }
}

static void no_message_may_be_shorter_or_longer(void **state)
{
    (void)state;
    channel_rig_open(&rig);
    assert_int_equal(channel_rig_run(&rig, NULL, NULL), STATUS_OK);
    for (int number = 1; number <= 4; number++) {
        size_t len = rig.message[number].len;
        for (size_t at = 0; at < len; at += number == 1 || at > 40 ? 7 : 1) {
            struct flip flip = { number, at, 0 };
            assert_int_not_equal(channel_rig_run(&rig, cut_do, &flip), STATUS_OK);
            assert_int_equal(rig.refused_at, number);
        }
        struct flip flip = { number, 0, 0x00 };
        assert_int_not_equal(channel_rig_run(&rig, grow_do, &flip), STATUS_OK);
    }
}

static void replace_do(struct channel_message *message, int number, void *context)
{
    const struct channel_rig *old = (const struct channel_rig *)context;
    if (number == old->refused_at) {
        *message = old->message[number];
    }
}

/* Message 1 may be replayed by anybody, and leads nowhere: the answer to it is useless to who does not have its key. */
static void no_message_of_another_session_is_taken(void **state)
{
    static struct channel_rig old;
    (void)state;
    channel_rig_open(&rig);
    assert_int_equal(channel_rig_run(&rig, NULL, NULL), STATUS_OK);
    old = rig;
    for (int number = 1; number <= 4; number++) {
        old.refused_at = number; /* which one replace_do puts in */
        assert_int_not_equal(channel_rig_run(&rig, replace_do, &old), STATUS_OK);
        assert_int_equal(rig.refused_at, number == 1 ? 2 : number);
    }
}

/* Another chip that anybody may shake hands with, and the same appliance. */
static void no_message_for_another_chip_is_taken(void **state)
{
    static struct channel_rig other;
    (void)state;
    channel_rig_open(&rig);
    other = rig;
    assert_int_equal(crypto_p256_generate(other.vendor.secret, other.vendor.open), STATUS_OK);
    memcpy(other.expected, other.vendor.open, sizeof other.expected);
    assert_int_equal(channel_rig_run(&other, NULL, NULL), STATUS_OK);
    for (int number = 2; number <= 4; number++) {
        other.refused_at = number;
        assert_int_not_equal(channel_rig_run(&rig, replace_do, &other), STATUS_OK);
        assert_int_equal(rig.refused_at, number);
    }
}

static void own_message_do(struct channel_message *message, int number, void *context)
{
    const struct channel_rig *g = (const struct channel_rig *)context;
    if (number >= 2) {
        *message = g->message[number - 1];
    }
}

static void own_messages_that_come_back_are_refused(void **state)
{
    (void)state;
    channel_rig_open(&rig);
    assert_int_not_equal(channel_rig_run(&rig, own_message_do, &rig), STATUS_OK);
    assert_int_equal(rig.refused_at, 2);
}

static void twice_do(struct channel_message *message, int number, void *context)
{
    (void)context;
    if (number == 3) {
        uint8_t key[64];
        struct bytes in = bytes_of(message->data, message->len);
        assert_int_equal(edhoc_message_3_open(&rig.chip, in), STATUS_OK);
        assert_int_equal(credential_check(rig.chip.peer.cred, &rig.trust, key), STATUS_OK);
        assert_int_equal(edhoc_message_3_check(&rig.chip, key), STATUS_OK);
    }
}

static void a_message_counts_once_in_a_session(void **state)
{
    (void)state;
    channel_rig_open(&rig);
    assert_int_equal(channel_rig_run(&rig, twice_do, NULL), STATUS_BAD_STATE);
    assert_int_equal(rig.refused_at, 3);
    assert_int_equal(rig.chip.stage, 0);
}

/* Right certificate, other key. */
static void cloned_chip_is_refused(void **state)
{
    uint8_t other[64];
    (void)state;
    channel_rig_open(&rig);
    assert_int_equal(crypto_p256_generate(rig.vendor.secret, other), STATUS_OK);
    assert_int_equal(channel_rig_run(&rig, NULL, NULL), STATUS_CRYPTO_SIGNATURE);
    assert_int_equal(rig.refused_at, 2);
}

static void another_chips_certificate_is_refused(void **state)
{
    (void)state;
    channel_rig_open(&rig);
    /* The chip signs with its key what another certificate says. */
    assert_int_equal(crypto_p256_generate(rig.channel.secret, rig.expected), STATUS_OK);
    assert_int_equal(channel_rig_run(&rig, NULL, NULL), STATUS_CRYPTO_SIGNATURE);
    assert_int_equal(rig.refused_at, 2);
}

static void appliance_without_the_credentials_key_is_refused(void **state)
{
    uint8_t other[64];
    (void)state;
    channel_rig_open(&rig);
    assert_int_equal(crypto_p256_generate(rig.channel.secret, other), STATUS_OK);
    assert_int_equal(channel_rig_run(&rig, NULL, NULL), STATUS_CRYPTO_SIGNATURE);
    assert_int_equal(rig.refused_at, 3);
}

static void credential_expect(const struct channel_claims *claims, const struct channel_key *signer, status_t want)
{
    channel_rig_credential(&rig, claims, signer);
    assert_int_equal(channel_rig_run(&rig, NULL, NULL), want);
    assert_int_equal(rig.refused_at, want == STATUS_OK ? 0 : 3);
}

static void foreign_and_expired_appliances_are_refused(void **state)
{
    struct channel_claims claims = { "line 2", 1000, { 1, 2, 3 }, { 4, 5, 6 } };
    struct channel_key stranger;
    (void)state;
    channel_rig_open(&rig);
    credential_expect(&claims, &rig.mastering, STATUS_OK);
    claims.expires = 999;
    credential_expect(&claims, &rig.mastering, STATUS_CHANNEL_EXPIRED);
    claims.expires = 2000;
    claims.class_id[15] = 1;
    credential_expect(&claims, &rig.mastering, STATUS_CHANNEL_CREDENTIAL);
    claims.class_id[15] = 0;
    claims.vendor[0] = 2;
    credential_expect(&claims, &rig.mastering, STATUS_CHANNEL_CREDENTIAL);
    claims.vendor[0] = 1;
    assert_int_equal(crypto_p256_generate(stranger.secret, stranger.open), STATUS_OK);
    credential_expect(&claims, &stranger, STATUS_SUIT_KEY_UNKNOWN);
    struct channel_key liar = stranger; /* names the right key, signs with his own */
    memcpy(liar.open, rig.mastering.open, 64);
    credential_expect(&claims, &liar, STATUS_CRYPTO_SIGNATURE);
    rig.trust.keys.retired = 1;
    credential_expect(&claims, &rig.mastering, STATUS_SUIT_KEY_RETIRED);
}

static void suite_expect(const uint8_t *suites, size_t len, status_t want)
{
    uint8_t message[80] = { 0 }, key[32], point[64];
    assert_int_equal(crypto_p256_generate(key, point), STATUS_OK);
    memcpy(message + 1, suites, len);
    message[1 + len] = 0x58;
    message[2 + len] = 32;
    memcpy(message + 3 + len, point, 32);
    message[35 + len] = 0x2d;
    assert_int_equal(edhoc_message_1_open(&rig.chip, bytes_of(message, 36 + len)), want);
}

static void other_suites_are_refused_and_ours_is_named(void **state)
{
    uint8_t buffer[16];
    struct edhoc_error error;
    struct cbor_writer w = cbor_writer_of(buffer, sizeof buffer);
    (void)state;
    suite_expect((const uint8_t[]){ 0x05 }, 1, STATUS_OK);
    suite_expect((const uint8_t[]){ 0x82, 0x02, 0x05 }, 3, STATUS_OK);
    suite_expect((const uint8_t[]){ 0x83, 0x18, 0x18, 0x34, 0x05 }, 5,
                 STATUS_OK); /* 24, then a private one, then ours */
    suite_expect((const uint8_t[]){ 0x02 }, 1, STATUS_CHANNEL_SUITE);
    suite_expect((const uint8_t[]){ 0x82, 0x05, 0x02 }, 3, STATUS_CHANNEL_SUITE);
    suite_expect((const uint8_t[]){ 0x82, 0x05, 0x05 }, 3, STATUS_CHANNEL_SUITE);
    suite_expect((const uint8_t[]){ 0x81, 0x05 }, 2, STATUS_NOT_CANONICAL);
    suite_expect((const uint8_t[]){ 0x61, 0x35 }, 2, STATUS_WRONG_TYPE);
    edhoc_suites_build(&w);
    assert_memory_equal(buffer, ((const uint8_t[]){ 0x02, 0x05 }), 2);
    assert_int_equal(edhoc_error_parse(cbor_written(&w), &error), STATUS_OK);
    assert_int_equal(error.code, 2);
    assert_true(error.suite_ours);
}

static void message_1_expect(const uint8_t *data, size_t len, status_t want)
{
    assert_int_equal(edhoc_message_1_open(&rig.chip, bytes_of(data, len)), want);
    assert_int_equal(rig.chip.stage != 0, want == STATUS_OK);
}

/* Encoding errors like those of RFC 9529 section 4. */
static void malformed_first_messages_are_refused(void **state)
{
    uint8_t m[64] = { 0x00, 0x05, 0x58, 0x20 };
    uint8_t key[32], point[64];
    (void)state;
    assert_int_equal(crypto_p256_generate(key, point), STATUS_OK);
    memcpy(m + 4, point, 32);
    m[36] = 0x0e;
    message_1_expect(m, 37, STATUS_OK);
    m[37] = 0x00; /* padding (EAD label 0), with and without value */
    message_1_expect(m, 38, STATUS_OK);
    memcpy(m + 37, (const uint8_t[]){ 0x00, 0x41, 0xE9, 0x00 }, 4);
    message_1_expect(m, 41, STATUS_OK);
    m[37] = 0x20; /* a critical item */
    message_1_expect(m, 38, STATUS_UNSUPPORTED);
    m[36] = 0x41; /* h'0e' must be the integer 14 */
    m[37] = 0x0e;
    message_1_expect(m, 38, STATUS_NOT_CANONICAL);
    m[37] = 0x18;
    message_1_expect(m, 38, STATUS_OK);
    m[36] = 0x18; /* 24 is no identifier */
    message_1_expect(m, 38, STATUS_BAD_ARGUMENT);
    m[36] = 0x0e;
    m[0] = 0x03;
    message_1_expect(m, 37, STATUS_UNSUPPORTED);
    m[0] = 0x00;
    memset(m + 4, 0xFF, 32); /* above p */
    message_1_expect(m, 37, STATUS_CRYPTO_KEY);
    m[3] = 0x1F;
    message_1_expect(m, 37, STATUS_TRUNCATED);
}

static void error_message_ends_the_session(void **state)
{
    uint8_t buffer[64];
    struct edhoc_error error;
    struct cbor_writer w = cbor_writer_of(buffer, sizeof buffer);
    struct cbor_writer m = cbor_writer_of(rig.message[1].data, sizeof rig.message[1].data);
    (void)state;
    edhoc_error_build("not so", &w);
    assert_int_equal(edhoc_error_parse(cbor_written(&w), &error), STATUS_OK);
    assert_memory_equal(error.text.data, "not so", 6);
    assert_int_equal(edhoc_message_1_make(&rig.appliance, &m), STATUS_OK);
    assert_int_equal(edhoc_message_2_open(&rig.appliance, cbor_written(&w)), STATUS_CHANNEL_PEER);
    assert_int_equal(rig.appliance.stage, 0);
}

static void nothing_is_exported_before_the_end(void **state)
{
    uint8_t out[32];
    struct cbor_writer m = cbor_writer_of(rig.message[1].data, sizeof rig.message[1].data);
    (void)state;
    channel_rig_open(&rig);
    assert_int_equal(edhoc_export(&rig.chip, RECORD_LABEL_TO_CHIP, out, sizeof out), STATUS_BAD_STATE);
    assert_int_equal(edhoc_message_1_make(&rig.appliance, &m), STATUS_OK);
    assert_int_equal(edhoc_export(&rig.appliance, RECORD_LABEL_TO_CHIP, out, sizeof out), STATUS_BAD_STATE);
    assert_int_equal(edhoc_message_4_open(&rig.appliance, cbor_written(&m)), STATUS_BAD_STATE);
    assert_int_equal(rig.appliance.stage, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ends_agree_on_keys),
        cmocka_unit_test(every_session_has_other_keys),
        cmocka_unit_test(no_message_survives_a_flipped_bit),
        cmocka_unit_test(no_message_may_be_shorter_or_longer),
        cmocka_unit_test(no_message_of_another_session_is_taken),
        cmocka_unit_test(no_message_for_another_chip_is_taken),
        cmocka_unit_test(own_messages_that_come_back_are_refused),
        cmocka_unit_test(a_message_counts_once_in_a_session),
        cmocka_unit_test(cloned_chip_is_refused),
        cmocka_unit_test(another_chips_certificate_is_refused),
        cmocka_unit_test(appliance_without_the_credentials_key_is_refused),
        cmocka_unit_test(foreign_and_expired_appliances_are_refused),
        cmocka_unit_test(other_suites_are_refused_and_ours_is_named),
        cmocka_unit_test(malformed_first_messages_are_refused),
        cmocka_unit_test(error_message_ends_the_session),
        cmocka_unit_test(nothing_is_exported_before_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
