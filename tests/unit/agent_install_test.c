/* SPDX-License-Identifier: Apache-2.0 */
/* agent install: INSTALL and LOCK on a simulated board: repeated, cut, with an older package, with a package that
 * demands an SBM. What LOCK takes must boot. */
#include "tests/unit/test.h"

#include "boot/counter.h"
#include "boot/stage.h"
#include "sbm/agent.h"
#include "sbm/device.h"
#include "sbm/self.h"
#include "tests/unit/boot_maker_grant.h"
#include "wire/cose.h"
#include "wire/provision_msg.h"

#define IMAGE_LEN 900u
#define LOCK_SECTORS 2

static struct maker maker;
static struct sim machine;
static struct provision_request request;
static struct provision_answer answer; /* views into bytes */
static uint8_t bytes[MAILBOX_MESSAGE_MAX];

/* A chip that was just switched on takes one request. */
static void serve_run(void)
{
    uint32_t *mailbox = sim_now()->mailbox;
    struct cbor_writer w = cbor_writer_of((uint8_t *)(mailbox + 4), MAILBOX_MESSAGE_MAX);
    memset(&device, 0, sizeof device);
    device.lifecycle = port_lifecycle();
    (void)port_unique_id(device.unique_id);
    self_load();
    agent_open();
    provision_request_build(&request, &w);
    mailbox[3] = (uint32_t)w.len;
    mailbox[1]++;
    agent_poll();
    memcpy(bytes, mailbox + 4, mailbox[3]);
    assert_int_equal(provision_answer_parse(bytes_of(bytes, mailbox[3]), &answer), STATUS_OK);
}

static enum sim_end serve(const struct provision_request *in)
{
    request = *in;
    answer.status = 0;
    return sim_run(&machine, serve_run);
}

static uint64_t ask(const struct provision_request *in)
{
    assert_int_equal(serve(in), SIM_RETURNED);
    return answer.status;
}

static const struct provision_request install = { .op = PROVISION_INSTALL, .slot = 0 };
static const struct provision_request lock = { .op = PROVISION_LOCK, .lock_sectors = LOCK_SECTORS };

static void keys_make(void)
{
    static const uint8_t challenge[PROVISION_CHALLENGE_LEN];
    struct cose_sign1 sign1;
    struct provision_possession facts;
    const struct provision_request in = { .op = PROVISION_MAKE_KEYS,
                                          .challenge = bytes_of(challenge, sizeof challenge) };
    assert_int_equal(ask(&in), 0);
    assert_int_equal(cose_sign1_parse(answer.possession, &sign1), STATUS_OK);
    assert_int_equal(provision_possession_parse(sign1.payload, &facts), STATUS_OK);
    memcpy(maker.identity.open, facts.identity_key.data, 64);
    memcpy(maker.update.open, facts.update_key.data, 64);
}

static void items_store(void)
{
    static const unsigned items[] = { STORE_GRANT, STORE_POLICY, STORE_DEVICE_CERT, STORE_ISSUER_CERT,
                                      STORE_ROOT_CERT };
    uint8_t policy[POLICY_MAX];
    uint8_t grant[GRANT_ITEM_MAX];
    const struct maker_grant spec = maker_grant_right(&maker, machine.unique_id);
    size_t grant_len = maker_grant_write(&spec, grant);
    size_t policy_len = maker_policy_write(&maker, 3, policy);
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
        const struct bytes data = items[i] == STORE_GRANT    ? bytes_of(grant, grant_len)
                                  : items[i] == STORE_POLICY ? bytes_of(policy, policy_len)
                                                             : bytes_of("certificate", 11);
        const struct provision_request in = { .op = PROVISION_STORE, .item = items[i], .data = data };
        assert_int_equal(ask(&in), 0);
    }
}

static void package_put(uint64_t sequence, uint64_t needs_version)
{
    const struct port_region *slot = &machine.map.package[0];
    struct maker_package spec = maker_package_right(&maker, sequence, IMAGE_LEN);
    size_t block_len;
    spec.block_signer = &maker.provisioner;
    spec.needs_version = needs_version;
    memset(machine.flash + slot->off, machine.map.erased, slot->len);
    (void)maker_package_write(&spec, machine.flash + slot->off, slot->len, &block_len);
}

static int setup(void **state)
{
    (void)state;
    maker_start(&maker);
    sim_make(&machine, 512, 16, 0xFF);
    maker_geometry(&machine);
    maker_anchor(&maker, &machine, 0);
    (void)maker_sbm(&maker, &maker.firmware, &machine, 0, 2, 900);
    keys_make();
    items_store();
    return 0;
}

