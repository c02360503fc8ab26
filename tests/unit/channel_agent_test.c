/* SPDX-License-Identifier: Apache-2.0 */
/* channel_agent: BL1's agent on a simulated board, on a line that the test holds: whom it believes, what it does, what
 * it does not. */
#include "tests/unit/test.h"

#include <unistd.h>

#include "channel/server.h"
#include "ports/sim/sim_vendor.h"
#include "crypto/crypto.h"
#include "tests/unit/channel_board.h"

static void an_sbm_arrives_over_the_channel_and_starts(void **state)
{
    struct sim *from = &board.source;
    (void)state;
    for (unsigned slot = 0; slot < 2; slot++) {
        (void)maker_sbm(&board.maker, &board.maker.firmware, from, slot, 3, BOARD_IMAGE_LEN);
    }
    board_bl1_start();
    assert_int_equal(channel_line_shake(&board.talk, &board.rig), STATUS_OK);
    assert_int_equal(channel_line_ask(&board.talk, &board_hello), 0);
    assert_memory_equal(board.talk.answer.uid.data, board.machine.unique_id, 16);
    assert_int_equal(board_region_send(&from->map.sbm[0], from->flash), 0);
    assert_int_equal(board_region_send(&from->map.sbm[1], from->flash), 0);
    assert_int_equal(channel_line_ask(&board.talk, &board_order), 0);
    assert_int_equal(board_join(), SIM_STARTED_SBM);
    assert_memory_equal(board.machine.flash + from->map.sbm[0].off, from->flash + from->map.sbm[0].off,
                        from->map.sbm[0].len);
    /* The same channel, at the next stage; the order to start may be asked for again. */
    board_sbm_start();
    channel_line_send(&board.talk, bytes_of(board.talk.request.data, board.talk.request.len));
    assert_int_equal(record_open(&board.talk.channel, channel_line_get(&board.talk), board.talk.plain, &(size_t){ 0 }),
                     STATUS_CHANNEL_ORDER);
    assert_int_equal(channel_line_ask(&board.talk, &board_hello), 0);
    assert_int_equal(board.talk.answer.op, PROVISION_HELLO);
    const struct provision_request keys = { .op = PROVISION_MAKE_KEYS,
                                            .challenge = bytes_of(board.maker.firmware.open, 32) };
    assert_int_equal(channel_line_ask(&board.talk, &keys), 0);
    assert_true(board.talk.answer.possession.len > 200);
    assert_int_equal(board_join(), SIM_ASLEEP);
    const uint32_t *left = sim_vendor.handover;
    for (size_t i = 0; i < sizeof(struct channel_handover) / 4; i++) {
        assert_int_equal(left[i], 0); /* nothing of the keys stays in between */
    }
}

/* Who holds the line sees no firmware, no key, and not even which chip it is. */
static void nothing_is_on_the_line_in_the_clear(void **state)
{
    uint8_t keys[2][RECORD_KEY_LEN];
    uint8_t marker[BOARD_SECTOR];
    (void)state;
    assert_int_equal(crypto_random(marker, sizeof marker), STATUS_OK);
    memset(board.machine.unique_id, 0x5A, sizeof board.machine.unique_id);
    board_seen_forget();
    board_bl1_start();
    assert_int_equal(channel_line_shake(&board.talk, &board.rig), STATUS_OK);
    memcpy(keys[0], board.talk.channel.send.key, RECORD_KEY_LEN);
    memcpy(keys[1], board.talk.channel.receive.key, RECORD_KEY_LEN);
    const struct provision_request write_request = { .op = PROVISION_WRITE,
                                                     .off = board.machine.map.sbm[0].off,
                                                     .data = bytes_of(marker, sizeof marker) };
    assert_int_equal(channel_line_ask(&board.talk, &board_hello), 0);
    assert_int_equal(channel_line_ask(&board.talk, &write_request), 0);
    assert_int_equal(board_join(), SIM_ASLEEP);
    assert_memory_equal(board.machine.flash + board.machine.map.sbm[0].off, marker, sizeof marker);
    assert_true(board_was_seen(board.talk.request.data, board.talk.request.len)); /* the search finds what is there */
    for (size_t at = 0; at + 8 <= sizeof marker; at++) {
        assert_false(board_was_seen(marker + at, 8));
    }
    assert_false(board_was_seen(keys[0], 8) || board_was_seen(keys[1], 8));
    assert_false(board_was_seen(board.machine.unique_id, 8));
    assert_false(board_was_seen(board.rig.certificate, 8) || board_was_seen(board.rig.vendor.open, 8) ||
                 board_was_seen(board.rig.channel.open, 8));
}

