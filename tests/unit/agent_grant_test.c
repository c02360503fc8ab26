/* SPDX-License-Identifier: Apache-2.0 */
/* agent grant: a chip takes nothing without a grant that leads from the anchor page to its own keys, and is locked only
 * with an anchor page that says what its policy says. */
#include "tests/unit/test.h"

#include "boot/verify.h"
#include "tests/unit/agent_rig.h"
#include "tests/unit/boot_maker_grant.h"
#include "wire/cose.h"
#include "wire/layout.h"

#define IMAGE_LEN 900u

static struct maker maker;
static struct maker_key stranger;
static struct sim machine;
static struct sim with_keys; /* as it is after MAKE_KEYS */

static uint64_t item_store(uint64_t item, struct bytes data)
{
    const struct provision_request in = { .op = PROVISION_STORE, .item = item, .data = data };
    return rig_ask(&machine, &in);
}

static uint64_t grant_store(const struct maker_grant *spec)
{
    uint8_t item[GRANT_ITEM_MAX];
    size_t len = maker_grant_write(spec, item);
    return item_store(STORE_GRANT, bytes_of(item, len));
}

static struct maker_grant right(void)
{
    return maker_grant_right(&maker, machine.unique_id);
}

static struct maker_grant blocked(void)
{
    return maker_grant_blocked(&maker, machine.unique_id);
}

static int setup(void **state)
{
    (void)state;
    rig_chip_make(&maker, &machine, 1);
    assert_int_equal(crypto_p256_generate(stranger.secret, stranger.open), STATUS_OK);
    sim_copy(&with_keys, &machine);
    return 0;
}

/* Everything that follows a grant, up to INSTALL. */
static void rest_store(void)
{
    uint8_t policy[POLICY_MAX];
    struct maker_package spec = maker_package_right(&maker, 3, IMAGE_LEN);
    const struct port_region *slot = &machine.map.package[0];
    size_t block_len;
    spec.block_signer = &maker.provisioner;
    (void)maker_package_write(&spec, machine.flash + slot->off, slot->len, &block_len);
    size_t policy_len = maker_policy_write(&maker, 3, policy);
    assert_int_equal(item_store(STORE_POLICY, bytes_of(policy, policy_len)), 0);
    for (uint64_t item = STORE_DEVICE_CERT; item <= STORE_ROOT_CERT; item++) {
        assert_int_equal(item_store(item, bytes_of("certificate", 11)), 0);
    }
}

static void right_grant_is_stored_with_and_without_a_block(void **state)
{
    (void)state;
    struct maker_grant spec = right();
    assert_int_equal(grant_store(&spec), 0);
    spec.ticket_signer = &maker.mastering_next;
    assert_int_equal(grant_store(&spec), 0);
    spec.ticket.block = 1000; /* the grant key itself may always sign */
    assert_int_equal(grant_store(&spec), 0);
    spec = blocked();
    assert_int_equal(grant_store(&spec), 0);
    spec.grant.unit = 5;
    assert_int_equal(grant_store(&spec), 0);
    spec.grant.unit = 14;
    assert_int_equal(grant_store(&spec), 0);
}

static void nothing_is_stored_without_a_grant(void **state)
{
    uint8_t policy[POLICY_MAX];
    (void)state;
    size_t policy_len = maker_policy_write(&maker, 3, policy);
    uint32_t operations = machine.operations;
    assert_int_equal(item_store(STORE_POLICY, bytes_of(policy, policy_len)), STATUS_GRANT_MISSING);
    for (uint64_t item = STORE_DEVICE_CERT; item <= STORE_ROOT_CERT; item++) {
        assert_int_equal(item_store(item, bytes_of("certificate", 11)), STATUS_GRANT_MISSING);
    }
    assert_int_not_equal(rig_ask(&machine, &rig_install), 0);
    assert_int_not_equal(rig_ask(&machine, &rig_lock), 0);
    assert_int_equal(machine.operations, operations);
}

static void grant_comes_after_the_keys(void **state)
{
    (void)state;
    struct maker_grant spec = right();
    sim_make(&machine, 512, 16, 0xFF);
    maker_anchor(&maker, &machine, 0);
    (void)maker_sbm(&maker, &maker.firmware, &machine, 0, 1, 900);
    assert_int_equal(grant_store(&spec), STATUS_BOOT_NOT_PROVISIONED);
    assert_int_equal(machine.operations, 0);
}

/* Refused, and nothing is written. */
static void assert_refused(const struct maker_grant *spec, status_t status)
{
    uint32_t operations = machine.operations;
    assert_int_equal(grant_store(spec), status);
    assert_int_equal(machine.operations, operations);
}

