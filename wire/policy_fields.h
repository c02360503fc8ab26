/* SPDX-License-Identifier: Apache-2.0 */
/* policy_fields: the tables that policy_parse.c and policy_build.c share (docs/spec.md section 5). Internal to wire/.
 */
#ifndef WIRE_POLICY_FIELDS_H
#define WIRE_POLICY_FIELDS_H

#include "wire/fields.h"
#include "wire/policy.h"

#define POLICY_OUTPUTS_MAX 0x7FFFFFFFu /* 31 outputs */
#define ANCHOR_AT(member) offsetof(struct anchor, member)
#define POLICY_AT(member) offsetof(struct policy, member)

static const struct wire_field anchor_fields[] = {
    { 1, WIRE_CONST, 0, 3, 0 },
    { 2, WIRE_BSTR, ANCHOR_AT(firmware_keys), POLICY_KEY_LEN, POLICY_KEY_LEN *POLICY_KEYS_MAX },
    { 3, WIRE_BSTR, ANCHOR_AT(vendor), POLICY_UUID_LEN, POLICY_UUID_LEN },
    { 4, WIRE_BSTR, ANCHOR_AT(sbm_class), POLICY_UUID_LEN, POLICY_UUID_LEN },
    { 5, WIRE_UINT, ANCHOR_AT(least_sequence), 0, WIRE_NO_LIMIT },
    { 6, WIRE_UINT, ANCHOR_AT(outputs_mask), 0, POLICY_OUTPUTS_MAX },
    { 7, WIRE_UINT, ANCHOR_AT(outputs_level), 0, POLICY_OUTPUTS_MAX },
    { 8, WIRE_BSTR, ANCHOR_AT(mastering_keys), POLICY_KEY_LEN, POLICY_KEY_LEN *POLICY_KEYS_MAX },
    { 9, WIRE_BSTR, ANCHOR_AT(class_id), POLICY_UUID_LEN, POLICY_UUID_LEN },
};
#define ANCHOR_FIELDS_COUNT (sizeof anchor_fields / sizeof anchor_fields[0])

static const struct wire_field policy_fields[] = {
    { 1, WIRE_CONST, 0, 3, 0 },
    { 2, WIRE_BSTR, POLICY_AT(vendor), POLICY_UUID_LEN, POLICY_UUID_LEN },
    { 3, WIRE_BSTR, POLICY_AT(class_id), POLICY_UUID_LEN, POLICY_UUID_LEN },
    { 4, WIRE_BSTR, POLICY_AT(firmware_keys), POLICY_KEY_LEN, POLICY_KEY_LEN *POLICY_KEYS_MAX },
    { 5, WIRE_BSTR, POLICY_AT(mastering_keys), POLICY_KEY_LEN, POLICY_KEY_LEN *POLICY_KEYS_MAX },
    { 6, WIRE_BSTR, POLICY_AT(provisioner_key), POLICY_KEY_LEN, POLICY_KEY_LEN },
    { 7, WIRE_UINT, POLICY_AT(provisioned_sequence), 0, WIRE_NO_LIMIT },
    { 8, WIRE_UINT, POLICY_AT(boot), POLICY_BOOT_SIGNATURE, POLICY_BOOT_SEALED },
    { 9, WIRE_UINT, POLICY_AT(on_damage), POLICY_DAMAGE_REINSTALL, POLICY_DAMAGE_HALT },
    { 10, WIRE_UINT, POLICY_AT(trial_boots), 1, 15 },
    { 11, WIRE_UINT, POLICY_AT(kind), POLICY_PRODUCTION, POLICY_DEVELOPMENT },
    { 12, WIRE_BSTR, POLICY_AT(sbm_class), POLICY_UUID_LEN, POLICY_UUID_LEN },
    { 13, WIRE_UINT, POLICY_AT(on_halt), POLICY_HALT_WAIT, POLICY_HALT_RECOVERY },
    { 14, WIRE_UINT, POLICY_AT(watchdog_seconds), 0, POLICY_WATCHDOG_MAX },
    { 15, WIRE_UINT, POLICY_AT(outputs_mask), 0, POLICY_OUTPUTS_MAX },
    { 16, WIRE_UINT, POLICY_AT(outputs_level), 0, POLICY_OUTPUTS_MAX },
    { 17, WIRE_UINT, POLICY_AT(debug), POLICY_DEBUG_NEVER, POLICY_DEBUG_ERASE },
};
#define POLICY_FIELDS_COUNT (sizeof policy_fields / sizeof policy_fields[0])

#endif
