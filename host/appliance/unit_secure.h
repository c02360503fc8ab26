/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unit_secure: the stages of a unit over the secure channel (docs/spec.md section 17): what the open channel asks of
 * the station goes to the chip itself, sealed, as frames. The station sees ciphertext.
 */
#ifndef HOST_APPLIANCE_UNIT_SECURE_H
#define HOST_APPLIANCE_UNIT_SECURE_H

#include "host/appliance/channel.h"
#include "wire/letter.h"
#include "wire/provision_msg.h"

struct unit;

struct unit_secure {
    const struct channel_side *side; /* NULL: this unit has the open channel */
    struct channel_side own;         /* what it looks at: the appliance's, with the vendors of the run */
    struct channel channel;
    struct channel_message line;  /* the frame that is sent */
    struct channel_message plain; /* what was opened */
    uint32_t done;                /* bytes of the present image that the chip has */
    uint32_t piece;               /* bytes of it that the frame under way stands for */
    unsigned seconds;             /* for the answer to the frame under way */
    unsigned again;               /* how often it was sent once more */
};

/* What came is no answer to the frame under way, but one that came late or was damaged: it may be asked again. */
#define UNIT_SECURE_AGAIN 2

/* Decides which channel this unit has: the one that the product is made for, and no other. */
int unit_secure_choose(struct unit *unit, uint64_t wanted, struct fault *fault);
/* Messages of the handshake: the first, and what follows an answer; view into unit->secure.line. */
int unit_secure_begin(struct unit *unit, struct letter_action *action, struct fault *fault);
int unit_secure_next(struct unit *unit, struct letter_action *action, struct fault *fault);
/* The frame under way once more, as it is. Fault, as the last look at an answer left it, when that was done often. */
int unit_secure_repeat(struct unit *unit, struct letter_action *action, struct fault *fault);
/* Takes the chip's message of the handshake: 0, -1 or UNIT_SECURE_AGAIN. */
int unit_secure_hand_check(struct unit *unit, struct bytes data, struct fault *fault);
/* The channel is open now. */
int unit_secure_open_check(struct unit *unit, struct bytes data, struct fault *fault);
/* Turns an action for the station into a frame for the chip, where it is one. */
int unit_secure_wrap(struct unit *unit, struct letter_action *action, struct fault *fault);
/*
 * Opens what came for an action of this kind: *plain is the chip's answer. 1: the same action goes on with its next
 * piece; 0: it is done; UNIT_SECURE_AGAIN; -1: fault. START and WRITE are checked here.
 */
int unit_secure_unwrap(struct unit *unit, uint64_t kind, uint64_t image_len, struct bytes data, struct bytes *plain,
                       struct fault *fault);
/* Forgets the session's keys. */
void unit_secure_end(struct unit *unit);

#endif