static void boot_run(void)
{
    memset(&device, 0, sizeof device);
    stage_main();
}

static void assert_boots(uint64_t sequence)
{
    assert_int_equal(sim_run(&machine, boot_run), SIM_STARTED_APPLICATION);
    assert_int_equal(device.running_sequence, sequence);
}

static void application_that_demands_the_factorys_sbm_is_installed(void **state)
{
    (void)state;
    package_put(3, 3);
    assert_int_equal(ask(&install), STATUS_SUIT_VERSION);
    package_put(3, 2);
    assert_int_equal(ask(&install), 0);
    assert_int_equal(serve(&lock), SIM_RESET);
    assert_boots(3);
}

static void sequence_number_zero_is_not_installed(void **state)
{
    (void)state;
    package_put(0, 0);
    assert_int_equal(ask(&install), STATUS_SUIT_ROLLBACK);
    assert_int_equal(counter_read(COUNTER_SBM), 0);
}

static void installing_again_is_fine_and_an_older_package_leaves_nothing_to_lock(void **state)
{
    (void)state;
    package_put(3, 0);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(ask(&install), 0);
    }
    package_put(2, 0);
    assert_int_equal(ask(&install), STATUS_SUIT_ROLLBACK);
    assert_int_not_equal(ask(&lock), 0);
    package_put(3, 0);
    assert_int_equal(ask(&install), 0);
    assert_int_equal(serve(&lock), SIM_RESET);
    assert_boots(3);
}

/* The power goes at each operation of INSTALL, and nobody repeats it: LOCK takes the chip only if it boots then. */
static void lock_after_a_cut_install_never_leaves_a_dead_device(void **state)
{
    static struct sim before;
    unsigned refused = 0;
    (void)state;
    package_put(3, 0);
    before = machine;
    enum sim_end end = SIM_POWER_CUT;
    for (uint32_t op = 1; end == SIM_POWER_CUT; op++) {
        machine = before;
        machine.cut_at = machine.operations + op;
        machine.cut_mode = SIM_CUT_AFTER;
        end = serve(&install);
        machine.cut_at = 0;
        if (serve(&lock) == SIM_RETURNED) {
            assert_int_not_equal(answer.status, 0);
            refused++;
        } else {
            assert_boots(3);
        }
    }
    assert_true(refused > 2);
}

static void cut_in_lock_is_completed(void **state)
{
    static struct sim before;
    (void)state;
    package_put(3, 0);
    assert_int_equal(ask(&install), 0);
    before = machine;
    for (uint32_t op = 1; op <= 5; op++) {
        for (unsigned mode = SIM_CUT_BEFORE; mode <= SIM_CUT_AFTER; mode++) {
            machine = before;
            machine.cut_at = machine.operations + op;
            machine.cut_mode = (enum sim_cut_mode)mode;
            machine.cut_len = 0;
            assert_int_equal(serve(&lock), SIM_POWER_CUT);
            machine.cut_at = 0;
            if (port_lifecycle() != PORT_SECURED) {
                assert_int_equal(serve(&lock), SIM_RESET);
            }
            assert_boots(3);
            assert_int_equal(port_lifecycle(), PORT_SECURED);
            assert_int_not_equal(machine.fuses[1], 0);
            assert_int_not_equal(machine.fuses[2], 0);
            assert_int_equal(machine.fuses[3], LOCK_SECTORS);
        }
    }
}

/* A right signature over an image with no entry point, in the place of the one that was installed. */
static void image_without_entry_point_is_not_locked_in(void **state)
{
    static struct sim elsewhere;
    (void)state;
    package_put(3, 0);
    assert_int_equal(ask(&install), 0);
    sim_make(&elsewhere, 1024, 16, 0xFF);
    maker_geometry(&elsewhere);
    package_put(3, 0);
    maker_geometry(&machine);
    assert_int_equal(ask(&install), STATUS_SUIT_ENTRY);
    assert_int_equal(ask(&lock), STATUS_SUIT_ENTRY);
    package_put(3, 0);
    assert_int_equal(ask(&install), 0);
    assert_int_equal(serve(&lock), SIM_RESET);
    assert_boots(3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(application_that_demands_the_factorys_sbm_is_installed, setup),
        cmocka_unit_test_setup(sequence_number_zero_is_not_installed, setup),
        cmocka_unit_test_setup(installing_again_is_fine_and_an_older_package_leaves_nothing_to_lock, setup),
        cmocka_unit_test_setup(lock_after_a_cut_install_never_leaves_a_dead_device, setup),
        cmocka_unit_test_setup(cut_in_lock_is_completed, setup),
        cmocka_unit_test_setup(image_without_entry_point_is_not_locked_in, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
