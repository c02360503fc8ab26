/* SPDX-License-Identifier: Apache-2.0 */
/* provision_secure_rig: an appliance for chips of a silicon vendor, one such chip, and somebody on the line between
 * them. */
#ifndef TESTS_PROVISION_SECURE_RIG_H
#define TESTS_PROVISION_SECURE_RIG_H

#include "tests/unit/test.h"

#include "host/ledger/ledger.h"
#include "tests/unit/provision_factory.h"
#include "tests/unit/provision_puppet.h"

struct secure_rig {
    struct puppet_chip chip;
    struct puppet p;
    unsigned late_at;   /* instead of this answer and the next ones comes the one before; 0: never */
    unsigned late_many; /* so often */
    unsigned error_at;  /* in the place of this answer comes an error message; 0: never */
    uint8_t error_text[64];
    size_t error_len;
    unsigned change_at; /* the chip's message that is changed; 0: none */
    /* What comes in the place of this answer to the message `asked`, in `out`; NULL: the answer. `step` counts the
     * appliance's messages from 1, `again` is 1 when it sends one once more. */
    struct bytes (*twist)(unsigned step, int again, struct bytes asked, struct bytes answer, uint8_t *out);
    unsigned frames; /* that the appliance sent in the newest run */
    unsigned steps;  /* the same, without those that it sent once more */
    unsigned seen_plain;
};
extern struct secure_rig secure;

int secure_setup(void **state);
int secure_teardown(void **state);
/* The next one comes, bare, with a vendor that the appliance takes. */
void secure_chip_exchange(unsigned number);
/* From now on it takes chips of the vendors in this file; "": none, the open channel. */
void secure_appliance_change(const char *file);
void secure_hand_begin(void);
/* From BEGIN to the end: 1 when the chip is done. */
int secure_run(void);
/* The chip in the ledger: 1 when it is there. */
int secure_unit_find(struct ledger_unit *unit);
/* Looks for plain firmware in a message; counts in seen_plain. */
void secure_line_look(struct bytes message);

#endif
