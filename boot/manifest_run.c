/* SPDX-License-Identifier: Apache-2.0 */
/* manifest_run: see manifest_run.h. */
#include "boot/manifest_run.h"

void manifest_run_start(struct manifest_run *run, const struct suit_manifest *manifest)
{
    memset(run, 0, sizeof *run);
    run->manifest = manifest;
}

void manifest_run_sequence(struct manifest_run *run, struct bytes sequence)
{
    run->current = 0;
    run->walk = suit_walk_of(sequence);
}

struct suit_parameters *manifest_run_parameters(struct manifest_run *run)
{
    return &run->parameters[run->current];
}

/* Later values win (directive-override-parameters). */
static void parameters_override(struct suit_parameters *to, const struct suit_parameters *from)
{
    if (from->present & SUIT_HAS(SUIT_PARAM_VENDOR)) {
        to->vendor = from->vendor;
    }
    if (from->present & SUIT_HAS(SUIT_PARAM_CLASS)) {
        to->class_id = from->class_id;
    }
    if (from->present & SUIT_HAS(SUIT_PARAM_DIGEST)) {
        to->digest = from->digest;
    }
    if (from->present & SUIT_HAS(SUIT_PARAM_SIZE)) {
        to->size = from->size;
    }
    if (from->present & SUIT_HAS(SUIT_PARAM_ENCRYPTION_INFO)) {
        to->encryption_info = from->encryption_info;
    }
    if (from->present & SUIT_HAS(SUIT_PARAM_URI)) {
        to->uri = from->uri;
    }
    if (from->present & SUIT_HAS(SUIT_PARAM_SOURCE)) {
        to->source = from->source;
    }
    if (from->present & SUIT_HAS(SUIT_PARAM_VERSION)) {
        to->version = from->version;
    }
    to->present |= from->present;
}

int manifest_run_next(struct manifest_run *run, int64_t *code, status_t *status)
{
    struct suit_command command;
    uint64_t last = run->manifest->component_count - (run->manifest->has_dependency ? 0u : 1u);
    while (suit_walk_next(&run->walk, &command)) {
        switch (command.code) {
        case SUIT_DIR_SET_COMPONENT_INDEX:
            if (command.argument > last) {
                *status = STATUS_SUIT_COMPONENT;
                return 0;
            }
            run->current = command.argument;
            break;
        case SUIT_DIR_OVERRIDE_PARAMETERS:
            parameters_override(manifest_run_parameters(run), &command.parameters);
            break;
        default:
            *code = command.code;
            return 1;
        }
    }
    *status = run->walk.reader.status;
    return 0;
}
