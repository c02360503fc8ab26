/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledger: what was made, as a chain of events in SQLite (one appliance) or PostgreSQL (several that share one order).
 * The only room that speaks SQL. Thread-safe: each call is durable when it returns; calls of many threads share one
 * commit. Nothing is ever deleted. docs/spec.md section 12.
 */
#ifndef HOST_LEDGER_LEDGER_H
#define HOST_LEDGER_LEDGER_H

#include "host/lib/cert.h"
#include "host/lib/fault.h"

struct ledger;

/* The ledger's file in a folder, and the newest checkpoint beside it. */
#define LEDGER_FILE "ledger.db"
#define LEDGER_HEAD_FILE "ledger.head"
#define LEDGER_TIME_LEN 21 /* "2026-11-22T10:20:30Z" and NUL */
#define LEDGER_GRANT_MAX 1024
#define LEDGER_RECEIPT_MAX 512
#define LEDGER_TOKEN_MAX 1024
#define LEDGER_ORDER_MAX 1024 /* an order, permission or proof */
#define LEDGER_TEXT_MAX 256
#define LEDGER_INSTANCE_LEN 33 /* an instance ID (docs/spec.md section 9.2) */

enum ledger_state {
    LEDGER_RESERVED = 1,      /* keys are known, certificates may have been made */
    LEDGER_CHECKED = 2,       /* the chip holds what it should; its lock has not been seen yet */
    LEDGER_DONE = 3,          /* seen locked */
    LEDGER_QUARANTINED = 4,   /* its unique ID came a second time with other keys */
    LEDGER_SCRAPPED = 5,      /* taken out of the count by an order of the OEM */
    LEDGER_DECOMMISSIONED = 6 /* its keys are wiped for good */
};

struct ledger_unit {
    uint64_t number; /* 1, 2, 3, ... in the order of reservation */
    uint8_t uid[16];
    uint8_t identity_key[64];
    uint8_t update_key[64];
    enum ledger_state state;
    uint64_t package;          /* production package that it is counted in; 0: none */
    uint64_t package_sequence; /* sequence number of its application; 0 until checked */
    struct cert device_cert;   /* len 0 until certified */
    struct cert update_cert;
    size_t grant_len; /* 0 until granted */
    uint8_t grant[LEDGER_GRANT_MAX];
    int has_receipt;
    uint8_t receipt[32]; /* SHA-256 of the last receipt */
    int has_token;       /* its record was closed by its own token */
    char reserved_at[LEDGER_TIME_LEN];
    char checked_at[LEDGER_TIME_LEN];     /* empty when not yet */
    char done_at[LEDGER_TIME_LEN];        /* empty when not yet */
    char quarantined_at[LEDGER_TIME_LEN]; /* empty when not */
    char debugged_at[LEDGER_TIME_LEN];    /* the last time that debug rights were given; empty when not */
};

/* A production package that was loaded. */
struct ledger_package {
    uint64_t number;    /* >= 1 */
    uint8_t digest[32]; /* SHA-256 of the package's bytes */
    uint64_t quota;
    uint64_t block;     /* units per TPM operation, 1..1000 */
    int tpm;            /* 0: the ledger alone counts */
    uint64_t not_after; /* unix seconds */
    uint8_t grant_key[64];
    uint8_t issuing[32]; /* SHA-256 of the issuing certificate's DER */
    uint64_t reserved;   /* out: units that count against the quota */
    uint64_t done;       /* out: of these, seen locked */
};

/* What a chip brings, and the package that it is to be counted in. */
struct ledger_claim {
    const uint8_t *uid;          /* 16 */
    const uint8_t *identity_key; /* 64 */
    const uint8_t *update_key;   /* 64 */
    uint64_t package;            /* 0: none; refused in a ledger with a signer */
};

/* Something that went wrong at a socket. */
struct ledger_failure {
    const uint8_t *uid; /* 16, or NULL when not known */
    const char *socket; /* texts of at most LEDGER_TEXT_MAX - 1 bytes; longer ones are cut */
    const char *step;
    uint64_t code;
    const char *text;
};

/*
 * Signs checkpoints. Both are called from the ledger's own thread. `sign` is ECDSA P-256 over a SHA-256 digest by the
 * key of `cert` ("records"). `count` gives 1 and the TPM's count as last seen, or 0 without a TPM; it may be NULL, and
 * must not wait for the TPM.
 */
