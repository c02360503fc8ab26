/* SPDX-License-Identifier: Apache-2.0 */
/* provision_lies: what the tests of lying stations share: a factory with its appliance, its chips, what the ledger
 * says. */
#ifndef TESTS_PROVISION_LIES_H
#define TESTS_PROVISION_LIES_H

#include "host/ledger/ledger.h"
#include "tests/unit/provision_factory.h"
#include "tests/unit/provision_puppet.h"

extern struct factory lies_factory;
extern struct appliance *lies_appliance;

/* For each test: a new factory that demands tokens. */
int lies_setup(void **state);
int lies_teardown(void **state);
/* A chip as it should be. */
void lies_chip_make(struct puppet_chip *chip, unsigned number);

struct lies_count {
    unsigned units;
    unsigned done;
    unsigned certified;
    struct ledger_unit last;
};
/* What the ledger says. */
struct lies_count lies_ledger_count(void);

/* The letters of a whole run: which one is the proof, and which the token. */
struct lies_plan {
    unsigned letters;
    unsigned proof; /* letters that are answered before it is sent */
    unsigned token;
};
/* Makes a device to see. */
struct lies_plan lies_plan_make(void);

#endif
