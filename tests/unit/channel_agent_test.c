/* SPDX-License-Identifier: Apache-2.0 */
/* channel_agent: BL1's agent and then SBM's on a simulated board, on a line that the test holds: the chip runs in a
 * thread of its own, as if it were another machine. */
#include "tests/unit/test.h"

#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "boot/stage.h"
#include "channel/server.h"
#include "ports/sim/sim_vendor.h"
#include "sbm/device.h"
#include "tests/unit/boot_maker_grant.h"
#include "tests/unit/channel_line.h"
#include "wire/frame.h"
#include "wire/provision_msg.h"

_Noreturn void bl1_agent_stage_main(void);
uint8_t __wrap_port_link_receive(void);
void __wrap_port_link_send(const uint8_t *data, size_t len);

#define IMAGE_LEN 900u
#define SECTOR 512u

static struct maker maker;
static struct channel_rig rig;
static struct sim source; /* a machine with what the appliance sends */
static struct sim machine;
static int line[2]; /* the test's end, the chip's end */
static pthread_t thread;
static enum sim_end ended;
static struct channel_line talk; /* the appliance's end */

/* Everything that was on the line, both ways. */
static struct {
    uint8_t data[1 << 17];
    size_t len;
} seen;

static void seen_add(const uint8_t *data, size_t len)
{
    if (len <= sizeof seen.data - seen.len) {
        memcpy(seen.data + seen.len, data, len);
        seen.len += len;
    }
}

static int was_seen(const uint8_t *data, size_t len)
{
    return memmem(seen.data, seen.len, data, len) != NULL;
}

uint8_t __wrap_port_link_receive(void)
{
    uint8_t byte;
    if (read(line[1], &byte, 1) != 1) {
        sim_stop(SIM_ASLEEP); /* the line was pulled */
    }
    seen_add(&byte, 1);
    return byte;
}

void __wrap_port_link_send(const uint8_t *data, size_t len)
{
    seen_add(data, len);
    if (write(line[1], data, len) != (ssize_t)len) {
        sim_stop(SIM_ASLEEP);
    }
}

static void bl1_code(void)
{
    bl1_agent_stage_main();
}

static void sbm_code(void)
{
    memset(&device, 0, sizeof device);
    stage_main();
}

static void *chip_main(void *code)
{
    ended = sim_run(&machine, *(void (**)(void))code);
    (void)shutdown(line[1], SHUT_WR);
    return NULL;
}

static void chip_start(void (**code)(void))
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, line), 0);
    talk.fd = line[0];
    assert_int_equal(pthread_create(&thread, NULL, chip_main, (void *)code), 0);
}

static enum sim_end chip_join(void)
{
    (void)shutdown(line[0], SHUT_RDWR);
    assert_int_equal(pthread_join(thread, NULL), 0);
    close(line[0]);
    close(line[1]);
    return ended;
}

static const struct provision_request hello = { .op = PROVISION_HELLO, .version = PROVISION_VERSION };
static const struct provision_request start = { .op = PROVISION_START };

static uint64_t region_send(const struct port_region *region, const uint8_t *from)
{
    uint64_t status = 0;
    for (uint32_t at = 0; at < region->len && status == 0; at += SECTOR) {
        const struct provision_request write_request = { .op = PROVISION_WRITE,
                                                         .off = region->off + at,
                                                         .data = bytes_of(from + region->off + at, SECTOR) };
        status = channel_line_ask(&talk, &write_request);
    }
    return status;
}

static int group_setup(void **state)
{
    (void)state;
    maker_start(&maker);
    sim_make(&source, SECTOR, 16, 0xFF);
    maker_anchor(&maker, &source, 2);
    return 0;
}

/* A chip with anchor pages and a vendor's key, and nothing else. */
static int setup(void **state)
{
    struct channel_claims claims = { "line 1", 2000, { 0 }, { 0 } };
    (void)state;
    machine = source;
    memcpy(claims.vendor, maker.vendor, 16);
    memcpy(claims.class_id, maker.class_id, 16);
    channel_rig_open(&rig);
    memcpy(rig.mastering.secret, maker.mastering.secret, 32);
    memcpy(rig.mastering.open, maker.mastering.open, 64);
    channel_rig_credential(&rig, &claims, &rig.mastering);
    memset(&sim_vendor, 0, sizeof sim_vendor);
    memcpy(sim_vendor.key, rig.vendor.secret, 32);
    memcpy(sim_vendor.credential, rig.own_r.id_cred.data, rig.own_r.id_cred.len);
    sim_vendor.says = (struct port_vendor){ 1000, (uint16_t)rig.own_r.id_cred.len, 3, (uint16_t)rig.own_r.cred.len };
    return 0;
}

