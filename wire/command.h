/* SPDX-License-Identifier: Apache-2.0 */
/* command: what the maker orders a device to do, as the signed content of a COSE_Sign1 (docs/spec.md section 7.5).
 * Syntax and ranges only. */
#ifndef WIRE_COMMAND_H
#define WIRE_COMMAND_H

#include "base/bytes.h"
#include "base/cbor.h"
#include "base/status.h"

#define COMMAND_AAD "windlass command" /* external additional authenticated data of the signature */
#define COMMAND_MAX 192                /* bytes of a signed command, COSE_Sign1 and all */

enum command_set { COMMAND_FIRMWARE_KEYS = 0, COMMAND_MASTERING_KEYS = 1 };

/* "Retire this key": the only command so far. */
struct command {
    uint64_t set;          /* enum command_set */
    struct bytes kid;      /* 8: the key that is to be retired */
    struct bytes vendor;   /* 16 */
    struct bytes class_id; /* 16: of the application */
};

/* The whole of `in` is one command. UNSUPPORTED for another order, BAD_ARGUMENT for another set, and what fields.h
 * says. On error *out is zero. */
status_t command_parse(struct bytes in, struct command *out);
void command_build(const struct command *in, struct cbor_writer *out);

#endif
