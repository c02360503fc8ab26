/* SPDX-License-Identifier: Apache-2.0 */
/* agent: the chip's side of provisioning on a simulated board, through its mailbox. Each request meets a chip that was
 * just switched on, so nothing may depend on RAM. */
#include "tests/unit/test.h"

#include "boot/stage.h"
#include "sbm/agent.h"
#include "sbm/device.h"
#include "sbm/self.h"
#include "sbm/service.h"
#include "tests/unit/boot_maker_grant.h"
#include "wire/provision_msg.h"

#define IMAGE_LEN 900u
#define LOCK_SECTORS 2
#define UNREAD 0xFFFFu

static struct maker maker;
static struct sim machine;
static struct provision_request request;
static struct provision_answer answer; /* views into answer_bytes */
static uint8_t answer_bytes[MAILBOX_MESSAGE_MAX];
static uint32_t answer_len;
static struct {
    uint32_t len; /* what the mailbox says */
    uint8_t bytes[MAILBOX_MESSAGE_MAX];
} raw;
static uint8_t policy_bytes[POLICY_MAX];
static size_t policy_len;
static uint8_t grant_bytes[GRANT_ITEM_MAX];
static size_t grant_len;
static uint8_t identity_public[64];
static uint8_t package[8192];
static size_t package_len;

static void power_on(void)
{
    memset(&device, 0, sizeof device);
    memset(sim_now()->mailbox, 0, sizeof sim_now()->mailbox);
    device.lifecycle = port_lifecycle();
    (void)port_unique_id(device.unique_id);
    self_load();
    agent_open();
    assert_int_equal(sim_now()->mailbox[0], MAILBOX_MAGIC);
}

static void raw_run(void)
{
    uint32_t *mailbox = sim_now()->mailbox;
    power_on();
    memcpy(mailbox + 4, raw.bytes, sizeof raw.bytes);
    mailbox[3] = raw.len;
    mailbox[1]++;
    agent_poll();
    assert_int_equal(mailbox[2], mailbox[1]);
    answer_len = mailbox[3];
    assert_true(answer_len <= sizeof answer_bytes);
    memcpy(answer_bytes, mailbox + 4, answer_len);
}

static enum sim_end request_put(void)
{
    struct cbor_writer w = cbor_writer_of(raw.bytes, sizeof raw.bytes);
    provision_request_build(&request, &w);
    raw.len = (uint32_t)w.len;
    answer_len = 0;
    return sim_run(&machine, raw_run);
}

/* The answer's status number; UNREAD when the request could not be read: then the answer is a refused HELLO's. */
static uint64_t answer_status(void)
{
    assert_int_equal(provision_answer_parse(bytes_of(answer_bytes, answer_len), &answer), STATUS_OK);
    if (answer.op != request.op) {
        assert_int_equal(answer.op, PROVISION_HELLO);
        assert_int_not_equal(answer.status, 0);
        return UNREAD;
    }
    return answer.status;
}

static uint64_t ask(const struct provision_request *in)
{
    request = *in;
    assert_int_equal(request_put(), SIM_RETURNED);
    return answer_status();
}

static const struct provision_request hello = { .op = PROVISION_HELLO, .version = PROVISION_VERSION };
static const struct provision_request check = { .op = PROVISION_CHECK };
static const struct provision_request install = { .op = PROVISION_INSTALL, .slot = 0 };
static const struct provision_request lock = { .op = PROVISION_LOCK, .lock_sectors = LOCK_SECTORS };
static const uint8_t challenge[PROVISION_CHALLENGE_LEN] = { 0xC0, 0xFF, 0xEE };

static struct provision_request keys_request(void)
{
    return (struct provision_request){ .op = PROVISION_MAKE_KEYS, .challenge = bytes_of(challenge, sizeof challenge) };
}

static struct provision_request store_request(unsigned item)
{
    static const char certificates[3][12] = { "device cert", "issuer cert", "root cert" };
    struct bytes data = item == STORE_POLICY  ? bytes_of(policy_bytes, policy_len)
                        : item == STORE_GRANT ? bytes_of(grant_bytes, grant_len)
                                              : bytes_of(certificates[item - STORE_DEVICE_CERT], 12);
    return (struct provision_request){ .op = PROVISION_STORE, .item = item, .data = data };
}