static void (*bl1)(void) = bl1_code;
static void (*sbm)(void) = sbm_code;

static void an_sbm_arrives_over_the_channel_and_starts(void **state)
{
    struct sim *from = &source;
    (void)state;
    for (unsigned slot = 0; slot < 2; slot++) {
        (void)maker_sbm(&maker, &maker.firmware, from, slot, 3, IMAGE_LEN);
    }
    chip_start(&bl1);
    assert_int_equal(channel_line_shake(&talk, &rig), STATUS_OK);
    assert_int_equal(channel_line_ask(&talk, &hello), 0);
    assert_memory_equal(talk.answer.uid.data, machine.unique_id, 16);
    assert_int_equal(region_send(&from->map.sbm[0], from->flash), 0);
    assert_int_equal(region_send(&from->map.sbm[1], from->flash), 0);
    assert_int_equal(channel_line_ask(&talk, &start), 0);
    assert_int_equal(chip_join(), SIM_STARTED_SBM);
    assert_memory_equal(machine.flash + from->map.sbm[0].off, from->flash + from->map.sbm[0].off, from->map.sbm[0].len);
    /* The same channel, at the next stage; the order to start may be asked for again. */
    chip_start(&sbm);
    channel_line_send(&talk, bytes_of(talk.request.data, talk.request.len));
    assert_int_equal(record_open(&talk.channel, channel_line_get(&talk), talk.plain, &(size_t){ 0 }),
                     STATUS_CHANNEL_ORDER);
    assert_int_equal(channel_line_ask(&talk, &hello), 0);
    assert_int_equal(talk.answer.op, PROVISION_HELLO);
    const struct provision_request keys = { .op = PROVISION_MAKE_KEYS, .challenge = bytes_of(maker.firmware.open, 32) };
    assert_int_equal(channel_line_ask(&talk, &keys), 0);
    assert_true(talk.answer.possession.len > 200);
    assert_int_equal(chip_join(), SIM_ASLEEP);
    const uint32_t *left = sim_vendor.handover;
    for (size_t i = 0; i < sizeof(struct channel_handover) / 4; i++) {
        assert_int_equal(left[i], 0); /* nothing of the keys stays in between */
    }
}

static void slots_send_and_start(void)
{
    for (unsigned slot = 0; slot < 2; slot++) {
        assert_int_equal(region_send(&source.map.sbm[slot], source.flash), 0);
    }
    assert_int_equal(channel_line_ask(&talk, &start), 0);
}

/* Wherever the power goes, the next handshake and the same requests bring it to its end. */
static void a_power_cut_at_any_flash_operation_is_made_good(void **state)
{
    (void)state;
    for (unsigned slot = 0; slot < 2; slot++) {
        (void)maker_sbm(&maker, &maker.firmware, &source, slot, 3, IMAGE_LEN);
    }
    uint32_t operations = 2 * 2 * source.map.sbm[0].len / SECTOR; /* an erase and a program for each sector */
    for (uint32_t at = 1; at <= operations; at++) {
        static const enum sim_cut_mode modes[] = { SIM_CUT_BEFORE, SIM_CUT_RANDOM, SIM_CUT_AFTER };
        (void)setup(state);
        machine.cut_at = machine.operations + at;
        machine.cut_mode = modes[at % 3];
        machine.cut_seed = at;
        chip_start(&bl1);
        assert_int_equal(channel_line_shake(&talk, &rig), STATUS_OK);
        uint64_t status = region_send(&source.map.sbm[0], source.flash);
        status = status == 0 ? region_send(&source.map.sbm[1], source.flash) : status;
        assert_int_equal(status, STATUS_MESSAGE); /* no answer any more */
        assert_int_equal(chip_join(), SIM_POWER_CUT);
        machine.cut_mode = SIM_CUT_NONE;
        machine.cut_at = 0;
        chip_start(&bl1);
        assert_int_equal(channel_line_shake(&talk, &rig), STATUS_OK);
        slots_send_and_start();
        assert_int_equal(chip_join(), SIM_STARTED_SBM);
    }
}

