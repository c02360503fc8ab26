/* SPDX-License-Identifier: Apache-2.0 */
/* scenario: what is cut, and what must hold after it. A new one is a row in scenarios.c. */
#ifndef TESTS_CUTS_SCENARIO_H
#define TESTS_CUTS_SCENARIO_H

#include <stddef.h>

#include "tests/cuts/chip.h"

/* An action that does not end in a power cut ends in one of these. */
struct scenario {
    const char *name;
    const char *says;              /* one line for people */
    void (*prepare)(void);         /* brings a chip that was just made to where the action begins */
    enum sim_end (*action)(void);  /* what the power leaves in the middle */
    enum sim_end (*recover)(void); /* from power-on to rest; NULL: a boot */
    uint64_t first, last;          /* sequence numbers that may run at rest */
    uint64_t counter;              /* the security counter is not lower at rest */
    const char *(*after)(void);    /* what else holds, as a text about what does not; NULL: nothing else */
    int nested;                    /* cut the recovery, too */
};

extern const struct scenario scenarios[];
extern const size_t scenario_count;

/* Provisioning through the mailbox, whose keys the chip makes (scenario_provision.c). */
void provision_prepare(void);
enum sim_end provision_run(void);
const char *provision_after(void);

/* Counter pages (scenario_counter.c). */
void counter_prepare(void);
void counter_full_prepare(void);
enum sim_end counter_run(void);
const char *counter_after(void);

/* The oracle. NULL when all holds that `scenario` promises of the chip as it rests, else what does not. */
const char *scenario_judge(const struct scenario *scenario, enum sim_end end);

#endif