/* Checks the proof of possession in `answer`; keeps the keys that it names. */
static void possession_take(void)
{
    struct cose_sign1 sign1;
    struct provision_possession facts;
    uint8_t structure[320];
    uint8_t digest[32];
    struct cbor_writer s = cbor_writer_of(structure, sizeof structure);
    assert_int_equal(cose_sign1_parse(answer.possession, &sign1), STATUS_OK);
    assert_int_equal(provision_possession_parse(sign1.payload, &facts), STATUS_OK);
    cose_sig_structure_build(bytes_of(PROVISION_POP_AAD, strlen(PROVISION_POP_AAD)), sign1.payload, &s);
    crypto_sha256(cbor_written(&s), digest);
    assert_int_equal(crypto_p256_verify(facts.identity_key.data, digest, sign1.signature.data), STATUS_OK);
    assert_memory_equal(facts.challenge.data, challenge, sizeof challenge);
    assert_memory_equal(facts.uid.data, machine.unique_id, sizeof machine.unique_id);
    memcpy(identity_public, facts.identity_key.data, 64);
    memcpy(maker.identity.open, facts.identity_key.data, 64);
    memcpy(maker.update.open, facts.update_key.data, 64);
}

static void package_put(uint64_t sequence)
{
    size_t block_len;
    struct maker_package spec = maker_package_right(&maker, sequence, IMAGE_LEN);
    spec.block_signer = &maker.provisioner;
    package_len = maker_package_write(&spec, package, sizeof package, &block_len);
    memset(machine.flash + machine.map.package[0].off, 0xFF, machine.map.package[0].len);
    memcpy(machine.flash + machine.map.package[0].off, package, package_len);
}

static void grant_make(void)
{
    const struct maker_grant spec = maker_grant_right(&maker, machine.unique_id);
    grant_len = maker_grant_write(&spec, grant_bytes);
}

#define STEPS 7
#define STEP_INSTALL 6
/* Step 0 makes the keys, 1 stores the grant, 2 to 5 store the other items, 6 installs. */
static struct provision_request step_request(unsigned step)
{
    return step == 0              ? keys_request()
           : step == 1            ? store_request(STORE_GRANT)
           : step == STEP_INSTALL ? install
                                  : store_request(step + 1);
}

static void step_do(unsigned step)
{
    const struct provision_request in = step_request(step);
    assert_int_equal(ask(&in), 0);
    if (step == 0) {
        possession_take();
        grant_make();
        package_put(3);
    }
}

static void blank_make(void)
{
    sim_make(&machine, 512, 16, 0xFF);
    maker_geometry(&machine);
    maker_anchor(&maker, &machine, 0);
    (void)maker_sbm(&maker, &maker.firmware, &machine, 0, 1, 900);
}

static int setup(void **state)
{
    (void)state;
    maker_start(&maker);
    policy_len = maker_policy_write(&maker, 3, policy_bytes);
    blank_make();
    return 0;
}

static void boot_run(void)
{
    memset(&device, 0, sizeof device);
    stage_main();
}

static void assert_locked_and_boots(void)
{
    assert_int_equal(sim_run(&machine, boot_run), SIM_STARTED_APPLICATION);
    assert_int_equal(device.running_sequence, 3);
    assert_int_equal(port_lifecycle(), PORT_SECURED);
    assert_int_not_equal(machine.fuses[1], 0);
    assert_int_not_equal(machine.fuses[2], 0);
    assert_int_equal(machine.fuses[3], LOCK_SECTORS);
}

static void assert_not_locked(void)
{
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(machine.fuses[i], 0);
    }
}

static void hello_tells_who_it_is(void **state)
{
    (void)state;
    assert_int_equal(ask(&hello), 0);
    assert_memory_equal(answer.uid.data, machine.unique_id, 16);
    assert_int_equal(answer.lifecycle, PORT_OPEN);
    struct provision_request other = hello;
    other.version = 1;
    assert_int_equal(ask(&other), STATUS_UNSUPPORTED);
}

static void keys_are_made_once_and_possession_is_proved(void **state)
{
    uint8_t identity[64];
    uint8_t update[64];
    (void)state;
    step_do(0);
    memcpy(identity, identity_public, 64);
    memcpy(update, maker.update.open, 64);
    uint32_t operations = machine.operations;
    step_do(0);
    assert_memory_equal(identity_public, identity, 64);
    assert_memory_equal(maker.update.open, update, 64);
    assert_memory_not_equal(identity, update, 64);
    assert_int_equal(machine.operations, operations);
}

