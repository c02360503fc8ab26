/* SPDX-License-Identifier: Apache-2.0 */
/* events: what stands in the chain: the bodies as deterministic CBOR, the links, the checkpoints. Syntax, hashes and
 * signatures; no rule and no database. docs/spec.md section 12. */
#ifndef HOST_LEDGER_EVENTS_H
#define HOST_LEDGER_EVENTS_H

#include "base/cbor.h"
#include "host/ledger/ledger.h"

#define EVENT_BODY_MAX 4096 /* two certificates and a unique ID fit */
#define EVENT_LINK_LEN 32
#define EVENT_CHAIN_LEN 16

enum event_kind {
    EVENT_OPENED = 1,
    EVENT_PACKAGE = 2,
    EVENT_RESERVED = 3,
    EVENT_GRANTED = 4,
    EVENT_CERTIFIED = 5,
    EVENT_CHECKED = 6,
    EVENT_DONE = 7,
    EVENT_QUARANTINED = 8,
    EVENT_SPENT = 9,
    EVENT_SCRAPPED = 10,
    EVENT_FAILED = 11,
    EVENT_DECOMMISSIONED = 12,
    EVENT_STARTED = 13,
    EVENT_STOPPED = 14,
    EVENT_DEBUG = 15,
    EVENT_MOVED = 16,
    EVENT_KINDS
};

/* The content of any event; only the fields of its kind are set. Views look into the encoded body. */
struct event_body {
    struct bytes uid;          /* 16; FAILED: also empty */
    struct bytes identity_key; /* RESERVED, QUARANTINED: 64 */
    struct bytes update_key;   /* the same */
    uint64_t package;          /* PACKAGE, RESERVED; MOVED: to */
    uint64_t package_from;     /* MOVED */
    uint64_t unit;             /* RESERVED, GRANTED */
    struct bytes chain;        /* OPENED: 16 */
    struct bytes cert;         /* OPENED: the records certificate, or empty; CERTIFIED: the device's */
    struct bytes update_cert;  /* CERTIFIED */
    struct bytes digest;       /* PACKAGE: 32 */
    uint64_t quota;            /* PACKAGE */
    uint64_t block;
    uint64_t tpm;
    uint64_t not_after;
    struct bytes grant_key;
    struct bytes issuing;
    uint64_t tpm_count;   /* GRANTED: 0 without a TPM; SPENT: from */
    uint64_t tpm_to;      /* SPENT */
    struct bytes item;    /* GRANTED: STORE item 7 */
    struct bytes receipt; /* CHECKED: the chip's answer */
    uint64_t sequence;    /* CHECKED */
    struct bytes nonce;   /* DONE */
    struct bytes token;   /* DONE */
    struct bytes order;   /* SCRAPPED, DECOMMISSIONED, DEBUG */
    struct bytes proof;   /* DECOMMISSIONED, DEBUG: a token */
    struct bytes text;    /* SPENT: why; FAILED; STARTED: version. UTF-8 is for the reader to check */
    struct bytes socket;  /* FAILED */
    struct bytes step;    /* FAILED */
    uint64_t code;        /* FAILED */
};

/* An event as it stands in the chain. */
struct event {
    uint64_t seq; /* 1, 2, 3, ... in its chain */
    uint64_t time;
    unsigned kind;
    struct bytes body;
};

/* "RESERVED" and so on; "?" for another number. */
const char *event_kind_name(unsigned kind);
/* Strict: all fields of the kind, in their order, within their lengths, nothing else. */
status_t event_body_parse(unsigned kind, struct bytes in, struct event_body *out);
void event_body_build(unsigned kind, const struct event_body *in, struct cbor_writer *out);
/* SHA-256(previous || CBOR [seq, time, kind, body]); `previous` is zeros before the first event. */
void event_link(const uint8_t previous[EVENT_LINK_LEN], const struct event *event, uint8_t link[EVENT_LINK_LEN]);

#define CHECKPOINT_AAD "windlass ledger checkpoint"
#define CHECKPOINT_MAX 256

/* What the HSM signs after each commit. */
struct checkpoint {
    uint64_t seq;
    uint8_t link[EVENT_LINK_LEN];
    int has_count;
    uint64_t count; /* of the TPM */
    uint64_t time;
    int has_previous;
    uint8_t previous[32]; /* SHA-256 of the previous encoded checkpoint */
};

/* Builds the COSE_Sign1, with a signature of `signer`. */
int checkpoint_make(const struct checkpoint *in, const struct ledger_signer *signer, struct cbor_writer *out,
                    struct fault *fault);
/* Parses; the signature is for checkpoint_check. */
status_t checkpoint_parse(struct bytes in, struct checkpoint *out);
status_t checkpoint_check(struct bytes in, const uint8_t public_key[64]);

#endif
