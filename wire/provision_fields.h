/* SPDX-License-Identifier: Apache-2.0 */
/* provision_fields: the maps of the mailbox messages as tables, for provision_msg_parse.c and _build.c. Internal to
 * wire/. */
#ifndef WIRE_PROVISION_FIELDS_H
#define WIRE_PROVISION_FIELDS_H

#include "wire/fields.h"
#include "wire/layout.h"
#include "wire/provision_msg.h"

#define REQUEST_AT(member) offsetof(struct provision_request, member)
#define ANSWER_AT(member) offsetof(struct provision_answer, member)
#define POSSESSION_AT(member) offsetof(struct provision_possession, member)

/* Fields of one op: `count` of them from `first`. Index is op - 1. */
struct provision_shape {
    uint8_t first;
    uint8_t count;
};

static const struct wire_field request_fields[] = {
    { 1, WIRE_UINT, REQUEST_AT(version), 1, WIRE_NO_LIMIT },
    { 1, WIRE_BSTR, REQUEST_AT(challenge), PROVISION_CHALLENGE_LEN, PROVISION_CHALLENGE_LEN },
    { 1, WIRE_UINT, REQUEST_AT(item), STORE_POLICY, STORE_GRANT },
    { 2, WIRE_BSTR, REQUEST_AT(data), 1, MAILBOX_MESSAGE_MAX },
    { 1, WIRE_UINT, REQUEST_AT(slot), 0, 1 },
    { 1, WIRE_UINT, REQUEST_AT(lock_sectors), 1, UINT16_MAX },
    { 1, WIRE_UINT, REQUEST_AT(off), 0, WIRE_NO_LIMIT },
    { 2, WIRE_BSTR, REQUEST_AT(data), 1, PROVISION_WRITE_MAX },
};
static const struct provision_shape request_shapes[] = { { 0, 1 }, { 1, 1 }, { 2, 2 }, { 4, 1 },
                                                         { 0, 0 }, { 5, 1 }, { 6, 2 }, { 0, 0 } };

static const struct wire_field answer_fields[] = {
    { 1, WIRE_UINT, ANSWER_AT(version), 1, WIRE_NO_LIMIT },
    { 2, WIRE_BSTR, ANSWER_AT(uid), PROVISION_UID_LEN, PROVISION_UID_LEN },
    { 3, WIRE_UINT, ANSWER_AT(lifecycle), 0, 2 },
    { 4, WIRE_UINT, ANSWER_AT(sbm_sequence), 0, WIRE_NO_LIMIT },
    { 1, WIRE_BSTR, ANSWER_AT(possession), 1, MAILBOX_MESSAGE_MAX },
    { 1, WIRE_UINT, ANSWER_AT(app_sequence), 0, WIRE_NO_LIMIT },
    { 1, WIRE_BSTR, ANSWER_AT(items_digest), 32, 32 },
    { 2, WIRE_BSTR, ANSWER_AT(boot_digest), 32, 32 },
    { 3, WIRE_BSTR, ANSWER_AT(sbm_digest), 32, 32 },
    { 4, WIRE_UINT, ANSWER_AT(app_sequence), 0, WIRE_NO_LIMIT },
};
static const struct provision_shape answer_shapes[] = { { 0, 4 }, { 4, 1 }, { 0, 0 }, { 5, 1 },
                                                        { 6, 4 }, { 0, 0 }, { 0, 0 }, { 0, 0 } };

static const struct wire_field possession_fields[] = {
    { 1, WIRE_BSTR, POSSESSION_AT(challenge), PROVISION_CHALLENGE_LEN, PROVISION_CHALLENGE_LEN },
    { 2, WIRE_BSTR, POSSESSION_AT(uid), PROVISION_UID_LEN, PROVISION_UID_LEN },
    { 3, WIRE_BSTR, POSSESSION_AT(identity_key), 64, 64 },
    { 4, WIRE_BSTR, POSSESSION_AT(update_key), 64, 64 },
};
#define POSSESSION_FIELDS_COUNT (sizeof possession_fields / sizeof possession_fields[0])

#endif
