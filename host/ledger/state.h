/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state: what the events make of units and packages. The one place with the rules: the appliance asks it before an
 * event is written, the auditor runs the same rules over the whole chain again. No database: a view is what it sees.
 */
#ifndef HOST_LEDGER_STATE_H
#define HOST_LEDGER_STATE_H

#include "host/ledger/events.h"

/* The positions of a unit's events; 0: there is none. */
enum state_mark {
    MARK_RESERVED,
    MARK_GRANTED,
    MARK_CERTIFIED,
    MARK_CHECKED, /* the last */
    MARK_DONE,
    MARK_QUARANTINED, /* the first */
    MARK_ENDED,       /* scrapped or decommissioned */
    MARK_DEBUGGED,    /* the last */
    STATE_MARKS
};

struct state_unit {
    uint64_t number;
    uint8_t uid[16];
    uint8_t identity_key[64];
    uint8_t update_key[64];
    uint64_t state; /* enum ledger_state */
    uint64_t package;
    uint64_t sequence;
    uint8_t chain[EVENT_CHAIN_LEN];
    uint64_t tpm_count;
    uint64_t marks[STATE_MARKS];
    uint8_t instance[32]; /* of its instance ID: what follows the type */
};

struct state_package {
    uint64_t number;
    uint64_t quota;
    uint64_t block;
    uint64_t reserved; /* units that count */
    uint64_t done;     /* units that were seen locked */
};

/* Where the state is kept. The finders give 1, 0 (not there) or -1 (a fault); the others 0 or -1. */
struct state_view {
    void *context;
    int (*unit_by_uid)(void *context, const uint8_t uid[16], struct state_unit *out, struct fault *fault);
    /* A unit that holds one of these keys, whichever way. */
    int (*unit_by_keys)(void *context, const uint8_t identity_key[64], const uint8_t update_key[64],
                        struct state_unit *out, struct fault *fault);
    int (*unit_last)(void *context, uint64_t *number, struct fault *fault); /* 0: none yet */
    int (*unit_put)(void *context, const struct state_unit *unit, int is_new, struct fault *fault);
    int (*package_find)(void *context, uint64_t number, struct state_package *out, struct fault *fault);
    int (*package_put)(void *context, const struct state_package *package, int is_new, struct fault *fault);
    /* The newest package that a chain loaded; 0: none. */
    int (*load_last)(void *context, const uint8_t chain[EVENT_CHAIN_LEN], uint64_t *number, struct fault *fault);
    int (*load_put)(void *context, const uint8_t chain[EVENT_CHAIN_LEN], uint64_t number, uint64_t position,
                    struct fault *fault);
};

/* An event with its place. */
struct state_event {
    const uint8_t *chain;
    uint64_t position;
    uint64_t seq;
    unsigned kind;
    const struct event_body *body;
};

/*
 * Checks an event against the rules and, when they allow it, changes the state. Refused: -1 with the reason, and
 * nothing changed.
 */
int state_event_apply(const struct state_view *view, const struct state_event *event, struct fault *fault);

#endif
