/* SPDX-License-Identifier: Apache-2.0 */
/* appliance_room: what the files of this room share. Not for others. */
#ifndef HOST_APPLIANCE_APPLIANCE_ROOM_H
#define HOST_APPLIANCE_APPLIANCE_ROOM_H

#include "host/appliance/appliance.h"
#include "host/appliance/trust.h"
#include "host/ledger/ledger.h"
#include "host/lib/block.h"
#include "host/sign1/token.h"
#include "wire/layout.h"
#include "wire/cose.h"
#include "wire/provision_msg.h"

/* How far the chip in hand has come; a letter out of turn is refused. */
enum unit_stage { UNIT_NONE, UNIT_CHALLENGED, UNIT_CERTIFIED, UNIT_CHECKED };

struct unit {
    enum unit_stage stage;
    uint8_t uid[PROVISION_UID_LEN];
    uint8_t challenge[PROVISION_CHALLENGE_LEN];
    uint8_t nonce[TOKEN_NONCE_LEN]; /* for the token that closes the record */
    struct ledger_unit record;
    struct block block;
};

struct appliance {
    struct project project;
    int token_needed;
    struct hsm *hsm;
    struct ledger *ledger;
    struct trust trust;
    uint8_t boot[LAYOUT_BOOT_LEN];
    uint8_t sbm[2][LAYOUT_SBM_LEN]; /* slot A and slot B */
    uint8_t sbm_package[LAYOUT_SBM_PACKAGE_LEN];
    uint64_t sbm_sequence;
    uint64_t sbm_needs; /* of the application */
    uint8_t *package;
    size_t package_len;
    uint8_t *block;
    size_t block_len;
    struct block_package facts;
    uint8_t policy[POLICY_MAX];
    size_t policy_len;
    struct unit unit;
};

/*
 * One function for each letter about a chip. `answer` is zero but for its op; what it is given to look at lives in
 * the appliance.
 */
int unit_begin(struct appliance *a, const struct letter_request *request, struct letter_answer *answer,
               struct fault *fault);
int unit_possession(struct appliance *a, const struct letter_request *request, struct letter_answer *answer,
                    struct fault *fault);
int unit_receipt(struct appliance *a, const struct letter_request *request, struct letter_answer *answer,
                 struct fault *fault);
int unit_close(struct appliance *a, const struct letter_request *request, struct letter_answer *answer,
               struct fault *fault);

#endif