struct ledger_signer {
    void *context;
    int (*sign)(void *context, const uint8_t digest[32], uint8_t signature[64], struct fault *fault);
    int (*count)(void *context, uint64_t *count);
    const struct cert *cert;
};

enum ledger_access { LEDGER_READ, LEDGER_WRITE };

struct ledger_config {
    const char *place; /* a file; or a database of PostgreSQL: "postgresql://..." */
    enum ledger_access mode;
    const struct ledger_signer *signer; /* LEDGER_WRITE; copied. NULL: no checkpoints are made (development) */
    const char *head;                   /* file for the newest checkpoint; NULL: beside the ledger's file, none for a
                                           database */
};

/*
 * Opens a ledger. LEDGER_WRITE makes it (a file: 0600) when there is none, and begins this appliance's chain; its name
 * is made from the signer's key. Faults: damaged, locked, of another version, not a ledger, older than its head.
 */
int ledger_open(const struct ledger_config *config, struct ledger **out, struct fault *fault);
/* Ends what is under way; NULL is allowed. No call may be under way or come after it. */
void ledger_close(struct ledger *ledger);

/*
 * Records a production package. The same bytes again: done, uncounted. Refused: a number at or below one that this
 * appliance loaded; one that another appliance loaded with another quota.
 */
int ledger_package_load(struct ledger *ledger, const struct ledger_package *package, struct fault *fault);
/* 1 and the package, 0 when not known, -1 on a fault. Number 0: the newest that this appliance loaded. */
int ledger_package_find(struct ledger *ledger, uint64_t number, struct ledger_package *out, struct fault *fault);

/*
 * Records that these keys belong to this chip, counts it, and gives its row. The same chip with the same keys gets its
 * stored row, uncounted; when it has no grant yet and belongs to another package, its reservation is moved into this
 * one. Another key for a known unique ID: the row is quarantined, the newcomer's keys are recorded as
 * evidence, and the call is refused. Refused too: a key that another unit holds, a package whose quota is reached, a
 * unit that another appliance began, or that is scrapped or decommissioned.
 */
int ledger_unit_reserve(struct ledger *ledger, const struct ledger_claim *claim, struct ledger_unit *out,
                        struct fault *fault);
/* Stores the grant (STORE item 7) of a reserved unit, once. tpm_count: the TPM's count after its signature; 0 when no
 * TPM counts. */
int ledger_unit_grant(struct ledger *ledger, const uint8_t uid[16], uint64_t tpm_count, struct bytes item,
                      struct fault *fault);
/* Stores the certificates of a reserved unit, once: a second certificate for one chip is refused. */
int ledger_unit_certify(struct ledger *ledger, const uint8_t uid[16], const struct cert *device,
                        const struct cert *update, struct fault *fault);
/*
 * The same two, while the caller goes on: what the bytes, the unique ID and the certificates are read from stays until
 * ledger_pending_end, which must be called, for `grant` last. NULL: a fault. A certificate is refused when the grant
 * before it (or NULL) could not be recorded.
 */
struct ledger_pending;
struct ledger_pending *ledger_unit_grant_begin(struct ledger *ledger, const uint8_t uid[16], uint64_t tpm_count,
                                               struct bytes item, struct fault *fault);
struct ledger_pending *ledger_unit_certify_begin(struct ledger *ledger, const uint8_t uid[16],
                                                 const struct cert *device, const struct cert *update,
                                                 const struct ledger_pending *grant, struct fault *fault);
/* Waits until it is durable; 0 at once for NULL. */
int ledger_pending_end(struct ledger_pending *pending, struct fault *fault);
/* Stores a receipt that was checked (the chip's answer to CHECK), and the package that the unit holds. */
int ledger_unit_check(struct ledger *ledger, const uint8_t uid[16], struct bytes receipt, uint64_t package_sequence,
                      struct fault *fault);
/* Closes the record of a unit in state CHECKED; one that is done stays done. Refused in any other state. `token` is
 * empty when the chip has no data link; else it answers `nonce`. */
int ledger_unit_close(struct ledger *ledger, const uint8_t uid[16], struct bytes nonce, struct bytes token,
                      struct fault *fault);
/* Takes a unit out of its package's count, by an order of the OEM that the caller has checked. */
int ledger_unit_scrap(struct ledger *ledger, const uint8_t uid[16], struct bytes order, struct fault *fault);
/* Records that the keys of a unit are wiped for good: the order, and the chip's proof. */
int ledger_unit_decommission(struct ledger *ledger, const uint8_t uid[16], struct bytes order, struct bytes proof,
                             struct fault *fault);