/* Keeps the keys that the chip proves to have; its signature is looked at in boot_agent_test. */
static void possession_take(void)
{
    struct cose_sign1 sign1;
    struct provision_possession facts;
    assert_int_equal(cose_sign1_parse(talk.answer.possession, &sign1), STATUS_OK);
    assert_int_equal(provision_possession_parse(sign1.payload, &facts), STATUS_OK);
    memcpy(maker.identity.open, facts.identity_key.data, 64);
    memcpy(maker.update.open, facts.update_key.data, 64);
}

static void item_send(uint64_t item, const void *data, size_t len)
{
    const struct provision_request store = { .op = PROVISION_STORE, .item = item, .data = bytes_of(data, len) };
    assert_int_equal(channel_line_ask(&talk, &store), 0);
}

/* Grant, policy, certificates, and the application's package for this chip alone. */
static void content_send(void)
{
    static uint8_t package[8192];
    uint8_t policy[POLICY_MAX], grant[GRANT_ITEM_MAX];
    size_t block_len;
    const struct maker_grant right = maker_grant_right(&maker, machine.unique_id);
    struct maker_package spec = maker_package_right(&maker, 3, IMAGE_LEN);
    item_send(STORE_GRANT, grant, maker_grant_write(&right, grant));
    item_send(STORE_POLICY, policy, maker_policy_write(&maker, 3, policy));
    for (uint64_t item = STORE_DEVICE_CERT; item <= STORE_ROOT_CERT; item++) {
        item_send(item, "certificate", 11);
    }
    spec.block_signer = &maker.provisioner;
    memset(package, 0xFF, sizeof package);
    size_t len = maker_package_write(&spec, package, sizeof package, &block_len);
    for (size_t at = 0; at < len; at += SECTOR) {
        const struct provision_request write_request = { .op = PROVISION_WRITE,
                                                         .off = machine.map.package[0].off + at,
                                                         .data = bytes_of(package + at, SECTOR) };
        assert_int_equal(channel_line_ask(&talk, &write_request), 0);
    }
}

/* From a chip with nothing but BL1 to a locked device that runs its application, over the line alone. */
static void a_whole_device_is_made_over_the_channel(void **state)
{
    const struct provision_request keys = { .op = PROVISION_MAKE_KEYS, .challenge = bytes_of(maker.firmware.open, 32) };
    const struct provision_request install = { .op = PROVISION_INSTALL, .slot = 0 };
    const struct provision_request check = { .op = PROVISION_CHECK };
    const struct provision_request lock = { .op = PROVISION_LOCK, .lock_sectors = source.map.boot_sectors };
    (void)state;
    maker_geometry(&source);
    for (unsigned slot = 0; slot < 2; slot++) {
        (void)maker_sbm(&maker, &maker.firmware, &source, slot, 3, IMAGE_LEN);
    }
    chip_start(&bl1);
    assert_int_equal(channel_line_shake(&talk, &rig), STATUS_OK);
    slots_send_and_start();
    assert_int_equal(chip_join(), SIM_STARTED_SBM);
    chip_start(&sbm);
    assert_int_equal(channel_line_ask(&talk, &keys), 0);
    possession_take();
    content_send();
    assert_int_equal(channel_line_ask(&talk, &install), 0);
    assert_int_equal(channel_line_ask(&talk, &check), 0);
    assert_int_equal(talk.answer.app_sequence, 3);
    assert_int_equal(channel_line_ask(&talk, &lock), 0);
    assert_int_equal(chip_join(), SIM_RESET);
    assert_int_equal(sim_run(&machine, bl1_code), SIM_STARTED_SBM);
    assert_int_equal(sim_run(&machine, sbm_code), SIM_STARTED_APPLICATION);
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
        (void)maker_sbm(&maker, &maker.firmware, &source, slot, 3, IMAGE_LEN);
    }
    chip_start(&bl1);
    assert_int_equal(channel_line_shake(&talk, &rig), STATUS_OK);
    slots_send_and_start();
    assert_int_equal(chip_join(), SIM_STARTED_SBM);
    chip_start(&sbm);
    const uint32_t refused[] = { 0, machine.map.sbm[0].off, machine.map.sbm[1].off, machine.map.store[0].off };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        write_request.off = refused[i];
        assert_int_equal(channel_line_ask(&talk, &write_request), STATUS_FLASH_RANGE);
    }
    write_request.off = machine.map.sbm_package.off;
    assert_int_equal(channel_line_ask(&talk, &write_request), 0);
    /* A new handshake is BL1's business. */
    channel_line_send(&talk, bytes_of("\xF5", 1));
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(ended, SIM_RESET);
    close(line[0]);
    close(line[1]);
}

