/* SPDX-License-Identifier: Apache-2.0 */
/* master_options: the options of `windlass master`: one table for all its verbs. */
#ifndef HOST_CLI_MASTER_OPTIONS_H
#define HOST_CLI_MASTER_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "host/master/master.h"

/* Everything that a verb may be told. */
struct master_options {
    const char *project;
    const char *input;
    const char *input_b;
    const char *needs;
    const char *key;
    const char *retire;
    const char *signed_by;
    const char *out;
    const char *component;
    const char *format;
    const char *package;
    const char *block;
    const char *to;
    const char *issuer;
    uint64_t sequence;
    uint64_t base;
    uint64_t max_size;
    uint64_t least_sequence;
    int has_sequence;
    int has_base;
    int has_max_size;
    int no_slot_check;
    int development;
    int force;
    int json;
    char *block_for[MASTER_RECIPIENTS_MAX];
    size_t block_for_count;
};

/* Reads the options of a verb (argv[0]); `allowed` are their names, each between blanks. What is no option is at
 * argv[optind]. CLI_DONE, or CLI_USAGE after the error was shown. */
int master_options_read(int argc, char **argv, const char *allowed, struct master_options *o);

#endif
