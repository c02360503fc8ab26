/* SPDX-License-Identifier: Apache-2.0 */
/* boot_rig: boots a simulated device and drives SBM's update service on it, as an application does. The functions that
 * end in _run are for sim_run. */
#ifndef TESTS_UNIT_BOOT_RIG_H
#define TESTS_UNIT_BOOT_RIG_H

#include "ports/sim/sim.h"
#include "sbm/device.h"
#include "sbm/service.h"

/* What the last update, accept or reject said. */
extern psa_status_t rig_result;

/* One power-on or reset: RAM is empty, also that of the update service. */
void rig_boot_run(void);
/* Boots until something rests: resets are followed. */
enum sim_end rig_boot(struct sim *machine);
/* 1 when the machine was started with the image of `sequence`, and its primary slot holds all of it. */
int rig_runs(const struct sim *machine, uint64_t sequence, size_t image_len);

/* What rig_update_run sends: key block and package, in pieces. */
void rig_update_set(struct bytes update);
/* Sends it all; stops at the first refusal. */
void rig_update_run(void);
void rig_accept_run(void);
void rig_reject_run(void);

#endif