static void ticket_of_another_maker_is_refused(void **state)
{
    uint8_t kid[COSE_KID_LEN];
    (void)state;
    struct maker_grant spec = right();
    spec.ticket_signer = &stranger;
    assert_refused(&spec, STATUS_GRANT_TICKET);
    verify_key_id(bytes_of(maker.mastering.open, 64), kid);
    spec.ticket_kid = bytes_of(kid, sizeof kid);
    assert_refused(&spec, STATUS_GRANT_TICKET);
    spec = right();
    spec.ticket_signer = &maker.firmware; /* of the same maker, for another purpose */
    assert_refused(&spec, STATUS_GRANT_TICKET);
    machine.fuses[5] = 0xFF; /* the first mastering key is retired */
    spec = right();
    assert_refused(&spec, STATUS_SUIT_KEY_RETIRED);
    spec.ticket_signer = &maker.mastering_next;
    assert_int_equal(grant_store(&spec), 0);
}

static void ticket_for_another_product_is_refused(void **state)
{
    (void)state;
    struct maker_grant spec = right();
    spec.ticket.vendor = bytes_of(maker.class_id, 16);
    assert_refused(&spec, STATUS_SUIT_VENDOR);
    spec = right();
    spec.ticket.class_id = bytes_of(maker.vendor, 16);
    assert_refused(&spec, STATUS_SUIT_CLASS);
}

static void grant_by_another_key_is_refused(void **state)
{
    (void)state;
    struct maker_grant spec = right();
    spec.grant_signer = &stranger;
    assert_refused(&spec, STATUS_GRANT_SIGNATURE);
    spec.grant_signer = &maker.mastering;
    assert_refused(&spec, STATUS_GRANT_SIGNATURE);
    spec = right();
    spec.ticket.block = 10;
    spec.grant_signer = &maker.provisioner; /* a delegate without its block */
    assert_refused(&spec, STATUS_GRANT_SIGNATURE);
    spec = blocked();
    spec.grant_signer = &maker.grant; /* the block names another */
    assert_refused(&spec, STATUS_GRANT_SIGNATURE);
    spec = blocked();
    spec.block_signer = &stranger;
    assert_refused(&spec, STATUS_GRANT_SIGNATURE);
    spec.block_signer = &maker.provisioner; /* a delegate does not make itself more units */
    assert_refused(&spec, STATUS_GRANT_SIGNATURE);
}

static void grant_for_another_chip_is_refused(void **state)
{
    uint8_t uid[16];
    (void)state;
    memcpy(uid, machine.unique_id, sizeof uid);
    uid[15] ^= 1;
    struct maker_grant spec = maker_grant_right(&maker, uid);
    assert_refused(&spec, STATUS_GRANT_CHIP);
    spec = right();
    spec.grant.identity_key = bytes_of(stranger.open, 64);
    assert_refused(&spec, STATUS_GRANT_CHIP);
    spec = right();
    spec.grant.update_key = bytes_of(stranger.open, 64);
    assert_refused(&spec, STATUS_GRANT_CHIP);
    spec = right();
    spec.grant.identity_key = bytes_of(maker.update.open, 64);
    spec.grant.update_key = bytes_of(maker.identity.open, 64);
    assert_refused(&spec, STATUS_GRANT_CHIP);
}

static void unit_outside_its_block_is_refused(void **state)
{
    (void)state;
    static const uint64_t units[] = { 4, 15, UINT64_MAX };
    struct maker_grant spec = blocked();
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        spec.grant.unit = units[i];
        assert_refused(&spec, STATUS_GRANT_UNIT);
    }
    spec = blocked();
    spec.block.first = UINT64_MAX - 2; /* a sum of first and count would begin anew at 0 */
    assert_refused(&spec, STATUS_GRANT_UNIT);
    spec = blocked();
    spec.block.count = 11; /* more than the ticket allows */
    assert_refused(&spec, STATUS_GRANT_UNIT);
    spec = blocked();
    spec.ticket.block = 1;
    spec.block.count = 1;
    spec.block.first = 7;
    assert_refused(&spec, STATUS_GRANT_UNIT);
}

static void parts_of_different_packages_are_refused(void **state)
{
    (void)state;
    struct maker_grant spec = right();
    spec.grant.package = 2;
    assert_refused(&spec, STATUS_GRANT_UNIT);
    spec = blocked();
    spec.grant.package = 2;
    assert_refused(&spec, STATUS_GRANT_UNIT);
    spec = blocked();
    spec.block.package = 2;
    assert_refused(&spec, STATUS_GRANT_UNIT);
}

/* The grant of `from`, with its own signature, as a block, and the reverse: the purposes do not mix. */
static void signature_of_one_purpose_is_none_for_another(void **state)
{
    (void)state;
    uint8_t item[GRANT_ITEM_MAX];
    uint8_t mixed[GRANT_ITEM_MAX];
    struct grant_item parts;
    struct maker_grant spec = blocked();
    size_t len = maker_grant_write(&spec, item);
    assert_int_equal(grant_item_parse(bytes_of(item, len), &parts), STATUS_OK);
    const struct grant_item swapped[] = { { parts.ticket, parts.block, parts.grant },
                                          { parts.ticket, parts.block, { NULL, 0 } },
                                          { parts.ticket, parts.ticket, { NULL, 0 } },
                                          { parts.grant, parts.grant, parts.block },
                                          { parts.ticket, parts.grant, parts.ticket } };
    for (size_t i = 0; i < sizeof swapped / sizeof swapped[0]; i++) {
        struct cbor_writer w = cbor_writer_of(mixed, sizeof mixed);
        grant_item_build(&swapped[i], &w);
        assert_int_not_equal(item_store(STORE_GRANT, cbor_written(&w)), 0);
    }
}

