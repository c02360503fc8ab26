/* SPDX-License-Identifier: Apache-2.0 */
/* agent_line_none: an SBM for chips without a key pair of their own: the debug port is the way in. */
#include "boot/halt.h"
#include "sbm/agent.h"

int agent_line_open(void)
{
    return 0;
}

status_t agent_line_write(uint64_t off, struct bytes data)
{
    (void)off;
    (void)data;
    return STATUS_MESSAGE;
}

_Noreturn void agent_line_run(void)
{
    halt(STATUS_BAD_STATE);
}
