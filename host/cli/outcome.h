/* SPDX-License-Identifier: Apache-2.0 */
/* outcome: what a provisioning run ends with: the units, their certificates filed, and the lines about them. */
#ifndef HOST_CLI_OUTCOME_H
#define HOST_CLI_OUTCOME_H

#include "host/lib/cert.h"

struct outcome {
    uint8_t uid[16];
    uint64_t number;
    uint64_t sequence;
    struct cert device;
    struct cert update;
};

/* One of several chips. */
struct outcome_row {
    const char *chip;          /* as it was named */
    const char *step;          /* at which it failed */
    const struct fault *fault; /* NULL: done */
    const struct outcome *outcome;
};

/* Files both certificates as <dir>/<unique ID>/device.crt and update.crt. Those that stand there must be the same. */
int outcome_file(const char *dir, const struct outcome *o, struct fault *fault);
/* To stdout: lines for people. `filed`: the folder of outcome_file as people know it, or NULL. */
void outcome_print(const struct outcome *o, const char *filed);
/* A table for people. */
void outcome_table_print(const struct outcome_row *rows, size_t count);
/* One JSON array with an object for each chip, and a newline. -1: no memory. */
int outcome_json_print(const struct outcome_row *rows, size_t count);

#endif
