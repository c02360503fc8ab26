/* SPDX-License-Identifier: Apache-2.0 */
/* outcome: what a provisioning run ends with: the unit, its certificates filed under devices/, and the lines about it.
 */
#ifndef HOST_CLI_OUTCOME_H
#define HOST_CLI_OUTCOME_H

#include "host/lib/cert.h"
#include "host/lib/project.h"

struct outcome {
    uint8_t uid[16];
    uint64_t number;
    uint64_t sequence;
    struct cert device;
    struct cert update;
};

/* Files both certificates as devices/<unique ID>/device.crt and update.crt. Those that stand there must be the same. */
int outcome_file(const struct project *project, const struct outcome *o, struct fault *fault);
/* To stdout: lines for people, or one JSON object and a newline. */
void outcome_print(const struct outcome *o, int json);

#endif
