/* SPDX-License-Identifier: Apache-2.0 */
/* settle: a chip whose debug port is closed: if a run locked it and did not live to record that, its record is closed
 * now, on the device's own attestation. */
#ifndef HOST_CLI_SETTLE_H
#define HOST_CLI_SETTLE_H

#include "host/cli/outcome.h"

/* `dir`: the folder of a virtual chip that is on. A fault when it proves nothing, or is not in this project's ledger.
 */
int settle_run(const char *dir, const struct project *project, struct outcome *out, struct fault *fault);

#endif
