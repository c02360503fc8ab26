/* SPDX-License-Identifier: Apache-2.0 */
/*
 * appliance: the trusted end of provisioning: HSM, ledger, certificates, key blocks. It answers letters
 * (host/letter/letter.h) of one station and takes one chip in hand at a time. Every answer rests on what it checked
 * itself; what a station says is checked against the chip's signature.
 */
#ifndef HOST_APPLIANCE_APPLIANCE_H
#define HOST_APPLIANCE_APPLIANCE_H

#include "host/letter/letter.h"
#include "host/lib/project.h"

struct appliance;

/* Files of a production run. */
struct appliance_inputs {
    const char *bl1;   /* raw binary */
    const char *sbm;   /* SBM package, with its payload */
    const char *app;   /* application package, encrypted */
    const char *block; /* key block of `app` for the transport key, signed by the mastering key */
    int token_needed;  /* 1: a record is closed only by the device's own token that says it is secured */
};

/* Opens token, ledger, certificates and files, and checks them all. */
int appliance_open(const struct project *project, const struct appliance_inputs *inputs, struct appliance **out,
                   struct fault *fault);
/* NULL is allowed. */
void appliance_close(struct appliance *appliance);
/*
 * Answers one letter; for letter_carrier.carry. `answer` has room for LETTER_MAX bytes. A refusal is an answer too: the
 * result is -1 only when not even that can be written. cut: what was released was recorded before.
 */
int appliance_carry(void *appliance, struct bytes request, uint8_t *answer, size_t *answer_len, struct fault *fault);

#endif