static void nothing_but_what_the_agent_may_write_is_written(void **state)
{
    const uint8_t data[BOARD_SECTOR + 16] = { 1 };
    (void)state;
    const uint32_t refused[] = { 0,
                                 board.machine.map.anchor[0].off,
                                 board.machine.map.store[0].off,
                                 board.machine.map.counter[0].off,
                                 board.machine.map.primary.off,
                                 board.machine.map.sbm[0].off - 16,
                                 board.machine.map.sbm_package.off + board.machine.map.sbm_package.len };
    struct provision_request write_request = { .op = PROVISION_WRITE, .data = bytes_of(data, 32) };
    struct sim before = board.machine;
    board_bl1_start();
    assert_int_equal(channel_line_shake(&board.talk, &board.rig), STATUS_OK);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        write_request.off = refused[i];
        assert_int_equal(channel_line_ask(&board.talk, &write_request), STATUS_FLASH_RANGE);
    }
    write_request.off = board.machine.map.sbm[0].off;
    write_request.data.len = BOARD_SECTOR + 16;
    assert_int_equal(channel_line_ask(&board.talk, &write_request), STATUS_FLASH_ALIGN);
    write_request.data.len = 24;
    assert_int_not_equal(channel_line_ask(&board.talk, &write_request), 0);
    const struct provision_request store = { .op = PROVISION_STORE, .item = 4, .data = bytes_of(data, 5) };
    assert_int_equal(channel_line_ask(&board.talk, &store), STATUS_BAD_STATE);
    assert_int_equal(board_join(), SIM_ASLEEP);
    assert_memory_equal(board.machine.flash, before.flash, board.machine.map.sbm[0].off);
}

static void a_record_that_comes_again_is_answered_again_and_not_done_again(void **state)
{
    (void)state;
    board_bl1_start();
    assert_int_equal(channel_line_shake(&board.talk, &board.rig), STATUS_OK);
    const struct provision_request write_request = { .op = PROVISION_WRITE,
                                                     .off = board.machine.map.sbm[0].off,
                                                     .data = bytes_of(board.maker.firmware.open, 64) };
    assert_int_equal(channel_line_ask(&board.talk, &write_request), 0);
    uint32_t operations = board.machine.operations;
    board.talk.channel.receive.counter--; /* as if the answer had been lost */
    channel_line_send(&board.talk, bytes_of(board.talk.request.data, board.talk.request.len));
    assert_int_equal(channel_line_answer(&board.talk), 0);
    assert_int_equal(board.machine.operations, operations);
    assert_int_equal(channel_line_ask(&board.talk, &board_hello), 0);
    assert_int_equal(board_join(), SIM_ASLEEP);
}

static void strangers_are_refused(void **state)
{
    struct channel_claims claims = { "line 1", 2000, { 0 }, { 0 } };
    struct channel_key stranger;
    (void)state;
    board_bl1_start();
    claims.expires = 999; /* before the chip was made */
    memcpy(claims.vendor, board.maker.vendor, 16);
    memcpy(claims.class_id, board.maker.class_id, 16);
    channel_rig_credential(&board.rig, &claims, &board.rig.mastering);
    assert_int_equal(channel_line_shake(&board.talk, &board.rig), STATUS_CHANNEL_PEER);
    assert_string_equal(board.talk.refusal, "status 113");
    claims.expires = 2000;
    assert_int_equal(crypto_p256_generate(stranger.secret, stranger.open), STATUS_OK);
    channel_rig_credential(&board.rig, &claims, &stranger);
    assert_int_equal(channel_line_shake(&board.talk, &board.rig), STATUS_CHANNEL_PEER);
    assert_string_equal(board.talk.refusal, "status 061");
    channel_rig_credential(&board.rig, &claims, &board.rig.mastering);
    assert_int_equal(channel_line_shake(&board.talk, &board.rig), STATUS_OK);
    assert_int_equal(channel_line_ask(&board.talk, &board_hello), 0);
    assert_int_equal(board_join(), SIM_ASLEEP);
}

static void an_old_record_that_comes_late_is_passed_over(void **state)
{
    static struct channel_message old;
    (void)state;
    board_bl1_start();
    assert_int_equal(channel_line_shake(&board.talk, &board.rig), STATUS_OK);
    assert_int_equal(channel_line_ask(&board.talk, &board_hello), 0);
    old = board.talk.request;
    assert_int_equal(channel_line_ask(&board.talk, &board_hello), 0);
    channel_line_send(&board.talk, bytes_of(old.data, old.len));
    assert_int_equal(channel_line_ask(&board.talk, &board_hello), 0); /* its answer, and none before it */
    assert_int_equal(board_join(), SIM_ASLEEP);
}

