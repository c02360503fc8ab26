/* SPDX-License-Identifier: Apache-2.0 */
/*
 * provision_puppet: a chip's agent with keys of its own, and a station that has no wire: both answer the appliance's
 * letters at once. For tests of the engine with many chips, and with letters that lie.
 */
#ifndef TESTS_PROVISION_PUPPET_H
#define TESTS_PROVISION_PUPPET_H

#include "host/appliance/appliance.h"
#include "wire/provision_msg.h"

struct evp_pkey_st;

struct puppet_chip {
    uint8_t uid[16];
    struct evp_pkey_st *identity;
    struct evp_pkey_st *update;
    uint8_t identity_key[64];
    uint8_t update_key[64];
    uint64_t sbm_sequence;
    uint64_t app_sequence;
    uint64_t lifecycle;     /* that its token names; 0: that of a secured device */
    uint8_t items[5][2048]; /* STORE types 3 to 7 */
    size_t item_lens[5];
};

/* A bare chip with new keys; `number` is its unique ID. */
void puppet_chip_make(struct puppet_chip *chip, unsigned number);
void puppet_chip_free(struct puppet_chip *chip);

/* A station with one chip on one socket of an appliance. */
struct puppet {
    struct puppet_chip *chip;
    struct appliance_socket *socket;
    uint8_t *flash; /* as the appliance asked for it, FLASHCTL_FLASH_LEN */
    uint8_t request[LETTER_MAX];
    size_t request_len; /* the letter to be sent next */
    uint8_t out[LETTER_MAX];
    struct letter_answer answer; /* looks into `out` */
    uint8_t piece[LETTER_MAX];   /* the last answer with a piece of an image */
    unsigned letters;            /* sent since BEGIN, images aside */
    uint8_t data[LETTER_MAX];    /* results of the last actions */
};

void puppet_open(struct puppet *puppet, struct appliance *appliance, struct puppet_chip *chip);
void puppet_close(struct puppet *puppet);
/* Writes a BEGIN as the next letter. */
void puppet_begin(struct puppet *puppet);
/* Sends the next letter; 1 when it was answered, 0 when it was refused. */
int puppet_send(struct puppet *puppet);
/* The action of this kind among those that were answered; NULL when there is none. */
const struct letter_action *puppet_asked(const struct puppet *puppet, enum letter_kind kind);
/* Whether the chip's agent is to be asked this; gives its place among the actions, or -1. */
int puppet_asked_op(const struct puppet *puppet, enum provision_op op);
/* Does the actions that were answered, honestly; `request` looks into the puppet. */
void puppet_do(struct puppet *puppet, struct letter_request *request);
/* The same, and writes their RESULT as the next letter. */
void puppet_act(struct puppet *puppet);
/* The parts of it: the chip's agent, its token, and a letter to be sent next. */
struct bytes puppet_agent(struct puppet *puppet, struct bytes request, uint8_t *out, size_t max);
struct bytes puppet_token(const struct puppet *puppet, struct bytes nonce, uint8_t out[1024]);
void puppet_letter(struct puppet *puppet, const struct letter_request *request);
/* From BEGIN until DONE, or a refusal, or `letters` were answered. 1 when the last was answered. */
int puppet_run(struct puppet *puppet, unsigned letters);

#endif
