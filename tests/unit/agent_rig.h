/* SPDX-License-Identifier: Apache-2.0 */
/* agent_rig: asks SBM's agent on a simulated board through its mailbox. Each request meets a chip that was just
 * switched on, so nothing may depend on RAM. */
#ifndef TESTS_UNIT_AGENT_RIG_H
#define TESTS_UNIT_AGENT_RIG_H

#include "ports/sim/sim.h"
#include "tests/unit/boot_maker.h"
#include "wire/provision_msg.h"

#define RIG_LOCK_SECTORS 2

extern const struct provision_request rig_install; /* slot 0 */
extern const struct provision_request rig_lock;    /* RIG_LOCK_SECTORS */

/* The maker of a new chip, its keys and its provisioner's; the chip has anchor page, SBM and keys of its own, which the
 * maker's identity and update keys are then. `sbm_sequence`: of the SBM. */
void rig_chip_make(struct maker *maker, struct sim *machine, uint64_t sbm_sequence);
/* How it ended. SIM_RETURNED: there is an answer. */
enum sim_end rig_serve(struct sim *machine, const struct provision_request *in);
/* The status of the last answer; 0 also when there was none. */
uint64_t rig_status(void);
/* rig_serve, which must answer: the status. */
uint64_t rig_ask(struct sim *machine, const struct provision_request *in);

#endif
