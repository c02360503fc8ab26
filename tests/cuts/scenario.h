/* SPDX-License-Identifier: Apache-2.0 */
/* scenario: what is cut, and what must hold after it. A new one is a row in scenarios.c. */
#ifndef TESTS_CUTS_SCENARIO_H
#define TESTS_CUTS_SCENARIO_H

#include <stddef.h>

#include "tests/cuts/chip.h"
#include "tests/unit/boot_rig.h"

/* An action that does not end in a power cut ends in one of these. */
struct scenario {
    const char *name;
    const char *says;              /* one line for people */
    void (*prepare)(void);         /* brings a chip that was just made to where the action begins */
    enum sim_end (*action)(void);  /* what the power leaves in the middle */
    enum sim_end (*recover)(void); /* from power-on to rest; NULL: a boot */
    uint64_t first, last;          /* sequence numbers that may run at rest */
    uint64_t sbm_first, sbm_last;  /* the same of the SBM; 0: 1 */
    uint64_t counter;              /* the security counter is not lower at rest */
    const char *(*after)(void);    /* what else holds, as a text about what does not; NULL: nothing else */
    int nested;                    /* cut the recovery, too */
    int ends;                      /* 1: at rest nothing runs, for good; of the above only `after` holds */
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

/* Sends `package` to a component in pieces and asks for its installation; rig_result says how it went. For chip_call.
 */
void send_set(psa_fwu_component_t component, struct bytes package);
void send_run(void);
/* NULL when the next boot starts application `sequence`. */
const char *scenario_runs(uint64_t sequence);

/* The SBM replaces itself (scenario_sbm.c). */
void sbm_send_prepare(void);
void sbm_staged_prepare(void);
void sbm_trial_prepare(void);
void sbm_last_try_prepare(void);
void sbm_damaged_prepare(void);
const char *sbm_send_after(void);
const char *sbm_install_after(void);
const char *sbm_confirm_after(void);
const char *sbm_revert_after(void);
const char *sbm_heal_after(void);

/* The application's storage (scenario_storage.c). */
void storage_prepare(void);
enum sim_end storage_run(void);
enum sim_end storage_remove_run(void);
const char *storage_after(void);
const char *storage_remove_after(void);
/* Two entries on a chip that runs; 1 when both are there as they were made. */
void storage_fill(void);
int storage_holds(void);

/* Nothing boots any more, and an update comes over the data link (scenario_recovery.c). */
void recovery_prepare(void);
enum sim_end recovery_run(void);
const char *recovery_after(void);
/* What the other side of the data link will say: the whole upload of `update` and a reset, or an echo. */
void recovery_update_set(struct bytes update);
void recovery_echo_set(void);
/* It says it, from the beginning. */
void recovery_line_set(void);

/* The device is ended for good (scenario_end.c). */
void end_prepare(void);
enum sim_end end_run(void);
enum sim_end end_recover(void);
const char *end_after(void);

/* The oracle. NULL when all holds that `scenario` promises of the chip as it rests, else what does not. */
const char *scenario_judge(const struct scenario *scenario, enum sim_end end);

#endif
