/* SPDX-License-Identifier: Apache-2.0 */
/*
 * manifest_run: runs a SUIT command sequence (draft-ietf-suit-manifest section 6.4). Component index and parameters are
 * handled here; every condition and every other directive is handed to the caller as a step, in order: the caller is
 * the switch, and there are no callbacks.
 */
#ifndef BOOT_MANIFEST_RUN_H
#define BOOT_MANIFEST_RUN_H

#include "base/status.h"
#include "wire/suit.h"

struct manifest_run {
    const struct suit_manifest *manifest;
    struct suit_parameters parameters[SUIT_COMPONENTS_MAX + 1]; /* the last for the dependency */
    uint64_t current;                                           /* component index */
    struct suit_walk walk;
};

/* Begins with component 0 and no parameters. The manifest must stay. */
void manifest_run_start(struct manifest_run *run, const struct suit_manifest *manifest);
/* Begins a sequence; parameters gathered before stay. */
void manifest_run_sequence(struct manifest_run *run, struct bytes sequence);
/* 1: `code` is to be done for component run->current. 0: the sequence ended; *status tells how. */
int manifest_run_next(struct manifest_run *run, int64_t *code, status_t *status);
/* The parameters of the current component. */
struct suit_parameters *manifest_run_parameters(struct manifest_run *run);

#endif
