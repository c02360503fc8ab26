/* SPDX-License-Identifier: Apache-2.0 */
/* command: what the maker orders a device to do, as the signed content of a COSE_Sign1 (docs/spec.md sections 7.5 and
 * 7.6). Syntax and ranges only. */
#ifndef WIRE_COMMAND_H
#define WIRE_COMMAND_H

#include "base/bytes.h"
#include "base/cbor.h"
#include "base/status.h"

#define COMMAND_AAD "windlass command" /* external additional authenticated data of the signature */
#define COMMAND_MAX 192                /* bytes of a signed command, COSE_Sign1 and all */

enum command_set { COMMAND_FIRMWARE_KEYS = 0, COMMAND_MASTERING_KEYS = 1 };

/* "Retire this key": for every device of a product, signed with a firmware key. */
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

enum order_what { ORDER_DEBUG_NONSECURE = 1, ORDER_DEBUG_SECURE = 2, ORDER_DECOMMISSION = 3 };
#define ORDER_SEED_LEN 32

/* For one device, in one boot of it, signed with a mastering key. */
struct order {
    uint64_t what;     /* enum order_what */
    struct bytes uid;  /* 16 */
    struct bytes seed; /* 32: the boot seed of its attestation token */
};
/* As command_parse. */
status_t order_parse(struct bytes in, struct order *out);
void order_build(const struct order *in, struct cbor_writer *out);

#endif
