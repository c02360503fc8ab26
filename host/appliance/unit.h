/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unit: one chip in one socket, from the first letter to its closed record: a table of stages, each with the action
 * that it asks of the station and the check of what came back. Order: proof, then record, then release.
 */
#ifndef HOST_APPLIANCE_UNIT_H
#define HOST_APPLIANCE_UNIT_H

#include "host/appliance/hand.h"
#include "host/production/run.h"
#include "host/appliance/unit_secure.h"
#include "host/ledger/ledger.h"
#include "host/lib/hsm.h"
#include "host/sign1/token.h"
#include "wire/letter.h"
#include "wire/provision_msg.h"

struct appliance;

/* The messages of one answer's actions: with it, LETTER_ACTIONS_MAX actions never make a letter that is too long. */
#define UNIT_ROOM_LEN 20480u
struct unit_room {
    uint8_t data[UNIT_ROOM_LEN];
    size_t len;
};

struct unit {
    struct appliance *appliance; /* this and the next set once; all else is zero between chips */
    const char *station;         /* who is connected */
    struct run *run;
    unsigned stage;         /* the first that the station was asked for */
    unsigned asked;         /* how many, one after the other */
    struct unit_room *room; /* for the answer that is being made */
    struct hand_chip chip;
    char socket[LETTER_SOCKET_MAX + 1];
    char trouble[LETTER_TEXT_MAX + 1]; /* why the debug port counts as closed */
    uint8_t uid[PROVISION_UID_LEN];    /* as HELLO says, until the proof */
    uint8_t challenge[PROVISION_CHALLENGE_LEN];
    uint8_t nonce[TOKEN_NONCE_LEN]; /* for the token that closes the record */
    uint8_t token[LEDGER_TOKEN_MAX];
    size_t token_len;
    struct ledger_unit record;
    uint8_t head[RUN_HEAD_LEN]; /* of the package slot, for this chip alone */
    uint8_t head_digest[32];
    uint64_t image_len; /* of the present action, when it writes */
    struct unit_secure secure;
};

/* Takes a new chip in hand and gives the first actions. Views of *answer look into the unit and the room, which is
 * empty before and holds plaintext after. */
int unit_begin(struct unit *unit, const struct letter_request *request, struct letter_answer *answer,
               struct unit_room *room, struct fault *fault);
/* Checks the results of the last actions, one after the other, and gives the next ones. After a fault the chip is out
 * of hand. */
int unit_next(struct unit *unit, const struct letter_request *request, struct letter_answer *answer,
              struct unit_room *room, struct fault *fault);
/* The step to which the n-th action belongs that the station was asked for; NULL when there is none. */
const char *unit_step(const struct unit *unit, size_t n);
/* Where the next message goes, and whether any message still fits. */
struct cbor_writer unit_room_writer(struct unit_room *room);
int unit_room_fits(const struct unit_room *room);
/* The image under this digest that the present chip gets; empty when there is none. */
struct bytes unit_image_find(const struct unit *unit, struct bytes digest);
/* The same for the station: empty with the secure channel, where it only carries what was sealed. */
struct bytes unit_image_give(const struct unit *unit, struct bytes digest);
/* Lets go of the chip. Safe on one that was never begun. */
void unit_end(struct unit *unit);

/* ---- unit_check.c: results, and what the ledger must know before the next action ---- */

/* The chip's answer to `op`; a refusal of the chip is a fault that says so. */
int unit_answer_read(enum provision_op op, struct bytes data, struct provision_answer *out, struct fault *fault);
/* Nobody else may have this chip in hand. */
int unit_chip_take(struct unit *unit, const uint8_t uid[16], struct fault *fault);
/* HELLO of BL1 over the secure channel. */
int unit_hello_first_check(struct unit *unit, struct bytes data, struct fault *fault);
int unit_hello_check(struct unit *unit, struct bytes data, struct fault *fault);
int unit_hello_again_check(struct unit *unit, struct bytes data, struct fault *fault);
int unit_keys_check(struct unit *unit, struct bytes data, struct fault *fault);
int unit_store_check(struct unit *unit, struct bytes data, struct fault *fault);
int unit_install_check(struct unit *unit, struct bytes data, struct fault *fault);
int unit_receipt_check(struct unit *unit, struct bytes data, struct fault *fault);
int unit_lock_check(struct unit *unit, struct bytes data, struct fault *fault);
/* ---- unit_token.c ---- */

int unit_token_check(struct unit *unit, struct bytes data, struct fault *fault);
/* The record is closed once the port was seen closed after the token, too. */
int unit_closed_check(struct unit *unit, struct bytes data, struct fault *fault);
/* A chip whose debug port is closed already says who it is. */
int unit_claim_check(struct unit *unit, struct bytes data, struct fault *fault);

/* ---- unit_release.c ---- */

/* The grant and the certificates, each once for a chip, and the key block in the head of its package slot. The unit is
 * reserved. */
int unit_release(struct unit *unit, struct fault *fault);
/* What STORE takes as this item. */
struct bytes unit_item(const struct unit *unit, enum store_type item);

#endif