static void only_sound_items_are_stored(void **state)
{
    (void)state;
    step_do(0);
    step_do(1);
    uint32_t operations = machine.operations;
    struct provision_request in = store_request(3);
    for (size_t len = 0; len < policy_len; len++) {
        in.data.len = len;
        assert_int_not_equal(ask(&in), 0);
    }
    policy_bytes[policy_len - 9] = 4; /* no such end of a halt */
    in.data.len = policy_len;
    assert_int_equal(ask(&in), STATUS_POLICY_BAD);
    in = store_request(4);
    static const unsigned items[] = { 0, 1, 2, 8, 15 };
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
        in.item = items[i];
        assert_int_equal(ask(&in), UNREAD);
    }
    assert_int_equal(machine.operations, operations);
}

static void same_item_again_writes_nothing(void **state)
{
    (void)state;
    step_do(0);
    step_do(1);
    step_do(2);
    uint32_t operations = machine.operations;
    step_do(1);
    step_do(2);
    assert_int_equal(machine.operations, operations);
}

static void provisioned_chip_is_locked_and_boots(void **state)
{
    struct crypto_sha256 hash;
    uint8_t digest[32];
    (void)state;
    for (unsigned step = 0; step < STEPS; step++) {
        step_do(step);
    }
    assert_int_equal(answer.app_sequence, 3);
    assert_int_equal(ask(&check), 0);
    crypto_sha256_start(&hash);
    for (unsigned item = STORE_POLICY; item <= STORE_GRANT; item++) {
        crypto_sha256_add(&hash, store_request(item).data);
    }
    crypto_sha256_finish(&hash, digest);
    assert_memory_equal(answer.items_digest.data, digest, sizeof digest);
    assert_int_equal(answer.app_sequence, 3);
    request = lock;
    assert_int_equal(request_put(), SIM_RESET);
    assert_locked_and_boots();
}

/* What a step says when the step `missing` was left out. */
static uint64_t step_expected(unsigned missing, unsigned step)
{
    if (missing <= 1 && step != STEP_INSTALL) {
        return missing == 0 && step == 1 ? STATUS_BOOT_NOT_PROVISIONED : STATUS_GRANT_MISSING;
    }
    return missing < STEP_INSTALL && step == STEP_INSTALL ? STATUS_BOOT_NOT_PROVISIONED : 0;
}

static void lock_is_refused_while_anything_is_missing(void **state)
{
    (void)state;
    for (unsigned missing = 0; missing < STEPS; missing++) {
        blank_make();
        step_do(0);
        if (missing == 0) {
            for (unsigned i = 0; i < 2; i++) {
                memset(machine.flash + machine.map.store[i].off, 0xFF, machine.map.store[i].len);
            }
        }
        for (unsigned step = 1; step < STEPS; step++) {
            const struct provision_request in = step_request(step);
            uint64_t expected = step_expected(missing, step);
            uint64_t status = step == missing ? expected : ask(&in);
            assert_int_equal(status, expected);
        }
        assert_int_not_equal(ask(&lock), 0);
        assert_not_locked();
    }
}

static void lock_is_refused_for_what_would_not_boot(void **state)
{
    (void)state;
    for (unsigned step = 0; step < STEPS; step++) {
        step_do(step);
    }
    struct sim whole = machine;
    struct provision_request few = lock;
    few.lock_sectors = 1;
    assert_int_equal(ask(&few), STATUS_BAD_ARGUMENT);
    machine.flash[machine.map.primary.off + 100] ^= 1;
    assert_int_equal(ask(&lock), STATUS_SUIT_IMAGE_MISMATCH);
    machine = whole;
    struct maker other = maker; /* other firmware keys than the installed application's */
    other.firmware = other.firmware_next = maker.mastering;
    policy_len = maker_policy_write(&other, 3, policy_bytes);
    maker_anchor(&other, &machine, 0);
    step_do(2);
    assert_int_equal(ask(&lock), STATUS_SUIT_KEY_UNKNOWN);
    assert_not_locked();
}

static uint32_t random_next(void)
{
    static uint32_t x = 2463534242u;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return x;
}

static void hostile_mailbox_changes_nothing(void **state)
{
    static const uint32_t lengths[] = {
        0, 1, 40, MAILBOX_MESSAGE_MAX, MAILBOX_MESSAGE_MAX + 1, 0x7FFFFFFF, UINT32_MAX
    };
    (void)state;
    step_do(0);
    step_do(1);
    uint32_t operations = machine.operations;
    for (unsigned round = 0; round < 3000; round++) {
        for (size_t i = 0; i < sizeof raw.bytes; i += 4) {
            uint32_t word = random_next();
            memcpy(raw.bytes + i, &word, 4);
        }
        raw.bytes[0] = round % 2 != 0 ? 0x82 : raw.bytes[0];
        raw.bytes[1] = round % 4 == 1 ? (uint8_t)(round / 4 % 8) : raw.bytes[1];
        raw.len = lengths[round % 7];
        assert_int_equal(sim_run(&machine, raw_run), SIM_RETURNED);
    }
    assert_int_equal(machine.operations, operations);
    assert_not_locked();
}

