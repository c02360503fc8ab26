/* SPDX-License-Identifier: Apache-2.0 */
/* agent: the chip's side of provisioning (docs/spec.md section 8), only while the lifecycle is open or provisioning. */
#ifndef SBM_AGENT_H
#define SBM_AGENT_H

#include "base/bytes.h"
#include "base/cbor.h"

/* Empties the mailbox and says in it that the agent is there. */
void agent_open(void);
/* Serves one request, if there is one. Resets after LOCK. cut: each request can be repeated; after a cut in LOCK,
 * repeat LOCK. */
void agent_poll(void);
/* Both, for good; or, where BL1 has left an open channel, over that alone. */
_Noreturn void agent_run(void);

/* One request, however it came, and its answer, which may lie where the request does. 1: it was a LOCK that may be
 * done. */
int agent_request_serve(struct bytes in, struct cbor_writer *out);
/* What LOCK does, after its answer. */
_Noreturn void agent_lock(void);

/* agent_line.c: takes the open channel over; 0 when there is none. */
int agent_line_open(void);
/* WRITE: flash that only this agent writes, as the debug port does for the other one. MESSAGE in agent_line_none.c. */
status_t agent_line_write(uint64_t off, struct bytes data);
/* Serves the line (docs/spec.md section 17) for good. A new handshake is BL1's business: resets. */
_Noreturn void agent_line_run(void);

#endif
