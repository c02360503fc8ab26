/* SPDX-License-Identifier: Apache-2.0 */
/*
 * device: what can be asked of a device over its link (docs/spec.md section 9). Answers are read strictly; nothing in
 * them is believed that a signature does not cover, and the status map says only what the application says.
 */
#ifndef HOST_DEVICE_DEVICE_H
#define HOST_DEVICE_DEVICE_H

#include "host/device/smp_link.h"
#include "host/sign1/token.h"
#include "host/lib/cert.h"

#define DEVICE_PLACES 8 /* the last three are not used yet */

struct device_status {
    uint8_t uid[16];
    uint64_t boots;
    uint64_t fault;  /* status number, 0 none */
    uint64_t reason; /* of this boot: docs/spec.md section 6, key 10 */
    uint64_t sbm;    /* sequence numbers */
    uint64_t app;
    int trial;
    uint64_t counter;
    int has_pending;
    uint64_t pending;
    uint64_t refused; /* status number, 0 none */
    uint64_t refused_sequence;
    uint64_t lifecycle;
    uint64_t halt; /* status number of the last halt, 0 none */
    int recovery;  /* 1: SBM's recovery answers, no application runs */
    uint64_t slot; /* 0 or 1: from which the SBM runs */
    int sbm_trial; /* 1: the SBM is not confirmed yet */
    uint64_t sbm_counter;
    uint8_t health[DEVICE_PLACES]; /* of each store: 0 sound, 1 mended at this boot, 2 damaged */
};

int device_status_read(struct smp_link *link, struct device_status *out, struct fault *fault);
/* The whole of `in` is a status map. */
status_t device_status_parse(struct bytes in, struct device_status *out);

/* One record of the security event log: docs/spec.md section 4.4. */
struct device_log_entry {
    uint64_t number;
    uint64_t kind;
    uint64_t boot;
    uint64_t status; /* status number, 0 none */
    uint64_t value;
};
/* Record `index`, 0 is the newest. 1: read; 0: there are no more; -1: fault. */
int device_log_read(struct smp_link *link, uint32_t index, struct device_log_entry *out, struct fault *fault);
status_t device_log_parse(struct bytes in, struct device_log_entry *out);

/* Sends a text of at most 256 bytes and checks that it comes back. */
int device_echo(struct smp_link *link, const char *text, struct fault *fault);
int device_reset(struct smp_link *link, struct fault *fault);
/* Sends a command that the maker signed. */
int device_command(struct smp_link *link, struct bytes command, struct fault *fault);
/* Resets into SBM's recovery, once. */
int device_recovery(struct smp_link *link, struct fault *fault);
/* Accepts the running image. */
int device_confirm(struct smp_link *link, struct fault *fault);

/*
 * Has the example application read one word of its own address space. One try only: on secure memory the device
 * faults and resets instead of answering.
 */
int device_peek(struct smp_link *link, uint32_t address, uint32_t *value, struct fault *fault);

/* Called after each piece, with what the device holds so far. */
struct device_progress {
    void *context;
    void (*tell)(void *context, size_t done, size_t total);
};
/*
 * Sends a key block and package. The answer to the last piece tells whether the device takes it; a refusal is the
 * fault, in the device's own status.
 */
int device_update(struct smp_link *link, struct bytes update, const struct device_progress *progress,
                  struct fault *fault);

/* An attestation that was checked. */
struct device_attestation {
    uint8_t uid[16]; /* by its certificate */
    uint8_t identity_key[64];
    struct cert device;
    struct cert issuer;
    uint8_t token[TOKEN_MAX];
    size_t token_len;
    struct token_claims claims; /* views into token: not to be copied */
};
/*
 * Asks for an attestation token over a fresh nonce and checks: device certificate through the issuer's to `root`, and
 * the token with its key (token_check).
 */
int device_attest(struct smp_link *link, const struct cert *root, struct device_attestation *out, struct fault *fault);
/* The same checks over an answer that was received; `nonce` is what was sent. */
int device_attest_check(struct bytes answer, struct bytes nonce, const struct cert *root,
                        struct device_attestation *out, struct fault *fault);

/* Only the token, unchecked, for somebody who checks it elsewhere. `token` has room for TOKEN_MAX bytes; `nonce` is 32,
 * 48 or 64 bytes. */
int device_token_read(struct smp_link *link, struct bytes nonce, uint8_t *token, size_t *len, struct fault *fault);

/* ---- for the files of this room ---- */

/* Asks and, when the answer is a refusal {"rc": not 0}, turns it into a fault that begins with `doing`. */
int device_ask(struct smp_link *link, const struct smp_question *question, const char *doing, struct bytes *answer,
               struct fault *fault);

#endif
