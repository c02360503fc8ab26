/* SPDX-License-Identifier: Apache-2.0 */
/*
 * granting: signs what lets a chip take production content: grants, each for one chip (docs/spec.md section 8.1). With
 * a TPM each grant, or each block of grants, costs one of its units; the ledger holds it before anybody gets it.
 */
#ifndef HOST_APPLIANCE_GRANTING_H
#define HOST_APPLIANCE_GRANTING_H

#include "host/appliance/granting_block.h"
#include "host/appliance/spend.h"
#include "host/ledger/ledger.h"
#include "host/lib/hsm.h"
#include "wire/grant.h"

/* What is signed: `kid` is 8 bytes, or NULL for none. */
struct granting_seal {
    const char *aad;
    struct bytes payload;
    const uint8_t *kid;
};
/* Writes COSE_Sign1 by key `label` of the token. */
int granting_sign(const struct granting_seal *seal, struct hsm *hsm, const char *label, struct cbor_writer *out,
                  struct fault *fault);

struct granting {
    struct hsm *hsm; /* holds KEY_PROVISIONER */
    struct ledger *ledger;
    int tpm;
    struct spend spend; /* with a TPM only */
    uint8_t provisioner_key[64];
    struct granting_blocks blocks;
};

/* Of the production package. */
struct granting_terms {
    struct bytes ticket;
    uint64_t number;
    uint64_t block; /* units for one operation of the TPM */
};

/* `quota` is NULL without a TPM. */
int granting_init(struct granting *granting, struct hsm *hsm, struct ledger *ledger, struct quota *quota,
                  struct fault *fault);
void granting_close(struct granting *granting);
/* A grant on its way into the ledger. */
struct granting_work {
    struct ledger_pending *pending; /* NULL: there is nothing to wait for */
    uint64_t count;
    int costs; /* a unit of the TPM's quota */
};
/*
 * Gives a reserved unit its grant, and asks for it to be recorded: unit->grant is filled, and may leave after
 * granting_unit_end, which must be called when this gives 0. A unit that has one keeps it, uncounted.
 * Fault: the TPM's quota is reached. cut: spent and recorded as lost at the next start, or recorded.
 */
int granting_unit_begin(struct granting *granting, const struct granting_terms *terms, struct ledger_unit *unit,
                        struct granting_work *work, struct fault *fault);
/* Waits until it is durable. */
int granting_unit_end(struct granting *granting, struct ledger_unit *unit, struct granting_work *work,
                      struct fault *fault);

#endif