/* Who holds the line sees no firmware, no key, and not even which chip it is. */
static void nothing_is_on_the_line_in_the_clear(void **state)
{
    uint8_t keys[2][RECORD_KEY_LEN];
    uint8_t marker[SECTOR];
    (void)state;
    assert_int_equal(crypto_random(marker, sizeof marker), STATUS_OK);
    memset(machine.unique_id, 0x5A, sizeof machine.unique_id);
    seen.len = 0;
    chip_start(&bl1);
    assert_int_equal(channel_line_shake(&talk, &rig), STATUS_OK);
    memcpy(keys[0], talk.channel.send.key, RECORD_KEY_LEN);
    memcpy(keys[1], talk.channel.receive.key, RECORD_KEY_LEN);
    const struct provision_request write_request = { .op = PROVISION_WRITE,
                                                     .off = machine.map.sbm[0].off,
                                                     .data = bytes_of(marker, sizeof marker) };
    assert_int_equal(channel_line_ask(&talk, &hello), 0);
    assert_int_equal(channel_line_ask(&talk, &write_request), 0);
    assert_int_equal(chip_join(), SIM_ASLEEP);
    assert_memory_equal(machine.flash + machine.map.sbm[0].off, marker, sizeof marker);
    assert_true(was_seen(talk.request.data, talk.request.len)); /* the search finds what is there */
    for (size_t at = 0; at + 8 <= sizeof marker; at++) {
        assert_false(was_seen(marker + at, 8));
    }
    assert_false(was_seen(keys[0], 8) || was_seen(keys[1], 8));
    assert_false(was_seen(machine.unique_id, 8));
    assert_false(was_seen(rig.certificate, 8) || was_seen(rig.vendor.open, 8) || was_seen(rig.channel.open, 8));
}

static void nothing_but_what_the_agent_may_write_is_written(void **state)
{
    const uint8_t data[SECTOR + 16] = { 1 };
    (void)state;
    const uint32_t refused[] = { 0,
                                 machine.map.anchor[0].off,
                                 machine.map.store[0].off,
                                 machine.map.counter[0].off,
                                 machine.map.primary.off,
                                 machine.map.sbm[0].off - 16,
                                 machine.map.sbm_package.off + machine.map.sbm_package.len };
    struct provision_request write_request = { .op = PROVISION_WRITE, .data = bytes_of(data, 32) };
    struct sim before = machine;
    chip_start(&bl1);
    assert_int_equal(channel_line_shake(&talk, &rig), STATUS_OK);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        write_request.off = refused[i];
        assert_int_equal(channel_line_ask(&talk, &write_request), STATUS_FLASH_RANGE);
    }
    write_request.off = machine.map.sbm[0].off;
    write_request.data.len = SECTOR + 16;
    assert_int_equal(channel_line_ask(&talk, &write_request), STATUS_FLASH_ALIGN);
    write_request.data.len = 24;
    assert_int_not_equal(channel_line_ask(&talk, &write_request), 0);
    const struct provision_request store = { .op = PROVISION_STORE, .item = 4, .data = bytes_of(data, 5) };
    assert_int_equal(channel_line_ask(&talk, &store), STATUS_BAD_STATE);
    assert_int_equal(chip_join(), SIM_ASLEEP);
    assert_memory_equal(machine.flash, before.flash, machine.map.sbm[0].off);
}

static void a_record_that_comes_again_is_answered_again_and_not_done_again(void **state)
{
    (void)state;
    chip_start(&bl1);
    assert_int_equal(channel_line_shake(&talk, &rig), STATUS_OK);
    const struct provision_request write_request = { .op = PROVISION_WRITE,
                                                     .off = machine.map.sbm[0].off,
                                                     .data = bytes_of(maker.firmware.open, 64) };
    assert_int_equal(channel_line_ask(&talk, &write_request), 0);
    uint32_t operations = machine.operations;
    talk.channel.receive.counter--; /* as if the answer had been lost */
    channel_line_send(&talk, bytes_of(talk.request.data, talk.request.len));
    assert_int_equal(channel_line_answer(&talk), 0);
    assert_int_equal(machine.operations, operations);
    assert_int_equal(channel_line_ask(&talk, &hello), 0);
    assert_int_equal(chip_join(), SIM_ASLEEP);
}