static void damaged_grant_is_refused(void **state)
{
    (void)state;
    uint8_t item[GRANT_ITEM_MAX];
    struct maker_grant spec = blocked();
    size_t len = maker_grant_write(&spec, item);
    uint32_t operations = machine.operations;
    for (size_t i = 0; i < len; i++) {
        item[i] ^= (uint8_t)(1u << i % 8);
        assert_int_not_equal(item_store(STORE_GRANT, bytes_of(item, len)), 0);
        item[i] ^= (uint8_t)(1u << i % 8);
        assert_int_not_equal(item_store(STORE_GRANT, bytes_of(item, i == 0 ? 1 : i)), 0);
    }
    assert_int_equal(machine.operations, operations);
    assert_int_equal(item_store(STORE_GRANT, bytes_of(item, len)), 0);
}

static void without_an_anchor_page_there_is_no_grant(void **state)
{
    (void)state;
    struct maker_grant spec = right();
    machine.flash[machine.map.anchor[0].off + 10] ^= 1;
    assert_int_equal(grant_store(&spec), 0); /* the other page is enough */
    machine.flash[machine.map.anchor[1].off + 10] ^= 1;
    assert_int_equal(grant_store(&spec), STATUS_BOOT_NO_ANCHOR);
}

/* Somebody with an open debug port exchanges the anchor page, stores a grant of his own, and puts the page back. */
static void grant_from_an_exchanged_anchor_page_is_worth_nothing(void **state)
{
    (void)state;
    struct maker thief = maker;
    thief.mastering = thief.mastering_next = stranger;
    struct maker_grant spec = maker_grant_right(&thief, machine.unique_id);
    maker_anchor(&thief, &machine, 0);
    assert_int_equal(grant_store(&spec), 0);
    maker_anchor(&maker, &machine, 0);
    rest_store();
    assert_int_equal(rig_ask(&machine, &rig_install), STATUS_GRANT_TICKET);
    assert_int_equal(rig_ask(&machine, &rig_lock), STATUS_GRANT_TICKET);
    spec = right();
    assert_int_equal(grant_store(&spec), 0);
    assert_int_equal(rig_ask(&machine, &rig_install), 0);
    assert_int_equal(rig_serve(&machine, &rig_lock), SIM_RESET);
}

/* Exchanges something of the anchor page; LOCK says so, and takes the chip when it is right again. */
static void assert_anchor_matters(const struct maker *other)
{
    maker_anchor(other, &machine, 0);
    assert_int_equal(rig_ask(&machine, &rig_lock), STATUS_ANCHOR_MISMATCH);
    assert_int_equal(machine.fuses[0], 0);
}

static void anchor_page_that_differs_from_the_policy_is_not_locked_in(void **state)
{
    (void)state;
    struct maker_grant spec = right();
    assert_int_equal(grant_store(&spec), 0);
    rest_store();
    assert_int_equal(rig_ask(&machine, &rig_install), 0);
    struct maker other = maker;
    other.firmware_next = stranger;
    assert_anchor_matters(&other);
    other = maker;
    other.firmware = maker.firmware_next; /* the right keys, but the fuses count them by their place */
    other.firmware_next = maker.firmware;
    assert_anchor_matters(&other);
    other = maker;
    other.mastering_next = stranger;
    assert_anchor_matters(&other);
    maker_anchor(&maker, &machine, 0);
    assert_int_equal(rig_serve(&machine, &rig_lock), SIM_RESET);
    assert_int_equal(machine.fuses[0], 0xFFFF);
}

static int restart(void **state)
{
    (void)state;
    sim_copy(&machine, &with_keys);
    maker_geometry(&machine);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(right_grant_is_stored_with_and_without_a_block, restart),
        cmocka_unit_test_setup(nothing_is_stored_without_a_grant, restart),
        cmocka_unit_test_setup(grant_comes_after_the_keys, restart),
        cmocka_unit_test_setup(ticket_of_another_maker_is_refused, restart),
        cmocka_unit_test_setup(ticket_for_another_product_is_refused, restart),
        cmocka_unit_test_setup(grant_by_another_key_is_refused, restart),
        cmocka_unit_test_setup(grant_for_another_chip_is_refused, restart),
        cmocka_unit_test_setup(unit_outside_its_block_is_refused, restart),
        cmocka_unit_test_setup(parts_of_different_packages_are_refused, restart),
        cmocka_unit_test_setup(signature_of_one_purpose_is_none_for_another, restart),
        cmocka_unit_test_setup(damaged_grant_is_refused, restart),
        cmocka_unit_test_setup(without_an_anchor_page_there_is_no_grant, restart),
        cmocka_unit_test_setup(grant_from_an_exchanged_anchor_page_is_worth_nothing, restart),
        cmocka_unit_test_setup(anchor_page_that_differs_from_the_policy_is_not_locked_in, restart),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