static void lying_length_around_a_right_request_is_not_understood(void **state)
{
    (void)state;
    request = keys_request();
    (void)request_put();
    uint32_t right = raw.len;
    uint32_t operations = machine.operations;
    for (uint32_t len = 0; len < MAILBOX_MESSAGE_MAX; len++) {
        raw.len = len;
        assert_int_equal(sim_run(&machine, raw_run), SIM_RETURNED);
        assert_int_equal(answer_status() != UNREAD, len == right);
    }
    assert_int_equal(machine.operations, operations);
}

static int holds(const void *in, size_t len, const uint8_t secret[32])
{
    return memmem(in, len, secret, 32) != NULL;
}

static void private_keys_stay_in_the_store(void **state)
{
    (void)state;
    for (unsigned step = 0; step < STEPS; step++) {
        step_do(step);
        for (unsigned key = 0; key < 2; key++) {
            const uint8_t *secret = key == 0 ? device.provisioned.identity : device.provisioned.update;
            static const uint8_t none[32];
            if (memcmp(secret, none, 32) != 0) {
                assert_false(holds(machine.mailbox, sizeof machine.mailbox, secret));
                assert_false(holds(machine.log, sizeof machine.log, secret));
                uint32_t behind = machine.map.state[0].off;
                assert_false(holds(machine.flash + behind, machine.map.store[1].off - behind, secret));
            }
        }
    }
}

/* Cuts the request of `step` at every operation and in every way; the same request again is then done. */
static void step_cut(unsigned step)
{
    static const uint32_t torn[] = { 0, 1, 16, 100, 255 };
    static struct sim before;
    before = machine;
    for (uint32_t op = 1;; op++) {
        for (unsigned way = 0; way < 7; way++) {
            machine = before;
            machine.cut_at = machine.operations + op;
            machine.cut_mode = way == 0 ? SIM_CUT_BEFORE : way == 1 ? SIM_CUT_AFTER : SIM_CUT_TORN;
            machine.cut_len = way < 2 ? 0 : torn[way - 2];
            request = step_request(step);
            if (request_put() != SIM_POWER_CUT) {
                assert_true(op > 1);
                machine = before;
                return;
            }
            machine.cut_at = 0;
            step_do(step);
        }
    }
}

static void cut_at_any_operation_is_mended_by_the_same_request(void **state)
{
    (void)state;
    for (unsigned step = 0; step < STEPS; step++) {
        step_cut(step);
        step_do(step);
    }
    request = lock;
    assert_int_equal(request_put(), SIM_RESET);
    assert_locked_and_boots();
}

static void cut_between_the_two_keys_keeps_the_first(void **state)
{
    uint8_t first[64];
    (void)state;
    machine.cut_at = 2; /* both mirrors have the identity key */
    machine.cut_mode = SIM_CUT_AFTER;
    request = keys_request();
    assert_int_equal(request_put(), SIM_POWER_CUT);
    memcpy(first, device.provisioned.identity + 32, 64);
    machine.cut_at = 0;
    step_do(0);
    assert_memory_equal(identity_public, first, 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(hello_tells_who_it_is, setup),
        cmocka_unit_test_setup(keys_are_made_once_and_possession_is_proved, setup),
        cmocka_unit_test_setup(only_sound_items_are_stored, setup),
        cmocka_unit_test_setup(same_item_again_writes_nothing, setup),
        cmocka_unit_test_setup(provisioned_chip_is_locked_and_boots, setup),
        cmocka_unit_test_setup(lock_is_refused_while_anything_is_missing, setup),
        cmocka_unit_test_setup(lock_is_refused_for_what_would_not_boot, setup),
        cmocka_unit_test_setup(hostile_mailbox_changes_nothing, setup),
        cmocka_unit_test_setup(lying_length_around_a_right_request_is_not_understood, setup),
        cmocka_unit_test_setup(private_keys_stay_in_the_store, setup),
        cmocka_unit_test_setup(cut_at_any_operation_is_mended_by_the_same_request, setup),
        cmocka_unit_test_setup(cut_between_the_two_keys_keeps_the_first, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
