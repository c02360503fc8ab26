/* SPDX-License-Identifier: Apache-2.0 */
/* agent: the chip's side of provisioning (docs/spec.md section 8), only while the lifecycle is open or provisioning. */
#ifndef SBM_AGENT_H
#define SBM_AGENT_H

/* Empties the mailbox and says in it that the agent is there. */
void agent_open(void);
/* Serves one request, if there is one. Resets after LOCK. cut: each request can be repeated; after a cut in LOCK,
 * repeat LOCK. */
void agent_poll(void);
/* Both, for good. */
_Noreturn void agent_run(void);

#endif
