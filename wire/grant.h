/* SPDX-License-Identifier: Apache-2.0 */
/* grant: the right to make one device: ticket of the OEM for a production package, grant for one chip, and the block
 * of units between them, each the signed content of a COSE_Sign1 (docs/spec.md section 8.1). Syntax and ranges only. */
#ifndef WIRE_GRANT_H
#define WIRE_GRANT_H

#include "base/bytes.h"
#include "base/cbor.h"
#include "base/status.h"

/* External additional authenticated data of the three signatures. */
#define TICKET_AAD "windlass production ticket"
#define GRANT_AAD "windlass grant"
#define GRANT_BLOCK_AAD "windlass grant block"

#define GRANT_KEY_LEN 64
#define GRANT_UNITS_MAX 1000  /* of one block */
#define GRANT_SIGNED_MAX 288  /* bytes of a signed ticket, grant or block, COSE_Sign1 and all */
#define GRANT_PAYLOAD_MAX 192 /* bytes of what it signs */
#define GRANT_ITEM_MAX 768    /* bytes of a STORE item 7 */

/* Signed by a mastering key, which the signature's kid names. */
struct ticket {
    uint64_t package;       /* number of the production package, from 1 */
    struct bytes grant_key; /* 64 */
    struct bytes vendor;    /* 16 */
    struct bytes class_id;  /* 16: of the application */
    uint64_t block;         /* units that one signature of the grant key may allow: 1 to 1000; 1: it signs each grant */
};
/* The whole of `in` is one ticket. What fields.h says. On error *out is zero; so for all of these. */
status_t ticket_parse(struct bytes in, struct ticket *out);
void ticket_build(const struct ticket *in, struct cbor_writer *out);

/* Signed by the ticket's grant key, or by the delegate of a block. No kid. */
struct grant {
    uint64_t package;
    uint64_t unit;             /* from 1 */
    struct bytes uid;          /* 16 */
    struct bytes identity_key; /* 64 */
    struct bytes update_key;   /* 64 */
};
status_t grant_parse(struct bytes in, struct grant *out);
void grant_build(const struct grant *in, struct cbor_writer *out);

/* Signed by the ticket's grant key, when ticket.block is above 1. No kid. */
struct grant_block {
    uint64_t package;
    uint64_t first;            /* unit, from 1 */
    uint64_t count;            /* 1 to 1000; at most ticket.block */
    struct bytes delegate_key; /* 64: signs the grants of these units */
};
status_t grant_block_parse(struct bytes in, struct grant_block *out);
void grant_block_build(const struct grant_block *in, struct cbor_writer *out);

/* What STORE takes as item 7: [ticket, grant] or [ticket, grant, block], each a COSE_Sign1 in a byte string. */
struct grant_item {
    struct bytes ticket;
    struct bytes grant;
    struct bytes block; /* data == NULL: none */
};
/* Views into `in`. MESSAGE for another number of parts, TOO_LONG for a part above GRANT_SIGNED_MAX, TRUNCATED for an
 * empty one, and what cbor.h says. */
status_t grant_item_parse(struct bytes in, struct grant_item *out);
void grant_item_build(const struct grant_item *in, struct cbor_writer *out);

#endif
