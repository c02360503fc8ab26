/* SPDX-License-Identifier: Apache-2.0 */
/* channel_device: a device is made over the secure channel, from a chip with nothing but BL1 to one that runs its
 * application; BL1's agent, then SBM's, on a simulated board. */
#include "tests/unit/test.h"

#include "sbm/device.h"
#include "tests/unit/boot_maker_grant.h"
#include "tests/unit/channel_board.h"

static void slots_send_and_start(void)
{
    for (unsigned slot = 0; slot < 2; slot++) {
        assert_int_equal(board_region_send(&board.source.map.sbm[slot], board.source.flash), 0);
    }
    assert_int_equal(channel_line_ask(&board.talk, &board_order), 0);
}

/* Wherever the power goes, the next handshake and the same requests bring it to its end. */
static void a_power_cut_at_any_flash_operation_is_made_good(void **state)
{
    (void)state;
    for (unsigned slot = 0; slot < 2; slot++) {
        (void)maker_sbm(&board.maker, &board.maker.firmware, &board.source, slot, 3, BOARD_IMAGE_LEN);
    }
    uint32_t operations =
        2 * 2 * board.source.map.sbm[0].len / BOARD_SECTOR; /* an erase and a program for each sector */
    for (uint32_t at = 1; at <= operations; at++) {
        static const enum sim_cut_mode modes[] = { SIM_CUT_BEFORE, SIM_CUT_RANDOM, SIM_CUT_AFTER };
        (void)board_setup(state);
        board.machine.cut_at = board.machine.operations + at;
        board.machine.cut_mode = modes[at % 3];
        board.machine.cut_seed = at;
        board_bl1_start();
        assert_int_equal(channel_line_shake(&board.talk, &board.rig), STATUS_OK);
        uint64_t status = board_region_send(&board.source.map.sbm[0], board.source.flash);
        status = status == 0 ? board_region_send(&board.source.map.sbm[1], board.source.flash) : status;
        assert_int_equal(status, STATUS_MESSAGE); /* no answer any more */
        assert_int_equal(board_join(), SIM_POWER_CUT);
        board.machine.cut_mode = SIM_CUT_NONE;
        board.machine.cut_at = 0;
        board_bl1_start();
        assert_int_equal(channel_line_shake(&board.talk, &board.rig), STATUS_OK);
        slots_send_and_start();
        assert_int_equal(board_join(), SIM_STARTED_SBM);
    }
}

/* Keeps the keys that the chip proves to have; its signature is looked at in boot_agent_test. */
static void possession_take(void)
{
    struct cose_sign1 sign1;
    struct provision_possession facts;
    assert_int_equal(cose_sign1_parse(board.talk.answer.possession, &sign1), STATUS_OK);
    assert_int_equal(provision_possession_parse(sign1.payload, &facts), STATUS_OK);
    memcpy(board.maker.identity.open, facts.identity_key.data, 64);
    memcpy(board.maker.update.open, facts.update_key.data, 64);
}

static void item_send(uint64_t item, const void *data, size_t len)
{
    const struct provision_request store = { .op = PROVISION_STORE, .item = item, .data = bytes_of(data, len) };
    assert_int_equal(channel_line_ask(&board.talk, &store), 0);
}

/* Grant, policy, certificates, and the application's package for this chip alone. */
static void content_send(void)
{
    static uint8_t package[8192];
    uint8_t policy[POLICY_MAX], grant[GRANT_ITEM_MAX];
    size_t block_len;
    const struct maker_grant right = maker_grant_right(&board.maker, board.machine.unique_id);
    struct maker_package spec = maker_package_right(&board.maker, 3, BOARD_IMAGE_LEN);
    item_send(STORE_GRANT, grant, maker_grant_write(&right, grant));
    item_send(STORE_POLICY, policy, maker_policy_write(&board.maker, 3, policy));
    for (uint64_t item = STORE_DEVICE_CERT; item <= STORE_ROOT_CERT; item++) {
        item_send(item, "certificate", 11);
    }
    spec.block_signer = &board.maker.provisioner;
    memset(package, 0xFF, sizeof package);
    size_t len = maker_package_write(&spec, package, sizeof package, &block_len);
    for (size_t at = 0; at < len; at += BOARD_SECTOR) {
        const struct provision_request write_request = { .op = PROVISION_WRITE,
                                                         .off = board.machine.map.package[0].off + at,
                                                         .data = bytes_of(package + at, BOARD_SECTOR) };
        assert_int_equal(channel_line_ask(&board.talk, &write_request), 0);
    }
}

