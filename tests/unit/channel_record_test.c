/* SPDX-License-Identifier: Apache-2.0 */
/* channel_record: records open once, in order, in their direction and session, unchanged; else nothing happens. */
#include "tests/unit/test.h"

#include "crypto/crypto.h"
#include "tests/unit/channel_rig.h"

static struct channel_rig rig;
static struct record_channel appliance, chip;

struct sealed {
    uint8_t data[128];
    size_t len;
};

static int channel_fresh(void **state)
{
    (void)state;
    channel_rig_open(&rig);
    assert_int_equal(channel_rig_run(&rig, NULL, NULL), STATUS_OK);
    channel_rig_records(&rig, &appliance, &chip);
    return 0;
}

static void seal(struct record_channel *from, const char *text, struct sealed *out)
{
    struct cbor_writer w = cbor_writer_of(out->data, sizeof out->data);
    assert_int_equal(record_seal(from, bytes_of(text, strlen(text)), &w), STATUS_OK);
    out->len = w.len;
}

static status_t open_text(struct record_channel *at, const struct sealed *in, char text[129])
{
    size_t len = 0;
    status_t status = record_open(at, bytes_of(in->data, in->len), (uint8_t *)text, &len);
    text[status == STATUS_OK ? len : 0] = 0;
    return status;
}

static void open_expect(struct record_channel *at, const struct sealed *in, status_t want)
{
    char text[129];
    assert_int_equal(open_text(at, in, text), want);
}

static void both_directions_carry_texts(void **state)
{
    struct sealed s;
    char text[129];
    (void)state;
    seal(&appliance, "", &s);
    assert_int_equal(open_text(&chip, &s, text), STATUS_OK);
    assert_string_equal(text, "");
    for (int i = 0; i < 3; i++) {
        seal(&appliance, "to the chip", &s);
        assert_int_equal(open_text(&chip, &s, text), STATUS_OK);
        assert_string_equal(text, "to the chip");
        seal(&chip, "to the appliance", &s);
        assert_int_equal(open_text(&appliance, &s, text), STATUS_OK);
        assert_string_equal(text, "to the appliance");
    }
}

static void same_text_is_never_sealed_the_same(void **state)
{
    struct sealed one, two;
    (void)state;
    seal(&appliance, "text", &one);
    seal(&appliance, "text", &two);
    assert_memory_not_equal(one.data + 15, two.data + 15, 20);
}

static void doubled_dropped_and_reordered_records_are_refused(void **state)
{
    struct sealed s[4];
    (void)state;
    for (int i = 0; i < 4; i++) {
        seal(&appliance, "text", &s[i]);
    }
    open_expect(&chip, &s[0], STATUS_OK);
    open_expect(&chip, &s[0], STATUS_CHANNEL_ORDER);
    open_expect(&chip, &s[2], STATUS_CHANNEL_ORDER);
    open_expect(&chip, &s[1], STATUS_OK);
    open_expect(&chip, &s[3], STATUS_CHANNEL_ORDER);
    open_expect(&chip, &s[2], STATUS_OK);
}

/* The counter in the clear is no way round: it is part of the nonce. */
static void an_old_record_with_a_new_counter_is_refused(void **state)
{
    struct sealed s;
    (void)state;
    seal(&appliance, "text", &s);
    open_expect(&chip, &s, STATUS_OK);
    s.data[13] = 1;
    open_expect(&chip, &s, STATUS_CRYPTO_TAG);
}

static void own_record_that_comes_back_is_refused(void **state)
{
    struct sealed s;
    (void)state;
    seal(&appliance, "text", &s);
    open_expect(&appliance, &s, STATUS_CRYPTO_TAG);
}

static void no_flipped_bit_and_no_cut_opens(void **state)
{
    struct sealed s;
    (void)state;
    seal(&appliance, "some text", &s);
    size_t len = s.len;
    for (size_t bit = 0; bit < 8 * len; bit++) {
        char text[129];
        s.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_not_equal(open_text(&chip, &s, text), STATUS_OK);
        s.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (s.len = 0; s.len < len; s.len++) {
        open_expect(&chip, &s, STATUS_MESSAGE);
    }
    s.len = len + 1;
    open_expect(&chip, &s, STATUS_MESSAGE);
    s.len = len;
    open_expect(&chip, &s, STATUS_OK);
}

static void records_of_another_session_are_refused(void **state)
{
    struct sealed s;
    (void)state;
    seal(&appliance, "text", &s);
    (void)channel_fresh(state);
    open_expect(&chip, &s, STATUS_CRYPTO_TAG);
}

static void keys_that_are_used_up_seal_and_open_nothing(void **state)
{
    struct sealed s;
    struct cbor_writer w = cbor_writer_of(s.data, sizeof s.data);
    (void)state;
    appliance.send.counter = UINT32_MAX - 1;
    chip.receive.counter = UINT32_MAX - 1;
    seal(&appliance, "the last", &s);
    open_expect(&chip, &s, STATUS_OK);
    assert_int_equal(record_seal(&appliance, bytes_of("one more", 8), &w), STATUS_CHANNEL_SPENT);
    assert_int_equal(w.len, 0);
    assert_int_equal(appliance.send.counter, UINT32_MAX);
    open_expect(&chip, &s, STATUS_CHANNEL_SPENT);
}

static void record_without_room_uses_no_counter(void **state)
{
    uint8_t small[40];
    struct cbor_writer w = cbor_writer_of(small, sizeof small);
    (void)state;
    assert_int_equal(record_seal(&appliance, bytes_of("some text", 10), &w), STATUS_NO_SPACE);
    assert_int_equal(appliance.send.counter, 0);
}

static void handshake_under_way_gives_no_records(void **state)
{
    static const struct edhoc nothing;
    struct record_channel c;
    (void)state;
    struct edhoc e = nothing;
    assert_int_equal(record_channel_open(&c, &e, RECORD_LABEL_TO_CHIP), STATUS_BAD_STATE);
}

/* The shape that spec and other implementations go by. */
static void record_is_a_cose_encrypt0(void **state)
{
    static const uint8_t head[] = { 0xD0, 0x83, 0x44, 0xA1, 0x01, 0x18, 0x18, 0xA1, 0x06, 0x44, 0, 0, 0, 0, 0x54 };
    struct sealed s;
    (void)state;
    seal(&chip, "text", &s);
    assert_int_equal(s.len, sizeof head + 20);
    assert_memory_equal(s.data, head, sizeof head);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(both_directions_carry_texts, channel_fresh),
        cmocka_unit_test_setup(same_text_is_never_sealed_the_same, channel_fresh),
        cmocka_unit_test_setup(doubled_dropped_and_reordered_records_are_refused, channel_fresh),
        cmocka_unit_test_setup(an_old_record_with_a_new_counter_is_refused, channel_fresh),
        cmocka_unit_test_setup(own_record_that_comes_back_is_refused, channel_fresh),
        cmocka_unit_test_setup(no_flipped_bit_and_no_cut_opens, channel_fresh),
        cmocka_unit_test_setup(records_of_another_session_are_refused, channel_fresh),
        cmocka_unit_test_setup(keys_that_are_used_up_seal_and_open_nothing, channel_fresh),
        cmocka_unit_test_setup(record_without_room_uses_no_counter, channel_fresh),
        cmocka_unit_test(handshake_under_way_gives_no_records),
        cmocka_unit_test_setup(record_is_a_cose_encrypt0, channel_fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
