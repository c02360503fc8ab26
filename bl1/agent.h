/* SPDX-License-Identifier: Apache-2.0 */
/* agent: what BL1 does before it looks for an SBM on a chip that is not provisioned. One of two files is linked:
 * agent.c with the secure channel, agent_none.c without. */
#ifndef BL1_AGENT_H
#define BL1_AGENT_H

#include "base/status.h"
#include "wire/policy.h"

/* agent.c: serves the provisioning line until an appliance orders the start; then the open channel waits for SBM.
 * Returns at once on a chip that is provisioned. agent_none.c: does nothing. */
void agent_serve(const struct anchor *anchor);

/* main.c: a status number as three digits. */
void status_digits_write(status_t status, char out[3]);

#endif
