/* SPDX-License-Identifier: Apache-2.0 */
/* ledger_fraud: what somebody who owns the database, and no HSM, can do to a ledger; and what the auditor says. */
#ifndef TESTS_UNIT_LEDGER_FRAUD_H
#define TESTS_UNIT_LEDGER_FRAUD_H

#include "host/ledger/events.h"
#include "tests/unit/ledger_maker.h"
#include "tests/unit/ledger_support.h"

#define FRAUD_ROWS_MAX 64

struct fraud_row {
    uint8_t chain[EVENT_CHAIN_LEN];
    uint64_t seq;
    uint64_t time;
    unsigned kind;
    size_t len;
    uint8_t body[EVENT_BODY_MAX];
    uint8_t link[EVENT_LINK_LEN];
};

struct fraud {
    struct fraud_row rows[FRAUD_ROWS_MAX];
    size_t count;
};

/* The events, out of the database. */
void fraud_load(struct fraud *fraud);
/* Puts them in the place of all that is there. `cleverly`: numbered and linked anew, so that they fit. */
void fraud_store(struct fraud *fraud, int cleverly);
/* The place of the nth event (from 0) of this kind. */
size_t fraud_find(const struct fraud *fraud, unsigned kind, size_t nth);
void fraud_remove(struct fraud *fraud, size_t at);

/* Audits the ledger; 0 findings, or fails the test with them. */
void audit_expect_clean(struct maker *maker);
/* Audits it; one finding at least must hold `part`. */
void audit_expect(struct maker *maker, const char *part);
/* As above, with more than the usual to go by. */
void audit_expect_with(const struct audit_config *config, const char *part);
struct audit_config audit_config_of(struct maker *maker);

#endif