/* From a chip with nothing but BL1 to a locked device that runs its application, over the line alone. */
static void a_whole_device_is_made_over_the_channel(void **state)
{
    const struct provision_request keys = { .op = PROVISION_MAKE_KEYS,
                                            .challenge = bytes_of(board.maker.firmware.open, 32) };
    const struct provision_request install = { .op = PROVISION_INSTALL, .slot = 0 };
    const struct provision_request check = { .op = PROVISION_CHECK };
    const struct provision_request lock = { .op = PROVISION_LOCK, .lock_sectors = board.source.map.boot_sectors };
    (void)state;
    maker_geometry(&board.source);
    for (unsigned slot = 0; slot < 2; slot++) {
        (void)maker_sbm(&board.maker, &board.maker.firmware, &board.source, slot, 3, BOARD_IMAGE_LEN);
    }
    board_bl1_start();
    assert_int_equal(channel_line_shake(&board.talk, &board.rig), STATUS_OK);
    slots_send_and_start();
    assert_int_equal(board_join(), SIM_STARTED_SBM);
    board_sbm_start();
    assert_int_equal(channel_line_ask(&board.talk, &keys), 0);
    possession_take();
    content_send();
    assert_int_equal(channel_line_ask(&board.talk, &install), 0);
    assert_int_equal(channel_line_ask(&board.talk, &check), 0);
    assert_int_equal(board.talk.answer.app_sequence, 3);
    assert_int_equal(channel_line_ask(&board.talk, &lock), 0);
    assert_int_equal(board_join(), SIM_RESET);
    assert_int_equal(board_bl1_run(), SIM_STARTED_SBM);
    assert_int_equal(board_sbm_run(), SIM_STARTED_APPLICATION);
    assert_int_equal(device.running_sequence, 3);
    assert_int_equal(port_lifecycle(), PORT_SECURED);
}

/* SBM writes what arrives for it, never itself. */
static void sbm_does_not_overwrite_itself(void **state)
{
    const uint8_t data[16] = { 1 };
    struct provision_request write_request = { .op = PROVISION_WRITE, .data = bytes_of(data, sizeof data) };
    (void)state;
    for (unsigned slot = 0; slot < 2; slot++) {
        (void)maker_sbm(&board.maker, &board.maker.firmware, &board.source, slot, 3, BOARD_IMAGE_LEN);
    }
    board_bl1_start();
    assert_int_equal(channel_line_shake(&board.talk, &board.rig), STATUS_OK);
    slots_send_and_start();
    assert_int_equal(board_join(), SIM_STARTED_SBM);
    board_sbm_start();
    const uint32_t refused[] = { 0, board.machine.map.sbm[0].off, board.machine.map.sbm[1].off,
                                 board.machine.map.store[0].off };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        write_request.off = refused[i];
        assert_int_equal(channel_line_ask(&board.talk, &write_request), STATUS_FLASH_RANGE);
    }
    write_request.off = board.machine.map.sbm_package.off;
    assert_int_equal(channel_line_ask(&board.talk, &write_request), 0);
    /* A new handshake is BL1's business. */
    channel_line_send(&board.talk, bytes_of("\xF5", 1));
    assert_int_equal(board_wait(), SIM_RESET);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_power_cut_at_any_flash_operation_is_made_good, board_setup),
        cmocka_unit_test_setup(a_whole_device_is_made_over_the_channel, board_setup),
        cmocka_unit_test_setup(sbm_does_not_overwrite_itself, board_setup),
    };
    return cmocka_run_group_tests(tests, board_group_setup, NULL);
}