/* Records that debug rights were given: the order, and the device's token of that boot. The last one again: done. */
int ledger_unit_debug(struct ledger *ledger, const uint8_t uid[16], struct bytes order, struct bytes proof,
                      struct fault *fault);

/* Records that the TPM's count went from `from` to `to` without a grant in this ledger. The last range again: done; and
 * so is one count that a grant of this appliance holds. */
int ledger_spent_record(struct ledger *ledger, uint64_t from, uint64_t to, const char *why, struct fault *fault);
int ledger_failure_record(struct ledger *ledger, const struct ledger_failure *failure, struct fault *fault);
/* The appliance started (with its version), or is about to stop. */
int ledger_start_record(struct ledger *ledger, const char *version, struct fault *fault);
int ledger_stop_record(struct ledger *ledger, struct fault *fault);

/* 1 and the unit, 0 when the ledger does not know it, -1 on a fault. */
int ledger_unit_find(struct ledger *ledger, const uint8_t uid[16], struct ledger_unit *out, struct fault *fault);
/* The same, by the instance ID of its attestation tokens. */
int ledger_unit_by_instance(struct ledger *ledger, const uint8_t instance[LEDGER_INSTANCE_LEN], struct ledger_unit *out,
                            struct fault *fault);
/* Calls `each` for every unit in the order of their numbers; it ends the walk by giving something other than 0. */
int ledger_unit_walk(struct ledger *ledger, int (*each)(void *context, const struct ledger_unit *unit), void *context,
                     struct fault *fault);
/* Gives `each` at most `max` (64 or less) units whose unique ID begins with `prefix` (1 to 32 lower-case hexadecimal
 * digits), in the order of their unique IDs; *total is how many there are. */
int ledger_unit_search(struct ledger *ledger, const char *prefix, size_t max,
                       int (*each)(void *context, const struct ledger_unit *unit), void *context, uint64_t *total,
                       struct fault *fault);
/* How many units are in a state. */
int ledger_unit_count(struct ledger *ledger, enum ledger_state state, uint64_t *count, struct fault *fault);
/* The highest TPM count that a grant or a SPENT event of this appliance holds, and the latest time of any event (unix
 * seconds; 0 when there is none). */
int ledger_latest(struct ledger *ledger, uint64_t *tpm_count, uint64_t *time, struct fault *fault);

/* A running ledger, looked through from its beginning while others use it. All zero to begin with. */
struct ledger_watch {
    uint64_t position; /* of the event that was looked at last, over all chains */
    uint64_t seq;      /* the same in this appliance's chain, with its link */
    uint8_t link[32];
    uint64_t events;     /* in this appliance's chain, when last looked */
    uint64_t checkpoint; /* seq that the newest one covers; 0: none */
    uint64_t time;       /* of the newest one; unix seconds */
};
enum { LEDGER_WATCH_MORE = 0, LEDGER_WATCH_END = 1, LEDGER_WATCH_DAMAGED = 2 };
/*
 * Looks at the next events, at most `max` (512 or less): is each linked to the one before, and is the newest checkpoint
 * signed by the key of `records` over what is there? MORE, END (all was seen; what comes later is seen by the next
 * call), DAMAGED (*fault says what), or -1: the ledger cannot be read. For one thread.
 */
int ledger_watch_step(struct ledger *ledger, struct ledger_watch *watch, size_t max, const uint8_t records[64],
                      struct fault *fault);

/*
 * Calls `each` for every range of TPM counts, behind `from` and up to `to`, below *highest that no grant and no SPENT
 * event of this appliance holds; *highest is as ledger_latest says. A result other than 0 ends the walk and is given.
 */
int ledger_gap_walk(struct ledger *ledger, int (*each)(void *context, uint64_t from, uint64_t to), void *context,
                    uint64_t *highest, struct fault *fault);
/* 1 when a grant of this appliance holds this TPM count, 0 when none does, -1 on a fault. */
int ledger_count_find(struct ledger *ledger, uint64_t tpm_count, struct fault *fault);

/* "2026-11-22T10:20:30Z" of unix seconds. */
void ledger_time_text(uint64_t time, char out[LEDGER_TIME_LEN]);
/* "reserved", "checked", "done", "quarantined", "scrapped", "decommissioned". */
const char *ledger_state_name(enum ledger_state state);

#endif
