/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledger: the record of every unit, in one SQLite file. The only room that speaks SQL. Each call is one transaction, on
 * disk when it returns: what is recorded is recorded before anything is released. Rows are never deleted.
 */
#ifndef HOST_LEDGER_LEDGER_H
#define HOST_LEDGER_LEDGER_H

#include "host/lib/cert.h"
#include "host/lib/fault.h"

struct ledger;

/* The ledger's file in a project's folder. */
#define LEDGER_FILE "ledger.db"
#define LEDGER_TIME_LEN 21 /* "2026-11-22T10:20:30Z" and NUL */

enum ledger_state {
    LEDGER_RESERVED = 1,   /* keys are known, certificates may have been made */
    LEDGER_CHECKED = 2,    /* the chip holds what it should; its lock has not been seen yet */
    LEDGER_DONE = 3,       /* seen locked */
    LEDGER_QUARANTINED = 4 /* its unique ID came a second time with other keys */
};

struct ledger_unit {
    uint64_t number; /* 1, 2, 3, ... in the order of reservation */
    uint8_t uid[16];
    uint8_t identity_key[64];
    uint8_t update_key[64];
    enum ledger_state state;
    uint64_t package_sequence; /* 0 until certified */
    struct cert device_cert;   /* len 0 until certified */
    struct cert update_cert;
    int has_receipt;
    uint8_t receipt[32]; /* digest of the checked receipt */
    char reserved_at[LEDGER_TIME_LEN];
    char checked_at[LEDGER_TIME_LEN];     /* empty when not yet */
    char done_at[LEDGER_TIME_LEN];        /* empty when not yet */
    char quarantined_at[LEDGER_TIME_LEN]; /* empty when not */
};

enum ledger_access { LEDGER_READ, LEDGER_WRITE };

/*
 * Opens a ledger; LEDGER_WRITE makes the file (0600) when there is none. Faults: damaged, locked, of another version,
 * not a ledger.
 */
int ledger_open(const char *path, enum ledger_access mode, struct ledger **out, struct fault *fault);
/* NULL is allowed. */
void ledger_close(struct ledger *ledger);

/*
 * Records that these keys belong to this chip and gives its row. The same chip with the same keys gets its stored row,
 * uncounted. Another key for a known unique ID: the row is quarantined, the newcomer's keys are recorded as evidence,
 * and the call is refused.
 */
int ledger_unit_reserve(struct ledger *ledger, const uint8_t uid[16], const uint8_t identity_key[64],
                        const uint8_t update_key[64], struct ledger_unit *out, struct fault *fault);
/* Stores the certificates of a reserved unit, once: a second certificate for one chip is refused. */
int ledger_unit_certify(struct ledger *ledger, const uint8_t uid[16], const struct cert *device,
                        const struct cert *update, struct fault *fault);
/* Stores the digest of a receipt that was checked, and the package the unit holds. */
int ledger_unit_check(struct ledger *ledger, const uint8_t uid[16], const uint8_t receipt[32],
                      uint64_t package_sequence, struct fault *fault);
/* Closes the record of a unit in state CHECKED; one that is done stays done. Refused in any other state. */
int ledger_unit_close(struct ledger *ledger, const uint8_t uid[16], struct fault *fault);

/* 1 and the unit, 0 when the ledger does not know it, -1 on a fault. */
int ledger_unit_find(struct ledger *ledger, const uint8_t uid[16], struct ledger_unit *out, struct fault *fault);
/* Calls `each` for every unit in the order of their numbers; it ends the walk by giving something other than 0. */
int ledger_unit_walk(struct ledger *ledger, int (*each)(void *context, const struct ledger_unit *unit), void *context,
                     struct fault *fault);

/* "reserved", "checked", "done", "quarantined". */
const char *ledger_state_name(enum ledger_state state);

#endif