static void strangers_are_refused(void **state)
{
    struct channel_claims claims = { "line 1", 2000, { 0 }, { 0 } };
    struct channel_key stranger;
    (void)state;
    chip_start(&bl1);
    claims.expires = 999; /* before the chip was made */
    memcpy(claims.vendor, maker.vendor, 16);
    memcpy(claims.class_id, maker.class_id, 16);
    channel_rig_credential(&rig, &claims, &rig.mastering);
    assert_int_equal(channel_line_shake(&talk, &rig), STATUS_CHANNEL_PEER);
    assert_string_equal(talk.refusal, "status 113");
    claims.expires = 2000;
    assert_int_equal(crypto_p256_generate(stranger.secret, stranger.open), STATUS_OK);
    channel_rig_credential(&rig, &claims, &stranger);
    assert_int_equal(channel_line_shake(&talk, &rig), STATUS_CHANNEL_PEER);
    assert_string_equal(talk.refusal, "status 061");
    channel_rig_credential(&rig, &claims, &rig.mastering);
    assert_int_equal(channel_line_shake(&talk, &rig), STATUS_OK);
    assert_int_equal(channel_line_ask(&talk, &hello), 0);
    assert_int_equal(chip_join(), SIM_ASLEEP);
}

/* Who holds the line may begin handshakes as he likes; the appliance's channel stays. */
static void a_strangers_handshake_does_not_close_an_open_channel(void **state)
{
    struct edhoc stranger;
    uint8_t buffer[EDHOC_MESSAGE_MAX];
    struct cbor_writer w = cbor_writer_of(buffer, sizeof buffer);
    (void)state;
    chip_start(&bl1);
    assert_int_equal(channel_line_shake(&talk, &rig), STATUS_OK);
    assert_int_equal(edhoc_message_1_make(&stranger, &w), STATUS_OK);
    assert_true(channel_line_marked(&talk, 0xF5, cbor_written(&w)).len > 100);
    assert_true(channel_line_marked(&talk, 0x01, bytes_of("\x41\x00", 2)).len < 20);
    assert_int_equal(channel_line_ask(&talk, &hello), 0);
    assert_int_equal(chip_join(), SIM_ASLEEP);
}

static void noise_on_the_line_does_no_harm(void **state)
{
    uint8_t noise[700];
    (void)state;
    chip_start(&bl1);
    assert_int_equal(crypto_random(noise, sizeof noise), STATUS_OK);
    assert_int_equal(write(line[0], noise, sizeof noise), sizeof noise);
    assert_int_equal(write(line[0], "WLW", 3), 3);
    assert_int_equal(channel_line_shake(&talk, &rig), STATUS_OK);
    assert_int_equal(channel_line_ask(&talk, &hello), 0);
    assert_int_equal(chip_join(), SIM_ASLEEP);
}

static void a_provisioned_chip_has_no_agent(void **state)
{
    (void)state;
    for (unsigned slot = 0; slot < 2; slot++) {
        (void)maker_sbm(&maker, &maker.firmware, &machine, slot, 3, IMAGE_LEN);
    }
    sim_secure(&machine);
    chip_start(&bl1);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(ended, SIM_STARTED_SBM);
    close(line[0]);
    close(line[1]);
}

static void a_chip_without_a_vendors_key_starts_as_ever(void **state)
{
    (void)state;
    (void)maker_sbm(&maker, &maker.firmware, &machine, 0, 3, IMAGE_LEN);
    sim_vendor.says.len = 0;
    chip_start(&bl1);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(ended, SIM_STARTED_SBM);
    close(line[0]);
    close(line[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_sbm_arrives_over_the_channel_and_starts, setup),
        cmocka_unit_test_setup(a_power_cut_at_any_flash_operation_is_made_good, setup),
        cmocka_unit_test_setup(a_whole_device_is_made_over_the_channel, setup),
        cmocka_unit_test_setup(sbm_does_not_overwrite_itself, setup),
        cmocka_unit_test_setup(nothing_is_on_the_line_in_the_clear, setup),
        cmocka_unit_test_setup(nothing_but_what_the_agent_may_write_is_written, setup),
        cmocka_unit_test_setup(a_record_that_comes_again_is_answered_again_and_not_done_again, setup),
        cmocka_unit_test_setup(strangers_are_refused, setup),
        cmocka_unit_test_setup(a_strangers_handshake_does_not_close_an_open_channel, setup),
        cmocka_unit_test_setup(noise_on_the_line_does_no_harm, setup),
        cmocka_unit_test_setup(a_provisioned_chip_has_no_agent, setup),
        cmocka_unit_test_setup(a_chip_without_a_vendors_key_starts_as_ever, setup),
    };
    return cmocka_run_group_tests(tests, group_setup, NULL);
}
