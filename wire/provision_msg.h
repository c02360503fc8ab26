/* SPDX-License-Identifier: Apache-2.0 */
/* provision_msg: messages of the provisioning mailbox (docs/spec.md section 8). Syntax only. */
#ifndef WIRE_PROVISION_MSG_H
#define WIRE_PROVISION_MSG_H

#include "base/bytes.h"
#include "base/cbor.h"
#include "base/status.h"

#define MAILBOX_MAGIC 0x584F424Du
#define MAILBOX_LEN 4096u
#define MAILBOX_HEAD_LEN 16u
#define MAILBOX_MESSAGE_MAX (MAILBOX_LEN - MAILBOX_HEAD_LEN)
#define PROVISION_VERSION 2
#define PROVISION_CHALLENGE_LEN 32
#define PROVISION_UID_LEN 16
#define PROVISION_WRITE_MAX 1024
#define PROVISION_POP_AAD "windlass proof of possession"

enum provision_op {
    PROVISION_HELLO = 1,
    PROVISION_MAKE_KEYS = 2,
    PROVISION_STORE = 3,
    PROVISION_INSTALL = 4,
    PROVISION_CHECK = 5,
    PROVISION_LOCK = 6,
    PROVISION_WRITE = 7, /* over the secure channel */
    PROVISION_START = 8  /* to BL1's agent */
};

/* One request; only the fields of its op are set. */
struct provision_request {
    uint64_t op;
    uint64_t version;       /* HELLO */
    struct bytes challenge; /* MAKE_KEYS: 32 */
    uint64_t item;          /* STORE: STORE type, 3..7 */
    struct bytes data;      /* STORE */
    uint64_t slot;          /* INSTALL: 0 or 1 */
    uint64_t lock_sectors;  /* LOCK */
    uint64_t off;           /* WRITE: flash offset; `data` is what goes there */
};
status_t provision_request_parse(struct bytes in, struct provision_request *out);
void provision_request_build(const struct provision_request *in, struct cbor_writer *out);

struct provision_answer {
    uint64_t op;
    uint64_t status;           /* 0 done, else a status number; then no other field is set */
    uint64_t version;          /* HELLO */
    struct bytes uid;          /* HELLO: 16 */
    uint64_t lifecycle;        /* HELLO */
    uint64_t sbm_sequence;     /* HELLO */
    struct bytes possession;   /* MAKE_KEYS: COSE_Sign1 */
    uint64_t app_sequence;     /* INSTALL, CHECK */
    struct bytes items_digest; /* CHECK: 32 */
    struct bytes boot_digest;  /* CHECK: 32 */
    struct bytes sbm_digest;   /* CHECK: 32 */
};
status_t provision_answer_parse(struct bytes in, struct provision_answer *out);
void provision_answer_build(const struct provision_answer *in, struct cbor_writer *out);

/* Payload of the proof of possession. */
struct provision_possession {
    struct bytes challenge;    /* 32 */
    struct bytes uid;          /* 16 */
    struct bytes identity_key; /* 64 */
    struct bytes update_key;   /* 64 */
};
status_t provision_possession_parse(struct bytes in, struct provision_possession *out);
void provision_possession_build(const struct provision_possession *in, struct cbor_writer *out);

#endif