/* A station that is impatient sends twice; a lost answer makes it so, too. */
static void a_handshakes_message_that_comes_again_gets_the_same_answer(void **state)
{
    struct edhoc e;
    uint8_t buffer[EDHOC_MESSAGE_MAX], first[EDHOC_MESSAGE_MAX];
    struct cbor_writer w = cbor_writer_of(buffer, sizeof buffer);
    (void)state;
    board_bl1_start();
    assert_int_equal(edhoc_message_1_make(&e, &w), STATUS_OK);
    struct bytes answer = channel_line_marked(&board.talk, 0xF5, cbor_written(&w));
    size_t len = answer.len;
    assert_in_range(len, 100, sizeof first);
    memcpy(first, answer.data, len);
    answer = channel_line_marked(&board.talk, 0xF5, cbor_written(&w));
    assert_int_equal(answer.len, len);
    assert_memory_equal(answer.data, first, len);
    assert_int_equal(edhoc_message_1_make(&e, &(struct cbor_writer){ buffer, sizeof buffer, 0, STATUS_OK }), STATUS_OK);
    answer = channel_line_marked(&board.talk, 0xF5, bytes_of(buffer, w.len));
    assert_memory_not_equal(answer.data, first, len);
    assert_int_equal(channel_line_shake(&board.talk, &board.rig), STATUS_OK);
    assert_int_equal(channel_line_ask(&board.talk, &board_hello), 0);
    assert_int_equal(board_join(), SIM_ASLEEP);
}

/* Who holds the line may begin handshakes as he likes; the appliance's channel stays. */
static void a_strangers_handshake_does_not_close_an_open_channel(void **state)
{
    struct edhoc stranger;
    uint8_t buffer[EDHOC_MESSAGE_MAX];
    struct cbor_writer w = cbor_writer_of(buffer, sizeof buffer);
    (void)state;
    board_bl1_start();
    assert_int_equal(channel_line_shake(&board.talk, &board.rig), STATUS_OK);
    assert_int_equal(edhoc_message_1_make(&stranger, &w), STATUS_OK);
    assert_true(channel_line_marked(&board.talk, 0xF5, cbor_written(&w)).len > 100);
    assert_true(channel_line_marked(&board.talk, 0x01, bytes_of("\x41\x00", 2)).len < 20);
    assert_int_equal(channel_line_ask(&board.talk, &board_hello), 0);
    assert_int_equal(board_join(), SIM_ASLEEP);
}

static void noise_on_the_line_does_no_harm(void **state)
{
    uint8_t noise[700];
    (void)state;
    board_bl1_start();
    assert_int_equal(crypto_random(noise, sizeof noise), STATUS_OK);
    assert_int_equal(write(board.talk.fd, noise, sizeof noise), sizeof noise);
    assert_int_equal(write(board.talk.fd, "WLW", 3), 3);
    assert_int_equal(channel_line_shake(&board.talk, &board.rig), STATUS_OK);
    assert_int_equal(channel_line_ask(&board.talk, &board_hello), 0);
    assert_int_equal(board_join(), SIM_ASLEEP);
}

static void a_provisioned_chip_has_no_agent(void **state)
{
    (void)state;
    for (unsigned slot = 0; slot < 2; slot++) {
        (void)maker_sbm(&board.maker, &board.maker.firmware, &board.machine, slot, 3, BOARD_IMAGE_LEN);
    }
    sim_secure(&board.machine);
    board_bl1_start();
    assert_int_equal(board_wait(), SIM_STARTED_SBM);
}

static void a_chip_without_a_vendors_key_starts_as_ever(void **state)
{
    (void)state;
    (void)maker_sbm(&board.maker, &board.maker.firmware, &board.machine, 0, 3, BOARD_IMAGE_LEN);
    sim_vendor.says.len = 0;
    board_bl1_start();
    assert_int_equal(board_wait(), SIM_STARTED_SBM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_sbm_arrives_over_the_channel_and_starts, board_setup),
        cmocka_unit_test_setup(nothing_is_on_the_line_in_the_clear, board_setup),
        cmocka_unit_test_setup(nothing_but_what_the_agent_may_write_is_written, board_setup),
        cmocka_unit_test_setup(a_record_that_comes_again_is_answered_again_and_not_done_again, board_setup),
        cmocka_unit_test_setup(a_handshakes_message_that_comes_again_gets_the_same_answer, board_setup),
        cmocka_unit_test_setup(an_old_record_that_comes_late_is_passed_over, board_setup),
        cmocka_unit_test_setup(strangers_are_refused, board_setup),
        cmocka_unit_test_setup(a_strangers_handshake_does_not_close_an_open_channel, board_setup),
        cmocka_unit_test_setup(noise_on_the_line_does_no_harm, board_setup),
        cmocka_unit_test_setup(a_provisioned_chip_has_no_agent, board_setup),
        cmocka_unit_test_setup(a_chip_without_a_vendors_key_starts_as_ever, board_setup),
    };
    return cmocka_run_group_tests(tests, board_group_setup, NULL);
}
