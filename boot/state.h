/* SPDX-License-Identifier: Apache-2.0 */
/* state: the boot state of docs/spec.md section 6, kept in the STATE journal. */
#ifndef BOOT_STATE_H
#define BOOT_STATE_H

#include "base/status.h"
#include "base/cbor.h"
#include "boot/journal.h"
#include "wire/suit.h"

#define STATE_NONE (-1)
/* `attempts` of an application on trial that rejected itself: over any limit, and one more does not overflow. */
#define STATE_ATTEMPTS_REJECTED (UINT32_MAX - 1)

enum state_reason {
    STATE_REASON_NORMAL = 1,
    STATE_REASON_INSTALLED = 2,
    STATE_REASON_REVERTED = 3,
    STATE_REASON_REINSTALLED = 4,
    STATE_REASON_FAULT = 5,      /* written by the fault handler */
    STATE_REASON_AFTER_FAULT = 6 /* this boot came after one */
};

struct boot_state {
    int active;  /* package slot of the installed application, or STATE_NONE */
    int pending; /* package slot to be installed at this boot, or STATE_NONE */
    int trial;   /* 1: the active application is not confirmed yet */
    uint32_t attempts;
    uint64_t counter; /* no lower sequence number may run: COUNTER_APP, not part of the record */
    int sbm_pending;  /* 1: the package in SBM_PACKAGE is to be written to the SBM slot that does not run */
    status_t refused; /* why the last package was refused; 0 when none was */
    uint64_t refused_sequence;
    uint32_t boots;
    uint32_t reason; /* enum state_reason */
    status_t fault;  /* 0 when none */
};

struct state_store {
    struct journal journal;
    struct boot_state now;
    int healed; /* 1: the opening found a mirror that lacked something */
};

/* Opens the journal, heals its mirrors and reads the state. A chip without one gets the state of a new chip.
 * BOOT_STATE_DAMAGED when records stand there but none is sound; then the state is that of a new chip, too. */
status_t state_open(struct state_store *store);
/* Writes `store->now`. cut: the state before or the state after. */
status_t state_save(struct state_store *store);

/* Keeps a copy of the installed package's envelope, without its payload, so that a damaged package slot does not stop a
 * sound image. Writes nothing when the copy is there, or when the envelope is longer than STATEMENT_MAX. cut: the
 * copy before or the copy after. */
status_t state_envelope_save(struct state_store *store, const struct suit_envelope *envelope);
/* The copy: a view into the flash, valid until the journal is written. Not authenticated here. NOT_FOUND. */
status_t state_envelope_read(const struct state_store *store, struct bytes *envelope);

/* Bytes and back; for tests too. UNSUPPORTED, BOOT_STATE_DAMAGED. */
#define STATE_LEN 28
status_t state_parse(struct bytes in, struct boot_state *out);
void state_build(const struct boot_state *in, uint8_t out[STATE_LEN]);

#endif
