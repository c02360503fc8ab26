/* SPDX-License-Identifier: Apache-2.0 */
/* agent_none: BL1 without a provisioning agent: the debug port is the way in. */
#include "bl1/agent.h"

void agent_serve(const struct anchor *anchor)
{
    (void)anchor;
}
