/* SPDX-License-Identifier: Apache-2.0 */
/*
 * production: opens a production package (wire/production.h) in the appliance: every reason to refuse it first, then
 * the content, in memory that is locked, left out of core files and of children, and wiped at the end. The plaintext is
 * nowhere else.
 */
#ifndef HOST_PRODUCTION_PRODUCTION_H
#define HOST_PRODUCTION_PRODUCTION_H

#include "host/production/package.h"
#include "host/lib/block.h"
#include "host/lib/cert.h"
#include "host/lib/hsm.h"
#include "host/lib/project.h"
#include "wire/production.h"

#define PRODUCTION_CLOCK_SLACK 60 /* seconds by which a clock may go back */

/* What this appliance is, and whom it believes. */
struct production_trust {
    uint8_t mastering_keys[2 * 64]; /* the OEM's, without those that were revoked */
    size_t mastering_len;           /* bytes of them */
    uint8_t transport_key[64];
    uint8_t grant_key[64]; /* of the TPM; of the provisioner when there is none */
    int tpm;
    uint8_t quota_key[64]; /* the OEM's */
    struct cert root;
    struct cert issuing;
};

/* What the ledger remembers. */
struct production_floor {
    uint64_t number;    /* of the last package that was loaded; 0: none */
    uint8_t digest[32]; /* its production_terms.digest */
    int64_t latest;     /* latest time in the ledger, seconds since 1970; 0: none */
};

struct production_inputs {
    struct bytes package;
    struct hsm *hsm; /* holds KEY_TRANSPORT */
    const struct production_trust *trust;
    const struct production_floor *floor;
    int64_t now; /* seconds since 1970 */
};

/* What was signed; copies. */
struct production_terms {
    uint64_t number;
    uint64_t not_before;
    uint64_t not_after;
    uint64_t quota;
    uint64_t block;
    int tpm;
    uint8_t grant_key[64];
    uint8_t issuing[32];
    uint8_t digest[32]; /* SHA-256 of the whole package */
    uint8_t refill[PRODUCTION_REFILL_MAX];
    size_t refill_len;
};

/* An opened package. What looks into the content lives until production_close. */
struct production_run {
    struct production_terms terms;
    int resumed; /* 1: the package that was loaded last, once more */
    struct production_content content;
    struct profile profile; /* its hsm section says nothing here */
    struct package sbm;
    struct package app;
    struct block_package app_facts;
    uint8_t *memory;
    size_t memory_len;
};

/*
 * Opens a package, or refuses it with the reason: not signed by the mastering key; for another appliance; changed;
 * number not above the last one (the very same bytes: resumed); not yet or no longer valid; the clock was set back;
 * another issuing certificate; quota 0; parts that do not fit together. After success: production_close.
 */
int production_open(const struct production_inputs *in, struct production_run *out, struct fault *fault);
/* Wipes and unlocks. Safe on zeros. */
void production_close(struct production_run *run);

#endif
