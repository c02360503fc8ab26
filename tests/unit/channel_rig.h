/* SPDX-License-Identifier: Apache-2.0 */
/* channel_rig: an appliance and a chip that shake hands over the secure channel, with keys made for the test, and
 * somebody in between who may change each message. */
#ifndef TESTS_UNIT_CHANNEL_RIG_H
#define TESTS_UNIT_CHANNEL_RIG_H

#include "boot/credential.h"
#include "channel/edhoc.h"
#include "channel/record.h"

struct channel_key {
    uint8_t secret[32];
    uint8_t open[64];
};

struct channel_message {
    uint8_t data[EDHOC_MESSAGE_MAX];
    size_t len;
};

struct channel_rig {
    struct edhoc appliance;
    struct edhoc chip;
    struct channel_key vendor;    /* the chip's own key */
    struct channel_key mastering; /* signs the appliance's credential */
    struct channel_key channel;   /* the appliance's */
    uint8_t certificate[300];     /* stands for the chip's DER: EDHOC does not look into it */
    uint8_t id_r[320], cred_r[320], id_i[400];
    struct schedule_party own_r, own_i;
    uint8_t expected[64]; /* the key that the appliance takes from the certificate */
    struct credential_trust trust;
    struct channel_message message[5]; /* 1 to 4, as they were sent */
    status_t status;                   /* the first that was not OK */
    int refused_at;                    /* the message that was refused on arrival, 0 none */
};

struct channel_claims {
    const char *subject;
    uint64_t expires;
    uint8_t vendor[16];
    uint8_t class_id[16];
};

/* New keys, a credential that is right. */
void channel_rig_open(struct channel_rig *g);
/* Makes the appliance's credential anew. */
void channel_rig_credential(struct channel_rig *g, const struct channel_claims *claims,
                            const struct channel_key *signer);
/* What somebody in between does to message `number` before it arrives. NULL: nothing. */
typedef void channel_change(struct channel_message *message, int number, void *context);
/* Runs the handshake up to the first refusal; STATUS_OK when both ends are done. */
status_t channel_rig_run(struct channel_rig *g, channel_change *change, void *context);
/* Opens the records of both ends after a handshake. */
void channel_rig_records(struct channel_rig *g, struct record_channel *appliance, struct record_channel *chip);

#endif
