/* SPDX-License-Identifier: Apache-2.0 */
/*
 * channel: the appliance's end of the secure channel to a chip (docs/spec.md section 17). It makes and takes messages;
 * who carries them is not believed. The channel key stays in the HSM; the session's keys are wiped at the end.
 */
#ifndef HOST_APPLIANCE_CHANNEL_H
#define HOST_APPLIANCE_CHANNEL_H

#include "channel/record.h"
#include "host/lib/cert.h"
#include "host/lib/fault.h"
#include "host/lib/hsm.h"
#include "wire/frame.h"

/* What the appliance brings to every chip. */
struct channel_side {
    struct hsm *hsm;
    const char *key;            /* label of its channel key */
    struct bytes credential;    /* the CWT by the mastering key (section 17.2), untagged */
    const struct cert *vendors; /* certificates of the silicon vendors' CAs whose chips it takes: the run's */
    size_t vendor_count;
};

enum channel_stage { CHANNEL_CLOSED, CHANNEL_WAITS_2, CHANNEL_WAITS_4, CHANNEL_OPEN };

struct channel {
    enum channel_stage stage;
    struct edhoc edhoc;
    struct record_channel records;
    uint8_t unique_id[16]; /* from the chip's certificate; proven once the channel is open */
    uint8_t id_cred[512];  /* ours, {13: CWT} */
    size_t id_cred_len;
};

/* One message for the line, framed by whoever sends it (wire/frame.h). */
struct channel_message {
    uint8_t data[FRAME_MESSAGE_MAX];
    size_t len;
};

/* Begins a handshake; what was open is forgotten. */
int channel_begin(struct channel *c, const struct channel_side *side, struct channel_message *out, struct fault *fault);
/* Takes the chip's message. 0: *out is the next one, or has length 0 when the channel is open now. 1: this is no answer
 * to our message, but one that came late or was damaged; nothing has changed, and ours is to be sent again. -1: the
 * chip is not one of a vendor that we take, does not hold its certificate's key, or refused us; the channel is closed.
 */
int channel_continue(struct channel *c, const struct channel_side *side, struct bytes in, struct channel_message *out,
                     struct fault *fault);
/* Seals one request. It is sent again as it is when no answer comes, or another one. */
int channel_seal(struct channel *c, struct bytes request, struct channel_message *out, struct fault *fault);
/* Opens the answer. -1 leaves the channel as it was: what came was not the chip's next answer. */
int channel_open(struct channel *c, struct bytes in, struct channel_message *plain, struct fault *fault);
void channel_close(struct channel *c);

#endif
