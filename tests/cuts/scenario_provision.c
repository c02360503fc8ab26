/* SPDX-License-Identifier: Apache-2.0 */
/* scenario_provision: a station at the chip's mailbox. It begins anew at every power-on, as a station does that lost
 * its chip, and knows the keys whose possession the chip has proved: from then on no cut may take them away. */
#include "crypto/crypto.h"
#include "sbm/device.h"
#include "tests/cuts/scenario.h"
#include "tests/unit/boot_maker_grant.h"
#include "wire/cose.h"
#include "wire/provision_msg.h"

#define SEQUENCE 3
#define STEPS 9
#define PACKAGE_MAX 65536u

static const uint8_t challenge[PROVISION_CHALLENGE_LEN] = { 0xC0, 0xFF, 0xEE };
static unsigned step;  /* of the request that is asked or to be asked */
static uint32_t asked; /* requests since the agent began */
static uint8_t policy_bytes[POLICY_MAX];
static size_t policy_len;
static uint8_t grant_bytes[GRANT_ITEM_MAX];
static size_t grant_len;
static uint8_t grant_for[64]; /* the update key that the grant names */
static uint8_t package[PACKAGE_MAX];
static size_t package_len;
static uint8_t package_for[64]; /* the update key that the package is wrapped for */

/* Writes the package slot through the debug port; the package is made anew only for another key. */
static void package_put(void)
{
    size_t block_len;
    struct maker_package spec = maker_package_right(&chip_maker, SEQUENCE, chip_image_len);
    spec.block_signer = &chip_maker.provisioner;
    if (package_len == 0 || memcmp(package_for, chip_maker.update.open, sizeof package_for) != 0) {
        memcpy(package_for, chip_maker.update.open, sizeof package_for);
        package_len = maker_package_write(&spec, package, sizeof package, &block_len);
    }
    memset(chip.flash + chip.map.package[0].off, chip.map.erased, chip.map.package[0].len);
    memcpy(chip.flash + chip.map.package[0].off, package, package_len);
}

static struct provision_request request_of(unsigned which)
{
    static const char certificates[3][12] = { "device cert", "issuer cert", "root cert" };
    switch (which) {
    case 0:
        return (struct provision_request){ .op = PROVISION_MAKE_KEYS,
                                           .challenge = bytes_of(challenge, sizeof challenge) };
    case 1:
        return (struct provision_request){ .op = PROVISION_STORE,
                                           .item = STORE_GRANT,
                                           .data = bytes_of(grant_bytes, grant_len) };
    case 2:
        return (struct provision_request){ .op = PROVISION_STORE,
                                           .item = STORE_POLICY,
                                           .data = bytes_of(policy_bytes, policy_len) };
    case 6:
        return (struct provision_request){ .op = PROVISION_INSTALL, .slot = 0 };
    case 7:
        return (struct provision_request){ .op = PROVISION_CHECK };
    case 8:
        return (struct provision_request){ .op = PROVISION_LOCK, .lock_sectors = chip.map.boot_sectors };
    default:
        return (struct provision_request){ .op = PROVISION_STORE,
                                           .item = which + 1,
                                           .data = bytes_of(certificates[which - 3], 12) };
    }
}

static void request_put(void)
{
    struct cbor_writer w = cbor_writer_of((uint8_t *)(chip.mailbox + 4), MAILBOX_MESSAGE_MAX);
    const struct provision_request request = request_of(step);
    provision_request_build(&request, &w);
    chip.mailbox[3] = (uint32_t)w.len;
    chip.mailbox[1] = ++asked;
}

/* The grant is made anew only for another key. */
static void grant_make(void)
{
    if (grant_len == 0 || memcmp(grant_for, chip_maker.update.open, sizeof grant_for) != 0) {
        memcpy(grant_for, chip_maker.update.open, sizeof grant_for);
        const struct maker_grant spec = maker_grant_right(&chip_maker, chip.unique_id);
        grant_len = maker_grant_write(&spec, grant_bytes);
    }
}

/* The keys that the chip proves to have. Once proved they stay. */
static void possession_take(struct bytes possession)
{
    static const uint8_t none[64];
    struct cose_sign1 sign1;
    struct provision_possession facts;
    if (cose_sign1_parse(possession, &sign1) != STATUS_OK ||
        provision_possession_parse(sign1.payload, &facts) != STATUS_OK) {
        chip_wrong = "the proof of possession is no proof";
        return;
    }
    if (memcmp(chip_maker.identity.open, none, 64) != 0 &&
        (memcmp(chip_maker.identity.open, facts.identity_key.data, 64) != 0 ||
         memcmp(chip_maker.update.open, facts.update_key.data, 64) != 0)) {
        chip_wrong = "a key that was proved is lost";
    }
    memcpy(chip_maker.identity.open, facts.identity_key.data, 64);
    memcpy(chip_maker.update.open, facts.update_key.data, 64);
    memcpy(chip_maker.identity.secret, device.provisioned.identity, 32);
    memcpy(chip_maker.update.secret, device.provisioned.update, 32);
    grant_make();
    package_put();
}

static void answer_take(void)
{
    struct provision_answer answer;
    struct bytes message = bytes_of((const uint8_t *)(chip.mailbox + 4), chip.mailbox[3]);
    if (provision_answer_parse(message, &answer) != STATUS_OK || answer.status != 0) {
        chip_wrong = "the chip refuses a right request of the station";
        sim_stop(SIM_RETURNED);
    }
    if (step == 0) {
        possession_take(answer.possession);
    }
}

/* Called whenever the chip looks at its mailbox. */
static void station(void)
{
    if (chip.mailbox[0] != MAILBOX_MAGIC) {
        asked = 0;
        step = 0;
        return;
    }
    if (chip.mailbox[1] != asked || chip.mailbox[2] != asked) {
        return;
    }
    if (asked > 0) {
        answer_take();
        step++;
    }
    request_put();
}

void provision_prepare(void)
{
    policy_len = maker_policy_write(&chip_maker, SEQUENCE, policy_bytes);
    memset(&chip_maker.identity, 0, sizeof chip_maker.identity);
    memset(&chip_maker.update, 0, sizeof chip_maker.update);
    package_len = 0;
    grant_len = 0;
    chip.on_mailbox = station;
}

enum sim_end provision_run(void)
{
    return chip_boot();
}

const char *provision_after(void)
{
    int locked = chip.fuses[0] == 0xFFFF && chip.fuses[1] == UINT32_MAX && chip.fuses[2] == UINT32_MAX &&
                 chip.fuses[3] == chip.map.boot_sectors;
    return locked ? NULL : "the chip runs and is not wholly locked";
}
