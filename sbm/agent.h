/* SPDX-License-Identifier: Apache-2.0 */
/* agent: the chip's side of provisioning (docs/spec.md section 8), only while the lifecycle is open or provisioning. */
#ifndef SBM_AGENT_H
#define SBM_AGENT_H

/* Serves the mailbox until LOCK; then resets. */
_Noreturn void agent_run(void);

#endif
