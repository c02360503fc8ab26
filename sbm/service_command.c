/* SPDX-License-Identifier: Apache-2.0 */
/*
 * service_command: signed commands of the maker (docs/spec.md sections 7.5 and 7.6): with a firmware key, that a key is
 * retired, for good; with a mastering key, an order for this device (sbm/order.h). A valid retirement never takes from
 * the device what it needs to boot or to mend itself, and repeating it does nothing. None of them is secret: whoever
 * has it may send it.
 */
#include "sbm/device.h"
#include "sbm/log.h"
#include "sbm/order.h"
#include "sbm/self.h"
#include "sbm/service.h"
#include "sbm/signed.h"
#include "wire/command.h"

static struct verify_keys keys_of(uint64_t set)
{
    const struct policy *policy = &device.provisioned.policy;
    return set == COMMAND_FIRMWARE_KEYS
               ? (struct verify_keys){ policy->firmware_keys, port_keys_retired(PORT_KEYS_FIRMWARE) }
               : (struct verify_keys){ policy->mastering_keys, port_keys_retired(PORT_KEYS_MASTERING) };
}

/* Signed by a key of this set that is not retired. */
static status_t signature_check(const struct cose_sign1 *sign1, enum command_set set)
{
    const struct verify_keys keys = keys_of(set);
    const uint8_t *key;
    status_t status = verify_key_find(&keys, sign1->kid, &key);
    return status == STATUS_OK ? signed_check(sign1, bytes_of(COMMAND_AAD, sizeof COMMAND_AAD - 1), key) : status;
}

/* 1 when the envelope at the start of `region` is signed with this key. */
static int signed_with(const struct port_region *region, struct bytes kid)
{
    struct suit_envelope envelope;
    struct cose_sign1 sign1;
    return suit_envelope_parse(port_flash_view(region->off, region->len), &envelope) == STATUS_OK &&
           cose_sign1_parse(envelope.sign1, &sign1) == STATUS_OK && bytes_equal(sign1.kid, kid);
}

/* 1 when the next boots, or a repair, need what this key signed: the application, either SBM slot; for a mastering key
 * the key block with which the installed package is opened again. */
static int is_in_use(const struct command *command)
{
    const struct port_flash *flash = port_flash();
    int active = device.state.now.active;
    if (command->set == COMMAND_MASTERING_KEYS) {
        return active != STATE_NONE && signed_with(&flash->package[active], command->kid);
    }
    return bytes_equal(bytes_of(device.running_key_id, COSE_KID_LEN), command->kid) ||
           signed_with(&flash->sbm[0], command->kid) || signed_with(&flash->sbm[1], command->kid);
}

/* 1 while something is pending or on trial: the way back may need any key. */
static int is_unsettled(void)
{
    const struct boot_state *now = &device.state.now;
    return now->pending != STATE_NONE || now->trial || now->sbm_pending || self_on_trial();
}

static unsigned keys_left(const struct verify_keys *keys)
{
    unsigned left = 0;
    for (unsigned i = 0; (i + 1) * POLICY_KEY_LEN <= keys->keys.len; i++) {
        left += (keys->retired >> i & 1u) == 0;
    }
    return left;
}

static status_t retire(const struct command *command, struct bytes signer)
{
    const struct verify_keys keys = keys_of(command->set);
    const uint8_t *key;
    status_t status = verify_key_find(&keys, command->kid, &key);
    if (status == STATUS_SUIT_KEY_RETIRED) {
        return STATUS_OK; /* done before */
    }
    if (status != STATUS_OK || bytes_equal(command->kid, signer)) {
        return STATUS_RETIRE_KEY;
    }
    if (keys_left(&keys) < 2) {
        return STATUS_RETIRE_LAST;
    }
    if (is_unsettled()) {
        return STATUS_BAD_STATE;
    }
    if (is_in_use(command)) {
        return STATUS_RETIRE_IN_USE;
    }
    unsigned index = (unsigned)(key - keys.keys.data) / POLICY_KEY_LEN;
    enum port_key_set set = command->set == COMMAND_FIRMWARE_KEYS ? PORT_KEYS_FIRMWARE : PORT_KEYS_MASTERING;
    status = port_key_retire(set, index);
    if (status == STATUS_OK) {
        device_log_number("key retired, index ", index);
        (void)log_append(LOG_KEY_RETIRED, STATUS_OK, (uint64_t)set << 8 | index);
    }
    return status;
}

static status_t retirement_obey(const struct cose_sign1 *sign1)
{
    const struct policy *policy = &device.provisioned.policy;
    struct command command;
    status_t status = command_parse(sign1->payload, &command);
    if (status != STATUS_OK) {
        return status;
    }
    if (!bytes_equal(command.vendor, policy->vendor)) {
        return STATUS_SUIT_VENDOR;
    }
    return bytes_equal(command.class_id, policy->class_id) ? retire(&command, sign1->kid) : STATUS_SUIT_CLASS;
}

/* The key decides what may be ordered with it. */
static status_t command_obey(struct bytes in)
{
    struct cose_sign1 sign1;
    status_t status = cose_sign1_parse(in, &sign1);
    if (status == STATUS_OK) {
        status = signature_check(&sign1, COMMAND_FIRMWARE_KEYS);
    }
    if (status == STATUS_OK) {
        return retirement_obey(&sign1);
    }
    if (status == STATUS_SUIT_KEY_UNKNOWN) {
        status = signature_check(&sign1, COMMAND_MASTERING_KEYS);
        if (status == STATUS_OK) {
            status = signature_check(&sign1, COMMAND_MASTERING_KEYS); /* HARD: an order opens or ends the device */
        }
        return status == STATUS_OK ? order_obey(sign1.payload) : status;
    }
    return status;
}

psa_status_t service_command(struct bytes in)
{
    status_t status = command_obey(in);
    if (status != STATUS_OK) {
        device_refuse(status, 0);
    }
    switch (status) {
    case STATUS_OK:
        return PSA_SUCCESS;
    case STATUS_CRYPTO_SIGNATURE:
    case STATUS_SUIT_KEY_UNKNOWN:
    case STATUS_SUIT_KEY_RETIRED:
        return PSA_ERROR_INVALID_SIGNATURE;
    case STATUS_BAD_STATE:
        return PSA_ERROR_BAD_STATE;
    case STATUS_ORDER_POLICY:
    case STATUS_RETIRE_KEY:
    case STATUS_RETIRE_LAST:
    case STATUS_RETIRE_IN_USE:
        return PSA_ERROR_NOT_PERMITTED;
    case STATUS_FLASH_IO:
    case STATUS_FLASH_SEALED:
    case STATUS_FUSE_DENIED:
        return PSA_ERROR_STORAGE_FAILURE;
    default:
        return PSA_ERROR_INVALID_ARGUMENT;
    }
}
