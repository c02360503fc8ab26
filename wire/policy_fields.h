/* SPDX-License-Identifier: Apache-2.0 */
/* policy_fields: the tables that policy_parse.c and policy_build.c share (docs/spec.md section 5). Internal to wire/.
 */
#ifndef WIRE_POLICY_FIELDS_H
#define WIRE_POLICY_FIELDS_H

#include "wire/fields.h"
#include "wire/policy.h"

#define ANCHOR_AT(member) offsetof(struct anchor, member)
#define POLICY_AT(member) offsetof(struct policy, member)

static const struct wire_field anchor_fields[] = {
    { 1, WIRE_CONST, 0, 1, 0 },
    { 2, WIRE_BSTR, ANCHOR_AT(firmware_key), POLICY_KEY_LEN, POLICY_KEY_LEN },
    { 3, WIRE_BSTR, ANCHOR_AT(vendor), POLICY_UUID_LEN, POLICY_UUID_LEN },
    { 4, WIRE_BSTR, ANCHOR_AT(sbm_class), POLICY_UUID_LEN, POLICY_UUID_LEN },
    { 5, WIRE_UINT, ANCHOR_AT(least_sequence), 0, WIRE_NO_LIMIT },
};
#define ANCHOR_FIELDS_COUNT (sizeof anchor_fields / sizeof anchor_fields[0])

static const struct wire_field policy_fields[] = {
    { 1, WIRE_CONST, 0, 1, 0 },
    { 2, WIRE_BSTR, POLICY_AT(vendor), POLICY_UUID_LEN, POLICY_UUID_LEN },
    { 3, WIRE_BSTR, POLICY_AT(class_id), POLICY_UUID_LEN, POLICY_UUID_LEN },
    { 4, WIRE_BSTR, POLICY_AT(firmware_key), POLICY_KEY_LEN, POLICY_KEY_LEN },
    { 5, WIRE_BSTR, POLICY_AT(mastering_key), POLICY_KEY_LEN, POLICY_KEY_LEN },
    { 6, WIRE_BSTR, POLICY_AT(provisioner_key), POLICY_KEY_LEN, POLICY_KEY_LEN },
    { 7, WIRE_UINT, POLICY_AT(provisioned_sequence), 0, WIRE_NO_LIMIT },
    { 8, WIRE_UINT, POLICY_AT(boot), POLICY_BOOT_SIGNATURE, POLICY_BOOT_SEALED },
    { 9, WIRE_UINT, POLICY_AT(on_damage), POLICY_DAMAGE_REINSTALL, POLICY_DAMAGE_HALT },
    { 10, WIRE_UINT, POLICY_AT(trial_boots), 1, 15 },
    { 11, WIRE_UINT, POLICY_AT(kind), POLICY_PRODUCTION, POLICY_DEVELOPMENT },
};
#define POLICY_FIELDS_COUNT (sizeof policy_fields / sizeof policy_fields[0])

#endif
